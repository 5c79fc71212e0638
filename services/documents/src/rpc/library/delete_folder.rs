//! Removes an empty folder.

use portico_core::{ErrorCode, FolderId, Problem};
use portico_db::Tx;
use portico_proto::documents::v1::{DeleteFolderRequest, DeleteFolderResponse};
use serde_json::json;

use super::hold;
use crate::{
    error::DocumentsError,
    events::library,
    service::{Call, Service, SharedService},
    store,
};

pub(super) async fn handle(
    service: &SharedService,
    call: Call,
    request: DeleteFolderRequest,
) -> Result<DeleteFolderResponse, DocumentsError> {
    let id: FolderId = request.folder_id.parse()?;
    let (mut tx, folder) = hold(service, &call, id).await?;
    has_no_links(service, &mut tx, id).await?;
    // An inbox was made by itself, and goes by itself where nothing is in it.
    for inbox in store::folders::empty_inboxes(&mut tx, id).await? {
        has_no_links(service, &mut tx, inbox).await?;
        let inner = store::folders::read(&mut tx, inbox).await?.ok_or(DocumentsError::NotFound)?;
        store::folders::delete(&mut tx, inbox).await?;
        if inner.shares_itself() {
            store::sharings::delete(&mut tx, inbox.0).await?;
        }
        library::folder_changed(service, &mut tx, "folder.removed", &inner, json!({})).await?;
    }
    if !store::folders::delete(&mut tx, id).await? {
        return Err(DocumentsError::Invalid(Problem::new(
            ErrorCode::FailedPrecondition,
            "folder_not_empty",
            "There is something in this folder, or in the trash from it. Move or remove that first.",
        )));
    }
    if folder.shares_itself() {
        store::sharings::delete(&mut tx, id.0).await?;
    }
    let event = library::folder_changed(service, &mut tx, "folder.removed", &folder, json!({})).await?;
    tx.commit().await?;
    Ok(DeleteFolderResponse { event })
}

/// Refuses a folder into which somebody may still send files.
async fn has_no_links(service: &Service, tx: &mut Tx, id: FolderId) -> Result<(), DocumentsError> {
    if store::drop_links::count_open(tx, id, service.clock.now()).await? == 0 {
        return Ok(());
    }
    Err(DocumentsError::Invalid(Problem::new(
        ErrorCode::FailedPrecondition,
        "folder_has_links",
        "People can still send files into this folder by a link. End its links first.",
    )))
}
