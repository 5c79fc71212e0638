//! Who sees a document of the library: whom a comment can mention and who is told of it.

use std::collections::BTreeSet;

use portico_core::{Ctx, PersonId};
use uuid::Uuid;

use crate::{
    domain::{
        document::Document,
        library::{Sharing, names_of},
    },
    error::DocumentsError,
    peers,
    service::Service,
    store,
};

/// Those who see a document.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Audience {
    /// People of the account.
    pub(crate) members: BTreeSet<PersonId>,
    /// The firm's people.
    pub(crate) staff: BTreeSet<PersonId>,
    /// By what that was judged: the sharing that counts, under its id.
    pub(crate) sharing: (Uuid, Sharing),
}

/// Who sees a document that is in a folder, by the folder's sharing or the document's own; in a folder of a record they read the record as well.
/// Nobody, where it is in none or in the trash.
pub(crate) async fn of(
    service: &Service,
    ctx: &Ctx,
    document: &Document,
) -> Result<Audience, DocumentsError> {
    let Some(folder) = document.shelf.folder.filter(|_| document.shelf.trashed_at.is_none()) else {
        return Ok(Audience::default());
    };
    // Whoever asks may not see all of those with whom it is shared.
    let system = Ctx::system(ctx.tenant, "documents.audience");
    let mut tx = service.store.begin(&system).await?;
    let folder = store::folders::read(&mut tx, folder).await?.ok_or(DocumentsError::NotFound)?;
    let shared = if document.shelf.own_sharing { document.id.0 } else { folder.sharing_id };
    let sharing = store::sharings::read(&mut tx, shared).await?.unwrap_or_default();
    tx.rollback().await?;

    let mut audience = Audience {
        members: BTreeSet::new(),
        staff: peers::staff(service, &system).await?.into_iter().collect(),
        sharing: (shared, sharing),
    };
    if !document.internal && !folder.internal {
        let members = peers::members_with_roles(service, &system, document.account_id).await?;
        let granted =
            members.into_iter().filter(|(person, roles)| is_granted(&audience.sharing.1, *person, roles));
        audience.members = granted.map(|(person, _)| person).collect();
    }
    if let Some(record) = folder.record_id {
        let (members, staff) = peers::readers(service, &system, record).await?;
        audience.members.retain(|person| members.contains(person));
        audience.staff.retain(|person| staff.contains(person));
    }
    Ok(audience)
}

fn is_granted(sharing: &Sharing, person: PersonId, roles: &[String]) -> bool {
    let names: Vec<String> = names_of(Some(person), roles).collect();
    sharing.grants.iter().any(|grant| names.contains(&grant.subject))
}
