//! Completes a task.

use portico_core::Ctx;
use portico_proto::workflow::v1::{CompleteTaskRequest, CompleteTaskResponse};
use serde_json::json;

use super::change::{self, Need};
use crate::{
    convert,
    domain::{engine::Event, permissions::Viewer},
    error::WorkflowError,
    service::Service,
};

pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: CompleteTaskRequest,
) -> Result<CompleteTaskResponse, WorkflowError> {
    let viewer = Viewer::of(&ctx);
    let (step, found) = change::find(service, &ctx, &viewer, &request.step_id, Need::Act).await?;
    let note = convert::text("note", &request.note, 0, 2000)?;
    if step.kind != "task" {
        return Err(WorkflowError::Precondition {
            reason: "not_a_task",
            message: "This is done in another way than by ticking it off. Open it to see how.".to_owned(),
        });
    }
    let mut held = change::hold(service, &ctx, &viewer, &step, found, Need::Act, &[]).await?;
    if held.ended_by_caller() {
        let attempt = held.step.attempt;
        let (step, event) = held.repeated("task.completed", attempt).await?;
        return Ok(CompleteTaskResponse { step: Some(step), event });
    }
    held.must_be_open()?;
    change::four_eyes(&held.found, &held.step, viewer.person().as_slice())?;
    let attempt = held.step.attempt;
    held.happen(Event::Fulfilled { step: step.id, attempt, by: None, outcome: note }).await?;
    let (step, event) = held.finish_once("task.completed", attempt, json!({})).await?;
    Ok(CompleteTaskResponse { step: Some(step), event })
}
