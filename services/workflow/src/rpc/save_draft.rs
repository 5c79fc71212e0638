//! Saves answers that may be incomplete.

use portico_core::{Ctx, StepId};
use portico_events::{AuditDraft, audit};
use portico_proto::{
    time::timestamp,
    workflow::v1::{SaveDraftRequest, SaveDraftResponse},
};
use serde_json::json;

use super::{change::must_be_open, get_form::form_of};
use crate::{
    convert,
    domain::{
        answers,
        permissions::{StepAction, Viewer},
    },
    error::WorkflowError,
    reach,
    service::Service,
    store,
};

/// Of two tabs that save over the same version the second is told, and neither loses a word.
pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: SaveDraftRequest,
) -> Result<SaveDraftResponse, WorkflowError> {
    let id: StepId = request.step_id.parse()?;
    let viewer = Viewer::of(&ctx);
    let mut tx = service.store.begin(&ctx).await?;
    let (step, found) = reach::step(service, &mut tx, &viewer, id, StepAction::Act).await?;
    form_of(&found, &step)?;
    must_be_open(&found, &step)?;
    answers::read(&request.answers_json).map_err(|text| WorkflowError::invalid("answers_json", text))?;
    let over = if request.etag.is_empty() { 0 } else { convert::etag(&request.etag)? };
    let now = service.clock.now();
    let saved =
        store::forms::save(&mut tx, id, found.record.account, &request.answers_json, over, now).await?;
    let version = saved.ok_or(WorkflowError::Stale)?;
    let draft = AuditDraft {
        action: "form.saved",
        object_kind: "step",
        object_id: id.0,
        object_label: &step.title,
        version: &version.to_string(),
        account: Some(found.record.account),
        details: json!({}),
        internal: false,
    };
    audit(&mut tx, &*service.clock, &*service.entropy, draft).await?;
    tx.commit().await?;
    Ok(SaveDraftResponse { etag: version.to_string(), saved_at: Some(timestamp(now)) })
}
