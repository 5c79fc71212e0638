//! Gives a step to other people or another role.

use portico_core::Ctx;
use portico_proto::workflow::v1::{ReassignStepRequest, ReassignStepResponse};
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
    request: ReassignStepRequest,
) -> Result<ReassignStepResponse, WorkflowError> {
    let viewer = Viewer::of(&ctx);
    let (step, found) = change::find(service, &ctx, &viewer, &request.step_id, Need::Manage).await?;
    let reason = convert::text("reason", &request.reason, 0, 1000)?;
    let to = change::named(service, &ctx, &found, &request.person_ids, &request.role).await?;
    if to.external && !step.client_visible {
        return Err(WorkflowError::Precondition {
            reason: "step_not_visible",
            message: "Clients do not see this step, so it cannot be given to them. Add a task instead."
                .to_owned(),
        });
    }
    let mut held = change::hold(service, &ctx, &viewer, &step, found, Need::Manage, &[]).await?;
    held.happen(Event::Reassigned { step: step.id, to, reason }).await?;
    let details = json!({ "people": request.person_ids, "role": request.role });
    let (step, event) = held.finish("step.reassigned", details).await?;
    Ok(ReassignStepResponse { step: Some(step), event })
}
