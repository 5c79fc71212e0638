//! Takes back what one has asked of somebody.

use portico_core::{Ctx, PersonId};
use portico_events::{AuditDraft, audit};
use portico_proto::workflow::v1::{EndDelegationRequest, EndDelegationResponse};
use serde_json::json;

use crate::{error::WorkflowError, service::Service, store};

/// Ending what does not hold is not there, whoever is named.
pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: EndDelegationRequest,
) -> Result<EndDelegationResponse, WorkflowError> {
    let me = ctx.actor.person.ok_or(WorkflowError::NotAllowed)?;
    let other: PersonId = request.person_id.parse()?;
    let mut tx = service.store.begin(&ctx).await?;
    let ended = store::delegations::end(&mut tx, me, other, service.clock.now()).await?;
    let name = ended.ok_or(WorkflowError::NotFound)?;
    let draft = AuditDraft {
        action: "delegation.ended",
        object_kind: "person",
        object_id: other.0,
        object_label: &name,
        version: "",
        account: None,
        details: json!({ "from": ctx.actor.name, "to": name }),
        internal: true,
    };
    audit(&mut tx, &*service.clock, &*service.entropy, draft).await?;
    tx.commit().await?;
    Ok(EndDelegationResponse {})
}
