//! Archives a template of papers, or puts it back on offer.

use portico_proto::documents::v1::{ArchivePaperTemplateRequest, ArchivePaperTemplateResponse};
use uuid::Uuid;

use super::told;
use crate::{
    error::DocumentsError,
    events::templates::changed,
    service::{Call, SharedService},
    store::paper_templates as store,
};

pub(super) async fn handle(
    service: &SharedService,
    call: Call,
    request: ArchivePaperTemplateRequest,
) -> Result<ArchivePaperTemplateResponse, DocumentsError> {
    let id: Uuid = request.paper_template_id.parse().map_err(|_| DocumentsError::NotFound)?;
    let mut tx = service.store.begin(&call.ctx).await?;
    let mut template = store::lock(&mut tx, id).await?.ok_or(DocumentsError::NotFound)?;
    if template.archived_at.is_some() == request.archived {
        return Ok(ArchivePaperTemplateResponse { template: Some(told(&template)), event: String::new() });
    }
    template.archived_at = request.archived.then(|| service.clock.now());
    template.version += 1;
    store::update(&mut tx, &template).await?;
    let action = if request.archived { "paper_template.archived" } else { "paper_template.restored" };
    let event = changed(service, &mut tx, action, (id, &template.terms.title, template.version)).await?;
    tx.commit().await?;
    Ok(ArchivePaperTemplateResponse { template: Some(told(&template)), event })
}
