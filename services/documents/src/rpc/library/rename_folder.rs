//! Gives a folder another name.

use portico_proto::documents::v1::{RenameFolderRequest, RenameFolderResponse};
use serde_json::json;

use super::{hold, or_taken};
use crate::{
    convert,
    domain::library::{LONGEST_NAME, name},
    error::DocumentsError,
    events::library,
    service::{Call, SharedService},
    store,
};

pub(super) async fn handle(
    service: &SharedService,
    call: Call,
    request: RenameFolderRequest,
) -> Result<RenameFolderResponse, DocumentsError> {
    let id = request.folder_id.parse()?;
    let (mut tx, mut folder) = hold(service, &call, id).await?;
    let name = name(&request.name, "name", LONGEST_NAME)?;
    let renamed = store::folders::rename(&mut tx, id, &name).await;
    renamed.map_err(|error| or_taken(error, "name", "folder"))?;
    let details = json!({ "before": folder.name });
    folder.name = name;
    let event = library::folder_changed(service, &mut tx, "folder.renamed", &folder, details).await?;
    tx.commit().await?;
    Ok(RenameFolderResponse { folder: Some(convert::folder(&folder, folder.parent_id)), event })
}
