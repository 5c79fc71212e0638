//! Reads a form with what is saved so far.

use std::collections::BTreeMap;

use portico_core::{Ctx, StepId};
use portico_definition::{Form, StepKind};
use portico_proto::{
    time::timestamp,
    workflow::v1::{GetFormRequest, GetFormResponse},
};

use super::prefill;
use crate::{
    convert,
    domain::{
        engine::StepRecord,
        permissions::{StepAction, Viewer},
    },
    error::WorkflowError,
    reach::{self, RunInReach},
    service::Service,
    store,
};

pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: GetFormRequest,
) -> Result<GetFormResponse, WorkflowError> {
    let id: StepId = request.step_id.parse()?;
    let viewer = Viewer::of(&ctx);
    let mut tx = service.store.begin(&ctx).await?;
    let action = if viewer.is_client() { StepAction::Act } else { StepAction::View };
    let (step, found) = reach::step(service, &mut tx, &viewer, id, action).await?;
    let form = form_of(&found, &step)?;
    let draft = store::forms::draft(&mut tx, id).await?;
    let submission = store::forms::submission(&mut tx, id).await?;
    let submission = submission.filter(|_| step.is_ended());
    let editors = store::forms::editors(&mut tx, id, service.clock.now()).await?;
    tx.rollback().await?;
    let kept = match (&submission, &draft) {
        (Some(one), _) => Some((&one.answers, &one.labels)),
        (None, Some(one)) => Some((&one.answers, &one.labels)),
        (None, None) => None,
    };
    let (answers_json, labels) = match kept {
        Some((answers, labels)) => (answers.clone(), labels.0.clone()),
        None if step.is_open() && viewer.at(found.run.account).can_act_now(&step, found.reads_record) => {
            let filled = prefill::answers(service, &ctx, &viewer, &found, form).await?;
            (serde_json::to_string(&filled)?, BTreeMap::new())
        }
        None => ("{}".to_owned(), BTreeMap::new()),
    };
    Ok(GetFormResponse {
        step: Some(convert::step_of(&viewer, &found, &step)),
        schema_json: form.schema.to_string(),
        ui_json: serde_json::to_string(&form.ui)?,
        form_json: serde_json::to_string(form)?,
        answers_json,
        etag: draft.as_ref().map(|draft| draft.version.to_string()).unwrap_or_default(),
        saved_at: draft.as_ref().map(|draft| timestamp(draft.saved_at)),
        saved_by: draft.map(|draft| draft.saved_by).unwrap_or_default(),
        submitted_at: submission.map(|one| timestamp(one.submitted_at)),
        labels: labels.into_iter().collect(),
        editors,
    })
}

/// The form of a step, from the definition that its run started with.
pub(super) fn form_of<'a>(found: &'a RunInReach, step: &StepRecord) -> Result<&'a Form, WorkflowError> {
    match found.declared(step).map(|declared| &declared.kind) {
        Some(StepKind::Form(form)) => {
            found.definition.spec.forms.get(&form.form).ok_or(WorkflowError::NotFound)
        }
        _ => Err(WorkflowError::Precondition {
            reason: "not_a_form",
            message: "There is no form here.".to_owned(),
        }),
    }
}
