//! Removes a template of papers that no envelope took.

use portico_proto::documents::v1::{DeletePaperTemplateRequest, DeletePaperTemplateResponse};
use uuid::Uuid;

use crate::{
    error::DocumentsError,
    events::templates::changed,
    http::discard,
    service::{Call, SharedService},
    store,
};

pub(super) async fn handle(
    service: &SharedService,
    call: Call,
    request: DeletePaperTemplateRequest,
) -> Result<DeletePaperTemplateResponse, DocumentsError> {
    let id: Uuid = request.paper_template_id.parse().map_err(|_| DocumentsError::NotFound)?;
    let mut tx = service.store.begin(&call.ctx).await?;
    let template = store::paper_templates::lock(&mut tx, id).await?.ok_or(DocumentsError::NotFound)?;
    if template.uses > 0 {
        let text =
            "Papers were signed by this template, so it stays on record. Archive it instead.".to_owned();
        return Err(DocumentsError::Envelope { reason: "template_used", text });
    }
    let bytes = store::paper_templates::delete(&mut tx, id).await?;
    let about = (id, template.terms.title.as_str(), template.version);
    let event = changed(service, &mut tx, "paper_template.removed", about).await?;
    tx.commit().await?;
    if let Some(bytes) = bytes {
        discard(service, call.ctx.tenant, bytes).await;
    }
    Ok(DeletePaperTemplateResponse { event })
}
