//! Moves a due date.

use portico_core::Ctx;
use portico_proto::workflow::v1::{MoveDueDateRequest, MoveDueDateResponse};
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
    request: MoveDueDateRequest,
) -> Result<MoveDueDateResponse, WorkflowError> {
    let viewer = Viewer::of(&ctx);
    let (step, found) = change::find(service, &ctx, &viewer, &request.step_id, Need::Manage).await?;
    let reason = convert::text("reason", &request.reason, 0, 1000)?;
    let due = convert::chosen("due", request.due.as_ref())?;
    super::add_task::must_lie_ahead(service, due)?;
    let mut held = change::hold(service, &ctx, &viewer, &step, found, Need::Manage, &[]).await?;
    held.happen(Event::DueMoved { step: step.id, due, reason }).await?;
    let (step, event) = held.finish("step.due_moved", json!({ "due": due })).await?;
    Ok(MoveDueDateResponse { step: Some(step), event })
}
