//! The floor itself: every table of every service carries the policies of its class, and nothing goes round them.

use anyhow::ensure;
use portico_db::floor_offences;
use sqlx::AssertSqlSafe;

use crate::harness::Outcome;

/// The schema as migrations leave it has no offence.
pub(super) async fn every_table_carries_the_floor_of_its_class() -> Outcome {
    let database = portico_testkit::database().await?;
    let found = floor_offences(&mut *database.admin().acquire().await?).await?;
    ensure!(found.is_empty(), "{}", found.join("\n"));
    let tables: i64 =
        sqlx::query_scalar("select count(*) from pg_policies where policyname = 'tenant_floor'")
            .fetch_one(database.admin())
            .await?;
    ensure!(tables > 30, "only {tables} tables were looked at");
    Ok(())
}

/// Each way of breaking the floor is noticed.
pub(super) async fn i18_i19_a_broken_floor_is_noticed() -> Outcome {
    const MUTATIONS: [(&str, &str); 17] = [
        ("create table documents.leak (tenant_id uuid not null, id uuid)", "has no class"),
        ("alter table identity.people no force row level security", "does not force"),
        ("alter table identity.people disable row level security", "does not force"),
        ("drop policy tenant_floor on tenancy.accounts", "lacks the policy tenant_floor"),
        ("drop policy account_floor on tenancy.accounts", "lacks the policy account_floor"),
        ("create policy extra on tenancy.accounts for select using (true)", "which its class does not have"),
        (
            "alter policy tenant_floor on workflow.records using (true) with check (true)",
            "the floor tenant_floor says",
        ),
        (
            "alter table workflow.records rename column tenant_id to firm_id",
            "tenant_id may be null or is missing",
        ),
        ("create unique index oracle on identity.people (email)", "tells of other firms"),
        ("create view workflow.peek as select * from workflow.records", "does not ask as its reader"),
        ("create materialized view workflow.copy as select 1 as one", "materialised view"),
        ("create sequence workflow.counter", "is a sequence"),
        ("alter table workflow.records owner to portico_workflow", "also serves requests"),
        ("grant truncate on workflow.records to portico_workflow", "grants TRUNCATE"),
        ("grant select on workflow.records to public", "to everybody"),
        (
            "create function workflow.peep() returns int language sql security definer return 1",
            "its owner's rights",
        ),
        (
            "create schema reports; grant usage on schema reports to portico_workflow",
            "the schema reports is open to portico_workflow",
        ),
    ];
    let database = portico_testkit::database().await?;
    for (mutation, expected) in MUTATIONS {
        let mut tx = database.admin().begin().await?;
        sqlx::raw_sql(AssertSqlSafe(mutation)).execute(&mut *tx).await?;
        let found = floor_offences(&mut tx).await?;
        tx.rollback().await?;
        ensure!(
            found.iter().any(|offence| offence.contains(expected)),
            "{mutation}: not noticed; found {found:?}"
        );
    }
    Ok(())
}
