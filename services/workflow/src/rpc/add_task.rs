//! Adds a one-off task to a run.

use chrono::{DateTime, TimeDelta, Utc};
use portico_core::{Ctx, RunId, StepId};
use portico_proto::workflow::v1::{AddTaskRequest, AddTaskResponse};
use serde_json::json;

use super::change;
use crate::{
    advance::{self, Stage},
    convert,
    domain::{engine::Event, permissions::Viewer},
    error::WorkflowError,
    reach,
    service::Service,
    store,
};

const COMMAND: &str = "add_task";

pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: AddTaskRequest,
) -> Result<AddTaskResponse, WorkflowError> {
    let id: RunId = request.run_id.parse()?;
    let viewer = Viewer::of(&ctx);
    let mut tx = service.store.begin(&ctx).await?;
    let mut found = reach::managed_run(service, &mut tx, &viewer, id).await?;
    tx.rollback().await?;
    let title = convert::text("title", &request.title, 1, 200)?;
    let due = request.due.as_ref().map(|due| convert::chosen("due", Some(due))).transpose()?;
    if let Some(due) = due {
        must_lie_ahead(service, due)?;
    }
    let to = change::named(service, &ctx, &found, &request.person_ids, &request.role).await?;
    let prepared = advance::prepare_for(service, &ctx, &found, &[]).await?;
    let mut stage = Stage::open(service, &ctx, prepared, found.record.id).await?;
    if let Some((made, event)) =
        store::idempotency::find(&mut stage.tx, COMMAND, &request.idempotency_key).await?
    {
        let step = found.run.state.step(StepId(made)).map(|step| convert::step_of(&viewer, &found, step));
        return Ok(AddTaskResponse { step, event });
    }
    let step = StepId::new(stage.now, &*service.entropy);
    let event =
        Event::TaskAdded { step, title: title.clone(), to, due, client_visible: request.client_visible };
    found.run = stage.happen(id, event).await?;
    let event = stage.event().to_owned();
    let now = stage.now;
    store::idempotency::remember(&mut stage.tx, COMMAND, &request.idempotency_key, step.0, &event, now)
        .await?;
    stage.audit("task.added", "step", step.0, &title, json!({ "run": id })).await?;
    let event = stage.commit().await?;
    let step = found.run.state.step(step).map(|step| convert::step_of(&viewer, &found, step));
    Ok(AddTaskResponse { step, event })
}

/// A date in the past, or one so far ahead that it is a slip of the pen, is refused.
pub(super) fn must_lie_ahead(service: &Service, due: DateTime<Utc>) -> Result<(), WorkflowError> {
    let now = service.clock.now();
    if due > now && due < now + TimeDelta::days(3660) {
        Ok(())
    } else {
        Err(WorkflowError::invalid("due", "Choose a day that is still to come, within ten years."))
    }
}
