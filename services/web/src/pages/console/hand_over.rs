//! To whom a step or a task can be given: a person of either side, or a role.

use portico_definition::{Definition, Side};

use super::choose;
use crate::{ask::Ask, components::Choice, error::PageError, layout::Shell, wording::humanize};

/// People of the account, the firm's people, and the portal's roles.
#[derive(Debug, Default)]
pub(super) struct Takers {
    /// Ids and names.
    pub(super) members: Vec<(String, String)>,
    /// Ids and names.
    pub(super) staff: Vec<(String, String)>,
}

impl Takers {
    /// Everybody who could take a step of a run for this account.
    pub(super) async fn of(ask: &Ask, account_id: &str) -> Result<Self, PageError> {
        let (members, staff) = tokio::try_join!(choose::members(ask, account_id), choose::staff(ask))?;
        Ok(Self { members, staff })
    }

    /// The list to choose from; values are `person:<id>` and `role:<name>`.
    pub(super) fn choices(&self, s: &Shell, definition: Option<&Definition>, chosen: &str) -> Vec<Choice> {
        let named = |people: &[(String, String)], key: &str| {
            let side = s.t(key);
            let choice = |(id, name): &(String, String)| {
                Choice::new(format!("person:{id}"), format!("{name} ({side})"), chosen)
            };
            people.iter().map(choice).collect::<Vec<_>>()
        };
        let mut choices = vec![Choice::new("", s.t("console-choose"), chosen)];
        choices.extend(named(&self.members, "console-side-client"));
        choices.extend(named(&self.staff, "console-side-us"));
        for (name, role) in definition.into_iter().flat_map(|definition| &definition.spec.roles) {
            let title = role.title.clone().unwrap_or_else(|| humanize(name));
            let side =
                s.t(if role.side == Side::Internal { "console-side-us" } else { "console-side-client" });
            let label = s.say("console-anyone-in-role").arg("role", title).arg("side", side).to_string();
            choices.push(Choice::new(format!("role:{name}"), label, chosen));
        }
        choices
    }
}

/// What was chosen, as people and role of a request; both empty where nothing was.
pub(super) fn chosen(value: &str) -> (Vec<String>, String) {
    match value.split_once(':') {
        Some(("person", id)) => (vec![id.to_owned()], String::new()),
        Some(("role", name)) => (Vec::new(), name.to_owned()),
        _ => (Vec::new(), String::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{layout::Area, text::Locale};

    #[test]
    fn people_of_both_sides_and_roles_can_be_chosen() {
        let s = crate::walk::shell(Area::Console, Locale::En);
        let definition = portico_definition::parse(portico_definition::gallery()[0].yaml).unwrap();
        let pair = |id: &str, name: &str| vec![(id.to_owned(), name.to_owned())];
        let takers = Takers { members: pair("a", "Ana"), staff: pair("m", "Maria") };
        let choices = takers.choices(&s, Some(&definition), "role:signatory");
        let labels: Vec<_> = choices.iter().map(|choice| choice.label.as_str()).collect();
        assert!(labels.contains(&"Ana (client)") && labels.contains(&"Maria (us)"));
        assert!(labels.contains(&"Anyone: Project manager (us)"));
        assert_eq!(choices.iter().filter(|choice| choice.chosen).count(), 1);
    }

    #[test]
    fn a_choice_is_a_person_or_a_role_or_nothing() {
        assert_eq!(chosen("person:a"), (vec!["a".to_owned()], String::new()));
        assert_eq!(chosen("role:client"), (Vec::new(), "client".to_owned()));
        assert_eq!(chosen("anything"), (Vec::new(), String::new()));
    }
}
