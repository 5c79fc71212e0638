//! Events that could not be handled, and what queued up behind them.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use portico_core::{EventId, SharedClock, TenantId};
use portico_db::{Store, StoreError};
use sqlx::AssertSqlSafe;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    HandleError, Subscription,
    envelope::{PLACED_COLUMNS, PlacedRow},
};

/// How long an event that failed because something was away rests before it is tried again. The pauses after that are half a minute,
/// two and ten minutes, then an hour, for about a day: an outage ends without anybody having to replay what it held up.
pub(crate) const FIRST_RETRY: TimeDelta = TimeDelta::seconds(5);
/// How often a road looks for events whose rest is over.
const ROUND: Duration = Duration::from_secs(5);
/// Keys taken up in one round.
const KEYS: i64 = 100;

/// An event that waits in the dead letters of its producer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// The consumer that could not handle it.
    pub consumer: String,
    /// The event.
    pub event: EventId,
    /// The firm.
    pub tenant: TenantId,
    /// The key, which is parked as long as one of its events waits.
    pub key: String,
    /// The full name of the message.
    pub event_type: String,
    /// How often it was tried; 0 for one that only queues behind another.
    pub attempts: i32,
    /// Why it is here.
    pub reason: String,
    /// Since when.
    pub parked_at: DateTime<Utc>,
}

/// What became of a replay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replayed {
    /// Events handled and taken off the dead letters.
    pub handled: u64,
    /// Keys that stay parked, since their first event failed again.
    pub parked_keys: u64,
}

/// The oldest `limit` dead letters in the producer's schema; of one consumer where one is named.
///
/// # Errors
/// [`StoreError`] where the database does not answer.
pub async fn list_dead_letters(
    producer: &Store,
    consumer: Option<&str>,
    limit: i64,
) -> Result<Vec<DeadLetter>, StoreError> {
    type Row = (String, Uuid, Uuid, String, String, i32, String, DateTime<Utc>);
    let service = producer.service();
    let statement = format!(
        "select d.consumer, d.event_id, d.tenant_id, d.key, coalesce(o.type, ''), d.attempts, d.reason, d.parked_at
         from {service}.dead_letters d left join {service}.outbox o on o.id = d.event_id
         where $1::text is null or d.consumer = $1
         order by d.consumer, d.virtual_partition, d.position limit $2"
    );
    let rows: Vec<Row> = sqlx::query_as(AssertSqlSafe(statement))
        .bind(consumer)
        .bind(limit)
        .fetch_all(&mut *producer.plumbing().await?)
        .await?;
    let letters =
        rows.into_iter().map(|(consumer, event, tenant, key, event_type, attempts, reason, parked_at)| {
            DeadLetter {
                consumer,
                event: EventId(event),
                tenant: TenantId(tenant),
                key,
                event_type,
                attempts,
                reason,
                parked_at,
            }
        });
    Ok(letters.collect())
}

/// Hands the dead letters of a consumer to its handler once more, each key in order; of one key where one is named.
///
/// A key flows again when the last of its events is handled. It stays parked where one fails again: that event and all behind it
/// keep waiting. Safe beside a running road and beside another replay.
///
/// # Errors
/// [`StoreError`] where the database does not answer; what was handled until then is done.
pub async fn replay_dead_letters(
    producer: &Store,
    subscription: &Subscription,
    key: Option<&str>,
) -> Result<Replayed, StoreError> {
    let service = producer.service();
    let keys: Vec<String> = sqlx::query_scalar(AssertSqlSafe(format!(
        "select key from {service}.dead_letters where consumer = $1 and ($2::text is null or key = $2)
         group by key order by min(parked_at)"
    )))
    .bind(subscription.consumer)
    .bind(key)
    .fetch_all(&mut *producer.plumbing().await?)
    .await?;
    let mut replayed = Replayed { handled: 0, parked_keys: 0 };
    for key in keys {
        while let Some(row) = first_of_key(producer, subscription.consumer, &key).await? {
            let id = row.id;
            let outcome = match row.open() {
                Ok(event) => subscription.attempt(&event).await,
                Err(flaw) => Err(HandleError::Reject(flaw)),
            };
            if !settle_letter(producer, subscription.consumer, id, outcome.err()).await? {
                replayed.parked_keys += 1;
                break;
            }
            replayed.handled += 1;
        }
    }
    Ok(replayed)
}

/// Hands over again what failed because something was away and has rested by `now`: each key in order, as
/// [`replay_dead_letters`] does. What its handler rejected waits for a person.
///
/// # Errors
/// [`StoreError`] where the database does not answer; what was handled until then is done.
pub async fn retry_dead_letters(
    producer: &Store,
    subscriptions: &[Arc<Subscription>],
    now: DateTime<Utc>,
) -> Result<Replayed, StoreError> {
    let service = producer.service();
    let due: Vec<(String, String)> = sqlx::query_as(AssertSqlSafe(format!(
        "select consumer, key from (
           select distinct on (consumer, key) consumer, key, retry_at from {service}.dead_letters
           order by consumer, key, position) as first
         where retry_at <= $1 order by retry_at limit $2"
    )))
    .bind(now)
    .bind(KEYS)
    .fetch_all(&mut *producer.plumbing().await?)
    .await?;
    let mut retried = Replayed { handled: 0, parked_keys: 0 };
    for (consumer, key) in due {
        let Some(subscription) = subscriptions.iter().find(|each| each.consumer == consumer) else {
            continue;
        };
        let replayed = replay_dead_letters(producer, subscription, Some(&key)).await?;
        retried.handled += replayed.handled;
        retried.parked_keys += replayed.parked_keys;
    }
    Ok(retried)
}

/// Does so every few seconds until `stop`. Two processes that do so at once do the same work twice and no harm.
pub(crate) async fn keep_retrying(
    producers: Vec<Store>,
    subscriptions: Vec<Arc<Subscription>>,
    clock: SharedClock,
    stop: CancellationToken,
) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(ROUND) => {}
            () = stop.cancelled() => return,
        }
        for producer in &producers {
            let outcome = tokio::select! {
                outcome = retry_dead_letters(producer, &subscriptions, clock.now()) => outcome,
                () = stop.cancelled() => return,
            };
            match outcome {
                Ok(Replayed { handled: 0, .. }) => {}
                Ok(Replayed { handled, parked_keys }) => {
                    tracing::info!(
                        producer = producer.service(),
                        handled,
                        parked_keys,
                        "handled what an outage held up"
                    );
                }
                Err(error) => {
                    tracing::debug!(producer = producer.service(), %error, "could not look for events to try again");
                }
            }
        }
    }
}

async fn first_of_key(producer: &Store, consumer: &str, key: &str) -> Result<Option<PlacedRow>, StoreError> {
    let service = producer.service();
    let statement = format!(
        "select {PLACED_COLUMNS} from {service}.outbox where id = (
           select event_id from {service}.dead_letters where consumer = $1 and key = $2 order by position limit 1)"
    );
    Ok(sqlx::query_as(AssertSqlSafe(statement))
        .bind(consumer)
        .bind(key)
        .fetch_optional(&mut *producer.plumbing().await?)
        .await?)
}

/// Takes a handled letter away, or writes down why it failed again. Answers whether it is gone.
async fn settle_letter(
    producer: &Store,
    consumer: &str,
    event: Uuid,
    error: Option<HandleError>,
) -> Result<bool, StoreError> {
    let service = producer.service();
    let statement = match &error {
        None => format!(
            "delete from {service}.dead_letters where consumer = $1 and event_id = $2 and $3::text is null and not $4"
        ),
        Some(_) => format!(
            "update {service}.dead_letters set attempts = attempts + 1, reason = $3, retry_at = case when $4 and attempts < 28
               then greatest(retry_at, parked_at, now()) + coalesce(
                 (array['30 s', '2 min', '10 min']::interval[])[greatest(attempts - 3, 1)], interval '1 hour') end
             where consumer = $1 and event_id = $2"
        ),
    };
    sqlx::query(AssertSqlSafe(statement))
        .bind(consumer)
        .bind(event)
        .bind(error.as_ref().map(ToString::to_string))
        .bind(matches!(error, Some(HandleError::Retry(_))))
        .execute(&mut *producer.plumbing().await?)
        .await?;
    Ok(error.is_none())
}
