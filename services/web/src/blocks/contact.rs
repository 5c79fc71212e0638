//! A named person to ask.

use askama::Template;
use futures_util::future::join_all;
use portico_definition::{Contact, FieldKind, Scope, Side};
use portico_proto::{
    identity::v1::{BatchGetPeopleRequest, Person, identity_client::IdentityClient},
    tenancy::v1::{ListPeopleInRoleRequest, tenancy_client::TenancyClient},
};
use serde_json::Value;

use super::{Place, Shown, shown};
use crate::{error::PageError, layout::Shell, values::fields_of, wording::humanize};

#[derive(Template)]
#[template(path = "blocks/contact.html")]
struct View<'a> {
    s: &'a Shell,
    id: &'a str,
    title: String,
    role: String,
    person: &'a Person,
}

/// Who is assigned to this account's records comes first; for a role with a wider reach, whoever holds it.
fn choose<'a>(holders: &'a [String], assigned: &[String], by_assignment: bool) -> Option<&'a String> {
    let named = holders.iter().find(|holder| assigned.contains(holder));
    if by_assignment && !assigned.is_empty() { named } else { named.or_else(|| holders.first()) }
}

pub(super) async fn show(
    place: &Place<'_>,
    id: &str,
    title: Option<&str>,
    block: &Contact,
) -> Result<Shown, PageError> {
    let s = place.s();
    let Some(role) = place.portal.definition.spec.roles.get(&block.role) else { return Ok(Shown::default()) };
    // A client may not list the firm's people: the definition shows this one person, so the page asks for itself.
    let system = || place.ask.system("web.contact");
    let mut tenancy = TenancyClient::new(place.ask.web.channel("tenancy", system()));
    let asked = ListPeopleInRoleRequest { role: block.role.clone(), account_id: String::new() };
    let (holders, assigned) = tokio::join!(tenancy.list_people_in_role(asked), assigned(place));
    let holders = holders?.into_inner().person_ids;
    let Some(chosen) = choose(&holders, &assigned, role.scope == Scope::Assigned) else {
        return Ok(Shown::default());
    };
    let mut identity = IdentityClient::new(place.ask.web.channel("identity", system()));
    let asked = BatchGetPeopleRequest { person_ids: vec![chosen.clone()] };
    let people = identity.batch_get_people(asked).await?.into_inner().people;
    let Some(person) = people.first().filter(|person| person.active) else { return Ok(Shown::default()) };
    let role = role.title.clone().unwrap_or_else(|| humanize(&block.role));
    let title = title.map_or_else(|| s.t("contact-title"), str::to_owned);
    shown(&View { s, id, title, role, person })
}

/// The firm's people who are named in the records that the reader may see.
async fn assigned(place: &Place<'_>) -> Vec<String> {
    let kinds = place.portal.definition.spec.records.iter().filter_map(|(name, kind)| {
        let fields: Vec<&String> = kind
            .fields
            .iter()
            .filter(|(_, field)| matches!(field.kind, FieldKind::People { side: Side::Internal, .. }))
            .map(|(field, _)| field)
            .collect();
        (!fields.is_empty()).then_some((name, fields))
    });
    let found = kinds.map(|(name, fields)| async move {
        let records = place.records(name, 10).await.unwrap_or_default();
        records
            .iter()
            .flat_map(|record| {
                let values = fields_of(record);
                fields
                    .iter()
                    .filter_map(|field| values.get(*field).and_then(Value::as_array).cloned())
                    .collect::<Vec<_>>()
            })
            .flatten()
            .filter_map(|id| id.as_str().map(str::to_owned))
            .collect::<Vec<String>>()
    });
    join_all(found).await.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{layout::Area, text::Locale};

    #[test]
    fn the_one_who_works_for_the_account_is_named() {
        let holders = ["a", "b"].map(str::to_owned);
        let b = ["b".to_owned()];
        let stranger = ["x".to_owned()];
        assert_eq!(choose(&holders, &b, true).unwrap(), "b");
        assert_eq!(choose(&holders, &[], true).unwrap(), "a");
        assert_eq!(choose(&holders, &stranger, true), None, "somebody else's manager is not named");
        assert_eq!(choose(&holders, &stranger, false).unwrap(), "a");
        assert_eq!(choose(&[], &[], false), None);
    }

    #[test]
    fn the_person_can_be_written_to() {
        let s = crate::walk::shell(Area::Portal, Locale::En);
        let person = Person {
            name: "Maria Lopez".to_owned(),
            email: "maria@northwind.example".to_owned(),
            ..Person::default()
        };
        let view = View {
            s: &s,
            id: "b",
            title: "Ask".to_owned(),
            role: "Project manager".to_owned(),
            person: &person,
        };
        let html = view.render().unwrap();
        assert!(html.contains("href=\"mailto:maria@northwind.example\"") && html.contains("Project manager"));
    }
}
