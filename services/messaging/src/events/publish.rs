//! What the service says, and its entries in the audit.

use portico_core::{AccountId, PersonId};
use portico_db::{StoreError, Tx};
use portico_events::{AuditDraft, Outgoing, audit, publish};
use portico_proto::messaging::v1 as proto;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    domain::{
        dkim::DkimKey,
        mail::{Mail, State},
        mailbox::Mailbox,
        notification::Notification,
        settings::MailSettings,
        thread::{Message, Thread},
    },
    service::Service,
    store::addresses::Bounce,
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

/// An administrator has changed how the firm's mail leaves: `mail_settings.changed`. Secrets are not told.
pub(crate) async fn mail_settings_changed(
    service: &Service,
    tx: &mut Tx,
    settings: &MailSettings,
) -> Result<(), StoreError> {
    let server = settings.server.as_ref();
    let draft = AuditDraft {
        action: "mail_settings.changed",
        object_kind: "tenant",
        object_id: tx.ctx().tenant.0,
        object_label: "",
        version: &settings.version.to_string(),
        account: None,
        details: json!({
            "server": server.map(|server| &server.host),
            "from": settings.from_address,
            "inbound": settings.inbound_address,
            "hide_contents": settings.hide_contents,
        }),
        internal: true,
    };
    log(service, tx, draft).await
}

/// An administrator has done something with a key: `dkim_key.created`, `dkim_key.activated` or `dkim_key.retired`.
pub(crate) async fn dkim_key_handled(
    service: &Service,
    tx: &mut Tx,
    action: &'static str,
    key: &DkimKey,
) -> Result<(), StoreError> {
    let draft = AuditDraft {
        action,
        object_kind: "dkim_key",
        object_id: key.id,
        object_label: &key.domain,
        version: "",
        account: None,
        details: json!({ "selector": key.selector, "algorithm": key.algorithm.as_str() }),
        internal: true,
    };
    log(service, tx, draft).await
}

/// An administrator has had the sender's domain checked: `mail_domain.checked`.
pub(crate) async fn mail_domain_checked(
    service: &Service,
    tx: &mut Tx,
    domain: &str,
    wrong: usize,
) -> Result<(), StoreError> {
    let draft = AuditDraft {
        action: "mail_domain.checked",
        object_kind: "tenant",
        object_id: tx.ctx().tenant.0,
        object_label: domain,
        version: "",
        account: None,
        details: json!({ "wrong": wrong }),
        internal: true,
    };
    log(service, tx, draft).await
}

/// Somebody has chosen what they are mailed: `mail_preferences.changed`, `mail.unsubscribed` by the address under a mail, or whatever else
/// `action` says of a person and their mail.
pub(crate) async fn mail_preferences_changed(
    service: &Service,
    tx: &mut Tx,
    action: &'static str,
    person: PersonId,
    details: Value,
) -> Result<(), StoreError> {
    let draft = AuditDraft {
        action,
        object_kind: "person",
        object_id: person.0,
        object_label: "",
        version: "",
        account: None,
        details,
        internal: true,
    };
    log(service, tx, draft).await
}

/// A mail came back, or its reader has complained: `mail.bounced` or `mail.complained`.
pub(crate) async fn mail_bounced(
    service: &Service,
    tx: &mut Tx,
    mail: &Mail,
    bounce: &Bounce,
) -> Result<(), StoreError> {
    let action = if bounce.kind == "complaint" { "mail.complained" } else { "mail.bounced" };
    mail_handled(service, tx, action, mail, json!({ "kind": bounce.kind, "status": bounce.status })).await
}

/// Mail goes to a person's address again: `mail_address.confirmed`.
pub(crate) async fn mail_address_confirmed(
    service: &Service,
    tx: &mut Tx,
    person: PersonId,
) -> Result<(), StoreError> {
    mail_preferences_changed(service, tx, "mail_address.confirmed", person, json!({})).await
}

/// An administrator has connected or changed the mailbox, or taken it away: `mailbox.connected` or `mailbox.disconnected`.
pub(crate) async fn mailbox_handled(
    service: &Service,
    tx: &mut Tx,
    action: &'static str,
    mailbox: Option<&Mailbox>,
) -> Result<(), StoreError> {
    let draft = AuditDraft {
        action,
        object_kind: "tenant",
        object_id: tx.ctx().tenant.0,
        object_label: "",
        version: &mailbox.map(|mailbox| mailbox.version.to_string()).unwrap_or_default(),
        account: None,
        details: json!({
            "server": mailbox.map(|mailbox| &mailbox.server.host),
            "folder": mailbox.map(|mailbox| &mailbox.folder),
            "done_folder": mailbox.map(|mailbox| &mailbox.done_folder),
        }),
        internal: true,
    };
    log(service, tx, draft).await
}

/// An administrator has made a new secret for the intake: `mail_intake.opened`.
pub(crate) async fn intake_secret_made(service: &Service, tx: &mut Tx) -> Result<(), StoreError> {
    let draft = AuditDraft {
        action: "mail_intake.opened",
        object_kind: "tenant",
        object_id: tx.ctx().tenant.0,
        object_label: "",
        version: "",
        account: None,
        details: json!({}),
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
