//! The embedded road: from the outboxes of this database to the handlers of this process, with Postgres alone.

mod ledger;
mod relay;
mod worker;

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use portico_core::SharedClock;
use portico_db::{Store, StoreError};
use sqlx::AssertSqlSafe;
use tokio::{task::JoinSet, time::Instant};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{
    InboxGate, Pruned, Replayed, Retention, Subscription, Topics, Types, dead_letters, prune,
    replay_dead_letters,
};

/// How often [`Road::settle`] looks.
const SETTLE_LOOK: Duration = Duration::from_millis(10);

/// Two subscriptions have one name, and would share cursor and inbox.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("two subscriptions are named {0}; a consumer's name stands for one subscription")]
pub struct DuplicateConsumer(pub &'static str);

/// Why [`Road::settle`] gave up.
#[derive(Debug, thiserror::Error)]
pub enum Unsettled {
    /// The time is over and events are still on their way.
    #[error("events of {service} are still on their way to {consumer}")]
    TimedOut {
        /// The producer.
        service: &'static str,
        /// A consumer that is behind, or the relay itself.
        consumer: &'static str,
    },
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How a producer's events get along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoadMetrics {
    /// The producer.
    pub service: &'static str,
    /// Whether this process holds the relay.
    pub relaying: bool,
    /// The age of the oldest committed event that no relay has taken up; zero where none waits.
    pub outbox_age: Duration,
    /// Events read for the slowest consumer of this process and not yet handled.
    pub backlog: usize,
    /// Events among the dead letters, over all consumers.
    pub dead_letters: i64,
}

/// The road that needs nothing but Postgres.
#[derive(Debug, Clone, Copy)]
pub struct EmbeddedRoad;

impl EmbeddedRoad {
    /// Starts to carry the events of `producers` to `subscriptions`, until `shutdown`, to try again what an outage held up,
    /// and to prune what everybody has had.
    ///
    /// Succeeds while the database is away: it is tried again until it answers. Each producer takes one connection for good, and up
    /// to three more while events flow.
    ///
    /// # Errors
    /// [`DuplicateConsumer`] where two subscriptions have one name.
    pub fn start(
        producers: Vec<Store>,
        subscriptions: Vec<Subscription>,
        clock: SharedClock,
        gate: InboxGate,
        shutdown: &CancellationToken,
    ) -> Result<Road, DuplicateConsumer> {
        let mut names = HashSet::new();
        if let Some(twice) = subscriptions.iter().find(|subscription| !names.insert(subscription.consumer)) {
            return Err(DuplicateConsumer(twice.consumer));
        }
        let subscriptions: Vec<Arc<Subscription>> = subscriptions.into_iter().map(Arc::new).collect();
        let stop = shutdown.child_token();
        let mut relays = JoinSet::new();
        let mut gauges = Vec::new();
        for store in &producers {
            let gauge = Gauge::default();
            gauges.push(gauge.clone());
            let reached =
                subscriptions.iter().filter(|subscription| subscription.topics.reach(store.service()));
            let relay = relay::Relay::new(
                store.clone(),
                reached.cloned().collect(),
                Arc::clone(&clock),
                gate.clone(),
                gauge,
                stop.clone(),
            );
            relays.spawn(relay.run());
        }
        relays.spawn(dead_letters::keep_retrying(
            producers.clone(),
            subscriptions.clone(),
            Arc::clone(&clock),
            stop.clone(),
        ));
        relays.spawn(prune::keep_pruning(
            producers.clone(),
            subscriptions.clone(),
            Arc::clone(&clock),
            stop.clone(),
        ));
        Ok(Road { producers, subscriptions, relays, gauges, clock, guard: stop.drop_guard() })
    }
}

/// A road under traffic. Dropping it ends it at once; events in hand are delivered again by the next.
pub struct Road {
    producers: Vec<Store>,
    subscriptions: Vec<Arc<Subscription>>,
    relays: JoinSet<()>,
    gauges: Vec<Gauge>,
    clock: SharedClock,
    guard: DropGuard,
}

impl Road {
    /// Lets each handler finish the event in hand, and ends.
    pub async fn stop(self) {
        let Self { mut relays, guard, .. } = self;
        drop(guard);
        while relays.join_next().await.is_some() {}
    }

    /// Waits until the road has ended, which it does when its shutdown token is cancelled.
    pub async fn ended(&mut self) {
        while self.relays.join_next().await.is_some() {}
    }

    /// How each producer's events get along.
    ///
    /// # Errors
    /// [`StoreError`] where the database does not answer.
    pub async fn metrics(&self) -> Result<Vec<RoadMetrics>, StoreError> {
        let mut metrics = Vec::new();
        for (producer, gauge) in self.producers.iter().zip(&self.gauges) {
            let service = producer.service();
            let (oldest, dead_letters): (Option<DateTime<Utc>>, i64) = sqlx::query_as(AssertSqlSafe(format!(
                "select (select occurred_at from {service}.outbox where position is null order by seq limit 1),
                        (select count(*) from {service}.dead_letters)"
            )))
            .fetch_one(&mut *producer.plumbing().await?)
            .await?;
            let Standing { relaying, backlog } = gauge.read();
            let outbox_age = oldest
                .map_or(Duration::ZERO, |oldest| (self.clock.now() - oldest).to_std().unwrap_or_default());
            metrics.push(RoadMetrics { service, relaying, outbox_age, backlog, dead_letters });
        }
        Ok(metrics)
    }

    /// Hands the dead letters of a consumer of this road to its handler once more: see [`replay_dead_letters`]. Answers `None` where no
    /// such producer or consumer is on this road.
    ///
    /// # Errors
    /// [`StoreError`] where the database does not answer.
    pub async fn replay(
        &self,
        service: &str,
        consumer: &str,
        key: Option<&str>,
    ) -> Result<Option<Replayed>, StoreError> {
        let producer = self.producers.iter().find(|producer| producer.service() == service);
        let subscription = self.subscriptions.iter().find(|subscription| subscription.consumer == consumer);
        match (producer, subscription) {
            (Some(producer), Some(subscription)) => {
                replay_dead_letters(producer, subscription, key).await.map(Some)
            }
            _ => Ok(None),
        }
    }

    /// Takes away old events that every consumer has had, and the receipts of such events. The road does so by itself once an hour.
    ///
    /// # Errors
    /// [`StoreError`] where the database does not answer; what was taken away until then was rightly so.
    pub async fn prune(&self, retention: Retention) -> Result<Pruned, StoreError> {
        prune::prune(&self.producers, &self.subscriptions, self.clock.now(), retention).await
    }

    /// For tests: waits until every durable consumer has handled (or parked) everything committed before the call, and everything
    /// that its handlers published meanwhile.
    ///
    /// # Errors
    /// [`Unsettled`] names a consumer that is behind when `timeout` is over.
    pub async fn settle(&self, timeout: Duration) -> Result<(), Unsettled> {
        let deadline = Instant::now() + timeout;
        let mut before = None;
        loop {
            // Handlers publish into other outboxes: quiet is what was quiet in two rounds with nothing new between them.
            let mut behind = None;
            let mut events = 0;
            for producer in &self.producers {
                match self.look(producer).await? {
                    Ok(count) => events += count,
                    Err(consumer) => behind = behind.or(Some((producer.service(), consumer))),
                }
            }
            match behind {
                None if before == Some(events) => return Ok(()),
                None => before = Some(events),
                Some((service, consumer)) if Instant::now() >= deadline => {
                    return Err(Unsettled::TimedOut { service, consumer });
                }
                Some(_) => {
                    before = None;
                    tokio::time::sleep(SETTLE_LOOK).await;
                }
            }
        }
    }

    /// How many events the producer's outbox has ever placed, or who is behind.
    async fn look(&self, producer: &Store) -> Result<Result<i64, &'static str>, StoreError> {
        let service = producer.service();
        let mut connection = producer.plumbing().await?;
        let (unplaced, placed): (bool, i64) = sqlx::query_as(AssertSqlSafe(format!(
            "select exists (select from {service}.outbox where position is null),
                    (select coalesce(sum(position), 0)::bigint from {service}.outbox_partitions)"
        )))
        .fetch_one(&mut *connection)
        .await?;
        if unplaced {
            return Ok(Err("the relay"));
        }
        let statement = format!(
            "select exists (
               select from {service}.outbox o
               left join {service}.cursors c on c.consumer = $1 and c.virtual_partition = o.virtual_partition
               where o.position > coalesce(c.position, 0)
                 and ($2::text[] is null or o.topic = any ($2)) and ($3::text[] is null or o.type = any ($3)))"
        );
        for subscription in self.subscriptions.iter().filter(|subscription| subscription.durable) {
            let topics = match &subscription.topics {
                Topics::All => None,
                Topics::Listed(topics) => Some(topics),
            };
            let types = match &subscription.types {
                Types::All => None,
                Types::Listed(types) => Some(types),
            };
            let behind: bool = sqlx::query_scalar(AssertSqlSafe(statement.clone()))
                .bind(subscription.consumer)
                .bind(topics)
                .bind(types)
                .fetch_one(&mut *connection)
                .await?;
            if behind {
                return Ok(Err(subscription.consumer));
            }
        }
        Ok(Ok(placed))
    }
}

/// What only the relay itself knows.
#[derive(Debug, Clone, Copy, Default)]
struct Standing {
    relaying: bool,
    backlog: usize,
}

/// The relay's standing, shared with whoever asks for metrics.
#[derive(Debug, Clone, Default)]
struct Gauge(Arc<Mutex<Standing>>);

impl Gauge {
    fn read(&self) -> Standing {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, change: impl FnOnce(&mut Standing)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
