//! What people and records a form on an account offers to choose from.

use portico_definition::{Field, FieldKind, Record as Kind};
use portico_proto::{
    identity::v1::{ListPeopleRequest, Side},
    tenancy::v1::{ListMembershipsRequest, Membership},
    workflow::v1::ListRecordsRequest,
};

use super::{names, overview};
use crate::{ask::Ask, error::PageError, record_form::Options, site::SignedIn};

/// The fields of `kind` that the reader sees and sets.
pub(super) fn fields<'a>(kind: &'a Kind, reader: &SignedIn) -> Vec<&'a str> {
    let seen = |field: &Field| {
        field.visible_to.is_empty()
            || reader.has_role("admin")
            || field.visible_to.iter().any(|role| reader.has_role(role))
    };
    kind.fields.iter().filter(|(_, field)| seen(field)).map(|(name, _)| name.as_str()).collect()
}

/// People of the account, by name.
pub(super) async fn members(ask: &Ask, account_id: &str) -> Result<Vec<(String, String)>, PageError> {
    let asked = ListMembershipsRequest { account_id: account_id.to_owned(), person_id: String::new() };
    let memberships = ask.tenancy().list_memberships(asked).await?.into_inner().memberships;
    let ids = memberships.into_iter().map(|Membership { person_id, .. }| person_id);
    let people = names::people(ask, ids).await?;
    Ok(by_name(people.into_values().filter(|person| person.active).map(|person| (person.id, person.name))))
}

/// The firm's people, by name.
pub(super) async fn staff(ask: &Ask) -> Result<Vec<(String, String)>, PageError> {
    let asked =
        ListPeopleRequest { side: Side::Staff.into(), page_size: 200, ..ListPeopleRequest::default() };
    let people = ask.identity().list_people(asked).await?.into_inner().people;
    Ok(by_name(people.into_iter().filter(|person| person.active).map(|person| (person.id, person.name))))
}

/// Everything that a record of `kind` can name: only what its fields ask for is looked up.
pub(super) async fn options(
    ask: &Ask,
    portal_id: &str,
    account_id: &str,
    kind: &Kind,
) -> Result<Options, PageError> {
    let mut options = Options { account: account_id.to_owned(), ..Options::default() };
    for field in kind.fields.values() {
        match &field.kind {
            FieldKind::People { side: portico_definition::Side::Internal, .. }
                if options.internal.is_empty() =>
            {
                options.internal = staff(ask).await?;
            }
            FieldKind::People { side: portico_definition::Side::External, .. }
                if options.external.is_empty() =>
            {
                options.external = members(ask, account_id).await?;
            }
            FieldKind::Ref { to } if !options.records.contains_key(to) => {
                let asked = ListRecordsRequest {
                    portal_id: portal_id.to_owned(),
                    kind: to.clone(),
                    account_id: account_id.to_owned(),
                    page_size: 200,
                    ..ListRecordsRequest::default()
                };
                let found = ask.workflow().list_records(asked).await?.into_inner().records;
                let pairs = found
                    .iter()
                    .map(|record| (record.id.clone(), overview::record_title(&ask.shell, record)));
                options.records.insert(to.clone(), pairs.collect());
            }
            _ => {}
        }
    }
    Ok(options)
}

fn by_name(people: impl Iterator<Item = (String, String)>) -> Vec<(String, String)> {
    let mut people: Vec<_> = people.collect();
    people.sort_by_key(|(_, name)| name.to_lowercase());
    people
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_stand_by_name_whatever_the_case() {
        let people =
            [("1", "maria"), ("2", "Ana"), ("3", "Zoe")].map(|(id, name)| (id.to_owned(), name.to_owned()));
        let names: Vec<_> = by_name(people.into_iter()).into_iter().map(|(_, name)| name).collect();
        assert_eq!(names, ["Ana", "maria", "Zoe"]);
    }
}
