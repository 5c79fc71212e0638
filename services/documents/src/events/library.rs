//! What the service says about the library.

use portico_core::AccountId;
use portico_db::{StoreError, Tx};
use portico_events::AuditDraft;
use portico_proto::events::v1::Touched;
use serde_json::Value;

use super::publish::{EventTag, log, say, version_audited};
use crate::{
    domain::{
        document::{Document, Version},
        library::{Folder, Grant, Sharing},
    },
    service::Service,
};

/// Something was done with a folder.
pub(crate) async fn folder_changed(
    service: &Service,
    tx: &mut Tx,
    action: &'static str,
    folder: &Folder,
    details: Value,
) -> Result<EventTag, StoreError> {
    let draft = AuditDraft {
        action,
        object_kind: "folder",
        object_id: folder.id.0,
        object_label: &folder.name,
        version: "",
        account: Some(folder.account_id),
        details,
        internal: folder.internal,
    };
    log(service, tx, draft).await?;
    // Not everybody of the account sees every folder, and an event cannot ask who does.
    let event =
        Touched { object_kind: "folder".to_owned(), object_id: folder.id.to_string(), ..Touched::default() };
    say(service, tx, "document", folder.id.0, None, &event).await
}

/// Something was done with a document and no bytes came.
pub(crate) async fn document_changed(
    service: &Service,
    tx: &mut Tx,
    action: &'static str,
    document: &Document,
    latest: &Version,
    details: Value,
) -> Result<EventTag, StoreError> {
    version_audited(service, tx, action, document, latest, details).await?;
    touched(service, tx, document).await
}

/// Something is other with a document, as those hear who look at it.
pub(crate) async fn touched(
    service: &Service,
    tx: &mut Tx,
    document: &Document,
) -> Result<EventTag, StoreError> {
    let account = told_of(document);
    let event = Touched {
        object_kind: "document".to_owned(),
        object_id: document.id.to_string(),
        account_id: account.map(|id| id.to_string()).unwrap_or_default(),
    };
    say(service, tx, "document", document.id.0, account, &event).await
}

/// The account whose people hear of it: what is for the firm's side only is told to nobody of the account.
pub(super) fn told_account(internal: bool, account: AccountId) -> Option<AccountId> {
    (!internal).then_some(account)
}

/// The same of a document. One in a folder is shared with some of the account at most, so the firm's side alone hears of it.
pub(super) fn told_of(document: &Document) -> Option<AccountId> {
    told_account(document.internal || document.shelf.folder.is_some(), document.account_id)
}

/// Sharing as it stands in the audit.
pub(crate) fn told(sharing: &Sharing) -> Value {
    let grant = |grant: &Grant| (grant.subject.clone(), Value::from(grant.level.word()));
    let grants: serde_json::Map<_, _> = sharing.grants.iter().map(grant).collect();
    serde_json::json!({ "grants": grants, "watermark": sharing.watermark })
}
