//! A file for a folder of the library.

use portico_core::{FolderId, PersonId};

use super::{
    Uploaded,
    receive::{Landed, Plan},
    target::Aim,
};
use crate::{
    access,
    domain::{
        document::DocumentKind,
        library::{Level, Shelf, free_title},
    },
    error::DocumentsError,
    events::publish,
    service::{Call, Service},
    store,
};

/// What a folder takes from this caller, if it takes anything.
pub(super) async fn aim(service: &Service, call: &Call, id: FolderId) -> Result<Aim, DocumentsError> {
    let folder = access::folder(service, call, id).await?;
    if folder.level < Some(Level::Upload) {
        return Err(DocumentsError::Forbidden);
    }
    let limit = service.config.largest_file;
    Ok(Aim { account: folder.account_id, document: None, limit, accepted: Vec::new() })
}

/// Puts a file that has landed into a folder, under its name or the first one beside it that is free.
pub(super) async fn put(
    service: &Service,
    call: &Call,
    person: PersonId,
    id: FolderId,
    landed: &Landed,
) -> Result<Uploaded, DocumentsError> {
    // The file may have been long on its way: whoever may no longer send it here is refused now.
    aim(service, call, id).await?;
    let mut tx = service.store.begin(&call.ctx).await?;
    store::folders::lock(&mut tx, id).await?;
    let folder = store::folders::read(&mut tx, id).await?.ok_or(DocumentsError::NotFound)?;
    if folder.level < Some(Level::Upload) {
        return Err(DocumentsError::NotFound);
    }
    let taken = store::filed::taken(&mut tx, id, &landed.file.name, landed.document).await?;
    let title = free_title(&landed.file.name, &taken);
    let plan = Plan {
        kind: DocumentKind::Library,
        account: folder.account_id,
        record: None,
        step: None,
        bound: true,
    };
    let (mut document, mut version) = landed.rows(service, call, person, plan, &title);
    document.shelf = Shelf { folder: Some(id), ..Shelf::default() };
    (document.internal, version.internal) = (folder.internal, folder.internal);
    store::documents::insert(&mut tx, &document).await?;
    landed.insert(&mut tx, &version).await?;
    let event = publish::file_added(service, &mut tx, &document, &version).await?;
    let uploaded = Uploaded::new(&document, &version, event);
    landed.arrived(&mut tx, &uploaded).await?;
    tx.commit().await?;
    Ok(uploaded)
}
