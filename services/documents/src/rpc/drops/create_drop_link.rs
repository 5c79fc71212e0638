//! Makes a link by which files come into a folder.

use chrono::{DateTime, Utc};
use portico_core::{DropLinkId, FolderId, TenantId};
use portico_proto::documents::v1::{CreateDropLinkRequest, CreateDropLinkResponse};
use serde_json::json;

use crate::{
    access, convert,
    domain::drop_link::{DropLink, DropState, MOST_OPEN, Wanted},
    error::DocumentsError,
    events::drops,
    inbox,
    service::{Call, Service, SharedService},
    store,
    vault::VaultError,
};

/// What the secrets of links are sealed for.
const TOKEN: &str = "documents.drop_link";

pub(super) async fn handle(
    service: &SharedService,
    call: Call,
    request: CreateDropLinkRequest,
) -> Result<CreateDropLinkResponse, DocumentsError> {
    let folder: FolderId = request.folder_id.parse()?;
    let seen = access::folder(service, &call, folder).await?;
    let maker = call.ctx.actor.person.ok_or(DocumentsError::Forbidden)?;
    let wanted = Wanted::checked(
        &request.title,
        &request.note,
        request.days,
        request.most_files,
        &request.idempotency_key,
    )?;
    let token = service.entropy.secret();
    let hash = convert::token_hash(&token);
    let tenant = call.ctx.tenant;
    let sealed = match wanted.key.as_str() {
        "" => None,
        _ => Some(service.secrets.seal(tenant, TOKEN, token.as_bytes()).await.map_err(VaultError::from)?),
    };

    let mut tx = service.store.begin(&call.ctx).await?;
    store::folders::hold(&mut tx, seen.account_id).await?;
    let folder = store::folders::read(&mut tx, folder).await?.ok_or(DocumentsError::NotFound)?;
    let now = service.clock.now();
    if let Some((link, sealed)) = store::drop_links::by_key(&mut tx, &wanted.key).await? {
        tx.rollback().await?;
        return repeated(service, tenant, link, sealed, (folder.id, &wanted), now).await;
    }
    if store::drop_links::count_open(&mut tx, folder.id, now).await? >= MOST_OPEN {
        let text = format!("There are {MOST_OPEN} links to this folder already. End some of them first.");
        return Err(DocumentsError::invalid("title", text));
    }
    if inbox::of(service, &mut tx, &folder, maker).await?.is_none() {
        let text = "This folder is too deep for an inbox within it. Choose one further up.";
        return Err(DocumentsError::invalid("folder_id", text));
    }
    let link = DropLink {
        id: DropLinkId::new(now, &*service.entropy),
        account_id: folder.account_id,
        folder_id: folder.id,
        title: wanted.title,
        note: wanted.note,
        most_files: wanted.most_files,
        files: 0,
        expires_at: now + wanted.lasts,
        revoked_at: None,
        created_by: maker,
        created_by_name: call.ctx.actor.name.clone(),
        created_at: now,
        last_at: None,
    };
    store::drop_links::insert(&mut tx, &link, hash, &wanted.key, sealed.as_deref()).await?;
    let details = json!({ "folder": folder.id, "until": link.expires_at, "files": link.most_files });
    let event = drops::changed(service, &mut tx, "drop_link.created", &link, details).await?;
    tx.commit().await?;
    Ok(CreateDropLinkResponse { link: Some(convert::drop_link(&link, now)), token, event })
}

/// The link that was made with this key, and its secret once more; nothing has changed.
async fn repeated(
    service: &Service,
    tenant: TenantId,
    link: DropLink,
    sealed: Option<Vec<u8>>,
    (folder, wanted): (FolderId, &Wanted),
    now: DateTime<Utc>,
) -> Result<CreateDropLinkResponse, DocumentsError> {
    if !wanted.made(&link, folder) {
        let text = "This form was sent before with something else in it. Open it anew to make another link.";
        return Err(DocumentsError::invalid("idempotency_key", text));
    }
    // One from before secrets were kept has none to tell.
    let sealed = sealed.filter(|_| link.state(now) == DropState::Open).ok_or_else(|| {
        DocumentsError::invalid("idempotency_key", "This form was sent before. Open it anew.")
    })?;
    let token = service.secrets.open(tenant, TOKEN, &sealed).await.map_err(VaultError::from)?;
    let token = std::str::from_utf8(&token)
        .map_err(|_| DocumentsError::Unreadable("the secret of a drop link".to_owned()))?
        .to_owned();
    Ok(CreateDropLinkResponse { link: Some(convert::drop_link(&link, now)), token, event: String::new() })
}
