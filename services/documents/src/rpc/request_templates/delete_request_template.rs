//! Removes a template of requests.

use portico_proto::documents::v1::{DeleteRequestTemplateRequest, DeleteRequestTemplateResponse};
use uuid::Uuid;

use crate::{
    error::DocumentsError,
    events::templates::changed,
    service::{Call, SharedService},
    store,
};

pub(super) async fn handle(
    service: &SharedService,
    call: Call,
    request: DeleteRequestTemplateRequest,
) -> Result<DeleteRequestTemplateResponse, DocumentsError> {
    let id: Uuid = request.request_template_id.parse().map_err(|_| DocumentsError::NotFound)?;
    let mut tx = service.store.begin(&call.ctx).await?;
    let (version, title) =
        store::request_templates::lock(&mut tx, id).await?.ok_or(DocumentsError::NotFound)?;
    store::request_templates::delete(&mut tx, id).await?;
    let event = changed(service, &mut tx, "request_template.removed", (id, &title, version)).await?;
    tx.commit().await?;
    Ok(DeleteRequestTemplateResponse { event })
}
