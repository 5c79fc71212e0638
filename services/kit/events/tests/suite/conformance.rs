//! What every road must keep to. Each road's own module runs these.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use portico_db::Store;
use portico_events::{Replayed, Subscription, list_dead_letters, replay_dead_letters, retry_dead_letters};
use portico_testkit::TestDatabase;

use crate::fixture::{self, CONSUMER, Recorder, Trouble, effects, fresh, publish_in, say};

/// A way to carry events.
#[async_trait]
pub(crate) trait Carrier: Send + Sync {
    async fn start(
        &self,
        database: &TestDatabase,
        producers: Vec<Store>,
        subscriptions: Vec<Subscription>,
    ) -> Box<dyn Running>;
}

/// A road under traffic.
#[async_trait]
pub(crate) trait Running: Send + Sync {
    /// Waits until everything committed is handled or parked.
    async fn settle(&self);
    /// Ends the road in the middle of whatever it does, as a crash would.
    async fn kill(self: Box<Self>);
}

/// Concurrent writers, some of them slow, some with their transaction's id taken long before they get to the thing.
pub(crate) async fn order_holds_per_key_and_nothing_is_lost(carrier: &dyn Carrier) {
    const WRITERS: usize = 8;
    const ROUNDS: usize = 12;
    const KEYS: usize = 3;
    let database = Arc::new(fixture::database().await);
    let recorder = Recorder::new(&database);
    let billing = database.store("billing");
    let running = carrier.start(&database, vec![billing.clone()], vec![recorder.subscription()]).await;
    let ctx = portico_testkit::staff(database.tenant(), &[]);
    let keys: Vec<_> = (0..KEYS).map(|_| fresh(&database)).collect();
    let counters: Arc<Vec<std::sync::atomic::AtomicUsize>> = Arc::new((0..KEYS).map(|_| 0.into()).collect());
    let writers = (0..WRITERS).map(|writer| {
        let (database, billing, ctx, keys, counters) =
            (Arc::clone(&database), billing.clone(), ctx.clone(), keys.clone(), Arc::clone(&counters));
        tokio::spawn(async move {
            for round in 0..ROUNDS {
                let which = (writer + round) % KEYS;
                let mut tx = billing.begin(&ctx).await.unwrap();
                if writer % 2 == 0 {
                    // As a handler does that claims its event first.
                    sqlx::query("select pg_current_xact_id()").execute(tx.conn()).await.unwrap();
                }
                // Stands for the lock on the thing's row.
                sqlx::query("select pg_advisory_xact_lock($1)")
                    .bind(which as i64)
                    .execute(tx.conn())
                    .await
                    .unwrap();
                let number = counters[which].fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                publish_in(&database, &mut tx, keys[which], &number.to_string()).await;
                tokio::time::sleep(Duration::from_millis(((writer * 7 + round * 3) % 11) as u64)).await;
                tx.commit().await.unwrap();
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    running.settle().await;
    for (key, counter) in keys.iter().zip(counters.iter()) {
        let expected: Vec<_> =
            (0..counter.load(std::sync::atomic::Ordering::SeqCst)).map(|n| n.to_string()).collect();
        assert_eq!(effects(&database, *key).await, expected);
    }
}

/// A transaction that writes first and commits last is not passed over.
pub(crate) async fn a_late_commit_is_not_passed_over(carrier: &dyn Carrier) {
    let database = fixture::database().await;
    let recorder = Recorder::new(&database);
    let billing = database.store("billing");
    let running = carrier.start(&database, vec![billing.clone()], vec![recorder.subscription()]).await;
    let ctx = portico_testkit::staff(database.tenant(), &[]);
    let (slow, quick, undone) = (fresh(&database), fresh(&database), fresh(&database));
    let mut first = billing.begin(&ctx).await.unwrap();
    publish_in(&database, &mut first, slow, "slow").await;
    let mut never = billing.begin(&ctx).await.unwrap();
    publish_in(&database, &mut never, undone, "undone").await;
    for number in 0..5 {
        say(&database, &billing, &ctx, quick, &number.to_string()).await;
    }
    never.rollback().await.unwrap();
    // The open transaction holds nobody up.
    running.settle().await;
    assert_eq!(effects(&database, quick).await, ["0", "1", "2", "3", "4"]);
    assert!(effects(&database, slow).await.is_empty());
    first.commit().await.unwrap();
    running.settle().await;
    assert_eq!(effects(&database, slow).await, ["slow"]);
    assert!(effects(&database, undone).await.is_empty());
}

/// Crashes between the handler's commit and the cursor, again and again: each effect once, none missing.
pub(crate) async fn crashes_lose_nothing_and_repeat_no_effect(carrier: &dyn Carrier) {
    let database = fixture::database().await;
    let recorder = Recorder::new(&database);
    let billing = database.store("billing");
    let ctx = portico_testkit::staff(database.tenant(), &[]);
    let keys: Vec<_> = (0..5).map(|_| fresh(&database)).collect();
    for number in 0..40 {
        say(&database, &billing, &ctx, keys[number % keys.len()], &number.to_string()).await;
    }
    for pause in [3, 15, 30, 45] {
        let running = carrier.start(&database, vec![billing.clone()], vec![recorder.subscription()]).await;
        tokio::time::sleep(Duration::from_millis(pause)).await;
        running.kill().await;
    }
    // The worst crash: every effect is there, and no cursor has moved.
    let running = carrier.start(&database, vec![billing.clone()], vec![recorder.subscription()]).await;
    running.settle().await;
    running.kill().await;
    sqlx::query("delete from billing.cursors").execute(database.admin()).await.unwrap();
    let calls = recorder.calls.load(std::sync::atomic::Ordering::SeqCst);
    let running = carrier.start(&database, vec![billing.clone()], vec![recorder.subscription()]).await;
    running.settle().await;
    assert_eq!(
        recorder.calls.load(std::sync::atomic::Ordering::SeqCst),
        calls + 40,
        "all were delivered again"
    );
    for (index, key) in keys.iter().enumerate() {
        let expected: Vec<_> = (0..40).filter(|n| n % keys.len() == index).map(|n| n.to_string()).collect();
        assert_eq!(effects(&database, *key).await, expected);
    }
}

/// An event that fails parks its key and nothing else; a replay lets the key flow again, in order.
pub(crate) async fn poison_parks_its_key_only(carrier: &dyn Carrier) {
    let database = fixture::database().await;
    let recorder = Recorder::new(&database);
    let billing = database.store("billing");
    recorder.make_trouble("passing", Some(Trouble::Retry(2)));
    recorder.make_trouble("lasting", Some(Trouble::Retry(usize::MAX)));
    recorder.make_trouble("poison", Some(Trouble::Reject));
    recorder.make_trouble("bomb", Some(Trouble::Panic));
    let running = carrier.start(&database, vec![billing.clone()], vec![recorder.subscription()]).await;
    let ctx = portico_testkit::staff(database.tenant(), &[]);
    let keys: Vec<_> = (0..5).map(|_| fresh(&database)).collect();
    for (key, label) in keys.iter().zip(["passing", "lasting", "poison", "bomb", "sound"]) {
        for each in [label, "second", "third"] {
            say(&database, &billing, &ctx, *key, each).await;
        }
    }
    running.settle().await;
    assert_eq!(effects(&database, keys[0]).await, ["passing", "second", "third"]);
    assert_eq!(effects(&database, keys[4]).await, ["sound", "second", "third"]);
    for key in &keys[1..4] {
        assert!(effects(&database, *key).await.is_empty());
    }
    let letters = list_dead_letters(&billing, Some(CONSUMER), 100).await.unwrap();
    assert_eq!(letters.len(), 9);
    let attempts = |key: &uuid::Uuid| -> Vec<i32> {
        letters
            .iter()
            .filter(|letter| letter.key.ends_with(&key.to_string()))
            .map(|letter| letter.attempts)
            .collect()
    };
    assert_eq!(attempts(&keys[1]), [4, 0, 0]);
    assert_eq!(attempts(&keys[2]), [1, 0, 0]);
    assert!(letters.iter().any(|letter| letter.reason.contains("panicked: on purpose")));

    // What failed because something was away is tried again by itself once it is back, in order; the others are not.
    recorder.make_trouble("lasting", None);
    let later = letters[0].parked_at + chrono::TimeDelta::minutes(5);
    retry_dead_letters(&billing, &[recorder.subscription().into()], later).await.unwrap();
    assert_eq!(effects(&database, keys[1]).await, ["lasting", "second", "third"]);
    assert_eq!(list_dead_letters(&billing, Some(CONSUMER), 100).await.unwrap().len(), 6);

    // One of those is mended, one is not.
    recorder.make_trouble("bomb", None);
    let replayed = replay_dead_letters(&billing, &recorder.subscription(), None).await.unwrap();
    assert_eq!(replayed, Replayed { handled: 3, parked_keys: 1 });
    assert_eq!(effects(&database, keys[3]).await, ["bomb", "second", "third"]);
    for key in &keys {
        say(&database, &billing, &ctx, *key, "fourth").await;
    }
    running.settle().await;
    assert_eq!(effects(&database, keys[1]).await, ["lasting", "second", "third", "fourth"]);
    assert!(effects(&database, keys[2]).await.is_empty(), "a key that is parked stays parked");

    recorder.make_trouble("poison", None);
    let replayed = replay_dead_letters(&billing, &recorder.subscription(), None).await.unwrap();
    assert_eq!(replayed, Replayed { handled: 4, parked_keys: 0 });
    assert_eq!(effects(&database, keys[2]).await, ["poison", "second", "third", "fourth"]);
    assert!(list_dead_letters(&billing, None, 100).await.unwrap().is_empty());
}

/// i21: an event whose headers name another firm than its row is not handled for either.
pub(crate) async fn a_forged_firm_goes_to_the_dead_letters(carrier: &dyn Carrier) {
    let database = fixture::database().await;
    let recorder = Recorder::new(&database);
    let billing = database.store("billing");
    let (ours, theirs) = (database.tenant(), database.tenant());
    let key = fresh(&database);
    say(&database, &billing, &portico_testkit::staff(ours, &[]), key, "forged").await;
    sqlx::query("update billing.outbox set headers = jsonb_set(headers, '{tenant}', to_jsonb($1::text))")
        .bind(theirs.to_string())
        .execute(database.admin())
        .await
        .unwrap();
    let running = carrier.start(&database, vec![billing.clone()], vec![recorder.subscription()]).await;
    running.settle().await;
    let letters = list_dead_letters(&billing, None, 10).await.unwrap();
    assert_eq!(letters.len(), 1);
    assert!(letters[0].reason.contains("another firm"), "{}", letters[0].reason);
    assert_eq!(recorder.calls.load(std::sync::atomic::Ordering::SeqCst), 0);
    assert!(effects(&database, key).await.is_empty());
}

/// Two processes on one database: each effect once, and the second goes on where the first ends.
pub(crate) async fn two_roads_do_the_work_of_one(carrier: &dyn Carrier) {
    let database = fixture::database().await;
    let recorder = Recorder::new(&database);
    let billing = database.store("billing");
    let ctx = portico_testkit::staff(database.tenant(), &[]);
    let mut first =
        Some(carrier.start(&database, vec![billing.clone()], vec![recorder.subscription()]).await);
    let second =
        carrier.start(&database, vec![database.store("billing")], vec![recorder.subscription()]).await;
    let key = fresh(&database);
    let labels: Vec<_> = (0..60).map(|number| number.to_string()).collect();
    for (number, label) in labels.iter().enumerate() {
        say(&database, &billing, &ctx, key, label).await;
        if number == 30
            && let Some(first) = first.take()
        {
            first.kill().await;
        }
    }
    second.settle().await;
    assert_eq!(effects(&database, key).await, labels);
}
