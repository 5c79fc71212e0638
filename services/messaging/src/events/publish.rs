//! What the service says, and its entries in the audit.

use portico_core::AccountId;
use portico_db::{StoreError, Tx};
use portico_events::{AuditDraft, Outgoing, audit, publish};
use portico_proto::messaging::v1 as proto;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    domain::{
        mail::{Mail, State},
        notification::Notification,
        thread::{Message, Thread},
    },
    service::Service,
};

/// A message was posted.
pub(crate) async fn message_posted(
    service: &Service,
    tx: &mut Tx,
    thread: &Thread,
    message: &Message,
) -> Result<(), StoreError> {
    let event = proto::MessagePosted {
        thread_id: thread.id.to_string(),
        record_id: thread.record_id.to_string(),
        message_id: message.id.to_string(),
        account_id: thread.account_id.to_string(),
        internal: message.internal,
    };
    say(service, tx, "thread", thread.id.0, Some(thread.account_id), &event).await?;
    let draft = AuditDraft {
        action: "message.posted",
        object_kind: "message",
        object_id: message.id.0,
        object_label: &thread.title,
        version: "",
        account: Some(thread.account_id),
        details: json!({ "record": thread.record_id, "attachments": message.attachments.len() }),
        internal: message.internal,
    };
    log(service, tx, draft).await
}

/// Somebody has read a thread up to a message. The firm keeps this to itself.
pub(crate) async fn thread_read(
    service: &Service,
    tx: &mut Tx,
    thread: &Thread,
    message: &Message,
) -> Result<(), StoreError> {
    let draft = AuditDraft {
        action: "thread.read",
        object_kind: "thread",
        object_id: thread.id.0,
        object_label: &thread.title,
        version: "",
        account: Some(thread.account_id),
        details: json!({ "record": thread.record_id, "message": message.id }),
        internal: true,
    };
    log(service, tx, draft).await
}

/// Somebody was told something in the app.
pub(crate) async fn notification_created(
    service: &Service,
    tx: &mut Tx,
    notification: &Notification,
) -> Result<(), StoreError> {
    let event = proto::NotificationCreated {
        person_id: notification.person_id.to_string(),
        notification_id: notification.id.to_string(),
        account_id: notification.account_id.map(|id| id.to_string()).unwrap_or_default(),
    };
    say(service, tx, "notification", notification.person_id.0, notification.account_id, &event).await
}

/// Somebody has marked their notifications as read.
pub(crate) async fn notifications_read(
    service: &Service,
    tx: &mut Tx,
    person: Uuid,
    count: u64,
) -> Result<(), StoreError> {
    let draft = AuditDraft {
        action: "notifications.read",
        object_kind: "person",
        object_id: person,
        object_label: "",
        version: "",
        account: None,
        details: json!({ "count": count }),
        internal: true,
    };
    log(service, tx, draft).await
}

/// A mail was sent or has failed for good.
pub(crate) async fn mail_settled(
    service: &Service,
    tx: &mut Tx,
    mail: &Mail,
    state: State,
) -> Result<(), StoreError> {
    let event = proto::MailSettled { mail_id: mail.id.to_string(), state: state.as_str().to_owned() };
    say(service, tx, "mail", mail.id.0, mail.account_id, &event).await
}

/// Staff have done something with a mail: `mail.resent` or `mail.test_sent`.
pub(crate) async fn mail_handled(
    service: &Service,
    tx: &mut Tx,
    action: &'static str,
    mail: &Mail,
    details: Value,
) -> Result<(), StoreError> {
    let draft = AuditDraft {
        action,
        object_kind: "mail",
        object_id: mail.id.0,
        object_label: &mail.subject,
        version: "",
        account: mail.account_id,
        details,
        internal: true,
    };
    log(service, tx, draft).await
}

async fn say<M: prost::Message + prost::Name>(
    service: &Service,
    tx: &mut Tx,
    aggregate: &'static str,
    key: Uuid,
    account: Option<AccountId>,
    body: &M,
) -> Result<(), StoreError> {
    publish(tx, &*service.clock, &*service.entropy, Outgoing { aggregate, key, account, body }).await?;
    Ok(())
}

async fn log(service: &Service, tx: &mut Tx, draft: AuditDraft<'_>) -> Result<(), StoreError> {
    audit(tx, &*service.clock, &*service.entropy, draft).await?;
    Ok(())
}
