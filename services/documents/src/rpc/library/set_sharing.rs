//! Says who of the account sees a folder with what is in it, or a document.

use portico_core::{DocumentId, FolderId};
use portico_proto::documents::v1::{self as proto, SetSharingRequest, SetSharingResponse};
use serde_json::json;
use uuid::Uuid;

use super::hold;
use crate::{
    access, convert,
    domain::library::{Grant, Level, MOST_GRANTS, Sharing, subject},
    error::DocumentsError,
    events::library::{self, told},
    service::{Call, SharedService},
    store,
};

pub(super) async fn handle(
    service: &SharedService,
    call: Call,
    request: SetSharingRequest,
) -> Result<SetSharingResponse, DocumentsError> {
    if request.document_id.is_empty() {
        let id: FolderId = request.folder_id.parse()?;
        return of_folder(service, &call, id, &request).await;
    }
    let id: DocumentId = request.document_id.parse()?;
    of_document(service, &call, id, &request).await
}

/// What was asked for, checked.
fn wanted(request: &SetSharingRequest) -> Result<Sharing, DocumentsError> {
    let wrong = || DocumentsError::invalid("grants", "Choose who may do what.");
    if request.grants.len() > MOST_GRANTS {
        let text =
            format!("Share with at most {MOST_GRANTS} people and roles. A role stands for many people.");
        return Err(DocumentsError::invalid("grants", text));
    }
    let grant = |grant: &proto::Grant| {
        let subject = subject(&grant.subject).ok_or_else(wrong)?;
        Ok(Grant { subject, level: Level::granted(&grant.level).ok_or_else(wrong)? })
    };
    let mut grants = request.grants.iter().map(grant).collect::<Result<Vec<_>, DocumentsError>>()?;
    // Of two grants to the same one, the higher counts.
    grants.sort_by(|a, b| a.subject.cmp(&b.subject).then(b.level.cmp(&a.level)));
    grants.dedup_by(|later, kept| later.subject == kept.subject);
    Ok(Sharing { grants, watermark: request.watermark })
}

async fn of_folder(
    service: &SharedService,
    call: &Call,
    id: FolderId,
    request: &SetSharingRequest,
) -> Result<SetSharingResponse, DocumentsError> {
    let (mut tx, mut folder) = hold(service, call, id).await?;
    let (sharing, own) = if request.inherit {
        let parent = folder.parent_id.ok_or_else(|| {
            DocumentsError::invalid("inherit", "There is no folder around this one to take it from.")
        })?;
        let around = store::folders::read(&mut tx, parent).await?.ok_or(DocumentsError::NotFound)?;
        if folder.shares_itself() {
            store::sharings::join(&mut tx, &folder, &around).await?;
        }
        (store::sharings::read(&mut tx, around.sharing_id).await?.unwrap_or_default(), false)
    } else {
        let sharing = wanted(request)?;
        if folder.internal && !sharing.grants.is_empty() {
            let text = "This folder is for your firm only. Move what is to be shared into another one.";
            return Err(DocumentsError::invalid("grants", text));
        }
        store::sharings::put(&mut tx, id.0, folder.account_id, &sharing).await?;
        if !folder.shares_itself() {
            let within: Vec<Uuid> =
                store::folders::within(&mut tx, id).await?.into_iter().map(|folder| folder.id).collect();
            store::sharings::part(&mut tx, &folder, &within).await?;
            folder.sharing_id = id.0;
        }
        (sharing, true)
    };
    let details = json!({ "own": own, "sharing": told(&sharing) });
    let event = library::folder_changed(service, &mut tx, "folder.shared", &folder, details).await?;
    tx.commit().await?;
    Ok(SetSharingResponse { sharing: Some(convert::sharing(&sharing, own)), event })
}

async fn of_document(
    service: &SharedService,
    call: &Call,
    id: DocumentId,
    request: &SetSharingRequest,
) -> Result<SetSharingResponse, DocumentsError> {
    let (document, _) = access::document(service, call, id).await?;
    let around = document.shelf.folder.ok_or(DocumentsError::NotFound)?;
    let (mut tx, folder) = hold(service, call, around).await?;
    store::filed::lock(&mut tx, id).await?;
    let document = store::documents::read(&mut tx, id).await?.ok_or(DocumentsError::NotFound)?;
    if document.shelf.folder != Some(folder.id) {
        return Err(portico_db::StoreError::Conflict.into());
    }
    let sharing = if request.inherit {
        store::sharings::read(&mut tx, folder.sharing_id).await?.unwrap_or_default()
    } else {
        let sharing = wanted(request)?;
        if folder.internal && !sharing.grants.is_empty() {
            let text =
                "This document is in a folder for your firm only. Move it into another one to share it.";
            return Err(DocumentsError::invalid("grants", text));
        }
        store::sharings::put(&mut tx, id.0, document.account_id, &sharing).await?;
        sharing
    };
    let own = !request.inherit;
    store::sharings::of_document(&mut tx, id, own).await?;
    let latest = store::versions::of_documents(&mut tx, &[id.0])
        .await?
        .into_iter()
        .next()
        .ok_or(DocumentsError::NotFound)?;
    let details = json!({ "own": own, "sharing": told(&sharing) });
    let event =
        library::document_changed(service, &mut tx, "document.shared", &document, &latest, details).await?;
    tx.commit().await?;
    Ok(SetSharingResponse { sharing: Some(convert::sharing(&sharing, own)), event })
}
