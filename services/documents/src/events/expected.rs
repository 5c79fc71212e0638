//! Who is to sign, where that is one known person: so that those who wait are told a name and not a role.

use portico_core::{AccountId, Ctx, PersonId, RecordId};
use portico_definition::{Definition, Scope, Side};

use crate::{domain::signature::Expected, error::DocumentsError, peers, service::Service};

/// Who signs for a role in a run about this record. As with tasks, a role of the firm that reaches assigned records only is
/// held by the people whom the record names; any other by whoever has it.
pub(super) async fn for_role(
    service: &Service,
    ctx: &Ctx,
    definition: &Definition,
    role: &str,
    (account, record): (AccountId, RecordId),
) -> Result<Option<Expected>, DocumentsError> {
    let people = match candidates(service, ctx, definition, role, (account, record)).await {
        // A name is a courtesy: an account or a record that is gone is no reason to have nothing signed.
        Err(DocumentsError::NotFound) => return Ok(None),
        other => other?,
    };
    only(service, ctx, &people).await
}

async fn candidates(
    service: &Service,
    ctx: &Ctx,
    definition: &Definition,
    role: &str,
    (account, record): (AccountId, RecordId),
) -> Result<Vec<PersonId>, DocumentsError> {
    let people = peers::people_in_role(service, ctx, role, account).await?;
    let known = definition.spec.roles.get(role);
    if !known.is_some_and(|known| known.side == Side::Internal && known.scope == Scope::Assigned) {
        return Ok(people);
    }
    let team = peers::team(service, ctx, definition, record).await?;
    let holders: Vec<_> = team.iter().copied().filter(|person| people.contains(person)).collect();
    Ok(match (holders.is_empty(), team.is_empty()) {
        (false, _) => holders,
        (true, false) => team,
        (true, true) => people,
    })
}

/// The person, where it is exactly one and still there.
pub(super) async fn only(
    service: &Service,
    ctx: &Ctx,
    people: &[PersonId],
) -> Result<Option<Expected>, DocumentsError> {
    let [person] = *people else { return Ok(None) };
    let known = peers::person(service, ctx, person).await?;
    Ok(known.map(|known| Expected { person, name: known.name }))
}
