//! What the service says. Secrets are in none of it. A function that answers a text answers the event as `type;id`, for whoever wants to read
//! what they have just written.

use portico_core::{AccountId, PersonId, SessionId};
use portico_db::{StoreError, Tx};
use portico_events::{AuditDraft, Outgoing, audit, publish};
use portico_proto::{events::v1::LinkIssued, identity::v1 as proto};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    convert::side_message,
    domain::{link::Link, person::Person},
    service::Service,
};

/// A person was added.
pub(crate) async fn person_created(
    service: &Service,
    tx: &mut Tx,
    person: &Person,
) -> Result<String, StoreError> {
    let event =
        proto::PersonCreated { person_id: person.id.to_string(), side: side_message(person.side).into() };
    say(service, tx, "person", person.id.0, None, &event).await
}

/// A person was deactivated.
pub(crate) async fn person_deactivated(
    service: &Service,
    tx: &mut Tx,
    person: PersonId,
) -> Result<String, StoreError> {
    say(service, tx, "person", person.0, None, &proto::PersonDeactivated { person_id: person.to_string() })
        .await
}

/// A deactivated person was let in again.
pub(crate) async fn person_reactivated(
    service: &Service,
    tx: &mut Tx,
    person: PersonId,
) -> Result<String, StoreError> {
    say(service, tx, "person", person.0, None, &proto::PersonReactivated { person_id: person.to_string() })
        .await
}

/// A person signed in by `method`, `password` or `link`.
pub(crate) async fn signed_in(
    service: &Service,
    tx: &mut Tx,
    person: PersonId,
    session: SessionId,
    method: &str,
    first_time: bool,
) -> Result<String, StoreError> {
    let event = proto::SignedIn {
        person_id: person.to_string(),
        session_id: session.to_string(),
        method: method.to_owned(),
        first_time,
    };
    say(service, tx, "session", session.0, None, &event).await
}

/// A session ended.
pub(crate) async fn session_revoked(
    service: &Service,
    tx: &mut Tx,
    person: PersonId,
    session: SessionId,
) -> Result<String, StoreError> {
    let event = proto::SessionRevoked { session_id: session.to_string(), person_id: person.to_string() };
    say(service, tx, "session", session.0, None, &event).await
}

/// A link waits for the mail that carries it.
pub(crate) async fn link_issued(service: &Service, tx: &mut Tx, link: &Link) -> Result<String, StoreError> {
    let event = LinkIssued {
        link_id: link.id.to_string(),
        person_id: link.person_id.to_string(),
        purpose: link.purpose.as_str().to_owned(),
        account_id: link.account_id.map(|id| id.to_string()).unwrap_or_default(),
        reply_to_person_id: link.reply_to.map(|id| id.to_string()).unwrap_or_default(),
        message: link.message.clone(),
    };
    say(service, tx, "link", link.person_id.0, link.account_id, &event).await
}

/// Writes an entry about a person into the audit. What concerns no account stays with the firm.
pub(crate) async fn log(
    service: &Service,
    tx: &mut Tx,
    action: &'static str,
    person: &Person,
    account: Option<AccountId>,
    details: Value,
) -> Result<(), StoreError> {
    let label = &person.profile.name;
    entry(service, tx, action, person.id.0, label, account, details).await
}

/// Writes an entry about somebody who is not known by name: a try with an address that is nobody's.
pub(crate) async fn log_nobody(
    service: &Service,
    tx: &mut Tx,
    action: &'static str,
    details: Value,
) -> Result<(), StoreError> {
    entry(service, tx, action, Uuid::nil(), "", None, details).await
}

async fn entry(
    service: &Service,
    tx: &mut Tx,
    action: &'static str,
    object_id: Uuid,
    object_label: &str,
    account: Option<AccountId>,
    details: Value,
) -> Result<(), StoreError> {
    let internal = account.is_none();
    let draft = AuditDraft {
        action,
        object_kind: "person",
        object_id,
        object_label,
        version: "",
        account,
        details,
        internal,
    };
    audit(tx, &*service.clock, &*service.entropy, draft).await?;
    Ok(())
}

async fn say<M: prost::Message + prost::Name>(
    service: &Service,
    tx: &mut Tx,
    aggregate: &'static str,
    key: Uuid,
    account: Option<AccountId>,
    body: &M,
) -> Result<String, StoreError> {
    let outgoing = Outgoing { aggregate, key, account, body };
    let id = publish(tx, &*service.clock, &*service.entropy, outgoing).await?;
    Ok(format!("{};{id}", M::full_name()))
}
