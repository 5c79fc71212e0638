//! Taking away what nobody needs any more: events that everybody has had, and the receipts of those events.
//!
//! # What goes, and what must not
//!
//! * **An event** goes once it is older than [`Retention::events`], every consumer's cursor has passed it and no dead letter refers to
//!   it. Cursors are the only thing that reads an outbox by position: what all of them have passed is never read again. An open page
//!   that comes back with its last event's id is served from memory, which holds far less than the retention. The retention itself
//!   serves people who look into what happened, and a consumer that is added with an upgrade.
//! * **A receipt** (a row of an inbox) goes once it is older than [`Retention::receipts`] *and* its event is in no outbox any more. An
//!   event is only ever delivered from its outbox row, so that one whose receipt is gone cannot come a second time, however long a
//!   process was down or a letter lay among the dead. Age alone would not do: after three weeks of standstill the first thing a road
//!   does is to deliver again what it had handled and not written down. The age keeps receipts for pages that wait for their own
//!   writes, which they do for half a second.
//! * **Dead letters** stay until they are replayed, and so do their events. [`RoadMetrics`](crate::RoadMetrics) counts them.
//!
//! A consumer without a cursor has seen nothing, and holds everything. The cursor of a consumer that exists no more holds events
//! back for ever: the release that retires a consumer deletes its cursors with a migration. A consumer that passes over what it
//! does not want writes its cursor down every few hundred events, so that a few thousand old rows a service may stay.

use std::{collections::HashSet, sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use portico_core::{Ctx, TenantId};
use portico_db::{Store, StoreError};
use sqlx::AssertSqlSafe;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::Subscription;

/// Rows looked at by one statement.
const BATCH: i64 = 500;
/// A breath between two statements: the requests of people come first.
const BREATH: Duration = Duration::from_millis(5);
/// When a road prunes for the first time after its start, and how often from then on.
const ROUNDS: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(60 * 60));

/// How long what everybody has had is kept all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// For events, counted from when they happened.
    pub events: TimeDelta,
    /// For receipts, counted from when the event was handled.
    pub receipts: TimeDelta,
}

impl Default for Retention {
    /// A week, and a day more for receipts.
    fn default() -> Self {
        Self { events: TimeDelta::days(7), receipts: TimeDelta::days(8) }
    }
}

/// What was taken away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Rows of outboxes.
    pub events: u64,
    /// Rows of inboxes.
    pub receipts: u64,
}

/// Prunes now and then until `stop`. Two processes that do so at once do the same work twice and no harm.
pub(crate) async fn keep_pruning(
    stores: Vec<Store>,
    subscriptions: Vec<Arc<Subscription>>,
    clock: portico_core::SharedClock,
    stop: CancellationToken,
) {
    let mut rest = ROUNDS.0;
    loop {
        tokio::select! {
            () = tokio::time::sleep(rest) => {}
            () = stop.cancelled() => return,
        }
        rest = ROUNDS.1;
        let round = prune(&stores, &subscriptions, clock.now(), Retention::default());
        tokio::select! {
            outcome = round => match outcome {
                Ok(Pruned { events: 0, receipts: 0 }) => {}
                Ok(Pruned { events, receipts }) => tracing::info!(events, receipts, "pruned the outboxes and inboxes"),
                Err(error) => tracing::warn!(%error, "could not prune the outboxes and inboxes; trying again in an hour"),
            },
            () = stop.cancelled() => return,
        }
    }
}

/// Takes away what `retention` does not ask for, in small batches, each a transaction of its own.
///
/// `stores` are all services of the database, since a receipt may be of any producer's event.
///
/// # Errors
/// [`StoreError`] where the database does not answer; what was taken away until then was rightly so.
pub(crate) async fn prune(
    stores: &[Store],
    subscriptions: &[Arc<Subscription>],
    now: DateTime<Utc>,
    retention: Retention,
) -> Result<Pruned, StoreError> {
    let mut pruned = Pruned::default();
    for store in stores {
        let consumers: Vec<&str> = subscriptions
            .iter()
            .filter(|subscription| subscription.durable && subscription.topics.reach(store.service()))
            .map(|subscription| subscription.consumer)
            .collect();
        pruned.events += prune_events(store, &consumers, now - retention.events).await?;
    }
    for store in stores {
        pruned.receipts += prune_receipts(store, stores, retention.receipts).await?;
    }
    Ok(pruned)
}

/// Takes away the producer's events from before `horizon` that all consumers have passed.
async fn prune_events(store: &Store, consumers: &[&str], horizon: DateTime<Utc>) -> Result<u64, StoreError> {
    let service = store.service();
    let statement = format!(
        "select p.virtual_partition, least(
           p.position,
           (select min(coalesce(c.position, 0)) from unnest($1::text[]) as k (consumer)
            left join {service}.cursors c on c.consumer = k.consumer and c.virtual_partition = p.virtual_partition),
           (select min(c.position) from {service}.cursors c where c.virtual_partition = p.virtual_partition))
         from {service}.outbox_partitions p"
    );
    let passed: Vec<(i16, i64)> = sqlx::query_as(AssertSqlSafe(statement))
        .bind(consumers)
        .fetch_all(&mut *store.plumbing().await?)
        .await?;
    let mut pruned = 0;
    for (partition, passed) in passed {
        let mut after = 0;
        while let Some(batch) = prune_batch(store, (partition, after, passed), horizon).await? {
            pruned += batch.pruned;
            after = batch.reached;
            tokio::time::sleep(BREATH).await;
        }
    }
    Ok(pruned)
}

struct Batch {
    pruned: u64,
    reached: i64,
}

/// One batch of a partition, after and up to the given positions; none where the next event is young or there is none.
async fn prune_batch(
    store: &Store,
    (partition, after, passed): (i16, i64, i64),
    horizon: DateTime<Utc>,
) -> Result<Option<Batch>, StoreError> {
    let service = store.service();
    // Old rows stand before young ones, but for a few that meet at the horizon and have their turn in the next round.
    let statement = format!(
        "with seen as materialized (
           select id, position, occurred_at from {service}.outbox
           where virtual_partition = $1 and position > $2 and position <= $3 order by position limit $4
         ), gone as (
           delete from {service}.outbox o using seen s
           where o.id = s.id and s.occurred_at < $5
             and not exists (select from {service}.dead_letters d where d.event_id = s.id)
           returning o.id
         )
         select (select max(position) from seen where occurred_at < $5), (select count(*) from gone)"
    );
    let (reached, pruned): (Option<i64>, i64) = sqlx::query_as(AssertSqlSafe(statement))
        .bind(partition)
        .bind(after)
        .bind(passed)
        .bind(BATCH)
        .bind(horizon)
        .fetch_one(&mut *store.plumbing().await?)
        .await?;
    Ok(reached.map(|reached| Batch { pruned: pruned.unsigned_abs(), reached }))
}

#[derive(Debug, sqlx::FromRow)]
struct Receipt {
    tenant_id: Uuid,
    consumer: String,
    event_id: Uuid,
    handled_at: DateTime<Utc>,
}

/// Takes away the service's receipts that are older than `retention` and whose event is in none of the outboxes of `producers`.
async fn prune_receipts(store: &Store, producers: &[Store], retention: TimeDelta) -> Result<u64, StoreError> {
    let service = store.service();
    // The database's own clock wrote the times.
    let statement = format!(
        "select tenant_id, consumer, event_id, handled_at from {service}.inbox
         where handled_at < now() - $1::float8 * interval '1 second' and (handled_at, event_id, consumer) > ($2, $3, $4)
         order by handled_at, event_id, consumer limit $5"
    );
    let mut pruned = 0;
    let mut last = (DateTime::UNIX_EPOCH, Uuid::nil(), String::new());
    loop {
        let old: Vec<Receipt> = sqlx::query_as(AssertSqlSafe(statement.clone()))
            .bind(retention.as_seconds_f64())
            .bind(last.0)
            .bind(last.1)
            .bind(&last.2)
            .bind(BATCH)
            .fetch_all(&mut *store.plumbing().await?)
            .await?;
        let Some(newest) = old.last() else { return Ok(pruned) };
        last = (newest.handled_at, newest.event_id, newest.consumer.clone());
        let events: Vec<Uuid> = old.iter().map(|receipt| receipt.event_id).collect();
        let deliverable = still_there(producers, &events).await?;
        let over: Vec<&Receipt> =
            old.iter().filter(|receipt| !deliverable.contains(&receipt.event_id)).collect();
        let tenants: HashSet<Uuid> = over.iter().map(|receipt| receipt.tenant_id).collect();
        for tenant in tenants {
            let of_tenant: Vec<&Receipt> =
                over.iter().filter(|receipt| receipt.tenant_id == tenant).copied().collect();
            pruned += delete_receipts(store, tenant, &of_tenant).await?;
        }
        tokio::time::sleep(BREATH).await;
    }
}

/// Which of the events could still be delivered.
async fn still_there(producers: &[Store], events: &[Uuid]) -> Result<HashSet<Uuid>, StoreError> {
    let mut there = HashSet::new();
    for producer in producers {
        let statement = format!("select id from {}.outbox where id = any ($1)", producer.service());
        let found: Vec<Uuid> = sqlx::query_scalar(AssertSqlSafe(statement))
            .bind(events)
            .fetch_all(&mut *producer.plumbing().await?)
            .await?;
        there.extend(found);
    }
    Ok(there)
}

async fn delete_receipts(store: &Store, tenant: Uuid, receipts: &[&Receipt]) -> Result<u64, StoreError> {
    let statement = format!(
        "delete from {}.inbox where tenant_id = $1 and (event_id, consumer) in (
           select * from unnest($2::uuid[], $3::text[]))",
        store.service()
    );
    let events: Vec<Uuid> = receipts.iter().map(|receipt| receipt.event_id).collect();
    let consumers: Vec<&str> = receipts.iter().map(|receipt| receipt.consumer.as_str()).collect();
    let mut tx = store.begin(&Ctx::system(TenantId(tenant), "Pruning")).await?;
    let deleted = sqlx::query(AssertSqlSafe(statement))
        .bind(tenant)
        .bind(events)
        .bind(consumers)
        .execute(tx.conn())
        .await?
        .rows_affected();
    tx.commit().await?;
    Ok(deleted)
}
