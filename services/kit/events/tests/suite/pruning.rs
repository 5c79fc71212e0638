//! What is taken away, and above all what is not.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use chrono::TimeDelta;
use portico_core::{Ctx, SharedClock};
use portico_events::{EmbeddedRoad, InboxGate, Pruned, Retention, Road, Subscription};
use portico_testkit::TestDatabase;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::fixture::{self, CONSUMER, Recorder, Trouble, effects, fresh, say};

const PATIENCE: Duration = Duration::from_secs(30);

fn start(database: &TestDatabase, subscriptions: Vec<Subscription>) -> Road {
    let clock: SharedClock = Arc::new(database.clock.clone());
    let stores = vec![database.store("billing"), database.store("messaging")];
    EmbeddedRoad::start(stores, subscriptions, clock, InboxGate::default(), &CancellationToken::new())
        .unwrap()
}

async fn outbox(database: &TestDatabase, key: Uuid) -> i64 {
    count(database, "select count(*) from billing.outbox where key like '%' || $1", key).await
}

async fn receipts(database: &TestDatabase, event: Uuid) -> i64 {
    count(database, "select count(*) from messaging.inbox where event_id::text = $1", event).await
}

async fn count(database: &TestDatabase, statement: &'static str, id: Uuid) -> i64 {
    sqlx::query_scalar(statement).bind(id.to_string()).fetch_one(database.admin()).await.unwrap()
}

/// Receipts carry the database's own time, which no test moves.
async fn age_receipts(database: &TestDatabase) {
    sqlx::query("update messaging.inbox set handled_at = handled_at - interval '30 days'")
        .execute(database.admin())
        .await
        .unwrap();
}

async fn prune(road: &Road) -> Pruned {
    road.prune(Retention::default()).await.unwrap()
}

async fn write(database: &TestDatabase, ctx: &Ctx, key: Uuid, label: &str) -> Uuid {
    say(database, &database.store("billing"), ctx, key, label).await.0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_everybody_has_had_goes_after_a_week_and_its_receipt_after_it() {
    let database = fixture::database().await;
    let (billing, ctx) = (database.store("billing"), portico_testkit::staff(database.tenant(), &[]));
    let recorder = Recorder::new(&database);
    let road = start(&database, vec![recorder.subscription()]);
    let (old, young) = (fresh(&database), fresh(&database));
    // More than one batch.
    let mut tx = billing.begin(&ctx).await.unwrap();
    for number in 0..600 {
        fixture::publish_in(&database, &mut tx, old, &number.to_string()).await;
    }
    let event = fixture::publish_in(&database, &mut tx, old, "last").await.0;
    tx.commit().await.unwrap();
    road.settle(PATIENCE).await.unwrap();

    assert_eq!(prune(&road).await, Pruned::default(), "nothing is old yet");
    database.clock.advance(TimeDelta::days(7) + TimeDelta::seconds(1));
    age_receipts(&database).await;
    let fresh_event = write(&database, &ctx, young, "young").await;
    road.settle(PATIENCE).await.unwrap();
    assert_eq!(prune(&road).await, Pruned { events: 601, receipts: 601 });
    assert_eq!((outbox(&database, old).await, outbox(&database, young).await), (0, 1));
    assert_eq!((receipts(&database, event).await, receipts(&database, fresh_event).await), (0, 1));

    let later = write(&database, &ctx, old, "later").await;
    road.settle(PATIENCE).await.unwrap();
    assert_eq!(effects(&database, old).await.last().unwrap(), "later");
    assert_eq!((outbox(&database, old).await, receipts(&database, later).await), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_cursor_has_not_passed_stays_and_so_does_its_receipt() {
    let database = fixture::database().await;
    let (billing, ctx) = (database.store("billing"), portico_testkit::staff(database.tenant(), &[]));
    let recorder = Recorder::new(&database);
    let key = fresh(&database);
    let road = start(&database, vec![recorder.subscription()]);
    let event = write(&database, &ctx, key, "first").await;
    road.settle(PATIENCE).await.unwrap();
    road.stop().await;
    database.clock.advance(TimeDelta::days(30));
    age_receipts(&database).await;

    // The cursor was lost with a crash; a standstill of a month later nothing is repeated.
    sqlx::query("delete from billing.cursors").execute(database.admin()).await.unwrap();
    let stores = vec![billing.clone(), database.store("messaging")];
    let clock: SharedClock = Arc::new(database.clock.clone());
    let stopped = CancellationToken::new();
    stopped.cancel();
    let road =
        EmbeddedRoad::start(stores, vec![recorder.subscription()], clock, InboxGate::default(), &stopped)
            .unwrap();
    assert_eq!(prune(&road).await, Pruned::default());
    road.stop().await;
    assert_eq!((outbox(&database, key).await, receipts(&database, event).await), (1, 1));
    let road = start(&database, vec![recorder.subscription()]);
    road.settle(PATIENCE).await.unwrap();
    assert_eq!(recorder.calls.load(Ordering::SeqCst), 2, "it came a second time");
    assert_eq!(effects(&database, key).await, ["first"], "and had no second effect");
    assert_eq!(prune(&road).await, Pruned { events: 1, receipts: 1 });

    // The cursor of a consumer that this process does not know counts as well.
    write(&database, &ctx, key, "second").await;
    road.settle(PATIENCE).await.unwrap();
    database.clock.advance(TimeDelta::days(30));
    sqlx::query(
        "insert into billing.cursors (consumer, virtual_partition, position)
         select 'workflow.of_a_newer_release', n, 0 from generate_series(0, 15) n",
    )
    .execute(database.admin())
    .await
    .unwrap();
    assert_eq!(prune(&road).await.events, 0);
    sqlx::query("delete from billing.cursors where consumer = 'workflow.of_a_newer_release'")
        .execute(database.admin())
        .await
        .unwrap();
    assert_eq!(prune(&road).await.events, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dead_letters_keep_their_events_until_they_are_replayed() {
    let database = fixture::database().await;
    let ctx = portico_testkit::staff(database.tenant(), &[]);
    let recorder = Recorder::new(&database);
    let (poisoned, other) = (fresh(&database), fresh(&database));
    recorder.make_trouble("poison", Some(Trouble::Reject));
    let road = start(&database, vec![recorder.subscription()]);
    for (key, label) in [(poisoned, "poison"), (poisoned, "behind"), (other, "fine")] {
        write(&database, &ctx, key, label).await;
    }
    road.settle(PATIENCE).await.unwrap();
    database.clock.advance(TimeDelta::days(400));
    assert_eq!(prune(&road).await.events, 1);
    assert_eq!((outbox(&database, poisoned).await, outbox(&database, other).await), (2, 0));
    assert_eq!(road.metrics().await.unwrap()[0].dead_letters, 2);

    recorder.make_trouble("poison", None);
    let replayed = road.replay("billing", CONSUMER, None).await.unwrap().unwrap();
    assert_eq!((replayed.handled, replayed.parked_keys), (2, 0));
    assert_eq!(effects(&database, poisoned).await, ["poison", "behind"]);
    assert_eq!(prune(&road).await.events, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_plumbing_role_reads_receipts_and_deletes_none() {
    let database = fixture::database().await;
    let messaging = database.store("messaging");
    let mut plumbing = messaging.plumbing().await.unwrap();
    sqlx::query("select from messaging.inbox").fetch_all(&mut *plumbing).await.unwrap();
    let refused = sqlx::query("delete from messaging.inbox").execute(&mut *plumbing).await.unwrap_err();
    assert_eq!(refused.into_database_error().unwrap().code().as_deref(), Some("42501"));
}
