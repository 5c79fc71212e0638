//! Forgets one's calendar.

use portico_core::{Ctx, PersonId};
use portico_events::{AuditDraft, audit};
use portico_proto::workflow::v1::{DisconnectCalendarRequest, DisconnectCalendarResponse};
use serde_json::json;

use crate::{error::WorkflowError, service::Service, store};

pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    _: DisconnectCalendarRequest,
) -> Result<DisconnectCalendarResponse, WorkflowError> {
    let me = ctx.actor.person.ok_or(WorkflowError::NotAllowed)?;
    forget(service, &ctx, me).await?;
    Ok(DisconnectCalendarResponse {})
}

/// Deletes somebody's calendar, its password and what was busy there. Nothing happens where there is none.
pub(crate) async fn forget(service: &Service, ctx: &Ctx, person: PersonId) -> Result<(), WorkflowError> {
    let mut tx = service.store.begin(ctx).await?;
    if !store::calendars::forget(&mut tx, person).await? {
        return Ok(());
    }
    let draft = AuditDraft {
        action: "calendar.disconnected",
        object_kind: "person",
        object_id: person.0,
        object_label: "",
        version: "",
        account: None,
        details: json!({}),
        internal: true,
    };
    audit(&mut tx, &*service.clock, &*service.entropy, draft).await?;
    tx.commit().await?;
    Ok(())
}
