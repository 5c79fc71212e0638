//! The floor: what the database refuses whatever a service does.

use std::time::Duration;

use portico_core::{Ctx, TenantId};
use portico_db::{Role, Store, StoreError, Tx};
use portico_testkit::{Canaries, TestDatabase};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::fixture::{self, fresh, say};

async fn plant(database: &TestDatabase, tenant: TenantId, word: &str) -> Ctx {
    let account = database.account();
    let ctx = portico_testkit::client(tenant, &[account], &[]);
    let mut tx = database.store("billing").begin(&ctx).await.unwrap();
    sqlx::query("insert into billing.secrets (tenant_id, account_id, word) values ($1, $2, $3)")
        .bind(tenant.0)
        .bind(account.0)
        .bind(word)
        .execute(tx.conn())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    ctx
}

async fn words(connection: &mut PgConnection) -> Vec<String> {
    sqlx::query_scalar("select word from billing.secrets order by word").fetch_all(connection).await.unwrap()
}

async fn try_words(tx: &mut Tx) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar("select word from billing.secrets").fetch_all(tx.conn()).await
}

/// A store with a single connection, so that each caller gets the last one's.
fn one_connection(database: &TestDatabase) -> Store {
    let mut config = database.config();
    config.max_connections = 1;
    Store::connect(&config, "billing")
}

async fn bare(database: &TestDatabase) -> PgConnection {
    PgConnection::connect_with(&database.config().options("billing", Role::App)).await.unwrap()
}

#[tokio::test]
async fn i02_another_account_of_the_firm_sees_nothing() {
    let database = fixture::database().await;
    let tenant = database.tenant();
    let mut canaries = Canaries::new();
    let ours = plant(&database, tenant, &canaries.of("acme", &*database.entropy)).await;
    let theirs = plant(&database, tenant, &canaries.of("globex", &*database.entropy)).await;
    let store = database.store("billing");
    for (reader, ctx) in [("acme", &ours), ("globex", &theirs)] {
        let mut tx = store.begin(ctx).await.unwrap();
        let seen = words(tx.conn()).await;
        assert_eq!(seen.len(), 1);
        canaries.assert_no_strangers(&seen.join(" "), reader);
    }
}

#[tokio::test]
async fn i05_without_context_there_are_no_rows_and_writes_fail() {
    let database = fixture::database().await;
    let ctx = plant(&database, database.tenant(), "hidden").await;
    say(&database, &database.store("billing"), &ctx, fresh(&database), "x").await;
    let mut connection = bare(&database).await;
    assert!(words(&mut connection).await.is_empty());
    let changed =
        sqlx::query("update billing.secrets set word = 'x'").execute(&mut connection).await.unwrap();
    assert_eq!(changed.rows_affected(), 0);
    let gone = sqlx::query("delete from billing.secrets").execute(&mut connection).await.unwrap();
    assert_eq!(gone.rows_affected(), 0);
    let write = sqlx::query("insert into billing.secrets (tenant_id, account_id, word) values ($1, $1, 'x')")
        .bind(ctx.tenant.0)
        .execute(&mut connection)
        .await;
    assert!(matches!(write.unwrap_err().into(), StoreError::Refused(_)));
    let claim = sqlx::query(
        "insert into billing.inbox (tenant_id, consumer, event_id, handled_at) values ($1, 'x', $1, now())",
    )
    .bind(ctx.tenant.0)
    .execute(&mut connection)
    .await;
    assert!(matches!(claim.unwrap_err().into(), StoreError::Refused(_)));
    let outbox = sqlx::query("select 1 from billing.outbox").execute(&mut connection).await;
    assert!(
        matches!(outbox.unwrap_err().into(), StoreError::Refused(_)),
        "the app role appends and never reads"
    );
}

#[tokio::test]
async fn i13_nothing_is_left_on_a_pooled_connection() {
    let database = fixture::database().await;
    let ctx = plant(&database, database.tenant(), "ours").await;
    let stranger = portico_testkit::staff(database.tenant(), &[]);
    let store = one_connection(&database);
    for way in ["commit", "rollback", "error", "dropped", "cancelled", "panic", "cancelled begin"] {
        match way {
            "cancelled" => {
                let query = async {
                    let mut tx = store.begin(&ctx).await.unwrap();
                    sqlx::query("select pg_sleep(0.5)").execute(tx.conn()).await.unwrap();
                };
                assert!(tokio::time::timeout(Duration::from_millis(30), query).await.is_err());
            }
            "cancelled begin" => {
                for micros in (0..3000).step_by(100) {
                    let _ = tokio::time::timeout(Duration::from_micros(micros), store.begin(&ctx)).await;
                }
            }
            "panic" => {
                let (store, ctx) = (store.clone(), ctx.clone());
                let task = tokio::spawn(async move {
                    let _tx = store.begin(&ctx).await.unwrap();
                    panic!("on purpose");
                });
                assert!(task.await.unwrap_err().is_panic());
            }
            _ => {
                let mut tx = store.begin(&ctx).await.unwrap();
                assert_eq!(try_words(&mut tx).await.unwrap(), ["ours"]);
                match way {
                    "commit" => tx.commit().await.unwrap(),
                    "rollback" => tx.rollback().await.unwrap(),
                    "error" => assert!(sqlx::query("select 1 / 0").execute(tx.conn()).await.is_err()),
                    _ => drop(tx),
                }
            }
        }
        assert_no_open_transaction(&database, way).await;
        let mut tx = store.begin(&stranger).await.unwrap();
        assert!(try_words(&mut tx).await.unwrap().is_empty(), "after {way}");
        tx.commit().await.unwrap();
    }
}

/// The context is local to a transaction: a connection that rests outside of one carries none.
async fn assert_no_open_transaction(database: &TestDatabase, way: &str) {
    let mut open = Vec::new();
    for _ in 0..100 {
        open = sqlx::query_scalar::<_, String>(
            "select state from pg_stat_activity
             where datname = current_database() and usename = 'portico_billing' and state <> 'idle'",
        )
        .fetch_all(database.admin())
        .await
        .unwrap();
        if open.is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("after {way} a connection is still {open:?}");
}

#[tokio::test]
async fn i14_two_firms_interleaved_on_one_connection() {
    let database = fixture::database().await;
    let contexts = [
        plant(&database, database.tenant(), "first").await,
        plant(&database, database.tenant(), "second").await,
    ];
    let store = one_connection(&database);
    for round in 0..10_000_usize {
        // An irregular pattern, so that neither follows the other by rule.
        let which = (round * round / 7) % 2;
        let mut tx = store.begin(&contexts[which]).await.unwrap();
        let seen = try_words(&mut tx).await.unwrap();
        assert_eq!(seen, [["first", "second"][which]], "round {round}");
        if round % 3 == 0 {
            drop(tx);
        } else {
            tx.commit().await.unwrap();
        }
    }
}

#[tokio::test]
async fn i16_the_ways_round_row_security_are_closed() {
    let database = fixture::database().await;
    let ctx = plant(&database, database.tenant(), "hidden").await;
    let stranger = portico_testkit::staff(database.tenant(), &["admin"]);
    let store = database.store("billing");
    for statement in [
        "truncate billing.secrets",
        "truncate billing.inbox",
        "copy billing.secrets from stdin",
        "alter table billing.secrets disable row level security",
        "alter table billing.secrets no force row level security",
        "drop policy tenant_floor on billing.secrets",
        "create table billing.mine (word text)",
        "create function billing.peek() returns setof text language sql security definer return 'x'",
        "set role portico_billing_owner",
        "set role portico_billing_relay",
        "set session authorization postgres",
        "select * from messaging.effects",
    ] {
        let mut tx = store.begin(&stranger).await.unwrap();
        let outcome = if statement.starts_with("copy") {
            tx.conn().copy_in_raw(statement).await.map(|_| ())
        } else {
            sqlx::raw_sql(AssertSqlSafe(statement)).execute(tx.conn()).await.map(|_| ())
        };
        assert!(outcome.is_err(), "{statement} was allowed");
    }
    let mut tx = store.begin(&stranger).await.unwrap();
    sqlx::query("set local row_security = off").execute(tx.conn()).await.unwrap();
    assert!(try_words(&mut tx).await.is_err(), "without row security the query is refused, not answered");
    drop(tx);
    let mut tx = store.begin(&ctx).await.unwrap();
    assert_eq!(try_words(&mut tx).await.unwrap(), ["hidden"]);
}

#[tokio::test]
async fn i21_an_event_cannot_be_written_for_another_firm() {
    let database = fixture::database().await;
    let (ours, theirs) = (database.tenant(), database.tenant());
    let store = database.store("billing");
    let mut tx = store.begin(&portico_testkit::staff(ours, &["admin"])).await.unwrap();
    let forged = sqlx::query(
        "insert into billing.outbox (id, tenant_id, topic, key, virtual_partition, type, headers, body, occurred_at)
         values ($1, $2, 't', 'k', 0, 'x', '{}', '', now())",
    )
    .bind(fresh(&database))
    .bind(theirs.0)
    .execute(tx.conn())
    .await;
    assert!(matches!(forged.unwrap_err().into(), StoreError::Refused(_)));
    drop(tx);
    let mut tx = store.begin(&portico_testkit::staff(ours, &["admin"])).await.unwrap();
    let placed = sqlx::query(
        "insert into billing.outbox (id, tenant_id, topic, key, virtual_partition, type, headers, body, occurred_at, position)
         values ($1, $2, 't', 'k', 0, 'x', '{}', '', now(), 1)",
    )
    .bind(fresh(&database))
    .bind(ours.0)
    .execute(tx.conn())
    .await;
    assert!(matches!(placed.unwrap_err().into(), StoreError::Refused(_)), "only the relay gives positions");
}
