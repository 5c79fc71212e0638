//! Removes an empty folder.

use portico_core::{ErrorCode, Problem};
use portico_proto::documents::v1::{DeleteFolderRequest, DeleteFolderResponse};
use serde_json::json;

use super::hold;
use crate::{
    error::DocumentsError,
    events::library,
    service::{Call, SharedService},
    store,
};

pub(super) async fn handle(
    service: &SharedService,
    call: Call,
    request: DeleteFolderRequest,
) -> Result<DeleteFolderResponse, DocumentsError> {
    let id = request.folder_id.parse()?;
    let (mut tx, folder) = hold(service, &call, id).await?;
    if store::drop_links::count_open(&mut tx, id, service.clock.now()).await? > 0 {
        return Err(DocumentsError::Invalid(Problem::new(
            ErrorCode::FailedPrecondition,
            "folder_has_links",
            "People can still send files into this folder by a link. End its links first.",
        )));
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
