//! The floor under every table as the roles that serve meet it: no context, no way round, no row that moves.

use anyhow::{Context as _, ensure};
use portico_core::{AccountId, TenantId};
use portico_db::{Role, SERVICES};
use portico_testkit::TestDatabase;
use sqlx::{AssertSqlSafe, ConnectOptions as _, PgConnection};

use super::rpc_walk::belongings;
use crate::harness::{Outcome, World};

/// Everything outside of the system's catalog that the role may do `privilege` to.
const REACHABLE: &str = "select format('%I.%I', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname not in ('pg_catalog', 'information_schema')
      and has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, $1) order by 1";

/// Row-level security or a missing privilege refused.
const REFUSED: &str = "42501";

async fn bare(database: &TestDatabase, service: &str) -> anyhow::Result<PgConnection> {
    Ok(database.config().options(service, Role::App).connect().await?)
}

fn code(error: &sqlx::Error) -> String {
    error.as_database_error().and_then(|error| error.code()).unwrap_or_default().into_owned()
}

/// Without a context no table shows a row, and nothing can be written, changed or removed.
pub(super) async fn i05_without_a_context_there_is_nothing() -> Outcome {
    let world = World::demo().await?;
    belongings(&world).await?;
    let (mut looked, mut wrong) = (0, Vec::new());
    for service in SERVICES {
        let mut connection = bare(&world.database, service).await?;
        let tables: Vec<String> =
            sqlx::query_scalar(REACHABLE).bind("select").fetch_all(&mut connection).await?;
        for table in tables {
            looked += 1;
            let count = format!("select count(*) from {table}");
            let seen: i64 = sqlx::query_scalar(AssertSqlSafe(count)).fetch_one(&mut connection).await?;
            if seen > 0 {
                wrong.push(format!("{service} sees {seen} rows of {table} without a context"));
            }
            let written = sqlx::raw_sql(AssertSqlSafe(format!("insert into {table} default values")))
                .execute(&mut connection)
                .await;
            if written.as_ref().err().map(code).as_deref() != Some(REFUSED) {
                wrong.push(format!("{service} writes into {table} without a context: {written:?}"));
            }
            let removed =
                sqlx::raw_sql(AssertSqlSafe(format!("delete from {table}"))).execute(&mut connection).await;
            if removed.is_ok_and(|gone| gone.rows_affected() > 0) {
                wrong.push(format!("{service} removes rows of {table} without a context"));
            }
        }
    }
    ensure!(looked > 30, "only {looked} tables were looked at");
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

/// No update moves a row to another firm, nor one of an account to another account: in every table that holds any.
pub(super) async fn i09_no_row_moves_to_another_firm_or_account() -> Outcome {
    let world = World::demo().await?;
    let acme: AccountId = belongings(&world).await?.ids["account_id"][0].parse()?;
    let (ours, theirs): (TenantId, TenantId) =
        (world.tenant("northwind").await?, world.tenant("contoso").await?);
    let globex: uuid::Uuid = sqlx::query_scalar("select id from tenancy.accounts where name = 'Globex'")
        .fetch_one(world.database.admin())
        .await?;
    let firm = portico_testkit::system(ours);
    let client = portico_testkit::client(ours, &[acme], &["client"]);
    let (mut firms, mut accounts, mut wrong) = (0, 0, Vec::new());
    for service in SERVICES {
        let store = world.database.store(service);
        for (ctx, column, target) in [(&firm, "tenant_id", theirs.0), (&client, "account_id", globex)] {
            let tables: Vec<String> = sqlx::query_scalar(
                "select format('%I.%I', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace
                 join pg_attribute a on a.attrelid = c.oid and a.attname = $2 and not a.attisdropped
                 where n.nspname = $1 and c.relkind = 'r' and c.relname <> '_sqlx_migrations'
                   -- Rows of a person may mention an account; they are not an account's.
                   and ($2 = 'tenant_id' or obj_description(c.oid, 'pg_class') like '%class=account%') order by 1",
            )
            .bind(service)
            .bind(column)
            .fetch_all(world.database.admin())
            .await?;
            for table in tables {
                let mut tx = store.begin(ctx).await?;
                // The outbox may be written, never read.
                let count = format!("select count(*) from {table}");
                let Ok(seen) = sqlx::query_scalar::<_, i64>(AssertSqlSafe(count)).fetch_one(tx.conn()).await
                else {
                    continue;
                };
                if seen == 0 {
                    continue;
                }
                if column == "tenant_id" {
                    firms += 1
                } else {
                    accounts += 1
                }
                let update = format!("update {table} set {column} = $1 where {column} <> $1");
                let moved = sqlx::query(AssertSqlSafe(update)).bind(target).execute(tx.conn()).await;
                if moved.as_ref().err().map(code).as_deref() != Some(REFUSED) {
                    wrong.push(format!("{table}: rows moved by {column}: {moved:?}"));
                }
            }
        }
    }
    ensure!(firms > 25 && accounts > 4, "only {firms} tables of firms and {accounts} of accounts held rows");
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

/// A careless migration that leads round the floor lets rows out, and is why nothing starts on such a database.
pub(super) async fn i17_a_way_round_the_floor_keeps_portico_from_starting() -> Outcome {
    const WAYS: [(&str, &str, &str, &str); 4] = [
        (
            "create view workflow.way as select * from workflow.records; grant select on workflow.way to portico_workflow",
            "select count(*) from workflow.way",
            "drop view workflow.way",
            "workflow.way is a view that does not ask as its reader",
        ),
        (
            "create materialized view workflow.way as select * from workflow.records; grant select on workflow.way to portico_workflow",
            "select count(*) from workflow.way",
            "drop materialized view workflow.way",
            "workflow.way is a materialised view",
        ),
        (
            "create function workflow.way() returns bigint language sql security definer as 'select count(*) from workflow.records'; \
             grant execute on function workflow.way() to portico_workflow",
            "select workflow.way()",
            "drop function workflow.way()",
            "workflow.way() runs with its owner's rights",
        ),
        (
            "create table workflow.way (tenant_id uuid not null, account_id uuid not null, id uuid not null) partition by hash (id); \
             create table workflow.way_0 partition of workflow.way for values with (modulus 1, remainder 0); \
             insert into workflow.way select tenant_id, account_id, id from workflow.records; \
             alter table workflow.way owner to portico_workflow_owner; alter table workflow.way_0 owner to portico_workflow_owner; \
             select portico.declare_table('workflow.way', 'account'); grant select on workflow.way_0 to portico_workflow",
            "select count(*) from workflow.way_0",
            "drop table workflow.way",
            "workflow.way_0 has no class",
        ),
    ];
    let world = World::demo().await?;
    belongings(&world).await?;
    let mut reader = bare(&world.database, "workflow").await?;
    for (make, read, remove, offence) in WAYS {
        sqlx::raw_sql(make).execute(world.database.admin()).await.with_context(|| make)?;
        let seen: i64 = sqlx::query_scalar(read).fetch_one(&mut reader).await.with_context(|| read)?;
        ensure!(seen > 0, "{make}: the way leads nowhere, so that finding it proves nothing");
        let refusal = match world.second().await {
            Ok(second) => {
                second.stop().await;
                String::new()
            }
            Err(error) => format!("{error:#}"),
        };
        ensure!(refusal.contains(offence), "{make}: it started, or refused for another reason: {refusal:?}");
        sqlx::raw_sql(remove).execute(world.database.admin()).await?;
    }
    world.second().await.context("it does not start on a whole floor")?.stop().await;
    Ok(())
}

/// The role that migrates owns what serves requests, so nothing serves as that role: not by the address, not by changing roles.
pub(super) async fn i20_the_migrate_role_cannot_be_used_at_run_time() -> Outcome {
    let world = World::demo().await?;
    for service in SERVICES {
        let store = world.database.store(service);
        ensure!(store.refuse_mighty_role().await.is_ok(), "the roles of {service} are refused");
        let mut connection = store.plumbing().await?;
        for role in ["migrate", "owner"] {
            let statement = format!("set role portico_{service}_{role}");
            let outcome = sqlx::raw_sql(AssertSqlSafe(statement.clone())).execute(&mut *connection).await;
            ensure!(outcome.err().map(|error| code(&error)).as_deref() == Some(REFUSED), "may {statement}");
        }
    }
    let mighty: i64 = sqlx::query_scalar(
        "select count(*) from pg_stat_activity where datname = current_database() and usename like 'portico%' and usename <> current_user
           and usename !~ '^portico_(identity|tenancy|documents|workflow|messaging|billing)(_relay)?$'",
    )
    .fetch_one(world.database.admin())
    .await?;
    ensure!(mighty == 0, "{mighty} connections serve as another role");
    // A role that owns what it reads is past the floor: nothing starts with it.
    sqlx::raw_sql("alter table workflow.records owner to portico_workflow")
        .execute(world.database.admin())
        .await?;
    let refusal = world.second().await.err().map(|error| format!("{error:#}")).unwrap_or_default();
    ensure!(refusal.contains("could bypass isolation"), "it started as an owner of tables: {refusal:?}");
    Ok(())
}
