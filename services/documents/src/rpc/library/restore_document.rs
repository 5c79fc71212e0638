//! Takes a document out of the trash, to the folder it was in.

use portico_core::DocumentId;
use portico_proto::documents::v1::{RestoreDocumentRequest, RestoreDocumentResponse};
use serde_json::json;

use crate::{
    access, convert,
    domain::library::{Level, free_title},
    error::DocumentsError,
    events::library,
    peers,
    service::{Call, SharedService},
    store::{self, filed::Filed},
};

pub(super) async fn handle(
    service: &SharedService,
    call: Call,
    request: RestoreDocumentRequest,
) -> Result<RestoreDocumentResponse, DocumentsError> {
    let id: DocumentId = request.document_id.parse()?;
    let (document, _) = access::document(service, &call, id).await?;
    let folder = document.shelf.folder.ok_or(DocumentsError::NotFound)?;
    let policy = peers::firm(service, &call.ctx).await?.policy;
    let mut tx = service.store.begin(&call.ctx).await?;
    store::folders::lock(&mut tx, folder).await?;
    let taken = store::filed::taken(&mut tx, folder, &document.title, id).await?;
    let title = free_title(&document.title, &taken);
    if !store::filed::untrash(&mut tx, id, &title).await? {
        return Err(DocumentsError::NotFound);
    }
    let document = store::documents::read(&mut tx, id).await?.ok_or(DocumentsError::NotFound)?;
    let latest = store::versions::of_documents(&mut tx, &[id.0])
        .await?
        .into_iter()
        .next()
        .ok_or(DocumentsError::NotFound)?;
    let details = json!({ "folder": folder, "title": title });
    let event =
        library::document_changed(service, &mut tx, "document.untrashed", &document, &latest, details)
            .await?;
    tx.commit().await?;
    let filed = Filed { document, latest, level: Level::Manage, watermark: false };
    Ok(RestoreDocumentResponse { filed: Some(convert::filed(&filed, policy)), event })
}
