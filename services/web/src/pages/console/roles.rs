//! Roles to tick: those of the portals that an account takes part in, or those of the firm's own people.

use portico_proto::tenancy::v1::{Portal, RoleOption};

use crate::{components::Choice, layout::Shell};

/// The roles that people of an account of `kind` can have. Where no portal is for that kind, every external role.
pub(super) fn external(options: &[RoleOption], portals: &[&Portal], kind: &str) -> Vec<RoleOption> {
    let fits = |role: &RoleOption| {
        portals.iter().any(|portal| portal.id == role.portal_id && portal.audience == kind)
    };
    let all: Vec<_> = options.iter().filter(|role| role.side == "external").cloned().collect();
    let own: Vec<_> = all.iter().filter(|role| fits(role)).cloned().collect();
    once(if own.is_empty() { all } else { own })
}

/// The roles that members of staff can have.
pub(super) fn internal(options: &[RoleOption]) -> Vec<RoleOption> {
    once(options.iter().filter(|role| role.side != "external").cloned().collect())
}

/// The titles of the roles that somebody has, in words.
pub(super) fn titles(s: &Shell, options: &[RoleOption], held: &[String]) -> String {
    let title = |name: &String| {
        let found = options.iter().find(|role| role.name == *name);
        found.map_or_else(|| crate::wording::humanize(name), |role| title_of(s, role))
    };
    held.iter().map(title).collect::<Vec<_>>().join(", ")
}

/// Roles as boxes to tick.
pub(super) fn choices(s: &Shell, options: &[RoleOption], held: &[String]) -> Vec<Choice> {
    let choice = |role: &RoleOption| Choice {
        chosen: held.contains(&role.name),
        ..Choice::new(role.name.clone(), title_of(s, role), "")
    };
    options.iter().map(choice).collect()
}

fn title_of(s: &Shell, role: &RoleOption) -> String {
    match (role.name.as_str(), role.title.as_str()) {
        ("admin", _) => s.t("console-role-admin"),
        (name, "") => crate::wording::humanize(name),
        (_, title) => title.to_owned(),
    }
}

/// Two portals may declare a role of the same name; it is offered once.
fn once(mut roles: Vec<RoleOption>) -> Vec<RoleOption> {
    let mut seen = Vec::new();
    roles.retain(|role| {
        !seen.contains(&role.name) && {
            seen.push(role.name.clone());
            true
        }
    });
    roles
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{layout::Area, text::Locale};

    fn role(name: &str, side: &str, portal: &str) -> RoleOption {
        RoleOption {
            name: name.to_owned(),
            title: String::new(),
            side: side.to_owned(),
            portal_id: portal.to_owned(),
        }
    }

    #[test]
    fn an_account_is_offered_the_roles_of_its_own_portals_once() {
        let options = [
            role("admin", "internal", ""),
            role("client", "external", "a"),
            role("client", "external", "b"),
            role("vendor", "external", "b"),
        ];
        let portals = [("a", "client"), ("b", "vendor")].map(|(id, audience)| Portal {
            id: id.to_owned(),
            audience: audience.to_owned(),
            ..Portal::default()
        });
        let portals: Vec<_> = portals.iter().collect();
        let names =
            |kind| external(&options, &portals, kind).into_iter().map(|role| role.name).collect::<Vec<_>>();
        assert_eq!(names("client"), ["client"]);
        assert_eq!(names("vendor"), ["client", "vendor"]);
        assert_eq!(names("partner"), ["client", "vendor"]);
        assert_eq!(internal(&options).len(), 1);
    }

    #[test]
    fn roles_are_shown_by_title() {
        let s = crate::walk::shell(Area::Console, Locale::En);
        let options = [role("admin", "internal", ""), role("project_manager", "internal", "a")];
        let held = ["admin".to_owned(), "project_manager".to_owned(), "gone_role".to_owned()];
        assert_eq!(titles(&s, &options, &held), "Administrator, Project manager, Gone role");
        assert!(choices(&s, &options, &held).iter().all(|choice| choice.chosen));
    }
}
