//! Reads a template of papers with its fields.

use portico_proto::documents::v1::{GetPaperTemplateRequest, GetPaperTemplateResponse};
use uuid::Uuid;

use super::told;
use crate::{
    error::DocumentsError,
    service::{Call, SharedService},
    store,
};

pub(super) async fn handle(
    service: &SharedService,
    call: Call,
    request: GetPaperTemplateRequest,
) -> Result<GetPaperTemplateResponse, DocumentsError> {
    let id: Uuid = request.paper_template_id.parse().map_err(|_| DocumentsError::NotFound)?;
    let mut tx = service.store.begin(&call.ctx).await?;
    let found = store::paper_templates::read(&mut tx, id).await?.ok_or(DocumentsError::NotFound)?;
    Ok(GetPaperTemplateResponse { template: Some(told(&found)) })
}
