//! Who approves in one's own place, and in whose place oneself does.

use portico_core::Ctx;
use portico_proto::workflow::v1::{ListDelegationsRequest, ListDelegationsResponse};

use super::set_delegation::message;
use crate::{error::WorkflowError, service::Service, store};

pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    _: ListDelegationsRequest,
) -> Result<ListDelegationsResponse, WorkflowError> {
    let me = ctx.actor.person.ok_or(WorkflowError::NotAllowed)?;
    let mut tx = service.store.begin(&ctx).await?;
    let all = store::delegations::of(&mut tx, me, service.clock.now()).await?;
    let (given, held): (Vec<_>, Vec<_>) = all.iter().partition(|one| one.from_person == me.0);
    Ok(ListDelegationsResponse {
        given: given.into_iter().map(message).collect(),
        held: held.into_iter().map(message).collect(),
    })
}
