//! A further version of a document in the library. The ones before stay.

use portico_core::{DocumentId, PersonId};

use super::{Uploaded, receive::Landed, target::Aim};
use crate::{
    access,
    domain::{
        document::{Document, DocumentKind},
        library::{Level, Right},
    },
    error::DocumentsError,
    events::publish,
    service::{Call, Service},
    store,
};

/// Refuses a further version of what does not take one: only the library's own documents do, from those who add files to them.
pub(crate) fn may_add(document: &Document, right: Right) -> Result<(), DocumentsError> {
    if right.level < Level::Upload {
        return Err(DocumentsError::Forbidden);
    }
    if document.kind != DocumentKind::Library {
        return Err(DocumentsError::Fixed);
    }
    Ok(())
}

/// What a document takes from this caller, if it takes anything.
pub(super) async fn aim(service: &Service, call: &Call, id: DocumentId) -> Result<Aim, DocumentsError> {
    let (document, right) = access::document(service, call, id).await?;
    may_add(&document, right)?;
    let limit = service.config.largest_file;
    Ok(Aim { account: document.account_id, document: Some(id), limit, accepted: Vec::new() })
}

/// Makes a file that has landed the newest version of a document.
pub(super) async fn put(
    service: &Service,
    call: &Call,
    person: PersonId,
    id: DocumentId,
    landed: &Landed,
) -> Result<Uploaded, DocumentsError> {
    // The file may have been long on its way: whoever may no longer send it here is refused now.
    aim(service, call, id).await?;
    let mut tx = service.store.begin(&call.ctx).await?;
    store::filed::lock(&mut tx, id).await?;
    let document = store::documents::read(&mut tx, id).await?.ok_or(DocumentsError::NotFound)?;
    if document.shelf.trashed_at.is_some() || document.kind != DocumentKind::Library {
        return Err(DocumentsError::NotFound);
    }
    let number = store::versions::next_number(&mut tx, id).await?;
    let version = landed.version_row(service, call, person, &document, number);
    landed.insert(&mut tx, &version).await?;
    let event = publish::file_added(service, &mut tx, &document, &version).await?;
    let uploaded = Uploaded::new(&document, &version, event);
    landed.arrived(&mut tx, &uploaded).await?;
    tx.commit().await?;
    Ok(uploaded)
}
