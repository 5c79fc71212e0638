//! A table of effects, a handler that writes into it, and short ways to publish.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use portico_core::{Clock as _, Ctx, EventId};
use portico_db::{Store, StoreError, Tx};
use portico_events::{HandleError, Handler, Outgoing, Received, Subscription, Topics, Types, claim, publish};
use portico_proto::events::v1::Touched;
use portico_testkit::TestDatabase;
use uuid::Uuid;

pub(crate) const CONSUMER: &str = "messaging.recorder";
pub(crate) const TOPIC: &str = "portico.billing.thing.v1";

/// A database with a table of effects in messaging, and one of firm's rows in billing.
pub(crate) async fn database() -> TestDatabase {
    let database = portico_testkit::database().await.unwrap();
    sqlx::raw_sql(
        "create table messaging.effects (
           tenant_id uuid not null, number bigint generated always as identity, key uuid not null, label text not null);
         select portico.declare_table('messaging.effects', 'tenant');
         create table billing.secrets (tenant_id uuid not null, account_id uuid not null, word text not null);
         select portico.declare_table('billing.secrets', 'account')",
    )
    .execute(database.admin())
    .await
    .unwrap();
    database
}

/// What the handler does with the events of one label.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Trouble {
    /// Fails this many times before it works.
    Retry(usize),
    Reject,
    Panic,
}

/// Writes each event down once, in the order of handling; makes trouble where told to.
pub(crate) struct Recorder {
    pub(crate) consumer: &'static str,
    pub(crate) store: Store,
    pub(crate) trouble: Mutex<HashMap<String, Trouble>>,
    pub(crate) calls: AtomicUsize,
}

impl Recorder {
    pub(crate) fn new(database: &TestDatabase) -> Arc<Self> {
        Arc::new(Self {
            consumer: CONSUMER,
            store: database.store("messaging"),
            trouble: Mutex::default(),
            calls: AtomicUsize::new(0),
        })
    }

    pub(crate) fn make_trouble(&self, label: &str, trouble: Option<Trouble>) {
        let mut all = self.trouble.lock().unwrap();
        match trouble {
            Some(trouble) => all.insert(label.to_owned(), trouble),
            None => all.remove(label),
        };
    }

    fn trouble_with(&self, label: &str) -> Option<Trouble> {
        let mut all = self.trouble.lock().unwrap();
        let trouble = all.get_mut(label)?;
        if let Trouble::Retry(left) = trouble {
            if *left == 0 {
                return None;
            }
            *left -= 1;
        }
        Some(*trouble)
    }

    pub(crate) fn subscription(self: &Arc<Self>) -> Subscription {
        Subscription {
            consumer: self.consumer,
            topics: Topics::listed([TOPIC]),
            types: Types::only::<Touched>(),
            handler: Arc::clone(self) as Arc<dyn Handler>,
            durable: true,
        }
    }
}

#[async_trait]
impl Handler for Recorder {
    async fn handle(&self, event: &Received) -> Result<(), HandleError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let body: Touched = event.decode()?;
        match self.trouble_with(&body.object_kind) {
            Some(Trouble::Retry(_)) => return Err(HandleError::Retry("not yet".to_owned())),
            Some(Trouble::Reject) => return Err(HandleError::Reject("never".to_owned())),
            Some(Trouble::Panic) => panic!("on purpose"),
            None => {}
        }
        let mut tx = self.store.begin(&event.ctx("Recorder")).await?;
        if claim(&mut tx, self.consumer, event).await? {
            sqlx::query("insert into messaging.effects (tenant_id, key, label) values ($1, $2, $3)")
                .bind(event.tenant.0)
                .bind(Uuid::parse_str(&body.object_id).unwrap())
                .bind(&body.object_kind)
                .execute(tx.conn())
                .await
                .map_err(StoreError::from)?;
        }
        Ok(tx.commit().await?)
    }
}

/// Publishes one event about `key` in the given transaction.
pub(crate) async fn publish_in(database: &TestDatabase, tx: &mut Tx, key: Uuid, label: &str) -> EventId {
    let body =
        Touched { object_kind: label.to_owned(), object_id: key.to_string(), account_id: String::new() };
    let outgoing = Outgoing { aggregate: "thing", key, account: None, body: &body };
    publish(tx, &database.clock, &*database.entropy, outgoing).await.unwrap()
}

/// Publishes one event about `key` in a transaction of its own.
pub(crate) async fn say(
    database: &TestDatabase,
    store: &Store,
    ctx: &Ctx,
    key: Uuid,
    label: &str,
) -> EventId {
    let mut tx = store.begin(ctx).await.unwrap();
    let id = publish_in(database, &mut tx, key, label).await;
    tx.commit().await.unwrap();
    id
}

/// The labels handled for `key`, in the order of handling.
pub(crate) async fn effects(database: &TestDatabase, key: Uuid) -> Vec<String> {
    sqlx::query_scalar("select label from messaging.effects where key = $1 order by number")
        .bind(key)
        .fetch_all(database.admin())
        .await
        .unwrap()
}

pub(crate) fn fresh(database: &TestDatabase) -> Uuid {
    database.entropy.uuid(database.clock.now())
}
