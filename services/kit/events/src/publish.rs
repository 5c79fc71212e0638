//! Saying what happened, in the transaction in which it happens.

use portico_core::{AccountId, Clock, Entropy, EventId};
use portico_db::{StoreError, Tx};
use portico_proto::events::v1::AuditEntry;
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::envelope::Headers;

/// Keys are spread over this many virtual partitions. A change would break the order of what is under way.
pub(crate) const PARTITIONS: usize = 16;

/// An event about to be published.
#[derive(Debug, Clone, Copy)]
pub struct Outgoing<'a, M> {
    /// The kind of thing that it is about, in the singular: `document`. It names the topic.
    pub aggregate: &'static str,
    /// The thing's id: events of one thing arrive in order.
    pub key: Uuid,
    /// The account that it concerns, if any.
    pub account: Option<AccountId>,
    /// What happened.
    pub body: &'a M,
}

/// Publishes an event as part of `tx`: it is sent exactly if the transaction commits.
///
/// The topic is `portico.<service>.<aggregate>.v1`. Returns the event's id, which a command hands to its caller so that the next
/// page can wait for its effects.
///
/// # Errors
/// [`StoreError`] where the row cannot be written.
pub async fn publish<M: prost::Message + prost::Name>(
    tx: &mut Tx,
    clock: &dyn Clock,
    entropy: &dyn Entropy,
    outgoing: Outgoing<'_, M>,
) -> Result<EventId, StoreError> {
    let now = clock.now();
    let id = EventId::new(now, entropy);
    let service = tx.service();
    let key = format!("{}:{}", tx.ctx().tenant, outgoing.key);
    let headers = Headers::new(tx.ctx(), id, service, M::full_name(), outgoing.key, outgoing.account, now);
    let tenant = tx.ctx().tenant;
    // The wake-up rides in the same statement. Postgres sends it at commit, once a transaction however often it is asked.
    let statement = format!(
        "with wake as materialized (select pg_notify('{}', '') as sent)
         insert into {service}.outbox
           (id, tenant_id, topic, key, virtual_partition, type, headers, body, occurred_at)
         select $1, $2, $3, $4, $5, $6, $7, $8, $9 from wake",
        outbox_channel(service)
    );
    sqlx::query(AssertSqlSafe(statement))
        .bind(id.0)
        .bind(tenant.0)
        .bind(format!("portico.{service}.{}.v1", outgoing.aggregate))
        .bind(&key)
        .bind(virtual_partition(&key))
        .bind(M::full_name())
        .bind(sqlx::types::Json(headers))
        .bind(outgoing.body.encode_to_vec())
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(id)
}

/// The channel on which a service's outbox calls its relay.
pub(crate) fn outbox_channel(service: &str) -> String {
    format!("portico_{service}_outbox")
}

/// FNV-1a, folded: the same for the same key for ever, on every machine.
fn virtual_partition(key: &str) -> i16 {
    let hash = key.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    let folded = hash ^ (hash >> 32);
    // Sixteen partitions are the low four bits.
    (folded & 0xf) as i16
}

/// An entry for the audit log. Who, when, from where and for which firm come from the transaction's context.
#[derive(Debug, Clone)]
pub struct AuditDraft<'a> {
    /// What was done, as `noun.verb`: `document.downloaded`.
    pub action: &'static str,
    /// The kind of the object: `document`.
    pub object_kind: &'static str,
    /// The object.
    pub object_id: Uuid,
    /// The object's name at this time, as a person knows it.
    pub object_label: &'a str,
    /// The version of the object, or empty.
    pub version: &'a str,
    /// The account that it concerns, if any.
    pub account: Option<AccountId>,
    /// Further facts as a JSON object; never contents, answers or secrets.
    pub details: serde_json::Value,
    /// Whether the firm keeps the entry to itself; others are shown to the client whose account it is.
    pub internal: bool,
}

/// Writes an audit entry as part of `tx`: no action without its entry, no entry without its action.
///
/// # Errors
/// [`StoreError`] where the row cannot be written; the action must not go through then.
pub async fn audit(
    tx: &mut Tx,
    clock: &dyn Clock,
    entropy: &dyn Entropy,
    draft: AuditDraft<'_>,
) -> Result<EventId, StoreError> {
    let entry = AuditEntry {
        action: draft.action.to_owned(),
        object_kind: draft.object_kind.to_owned(),
        object_id: draft.object_id.to_string(),
        object_label: draft.object_label.to_owned(),
        version: draft.version.to_owned(),
        details_json: draft.details.to_string(),
        internal: draft.internal,
    };
    publish(
        tx,
        clock,
        entropy,
        Outgoing { aggregate: "audit", key: draft.object_id, account: draft.account, body: &entry },
    )
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_keeps_its_partition_for_ever() {
        // Fixed values: a change here would reorder what lies in outboxes out there.
        assert_eq!(virtual_partition(""), 1);
        assert_eq!(virtual_partition("a"), 0);
        let mut used = [false; PARTITIONS];
        for number in 0..400 {
            used[usize::try_from(virtual_partition(&format!("northwind:{number}"))).unwrap()] = true;
        }
        assert!(used.iter().all(|used| *used), "{used:?}");
    }
}
