//! Puts a document of the library into the trash.

use futures_util::TryStreamExt as _;
use portico_core::DocumentId;
use portico_proto::documents::v1::{TrashDocumentRequest, TrashDocumentResponse};
use serde_json::json;

use crate::{
    access,
    domain::document::{DocumentKind, Version},
    error::DocumentsError,
    events::library,
    service::{Call, Service, SharedService},
    store,
};

/// What stands in the plain part of every PDF that somebody has signed.
const SIGNED: &[u8] = b"/ByteRange";

pub(super) async fn handle(
    service: &SharedService,
    call: Call,
    request: TrashDocumentRequest,
) -> Result<TrashDocumentResponse, DocumentsError> {
    let id: DocumentId = request.document_id.parse()?;
    let (document, _) = access::document(service, &call, id).await?;
    if document.shelf.folder.is_none() {
        return Err(DocumentsError::NotFound);
    }
    if document.kind != DocumentKind::Library {
        return Err(DocumentsError::Fixed);
    }
    let person = call.ctx.actor.person.ok_or(DocumentsError::Forbidden)?;
    let mut tx = service.store.begin(&call.ctx).await?;
    let versions = store::versions::of_documents(&mut tx, &[id.0]).await?;
    drop(tx);
    let mut kept = false;
    for version in &versions {
        kept = kept || is_signed(service, &call, version).await?;
    }

    let mut tx = service.store.begin(&call.ctx).await?;
    store::filed::lock(&mut tx, id).await?;
    let document = store::documents::read(&mut tx, id).await?.ok_or(DocumentsError::NotFound)?;
    let latest = store::versions::of_documents(&mut tx, &[id.0])
        .await?
        .into_iter()
        .next()
        .ok_or(DocumentsError::NotFound)?;
    if versions.first().is_none_or(|known| known.id != latest.id) {
        // A version came meanwhile.
        return Err(portico_db::StoreError::Conflict.into());
    }
    let now = service.clock.now();
    if !store::filed::trash(&mut tx, id, person, &call.ctx.actor.name, now, kept).await? {
        return Err(DocumentsError::NotFound);
    }
    let details = json!({ "folder": document.shelf.folder, "kept": kept });
    let event =
        library::document_changed(service, &mut tx, "document.trashed", &document, &latest, details).await?;
    tx.commit().await?;
    Ok(TrashDocumentResponse { event })
}

/// Whether a version is a PDF that somebody has signed: here, or before it came.
async fn is_signed(service: &Service, call: &Call, version: &Version) -> Result<bool, DocumentsError> {
    if version.file.kind != "pdf" {
        return Ok(false);
    }
    let mut bytes = service.vault.read(&version.stored(call.ctx.tenant), None).await?;
    let mut seen: Vec<u8> = Vec::new();
    while let Some(piece) = bytes.try_next().await? {
        seen.extend_from_slice(&piece);
        if seen.windows(SIGNED.len()).any(|part| part == SIGNED) {
            return Ok(true);
        }
        // It may stand across two pieces.
        seen.drain(..seen.len().saturating_sub(SIGNED.len()));
    }
    Ok(false)
}
