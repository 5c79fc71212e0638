//! Reads the request of a step.

use portico_core::StepId;
use portico_proto::documents::v1::{GetRequestRequest, GetRequestResponse};

use crate::{
    error::DocumentsError,
    peers::{self, StepAction},
    progress,
    service::{Call, SharedService},
    store,
};

pub(super) async fn handle(
    service: &SharedService,
    call: Call,
    request: GetRequestRequest,
) -> Result<GetRequestResponse, DocumentsError> {
    let step: StepId = request.step_id.parse()?;
    let mut tx = service.store.begin(&call.ctx).await?;
    let found = store::requests::find_by_step(&mut tx, step).await?.ok_or(DocumentsError::NotFound)?;
    drop(tx);
    peers::authorize_step(service, &call.caller, step, StepAction::View).await?;
    Ok(GetRequestResponse { request: Some(progress::view(service, &call, &found).await?) })
}
