//! The relay of one producer: places its events, reads them once, and hands them to every consumer.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use portico_core::SharedClock;
use portico_db::Store;
use sqlx::{
    PgPool,
    postgres::{PgConnectOptions, PgListener, PgPoolOptions},
};
use tokio::{
    sync::{Notify, mpsc},
    task::JoinSet,
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{
    Gauge,
    ledger::{self, Positions},
    worker::{Batch, CAPACITY, Placed, Worker},
};
use crate::{
    InboxGate, Subscription,
    publish::{PARTITIONS, outbox_channel},
};

/// LISTEN wakes the relay; this is how often it looks all the same.
const IDLE_LOOK: Duration = Duration::from_secs(2);
/// How often one that stands by tries to take the lead.
const STANDBY_LOOK: Duration = Duration::from_millis(500);
/// The first and the longest pause before connecting again.
const RECONNECT: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));
/// How long to wait for a connection.
const PATIENCE: Duration = Duration::from_secs(5);
/// A relay whose connection answers nothing for this long takes it for lost.
const SILENCE: Duration = Duration::from_secs(20);
/// How long handlers may take to finish the event in hand when the road ends.
const FAREWELL: Duration = Duration::from_secs(10);

/// Carries the events of one producer.
pub(super) struct Relay {
    store: Store,
    subscriptions: Vec<Arc<Subscription>>,
    clock: SharedClock,
    gate: InboxGate,
    gauge: Gauge,
    stop: CancellationToken,
    /// Where the consumers without a cursor are, once they have begun.
    present: Option<Positions>,
    down: bool,
}

/// One consumer as the relay sees it.
struct Outlet {
    subscription: Arc<Subscription>,
    news: mpsc::UnboundedSender<Batch>,
    read: Positions,
    backlog: Arc<AtomicUsize>,
}

/// The time from connecting to losing the connection.
struct Session {
    desk: PgListener,
    pool: PgPool,
    outlets: Vec<Outlet>,
    workers: JoinSet<sqlx::Result<()>>,
    room: Arc<Notify>,
    leads: bool,
}

impl Relay {
    pub(super) fn new(
        store: Store,
        subscriptions: Vec<Arc<Subscription>>,
        clock: SharedClock,
        gate: InboxGate,
        gauge: Gauge,
        stop: CancellationToken,
    ) -> Self {
        Self { store, subscriptions, clock, gate, gauge, stop, present: None, down: false }
    }

    /// Runs until the road ends, connecting again as often as need be.
    pub(super) async fn run(mut self) {
        let mut pause = RECONNECT.0;
        while !self.stop.is_cancelled() {
            let began = Instant::now();
            let Err(error) = self.session().await else { return };
            self.gauge.write(|gauge| gauge.relaying = false);
            if !self.down {
                tracing::warn!(producer = self.store.service(), %error, "the road has lost the database; trying again until it is back");
                self.down = true;
            }
            pause = if began.elapsed() > RECONNECT.1 { RECONNECT.0 } else { (pause * 2).min(RECONNECT.1) };
            tokio::select! {
                () = sleep(pause) => {}
                () = self.stop.cancelled() => {}
            }
        }
    }

    async fn session(&mut self) -> sqlx::Result<()> {
        let stop = self.stop.clone();
        let mut session = tokio::select! {
            opened = self.open() => opened?,
            () = stop.cancelled() => return Ok(()),
        };
        if self.down {
            tracing::info!(producer = self.store.service(), "the road has the database back");
            self.down = false;
        }
        while !stop.is_cancelled() {
            if session.leads {
                self.place(&mut session).await?;
            } else {
                self.try_to_lead(&mut session).await?;
            }
            self.hand_out(&mut session).await?;
            let pause = if session.leads { IDLE_LOOK } else { STANDBY_LOOK };
            tokio::select! {
                () = stop.cancelled() => {}
                () = sleep(pause) => {}
                () = session.room.notified() => {}
                call = session.desk.try_recv() => match call? {
                    Some(_) => while session.desk.next_buffered().is_some() {},
                    None => return Err(lost()),
                },
                Some(ended) = session.workers.join_next() => return Err(match ended {
                    Ok(Err(error)) => error,
                    Ok(Ok(())) | Err(_) => lost(),
                }),
            }
        }
        session.close().await;
        Ok(())
    }

    async fn open(&mut self) -> sqlx::Result<Session> {
        let service = self.store.service();
        let options = self.connect_options();
        let desk = PgPoolOptions::new()
            .max_connections(1)
            .max_lifetime(None)
            .idle_timeout(None)
            .acquire_timeout(PATIENCE);
        let mut desk = PgListener::connect_with(&desk.connect_lazy_with(options.clone())).await?;
        // A connection that came back unseen would come back without the lead.
        desk.eager_reconnect(false);
        desk.listen_all([outbox_channel(service).as_str(), ledger::placed_channel(service).as_str()]).await?;
        let pool = PgPoolOptions::new()
            .max_connections(3)
            .min_connections(0)
            .acquire_timeout(PATIENCE)
            .idle_timeout(Duration::from_secs(60))
            .test_before_acquire(false)
            .connect_lazy_with(options);
        let present = match self.present {
            Some(present) => present,
            None => ledger::heads(&mut desk, service).await?,
        };
        self.present = Some(present);
        let mut session = Session {
            desk,
            pool,
            outlets: Vec::new(),
            workers: JoinSet::new(),
            room: Arc::new(Notify::new()),
            leads: false,
        };
        for subscription in self.subscriptions.clone() {
            if !subscription.durable {
                self.employ(&mut session, subscription, present).await?;
            }
        }
        Ok(session)
    }

    /// The plumbing role's, except that a commit need not wait for the disk: places and cursors that a crash takes away are found
    /// again in the same order.
    fn connect_options(&self) -> PgConnectOptions {
        let options = self.store.plumbing_pool().connect_options();
        options
            .as_ref()
            .clone()
            .application_name(&format!("portico {} road", self.store.service()))
            .options([("synchronous_commit", "off")])
    }

    async fn try_to_lead(&self, session: &mut Session) -> sqlx::Result<()> {
        session.leads = in_time(ledger::take_lead(&mut session.desk, self.store.service())).await?;
        if !session.leads {
            return Ok(());
        }
        self.gauge.write(|gauge| gauge.relaying = true);
        for subscription in &self.subscriptions {
            if subscription.durable {
                let start =
                    ledger::cursors(&session.pool, self.store.service(), subscription.consumer).await?;
                self.employ(session, Arc::clone(subscription), start).await?;
            }
        }
        self.place(session).await
    }

    async fn employ(
        &self,
        session: &mut Session,
        subscription: Arc<Subscription>,
        start: Positions,
    ) -> sqlx::Result<()> {
        let service = self.store.service();
        let parked = if subscription.durable {
            ledger::parked_keys(&session.pool, service, subscription.consumer).await?
        } else {
            std::collections::HashSet::new()
        };
        let backlog = Arc::new(AtomicUsize::new(0));
        let (news, receiver) = mpsc::unbounded_channel();
        let worker = Worker {
            service,
            subscription: Arc::clone(&subscription),
            pool: session.pool.clone(),
            clock: Arc::clone(&self.clock),
            gate: self.gate.clone(),
            backlog: Arc::clone(&backlog),
            room: Arc::clone(&session.room),
            stop: self.stop.clone(),
            parked: Mutex::new(parked),
        };
        session.workers.spawn(worker.run(start, receiver));
        session.outlets.push(Outlet { subscription, news, read: start, backlog });
        Ok(())
    }

    /// Gives places to all that was committed and has none.
    async fn place(&self, session: &mut Session) -> sqlx::Result<()> {
        while in_time(ledger::place(&mut session.desk, self.store.service())).await?
            == ledger::PLACE_LIMIT.unsigned_abs()
        {}
        Ok(())
    }

    /// Reads what consumers with room have not seen, once for all of them.
    async fn hand_out(&mut self, session: &mut Session) -> sqlx::Result<()> {
        let backlog =
            session.outlets.iter().map(|outlet| outlet.backlog.load(Ordering::Acquire)).max().unwrap_or(0);
        self.gauge.write(|gauge| gauge.backlog = backlog);
        loop {
            let mut after = [i64::MAX; PARTITIONS];
            let mut open: Vec<&mut Outlet> = session
                .outlets
                .iter_mut()
                .filter(|outlet| outlet.backlog.load(Ordering::Acquire) < CAPACITY)
                .collect();
            for outlet in &open {
                for (lowest, read) in after.iter_mut().zip(outlet.read) {
                    *lowest = (*lowest).min(read);
                }
            }
            if open.is_empty() {
                return Ok(());
            }
            let rows = in_time(ledger::read(&session.pool, self.store.service(), &after)).await?;
            if rows.is_empty() {
                return Ok(());
            }
            let mut by_partition: [Vec<Arc<Placed>>; PARTITIONS] = Default::default();
            for row in rows {
                if let Some(list) =
                    usize::try_from(row.virtual_partition).ok().and_then(|index| by_partition.get_mut(index))
                {
                    list.push(Arc::new(Placed::from(row)));
                }
            }
            for (partition, placed) in by_partition.iter().enumerate() {
                let Some(last) = placed.last() else { continue };
                for outlet in &mut open {
                    outlet.offer(partition, placed, last.position).map_err(|_| lost())?;
                }
            }
            if let Some(present) = &mut self.present {
                for outlet in open.iter().filter(|outlet| !outlet.subscription.durable) {
                    *present = outlet.read;
                }
            }
        }
    }
}

impl Outlet {
    /// Passes on what the consumer wants of a partition that was read up to `upto`. Fails where the worker is gone.
    fn offer(
        &mut self,
        partition: usize,
        placed: &[Arc<Placed>],
        upto: i64,
    ) -> Result<(), mpsc::error::SendError<Batch>> {
        let Some(read) = self.read.get_mut(partition) else { return Ok(()) };
        let events: Vec<Arc<Placed>> = placed
            .iter()
            .filter(|placed| {
                placed.position > *read && self.subscription.wants(&placed.topic, &placed.event_type)
            })
            .cloned()
            .collect();
        if *read >= upto {
            return Ok(());
        }
        *read = upto;
        self.backlog.fetch_add(events.len(), Ordering::AcqRel);
        self.news.send(Batch { partition, events, upto })
    }
}

impl Session {
    /// Lets the workers finish the event in hand, and gives the lead away.
    async fn close(mut self) {
        self.outlets.clear();
        let farewell = async { while self.workers.join_next().await.is_some() {} };
        if timeout(FAREWELL, farewell).await.is_err() {
            tracing::warn!(
                "handlers were still at work when the road ended; their events will be delivered again"
            );
        }
        // Where this fails the connection is gone, and the lead with it.
        let _ = in_time(sqlx::query("select pg_advisory_unlock_all()").execute(&mut self.desk)).await;
        self.workers.shutdown().await;
        self.pool.close().await;
    }
}

/// A connection that does not answer is lost.
async fn in_time<T>(answer: impl Future<Output = sqlx::Result<T>>) -> sqlx::Result<T> {
    timeout(SILENCE, answer)
        .await
        .unwrap_or_else(|_| Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into()))
}

fn lost() -> sqlx::Error {
    std::io::Error::new(
        std::io::ErrorKind::ConnectionAborted,
        "the relay's connection or one of its workers ended",
    )
    .into()
}
