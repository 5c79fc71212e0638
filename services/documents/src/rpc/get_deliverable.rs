//! Reads the deliverable of an approval step with its versions.

use portico_core::StepId;
use portico_proto::documents::v1::{GetDeliverableRequest, GetDeliverableResponse};

use crate::{
    convert,
    error::DocumentsError,
    peers::{self, StepAction},
    service::{Call, SharedService},
    store,
};

pub(super) async fn handle(
    service: &SharedService,
    call: Call,
    request: GetDeliverableRequest,
) -> Result<GetDeliverableResponse, DocumentsError> {
    let step: StepId = request.step_id.parse()?;
    let mut tx = service.store.begin(&call.ctx).await?;
    let deliverable = store::deliverables::read(&mut tx, step).await?.ok_or(DocumentsError::NotFound)?;
    let (document, versions) = match deliverable.document_id {
        Some(id) => (
            store::documents::read(&mut tx, id).await?,
            store::versions::of_documents(&mut tx, &[id.0]).await?,
        ),
        None => (None, Vec::new()),
    };
    drop(tx);
    peers::authorize_step(service, &call.caller, step, StepAction::View).await?;
    let can_add =
        !deliverable.withdrawn && peers::may(service, &call.caller, step, StepAction::Review).await?;
    let policy = peers::firm(service, &call.ctx).await?.policy;
    Ok(GetDeliverableResponse {
        document: document.map(|document| convert::document(&document, &versions, policy)),
        versions: versions.iter().map(|version| convert::version(version, policy)).collect(),
        title: deliverable.title,
        can_add,
        max_bytes: i64::try_from(service.config.largest_file).unwrap_or(i64::MAX),
    })
}
