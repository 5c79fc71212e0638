//! One consumer's share of one producer's events: lanes that run side by side, each in order.

use std::{
    collections::{HashSet, VecDeque},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::{StreamExt as _, stream::FuturesUnordered};
use portico_core::SharedClock;
use sqlx::PgPool;
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;

use super::ledger::{self, Letter, Positions, RowPlace};
use crate::{HandleError, InboxGate, Received, Subscription, dead_letters::FIRST_RETRY, envelope::PlacedRow};

/// Waits before the second, third and fourth attempt. After the fourth the event goes to the dead letters: together they outlast a
/// restart of a peer without holding up the partition's other keys for long. Out of the dead letters it is tried again now and then.
const BACK_OFF: [Duration; 3] =
    [Duration::from_millis(100), Duration::from_millis(400), Duration::from_millis(1600)];
/// Partitions of one consumer that are handled side by side.
const LANES: usize = 4;
/// A cursor is saved after this many handled events at the latest, and when a lane runs dry.
const SAVE_EVERY: usize = 32;
/// A cursor that only passed over events of no interest is saved this rarely.
const SAVE_SKIPPED: i64 = 256;
/// A worker with this many events in hand is given no more.
pub(super) const CAPACITY: usize = 1000;
/// A reason is kept up to this many characters.
const REASON_LIMIT: usize = 2000;

/// An event with its place; one that must not be handled has a flaw instead of contents.
#[derive(Debug)]
pub(super) struct Placed {
    pub(super) event: uuid::Uuid,
    pub(super) tenant: uuid::Uuid,
    pub(super) topic: String,
    pub(super) event_type: String,
    pub(super) key: String,
    pub(super) partition: i16,
    pub(super) position: i64,
    pub(super) contents: Result<Received, String>,
}

impl From<PlacedRow> for Placed {
    fn from(row: PlacedRow) -> Self {
        Self {
            event: row.id,
            tenant: row.tenant_id,
            topic: row.topic.clone(),
            event_type: row.event_type.clone(),
            key: row.key.clone(),
            partition: row.virtual_partition,
            position: row.position,
            contents: row.open(),
        }
    }
}

/// News for a worker: what it wants from a partition, which was read up to `upto`.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) partition: usize,
    pub(super) events: Vec<Arc<Placed>>,
    pub(super) upto: i64,
}

#[derive(Default)]
struct Lane {
    queue: VecDeque<Arc<Placed>>,
    upto: i64,
    saved: i64,
    busy: bool,
    /// The end of the road came before the end of the queue: nothing beyond `saved` is known to be handled.
    cut_short: bool,
}

/// How a lane's drive ended.
struct Drive {
    partition: usize,
    saved: i64,
    finished: bool,
}

/// What a worker works with.
pub(super) struct Worker {
    pub(super) service: &'static str,
    pub(super) subscription: Arc<Subscription>,
    pub(super) pool: PgPool,
    pub(super) clock: SharedClock,
    pub(super) gate: InboxGate,
    /// Events in hand.
    pub(super) backlog: Arc<AtomicUsize>,
    /// Rung when there is room again.
    pub(super) room: Arc<Notify>,
    pub(super) stop: CancellationToken,
    pub(super) parked: Mutex<HashSet<String>>,
}

impl Worker {
    /// Handles what comes in until the relay hangs up, then finishes the events in hand and saves the cursors.
    pub(super) async fn run(
        self,
        start: Positions,
        mut news: mpsc::UnboundedReceiver<Batch>,
    ) -> sqlx::Result<()> {
        let mut lanes: Vec<Lane> = start
            .iter()
            .map(|position| Lane { upto: *position, saved: *position, ..Lane::default() })
            .collect();
        let mut under_way = FuturesUnordered::new();
        let mut open = true;
        while open || !under_way.is_empty() {
            for (partition, lane) in lanes.iter_mut().enumerate() {
                if under_way.len() < LANES
                    && !lane.busy
                    && !lane.queue.is_empty()
                    && !self.stop.is_cancelled()
                {
                    lane.busy = true;
                    under_way.push(self.drive(partition, std::mem::take(&mut lane.queue), lane.upto));
                }
            }
            tokio::select! {
                batch = news.recv(), if open => match batch {
                    Some(batch) => self.accept(&mut lanes, batch).await?,
                    None => open = false,
                },
                Some(done) = under_way.next(), if !under_way.is_empty() => {
                    let Drive { partition, saved, finished } = done?;
                    if let Some(lane) = lanes.get_mut(partition) {
                        lane.busy = false;
                        lane.saved = lane.saved.max(saved);
                        lane.cut_short |= !finished;
                    }
                }
            }
        }
        for (partition, lane) in lanes.iter().enumerate() {
            if lane.queue.is_empty() && lane.upto > lane.saved && !lane.cut_short {
                self.save(partition, lane.upto).await?;
            }
        }
        Ok(())
    }

    async fn accept(&self, lanes: &mut [Lane], batch: Batch) -> sqlx::Result<()> {
        let Some(lane) = lanes.get_mut(batch.partition) else { return Ok(()) };
        lane.queue.extend(batch.events);
        lane.upto = batch.upto;
        let idle = lane.queue.is_empty() && !lane.busy && !lane.cut_short;
        if idle && lane.upto - lane.saved >= SAVE_SKIPPED {
            lane.saved = lane.upto;
            self.save(batch.partition, lane.upto).await?;
        }
        Ok(())
    }

    /// Delivers what is queued for one partition, in order.
    async fn drive(&self, partition: usize, queue: VecDeque<Arc<Placed>>, upto: i64) -> sqlx::Result<Drive> {
        let mut drive = Drive { partition, saved: 0, finished: true };
        let mut unsaved = None;
        let last = queue.len();
        for (number, placed) in (1..).zip(&queue) {
            if self.stop.is_cancelled() || !self.deliver(placed).await? {
                drive.finished = false;
                break;
            }
            // Behind the last event wanted there may be others that are of no interest.
            let reached = if number == last { upto } else { placed.position };
            unsaved = Some(reached);
            if self.backlog.fetch_sub(1, Ordering::AcqRel) == CAPACITY / 2 {
                self.room.notify_one();
            }
            if number % SAVE_EVERY == 0 {
                self.save(partition, reached).await?;
                drive.saved = reached;
                unsaved = None;
            }
        }
        if let Some(reached) = unsaved {
            self.save(partition, reached).await?;
            drive.saved = reached;
        }
        Ok(drive)
    }

    async fn save(&self, partition: usize, position: i64) -> sqlx::Result<()> {
        if !self.subscription.durable {
            return Ok(());
        }
        let partition = i16::try_from(partition).unwrap_or(i16::MAX);
        ledger::save_cursor(&self.pool, self.service, self.subscription.consumer, partition, position).await
    }

    /// Sees one event through: handled, parked or passed over. `false` where the road ends before that.
    async fn deliver(&self, placed: &Placed) -> sqlx::Result<bool> {
        if self.is_parked(&placed.key) {
            let letter = self.letter(placed, 0, "waits behind an earlier event of its key");
            if ledger::queue_behind(&self.pool, self.service, &letter).await? {
                return Ok(true);
            }
            self.parked.lock().unwrap_or_else(PoisonError::into_inner).remove(&placed.key);
        }
        let event = match &placed.contents {
            Ok(event) => event,
            Err(flaw) => return self.bury(placed, 0, HandleError::Reject(flaw.to_owned())).await,
        };
        let mut pauses = BACK_OFF.iter();
        let mut attempts = 0;
        loop {
            attempts += 1;
            let outcome = self.subscription.attempt(event).await;
            match (outcome, pauses.next()) {
                (Ok(()), _) => {
                    self.gate.ring(self.subscription.consumer);
                    return Ok(true);
                }
                (Err(HandleError::Retry(reason)), Some(pause)) if self.subscription.durable => {
                    tracing::debug!(consumer = self.subscription.consumer, event = %event.id, attempts, reason, "event to be repeated");
                    tokio::select! {
                        () = tokio::time::sleep(*pause) => {}
                        () = self.stop.cancelled() => return Ok(false),
                    }
                }
                (Err(error), _) => return self.bury(placed, attempts, error).await,
            }
        }
    }

    fn is_parked(&self, key: &str) -> bool {
        self.parked.lock().unwrap_or_else(PoisonError::into_inner).contains(key)
    }

    fn letter<'a>(&'a self, placed: &'a Placed, attempts: i32, reason: &'a str) -> Letter<'a> {
        let reason = reason.char_indices().nth(REASON_LIMIT).map_or(reason, |(end, _)| &reason[..end]);
        Letter {
            consumer: self.subscription.consumer,
            row: RowPlace {
                event: placed.event,
                tenant: placed.tenant,
                key: &placed.key,
                partition: placed.partition,
                position: placed.position,
            },
            attempts,
            reason,
            now: self.clock.now(),
            retry_at: None,
        }
    }

    async fn bury(&self, placed: &Placed, attempts: i32, error: HandleError) -> sqlx::Result<bool> {
        let (passing, reason) = match error {
            HandleError::Retry(reason) => (true, reason),
            HandleError::Reject(reason) => (false, reason),
        };
        let (consumer, event) = (self.subscription.consumer, placed.event);
        if !self.subscription.durable {
            tracing::debug!(consumer, %event, reason, "event passed over");
            return Ok(true);
        }
        // NUL is the one character that a text column refuses.
        let reason = reason.replace('\0', " ");
        let mut letter = self.letter(placed, attempts, &reason);
        letter.retry_at = passing.then(|| letter.now + FIRST_RETRY);
        ledger::bury(&self.pool, self.service, &letter).await?;
        self.parked.lock().unwrap_or_else(PoisonError::into_inner).insert(placed.key.clone());
        tracing::error!(consumer, producer = self.service, %event, attempts, reason, "event moved to the dead letters");
        Ok(true)
    }
}
