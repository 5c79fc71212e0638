//! Who downloaded what, for the audit. What staff do stays among staff.

use portico_core::{AccountId, ActorKind};
use portico_db::{StoreError, Tx};
use portico_events::AuditDraft;
use serde_json::json;
use uuid::Uuid;

use super::publish::log;
use crate::{
    domain::document::{IssuedDocument, Kind},
    service::Service,
};

/// Somebody downloaded an issued document; `form` is `pdf`, `ubl` or `cii`. What staff do stays among staff.
pub(crate) async fn downloaded(
    service: &Service,
    tx: &mut Tx,
    document: &IssuedDocument,
    form: &str,
) -> Result<(), StoreError> {
    let internal = tx.ctx().actor.kind != ActorKind::Client;
    let draft = AuditDraft {
        action: match document.kind {
            Kind::Estimate => "estimate.downloaded",
            Kind::Invoice => "invoice.downloaded",
            Kind::CreditNote => "credit_note.downloaded",
        },
        object_kind: document.kind.word(),
        object_id: document.id,
        object_label: &document.number,
        version: &document.version.to_string(),
        account: Some(document.account_id),
        details: json!({ "form": form }),
        internal,
    };
    log(service, tx, draft).await
}

/// Somebody downloaded a statement of this time.
pub(crate) async fn statement_downloaded(
    service: &Service,
    tx: &mut Tx,
    account: AccountId,
    time: &str,
) -> Result<(), StoreError> {
    let internal = tx.ctx().actor.kind != ActorKind::Client;
    let draft = AuditDraft {
        action: "statement.downloaded",
        object_kind: "account",
        object_id: account.0,
        object_label: time,
        version: "",
        account: Some(account),
        details: json!({}),
        internal,
    };
    log(service, tx, draft).await
}

/// Somebody downloaded the receipt of a payment of this amount.
pub(crate) async fn receipt_downloaded(
    service: &Service,
    tx: &mut Tx,
    (payment, account): (Uuid, AccountId),
    amount: &str,
) -> Result<(), StoreError> {
    let internal = tx.ctx().actor.kind != ActorKind::Client;
    let draft = AuditDraft {
        action: "receipt.downloaded",
        object_kind: "payment",
        object_id: payment,
        object_label: amount,
        version: "",
        account: Some(account),
        details: json!({}),
        internal,
    };
    log(service, tx, draft).await
}
