//! Puts a document into a folder of its account, or into another one, or gives it another name there.

use portico_core::{DocumentId, FolderId};
use portico_proto::documents::v1::{FileDocumentRequest, FileDocumentResponse};
use serde_json::json;

use super::or_taken;
use crate::{
    access, convert,
    domain::{
        document::DocumentKind,
        library::{LONGEST_TITLE, Level, free_title, name},
    },
    error::DocumentsError,
    events::library,
    peers,
    service::{Call, SharedService},
    store::{self, filed::Filed},
};

pub(super) async fn handle(
    service: &SharedService,
    call: Call,
    request: FileDocumentRequest,
) -> Result<FileDocumentResponse, DocumentsError> {
    let id: DocumentId = request.document_id.parse()?;
    let (document, _) = access::document(service, &call, id).await?;
    let into: FolderId = if request.folder_id.is_empty() {
        document.shelf.folder.ok_or(DocumentsError::NotFound)?
    } else {
        request.folder_id.parse()?
    };
    access::folder(service, &call, into).await?;
    let policy = peers::firm(service, &call.ctx).await?.policy;
    let title = match request.title.as_str() {
        "" => None,
        title => Some(name(title, "title", LONGEST_TITLE)?),
    };

    let mut tx = service.store.begin(&call.ctx).await?;
    store::folders::lock(&mut tx, into).await?;
    store::filed::lock(&mut tx, id).await?;
    let folder = store::folders::read(&mut tx, into).await?.ok_or(DocumentsError::NotFound)?;
    let mut document = store::documents::read(&mut tx, id).await?.ok_or(DocumentsError::NotFound)?;
    if folder.account_id != document.account_id || document.shelf.trashed_at.is_some() || !document.bound {
        return Err(DocumentsError::NotFound);
    }
    // What clients see by way of a step or a record stays theirs, a file of an internal note stays the firm's, for a folder would
    // make it readable to whoever reads its record, and a contract is read where it is signed.
    let elsewheres = document.kind != DocumentKind::Library;
    if document.kind == DocumentKind::Contract || elsewheres && (folder.internal || document.internal) {
        return Err(DocumentsError::Fixed);
    }
    let chosen = match title {
        // A name that somebody typed is taken as it is or refused.
        Some(title) => title,
        None => {
            let taken = store::filed::taken(&mut tx, into, &document.title, id).await?;
            free_title(&document.title, &taken)
        }
    };
    let put = store::filed::put(&mut tx, id, &folder, &chosen).await;
    put.map_err(|error| or_taken(error, "title", "document"))?;
    let latest = store::versions::of_documents(&mut tx, &[id.0])
        .await?
        .into_iter()
        .next()
        .ok_or(DocumentsError::NotFound)?;
    let before = document.shelf.folder;
    let details = json!({ "from": before, "folder": into, "title": chosen, "before": document.title });
    let action = if before == Some(into) { "document.renamed" } else { "document.filed" };
    (document.internal, document.title) = (folder.internal, chosen);
    document.shelf.folder = Some(into);
    let event = library::document_changed(service, &mut tx, action, &document, &latest, details).await?;
    tx.commit().await?;
    let filed = Filed { document, latest, level: Level::Manage, watermark: false };
    Ok(FileDocumentResponse { filed: Some(convert::filed(&filed, policy)), event })
}
