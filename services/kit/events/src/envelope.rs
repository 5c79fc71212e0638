//! What travels with an event: the attributes of CloudEvents and who caused it.

use chrono::{DateTime, Utc};
use portico_core::{AccountId, ActorKind, Ctx, EventId, Impersonator, PersonId, TenantId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::HandleError;

/// Who caused an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventActor {
    /// What sort of party it was.
    pub kind: ActorKind,
    /// Who it was; nobody for the system itself.
    pub person: Option<PersonId>,
    /// Their name at that time.
    pub name: String,
    /// Who really sat before the screen, where it was not the person.
    pub impersonator: Option<Impersonator>,
}

/// The headers of an event: CloudEvents 1.0 attributes and our extensions.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Headers {
    specversion: String,
    id: EventId,
    source: String,
    #[serde(rename = "type")]
    event_type: String,
    subject: Uuid,
    time: DateTime<Utc>,
    datacontenttype: String,
    tenant: TenantId,
    account: Option<AccountId>,
    actor: EventActor,
    trace: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    traceparent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    address: Option<String>,
}

impl Headers {
    pub(crate) fn new(
        ctx: &Ctx,
        id: EventId,
        service: &str,
        event_type: String,
        subject: Uuid,
        account: Option<AccountId>,
        time: DateTime<Utc>,
    ) -> Self {
        Self {
            specversion: "1.0".to_owned(),
            id,
            source: format!("portico/{service}"),
            event_type,
            subject,
            time,
            datacontenttype: "application/protobuf".to_owned(),
            tenant: ctx.tenant,
            account,
            actor: EventActor {
                kind: ctx.actor.kind,
                person: ctx.actor.person,
                name: ctx.actor.name.clone(),
                impersonator: ctx.actor.impersonator.clone(),
            },
            trace: ctx.trace.clone(),
            traceparent: trace_parent(&ctx.trace, id),
            address: ctx.address.clone(),
        }
    }
}

/// The W3C header, with the event as the parent span; none where the context carries no well-formed trace.
fn trace_parent(trace: &str, id: EventId) -> Option<String> {
    let well_formed =
        trace.len() == 32 && trace.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let (_, span) = id.0.as_u64_pair();
    well_formed.then(|| format!("00-{trace}-{span:016x}-01"))
}

/// An event as it reaches a consumer.
#[derive(Debug, Clone)]
pub struct Received {
    /// The event's id; [`claim`](crate::claim) keeps its effects to one.
    pub id: EventId,
    /// The firm, as the database vouches for it.
    pub tenant: TenantId,
    /// The account that the event concerns, if any.
    pub account: Option<AccountId>,
    /// `portico.<service>.<aggregate>.v1`.
    pub topic: String,
    /// The full name of the message in the body, such as `portico.documents.v1.DocumentShared`.
    pub event_type: String,
    /// `tenant:aggregate-id`; events of one key arrive in order.
    pub key: String,
    /// Who caused it.
    pub actor: EventActor,
    /// The trace that it belongs to, as 32 hexadecimal digits, or empty.
    pub trace: String,
    /// The address that the request came from, if there was one.
    pub address: Option<String>,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
    /// The message, encoded.
    pub body: Vec<u8>,
}

impl Received {
    /// Whether the body is a message of type `M`.
    pub fn is<M: prost::Name>(&self) -> bool {
        self.event_type == M::full_name()
    }

    /// The message in the body.
    ///
    /// # Errors
    /// [`HandleError::Reject`] where the body is of another type or cannot be read.
    pub fn decode<M: prost::Message + prost::Name + Default>(&self) -> Result<M, HandleError> {
        if !self.is::<M>() {
            return Err(HandleError::Reject(format!(
                "expected {}, but this is {}",
                M::full_name(),
                self.event_type
            )));
        }
        M::decode(self.body.as_slice())
            .map_err(|error| HandleError::Reject(format!("cannot read the {}: {error}", self.event_type)))
    }

    /// The context in which to handle the event: the system at work for the event's firm, within the event's trace.
    /// `name` is shown beside what the handler does.
    pub fn ctx(&self, name: &str) -> Ctx {
        Ctx { trace: self.trace.clone(), ..Ctx::system(self.tenant, name) }
    }
}

/// A row of an outbox that has its place.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct PlacedRow {
    pub(crate) id: Uuid,
    pub(crate) tenant_id: Uuid,
    pub(crate) topic: String,
    pub(crate) key: String,
    pub(crate) virtual_partition: i16,
    #[sqlx(rename = "type")]
    pub(crate) event_type: String,
    pub(crate) headers: serde_json::Value,
    pub(crate) body: Vec<u8>,
    pub(crate) occurred_at: DateTime<Utc>,
    pub(crate) position: i64,
}

/// The columns of [`PlacedRow`].
pub(crate) const PLACED_COLUMNS: &str =
    "id, tenant_id, topic, key, virtual_partition, type, headers, body, occurred_at, position";

impl PlacedRow {
    /// The event, or why it must not be handled: headers that cannot be read, or that name another firm than the row itself.
    pub(crate) fn open(self) -> Result<Received, String> {
        let headers: Headers = serde_json::from_value(self.headers)
            .map_err(|error| format!("the event's headers cannot be read: {error}"))?;
        let tenant = TenantId(self.tenant_id);
        if headers.tenant != tenant {
            return Err("the event's headers name another firm than its row".to_owned());
        }
        if self.key.split_once(':').is_none_or(|(owner, _)| owner != tenant.to_string()) {
            return Err("the event's key names another firm than its row".to_owned());
        }
        if headers.id.0 != self.id || headers.event_type != self.event_type {
            return Err("the event's headers are at odds with its row".to_owned());
        }
        Ok(Received {
            id: EventId(self.id),
            tenant,
            account: headers.account,
            topic: self.topic,
            event_type: self.event_type,
            key: self.key,
            actor: headers.actor,
            trace: headers.trace,
            address: headers.address,
            occurred_at: self.occurred_at,
            body: self.body,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use portico_core::{Entropy as _, SeededEntropy};

    fn row(entropy: &SeededEntropy) -> PlacedRow {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let ctx = Ctx {
            trace: "0af7651916cd43dd8448eb211c80319c".to_owned(),
            ..Ctx::system(TenantId::new(now, entropy), "Test")
        };
        let (id, subject) = (EventId::new(now, entropy), entropy.uuid(now));
        let headers =
            Headers::new(&ctx, id, "billing", "portico.billing.v1.Paid".to_owned(), subject, None, now);
        PlacedRow {
            id: id.0,
            tenant_id: ctx.tenant.0,
            topic: "portico.billing.invoice.v1".to_owned(),
            key: format!("{}:{subject}", ctx.tenant),
            virtual_partition: 3,
            event_type: "portico.billing.v1.Paid".to_owned(),
            headers: serde_json::to_value(headers).unwrap(),
            body: Vec::new(),
            occurred_at: now,
            position: 1,
        }
    }

    #[test]
    fn headers_survive_the_journey() {
        let row = row(&SeededEntropy::new(1));
        assert_eq!(row.headers["specversion"], "1.0");
        let parent = row.headers["traceparent"].as_str().unwrap().to_owned();
        assert!(parent.starts_with("00-0af7651916cd43dd8448eb211c80319c-") && parent.len() == 55, "{parent}");
        let tenant = row.tenant_id;
        let event = row.open().unwrap();
        assert_eq!(event.tenant.0, tenant);
        assert_eq!(event.ctx("Billing").trace, "0af7651916cd43dd8448eb211c80319c");
    }

    #[test]
    fn i21_headers_or_keys_of_another_firm_are_refused() {
        let entropy = SeededEntropy::new(2);
        let stranger = entropy.uuid(DateTime::from_timestamp(1_800_000_000, 0).unwrap()).to_string();
        let mut forged = row(&entropy);
        forged.headers["tenant"] = stranger.clone().into();
        assert!(forged.open().unwrap_err().contains("another firm"));
        let mut missing = row(&entropy);
        missing.headers.as_object_mut().unwrap().remove("tenant");
        assert!(missing.open().unwrap_err().contains("cannot be read"));
        let mut key = row(&entropy);
        key.key = format!("{stranger}:x");
        assert!(key.open().unwrap_err().contains("key"));
    }
}
