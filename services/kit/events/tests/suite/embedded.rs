//! The embedded road under the conformance suite, and what is its own.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use async_trait::async_trait;
use portico_core::SharedClock;
use portico_db::Store;
use portico_events::{
    AuditDraft, EmbeddedRoad, HandleError, Handler, InboxGate, Received, Road, Subscription, Topics, Types,
    audit,
};
use portico_testkit::TestDatabase;
use tokio::{sync::mpsc, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::{
    conformance::{self, Carrier, Running},
    fixture::{self, CONSUMER, Recorder, effects, fresh, say},
};

const PATIENCE: Duration = Duration::from_secs(30);

struct Embedded;

#[async_trait]
impl Carrier for Embedded {
    async fn start(
        &self,
        database: &TestDatabase,
        producers: Vec<Store>,
        subscriptions: Vec<Subscription>,
    ) -> Box<dyn Running> {
        Box::new(start(database, producers, subscriptions, InboxGate::default()))
    }
}

#[async_trait]
impl Running for Road {
    async fn settle(&self) {
        Road::settle(self, PATIENCE).await.unwrap();
    }

    async fn kill(self: Box<Self>) {
        drop(self);
    }
}

fn start(
    database: &TestDatabase,
    producers: Vec<Store>,
    subscriptions: Vec<Subscription>,
    gate: InboxGate,
) -> Road {
    let clock: SharedClock = Arc::new(database.clock.clone());
    EmbeddedRoad::start(producers, subscriptions, clock, gate, &CancellationToken::new()).unwrap()
}

macro_rules! conforms {
    ($($case:ident as $name:ident),* $(,)?) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            conformance::$case(&Embedded).await;
        }
    )*};
}

conforms! {
    order_holds_per_key_and_nothing_is_lost as order_holds_per_key_and_nothing_is_lost,
    a_late_commit_is_not_passed_over as a_late_commit_is_not_passed_over,
    crashes_lose_nothing_and_repeat_no_effect as crashes_lose_nothing_and_repeat_no_effect,
    poison_parks_its_key_only as poison_parks_its_key_only,
    a_forged_firm_goes_to_the_dead_letters as i21_a_forged_firm_goes_to_the_dead_letters,
    two_roads_do_the_work_of_one as two_roads_do_the_work_of_one,
}

/// Counts and passes on what it gets.
struct Tail(mpsc::UnboundedSender<String>);

#[async_trait]
impl Handler for Tail {
    async fn handle(&self, event: &Received) -> Result<(), HandleError> {
        self.0.send(event.event_type.clone()).map_err(|error| HandleError::Reject(error.to_string()))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tail_starts_at_the_present_in_every_process() {
    let database = fixture::database().await;
    let billing = database.store("billing");
    let ctx = portico_testkit::staff(database.tenant(), &[]);
    let tail = |sender| Subscription {
        consumer: "gateway.live",
        topics: Topics::All,
        types: Types::All,
        handler: Arc::new(Tail(sender)),
        durable: false,
    };
    let recorder = Recorder::new(&database);
    let warm = start(&database, vec![billing.clone()], vec![recorder.subscription()], InboxGate::default());
    say(&database, &billing, &ctx, fresh(&database), "past").await;
    warm.settle(PATIENCE).await.unwrap();
    warm.stop().await;
    let (first, mut one) = mpsc::unbounded_channel();
    let (second, mut two) = mpsc::unbounded_channel();
    let _roads = [
        start(&database, vec![billing.clone()], vec![tail(first)], InboxGate::default()),
        start(&database, vec![billing.clone()], vec![tail(second)], InboxGate::default()),
    ];
    tokio::time::sleep(Duration::from_millis(300)).await;
    let mut tx = billing.begin(&ctx).await.unwrap();
    let draft = AuditDraft {
        action: "invoice.sent",
        object_kind: "invoice",
        object_id: fresh(&database),
        object_label: "2027-001",
        version: "",
        account: None,
        details: serde_json::json!({}),
        internal: false,
    };
    audit(&mut tx, &database.clock, &*database.entropy, draft).await.unwrap();
    tx.commit().await.unwrap();
    for receiver in [&mut one, &mut two] {
        let seen = tokio::time::timeout(PATIENCE, receiver.recv()).await.unwrap().unwrap();
        assert_eq!(seen, "portico.events.v1.AuditEntry");
        assert!(receiver.try_recv().is_err(), "the past does not come along");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_gate_opens_when_the_event_is_handled() {
    let database = fixture::database().await;
    let (billing, messaging) = (database.store("billing"), database.store("messaging"));
    let recorder = Recorder::new(&database);
    let gate = InboxGate::default();
    let ctx = portico_testkit::staff(database.tenant(), &[]);
    let unheard = say(&database, &billing, &ctx, fresh(&database), "early").await;
    assert!(!gate.wait(&messaging, &ctx, unheard, &[CONSUMER]).await.unwrap(), "no road yet");
    let road = start(&database, vec![billing.clone()], vec![recorder.subscription()], gate.clone());
    road.settle(PATIENCE).await.unwrap();
    assert!(gate.wait(&messaging, &ctx, unheard, &[]).await.unwrap());
    let heard = say(&database, &billing, &ctx, fresh(&database), "late").await;
    assert!(gate.wait(&messaging, &ctx, heard, &[CONSUMER]).await.unwrap());
    let stranger = portico_testkit::staff(database.tenant(), &[]);
    assert!(
        !gate.wait(&messaging, &stranger, heard, &[CONSUMER]).await.unwrap(),
        "another firm's event never arrives"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_road_finds_its_way_back_when_its_connections_break() {
    let database = fixture::database().await;
    let billing = database.store("billing");
    let recorder = Recorder::new(&database);
    let ctx = portico_testkit::staff(database.tenant(), &[]);
    let road = start(&database, vec![billing.clone()], vec![recorder.subscription()], InboxGate::default());
    let key = fresh(&database);
    for round in 0..3 {
        say(&database, &billing, &ctx, key, &format!("{round} before")).await;
        sqlx::query(
            "select pg_terminate_backend(pid) from pg_stat_activity
             where datname = current_database() and application_name like '% road'",
        )
        .execute(database.admin())
        .await
        .unwrap();
        say(&database, &billing, &ctx, key, &format!("{round} after")).await;
        road.settle(PATIENCE).await.unwrap();
    }
    let expected: Vec<_> =
        (0..3).flat_map(|round| [format!("{round} before"), format!("{round} after")]).collect();
    assert_eq!(effects(&database, key).await, expected);
    let metrics = road.metrics().await.unwrap();
    assert!(
        metrics[0].relaying && metrics[0].outbox_age.is_zero() && metrics[0].dead_letters == 0,
        "{metrics:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lagging_consumer_holds_up_no_other_and_positions_have_no_gap() {
    const EVENTS: usize = 2600;
    let database = fixture::database().await;
    let billing = database.store("billing");
    let ctx = portico_testkit::staff(database.tenant(), &[]);
    let (sender, mut passed) = mpsc::unbounded_channel();
    let quick = Subscription {
        consumer: "workflow.quick",
        topics: Topics::All,
        types: Types::All,
        handler: Arc::new(Tail(sender)),
        durable: true,
    };
    let recorder = Recorder::new(&database);
    let mut tx = billing.begin(&ctx).await.unwrap();
    for number in 0..EVENTS {
        fixture::publish_in(&database, &mut tx, fresh(&database), &number.to_string()).await;
    }
    tx.commit().await.unwrap();
    let road =
        start(&database, vec![billing.clone()], vec![recorder.subscription(), quick], InboxGate::default());
    road.settle(Duration::from_secs(120)).await.unwrap();
    assert_eq!(recorder.calls.load(Ordering::SeqCst), EVENTS);
    road.stop().await;
    let mut count = 0;
    while passed.try_recv().is_ok() {
        count += 1;
    }
    assert_eq!(count, EVENTS);
    let (gapless, placed): (bool, i64) = sqlx::query_as(
        "select bool_and(high = number), sum(number)::bigint from (
           select max(position) as high, count(*) as number from billing.outbox group by virtual_partition) p",
    )
    .fetch_one(database.admin())
    .await
    .unwrap();
    assert!(gapless && placed == EVENTS as i64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_subscriptions_of_one_name_are_refused() {
    let database = fixture::database().await;
    let recorder = Recorder::new(&database);
    let clock: SharedClock = Arc::new(database.clock.clone());
    let twice = vec![recorder.subscription(), recorder.subscription()];
    let refused =
        EmbeddedRoad::start(Vec::new(), twice, clock, InboxGate::default(), &CancellationToken::new())
            .err()
            .unwrap();
    assert_eq!(refused.0, CONSUMER);
}

/// Prints how long an event takes from its commit to its handler. `cargo test -p portico-events -- --ignored --nocapture latency`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement, to be run alone"]
#[expect(clippy::print_stdout, reason = "a measurement prints what it measured")]
async fn latency() {
    let database = fixture::database().await;
    let billing = database.store("billing");
    let ctx = portico_testkit::staff(database.tenant(), &[]);
    let (sender, mut arrived) = mpsc::unbounded_channel();
    let subscription = Subscription {
        consumer: "workflow.quick",
        topics: Topics::All,
        types: Types::All,
        handler: Arc::new(Tail(sender)),
        durable: true,
    };
    let road = start(&database, vec![billing.clone()], vec![subscription], InboxGate::default());
    road.settle(PATIENCE).await.unwrap();
    let mut took = Vec::new();
    for _ in 0..300 {
        say(&database, &billing, &ctx, fresh(&database), "x").await;
        let committed = Instant::now();
        arrived.recv().await.unwrap();
        took.push(committed.elapsed());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    took.sort();
    println!("commit to handler: median {:?}, p99 {:?}, longest {:?}", took[150], took[297], took[299]);
}
