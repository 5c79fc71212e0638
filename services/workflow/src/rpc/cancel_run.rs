//! Ends a run.

use portico_core::Ctx;
use portico_proto::workflow::v1::{CancelRunRequest, CancelRunResponse};
use serde_json::json;

use super::change;
use crate::{convert, domain::engine::Event, error::WorkflowError, service::Service};

pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: CancelRunRequest,
) -> Result<CancelRunResponse, WorkflowError> {
    let event = Event::Cancelled { reason: convert::text("reason", &request.reason, 1, 1000)? };
    let (run, event) = change::run(service, &ctx, &request.run_id, event, "run.cancelled", json!({})).await?;
    Ok(CancelRunResponse { run: Some(run), event })
}
