//! Takes back a file that is not accepted yet; its bytes go with it.

use portico_core::{ItemId, VersionId};
use portico_proto::documents::v1::{RemoveFileRequest, RemoveFileResponse};
use serde_json::json;

use crate::{
    error::DocumentsError,
    events::publish,
    http::discard,
    peers::{self, StepAction},
    progress,
    service::{Call, SharedService},
    store,
};

pub(super) async fn handle(
    service: &SharedService,
    call: Call,
    request: RemoveFileRequest,
) -> Result<RemoveFileResponse, DocumentsError> {
    let (id, version_id): (ItemId, VersionId) = (request.item_id.parse()?, request.version_id.parse()?);
    let mut tx = service.store.begin(&call.ctx).await?;
    let found = store::requests::find_by_item(&mut tx, id).await?.ok_or(DocumentsError::NotFound)?;
    drop(tx);
    peers::authorize_step(service, &call.caller, found.step_id, StepAction::Act).await?;

    let mut tx = service.store.begin(&call.ctx).await?;
    let mut found = store::requests::lock(&mut tx, found.id).await?.ok_or(DocumentsError::NotFound)?;
    let version = store::versions::read(&mut tx, version_id).await?.ok_or(DocumentsError::NotFound)?;
    let document =
        store::documents::read(&mut tx, version.document_id).await?.ok_or(DocumentsError::NotFound)?;
    if document.step_id != Some(found.step_id) {
        return Err(DocumentsError::NotFound);
    }
    let (place, item) = found.item(id).ok_or(DocumentsError::NotFound)?;
    found.may_remove(item, version_id)?;
    let mut changed = item.clone();
    changed.files.retain(|file| *file != version_id);
    changed.state = found.state_with(item, changed.files.len());
    found.items[place] = changed;
    store::requests::remove_file(&mut tx, id, version_id).await?;
    let gone = store::versions::delete(&mut tx, version_id).await?;
    store::documents::delete(&mut tx, document.id).await?;
    let details = json!({ "item": id, "sha256": version.file.sha256_text() });
    publish::version_audited(service, &mut tx, "document.removed", &document, &version, details).await?;
    let event = progress::record(service, &mut tx, "item.file_removed", &mut found, place).await?;
    tx.commit().await?;
    for bytes in gone {
        discard(service, call.ctx.tenant, bytes).await;
    }
    Ok(RemoveFileResponse { request: Some(progress::view(service, &call, &found).await?), event })
}
