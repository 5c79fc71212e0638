//! Lets a run go on; its dates move by the length of the pause.

use portico_core::Ctx;
use portico_proto::workflow::v1::{ResumeRunRequest, ResumeRunResponse};
use serde_json::json;

use super::change;
use crate::{domain::engine::Event, error::WorkflowError, service::Service};

pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: ResumeRunRequest,
) -> Result<ResumeRunResponse, WorkflowError> {
    let (run, event) =
        change::run(service, &ctx, &request.run_id, Event::Resumed, "run.resumed", json!({})).await?;
    Ok(ResumeRunResponse { run: Some(run), event })
}
