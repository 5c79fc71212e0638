//! Makes a folder at the top of an account or record, or in another folder.

use portico_core::{AccountId, FolderId, RecordId};
use portico_proto::documents::v1::{CreateFolderRequest, CreateFolderResponse};
use serde_json::json;

use super::or_taken;
use crate::{
    access, convert,
    domain::library::{DEEPEST, Folder, Grant, LONGEST_NAME, Level, MOST_BESIDE, Sharing, name},
    error::DocumentsError,
    events::library,
    peers,
    service::{Call, Service, SharedService},
    store,
};

/// Where a folder is made.
struct Place {
    account: AccountId,
    record: Option<RecordId>,
    parent: Option<Folder>,
}

pub(super) async fn handle(
    service: &SharedService,
    call: Call,
    request: CreateFolderRequest,
) -> Result<CreateFolderResponse, DocumentsError> {
    let place = place(service, &call, &request).await?;
    let person = call.ctx.actor.person.ok_or(DocumentsError::Forbidden)?;
    let name = name(&request.name, "name", LONGEST_NAME)?;
    let level = match request.level.as_str() {
        "" => None,
        word => Some(Level::granted(word).ok_or_else(|| {
            DocumentsError::invalid("level", "Choose what everyone of the account may do.")
        })?),
    };

    let mut tx = service.store.begin(&call.ctx).await?;
    store::folders::hold(&mut tx, place.account).await?;
    // It may have moved or gone meanwhile.
    let parent = match &place.parent {
        Some(parent) => {
            Some(store::folders::read(&mut tx, parent.id).await?.ok_or(DocumentsError::NotFound)?)
        }
        None => None,
    };
    let record = parent.as_ref().map_or(place.record, |parent| parent.record_id);
    let depth = parent.as_ref().map_or(1, |parent| parent.depth + 1);
    if depth > DEEPEST {
        let text = format!("Folders can be {DEEPEST} deep. Make this one further up.");
        return Err(DocumentsError::invalid("name", text));
    }
    let beside =
        store::folders::count_beside(&mut tx, place.account, record, parent.as_ref().map(|parent| parent.id))
            .await?;
    if beside >= MOST_BESIDE {
        let text = format!("There are {MOST_BESIDE} folders here already. Put some into others first.");
        return Err(DocumentsError::invalid("name", text));
    }
    let now = service.clock.now();
    let id = FolderId::new(now, &*service.entropy);
    let folder = Folder {
        id,
        account_id: place.account,
        internal: parent.as_ref().map_or(request.internal, |parent| parent.internal),
        record_id: record,
        parent_id: parent.as_ref().map(|parent| parent.id),
        name,
        depth,
        sharing_id: parent.as_ref().map_or(id.0, |parent| parent.sharing_id),
        created_by: person,
        created_at: now,
        level: Some(Level::Manage),
        watermark: false,
    };
    let mut details = json!({ "parent": folder.parent_id, "record": folder.record_id });
    if parent.is_none() {
        let grant = |level| Grant { subject: "everyone".to_owned(), level };
        let grants = level.filter(|_| !folder.internal).map(grant).into_iter().collect();
        let sharing = Sharing { grants, watermark: false };
        details["sharing"] = library::told(&sharing);
        store::sharings::put(&mut tx, id.0, place.account, &sharing).await?;
    }
    let made = store::folders::insert(&mut tx, &folder).await;
    made.map_err(|error| or_taken(error, "name", "folder"))?;
    let event = library::folder_changed(service, &mut tx, "folder.created", &folder, details).await?;
    tx.commit().await?;
    Ok(CreateFolderResponse { folder: Some(convert::folder(&folder, folder.parent_id)), event })
}

/// Where the caller wants it, as far as they see that place.
async fn place(
    service: &Service,
    call: &Call,
    request: &CreateFolderRequest,
) -> Result<Place, DocumentsError> {
    if !request.parent_id.is_empty() {
        let parent = access::folder(service, call, request.parent_id.parse()?).await?;
        return Ok(Place { account: parent.account_id, record: parent.record_id, parent: Some(parent) });
    }
    let account: AccountId = request.account_id.parse()?;
    if !call.ctx.actor.accounts.includes(account) {
        return Err(DocumentsError::NotFound);
    }
    peers::account(service, &call.caller, account).await?;
    if request.record_id.is_empty() {
        return Ok(Place { account, record: None, parent: None });
    }
    let record: RecordId = request.record_id.parse()?;
    if peers::record_account(service, &call.caller, record).await? != account {
        return Err(DocumentsError::NotFound);
    }
    Ok(Place { account, record: Some(record), parent: None })
}
