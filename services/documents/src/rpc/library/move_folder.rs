//! Moves a folder, with all that is in it, into another one of its account.

use portico_core::FolderId;
use portico_proto::documents::v1::{MoveFolderRequest, MoveFolderResponse};
use serde_json::json;
use uuid::Uuid;

use super::{hold, or_taken};
use crate::{
    access, convert,
    domain::library::{DEEPEST, MOST_BESIDE},
    error::DocumentsError,
    events::library,
    service::{Call, SharedService},
    store,
};

pub(super) async fn handle(
    service: &SharedService,
    call: Call,
    request: MoveFolderRequest,
) -> Result<MoveFolderResponse, DocumentsError> {
    let (id, into): (FolderId, FolderId) = (request.folder_id.parse()?, request.parent_id.parse()?);
    access::folder(service, &call, into).await?;
    let (mut tx, folder) = hold(service, &call, id).await?;
    let into = store::folders::read(&mut tx, into).await?.ok_or(DocumentsError::NotFound)?;
    if into.account_id != folder.account_id {
        return Err(DocumentsError::NotFound);
    }
    let within = store::folders::within(&mut tx, id).await?;
    let ids: Vec<Uuid> = within.iter().map(|folder| folder.id).collect();
    if ids.contains(&into.id.0) {
        return Err(DocumentsError::invalid(
            "parent_id",
            "A folder cannot go into itself. Choose another one.",
        ));
    }
    let deepest = within.iter().map(|folder| folder.depth).max().unwrap_or(folder.depth);
    if into.depth + 1 + deepest - folder.depth > DEEPEST {
        let text = format!("Folders can be {DEEPEST} deep, and this would be deeper. Choose another place.");
        return Err(DocumentsError::invalid("parent_id", text));
    }
    let beside =
        store::folders::count_beside(&mut tx, into.account_id, into.record_id, Some(into.id)).await?;
    if beside >= MOST_BESIDE {
        let text = format!("There are {MOST_BESIDE} folders in it already. Choose another place.");
        return Err(DocumentsError::invalid("parent_id", text));
    }
    if into.internal && !folder.internal && store::filed::hold_others(&mut tx, &ids).await? {
        return Err(DocumentsError::Fixed);
    }
    let moved = store::folders::shift(&mut tx, &folder, &into, &within).await;
    moved.map_err(|error| or_taken(error, "parent_id", "folder"))?;
    let folder = store::folders::read(&mut tx, id).await?.ok_or(DocumentsError::NotFound)?;
    let details = json!({ "into": into.id, "folders": ids.len() });
    let event = library::folder_changed(service, &mut tx, "folder.moved", &folder, details).await?;
    tx.commit().await?;
    Ok(MoveFolderResponse { folder: Some(convert::folder(&folder, folder.parent_id)), event })
}
