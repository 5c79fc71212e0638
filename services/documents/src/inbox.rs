//! Where files from strangers lie until somebody of the firm has looked at them: a folder for the firm's side only.

use portico_core::{FolderId, PersonId};
use portico_db::Tx;
use serde_json::json;

use crate::{
    domain::library::{DEEPEST, Folder, Level, Sharing, free_title, key},
    error::DocumentsError,
    events::library,
    service::Service,
    store,
};

/// What an inbox is called at first.
const NAME: &str = "Inbox";

/// The inbox of a folder, which is made where there is none. Nothing where folders may not be any deeper. Wants [`store::folders::hold`] to have been called.
pub(crate) async fn of(
    service: &Service,
    tx: &mut Tx,
    folder: &Folder,
    maker: PersonId,
) -> Result<Option<Folder>, DocumentsError> {
    // A folder of the firm's own gets one as well: it may be shared some day, and what strangers sent must not be shared with it.
    if let Some(inbox) = store::folders::inbox_of(tx, folder.id).await? {
        return store::folders::read(tx, inbox).await;
    }
    if folder.depth >= DEEPEST {
        return Ok(None);
    }
    let beside = store::folders::children(tx, folder.id).await?;
    let taken = beside.iter().filter(|child| child.internal).map(|child| key(&child.name)).collect();
    let now = service.clock.now();
    let id = FolderId::new(now, &*service.entropy);
    let inbox = Folder {
        id,
        account_id: folder.account_id,
        internal: true,
        record_id: folder.record_id,
        parent_id: Some(folder.id),
        name: free_title(NAME, &taken),
        depth: folder.depth + 1,
        // Of its own and for nobody: what is shared around it never reaches in here.
        sharing_id: id.0,
        created_by: maker,
        created_at: now,
        level: Some(Level::Manage),
        watermark: false,
    };
    store::sharings::put(tx, id.0, inbox.account_id, &Sharing::default()).await?;
    store::folders::insert(tx, &inbox).await?;
    store::folders::mark_inbox(tx, id).await?;
    let details = json!({ "parent": inbox.parent_id, "record": inbox.record_id });
    library::folder_changed(service, tx, "folder.created", &inbox, details).await?;
    Ok(Some(inbox))
}
