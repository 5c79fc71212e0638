//! Saves answers that may be incomplete.

use portico_core::{Ctx, StepId};
use portico_events::{AuditDraft, audit};
use portico_proto::{
    time::timestamp,
    workflow::v1::{FormFault, SaveDraftRequest, SaveDraftResponse},
};
use serde_json::json;

use super::{change::must_be_open, form_files, get_form::form_of};
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

/// Files that are new in the answers are bound to the run's record. Of two tabs that save over the same version the second is told, and neither loses a word.
pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: SaveDraftRequest,
) -> Result<SaveDraftResponse, WorkflowError> {
    let id: StepId = request.step_id.parse()?;
    let viewer = Viewer::of(&ctx);
    let mut tx = service.store.begin(&ctx).await?;
    let (step, found) = reach::step(service, &mut tx, &viewer, id, StepAction::Act).await?;
    let form = form_of(&found, &step)?;
    must_be_open(&found, &step)?;
    let given =
        answers::read(&request.answers_json).map_err(|text| WorkflowError::invalid("answers_json", text))?;
    let mut labels = store::forms::draft(&mut tx, id).await?.map(|draft| draft.labels.0).unwrap_or_default();
    if answers::files(form, &given).iter().any(|file| !labels.contains_key(&file.to_string())) {
        tx.rollback().await?;
        labels.extend(form_files::bind(service, &ctx, &found, &step, form, &given, &labels).await?);
        tx = service.store.begin(&ctx).await?;
        let (step, found) = reach::step(service, &mut tx, &viewer, id, StepAction::Act).await?;
        must_be_open(&found, &step)?;
    }
    let faults =
        answers::check(form, &form.drop_hidden(given), &labels).map_err(WorkflowError::Unreadable)?;
    let over = if request.etag.is_empty() { 0 } else { convert::etag(&request.etag)? };
    let (now, account) = (service.clock.now(), found.record.account);
    let saved = store::forms::save(&mut tx, id, account, &request.answers_json, &labels, over, now).await?;
    let version = saved.ok_or(WorkflowError::Stale)?;
    let draft = AuditDraft {
        action: "form.saved",
        object_kind: "step",
        object_id: id.0,
        object_label: &step.title,
        version: &version.to_string(),
        account: Some(found.record.account),
        details: json!({}),
        internal: !step.is_for_everybody(),
    };
    audit(&mut tx, &*service.clock, &*service.entropy, draft).await?;
    tx.commit().await?;
    let fault = |fault: portico_core::FieldViolation| FormFault {
        question: fault.field,
        description: fault.description,
    };
    let faults = faults.into_iter().map(fault).collect();
    Ok(SaveDraftResponse { etag: version.to_string(), saved_at: Some(timestamp(now)), faults })
}
