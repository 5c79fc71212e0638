//! The client's home page among 1,000 accounts and 100,000 records, against the SQL that it runs.

use std::time::Instant;

use anyhow::Context as _;

use crate::{harness::World, replay::Recording, say, usage};

const PAGES: u32 = 300;

/// Asks for the page in a loop, records the statements of as many requests, and runs these alone through the same driver.
///
/// # Errors
/// Where a page or a statement fails.
pub(crate) async fn measure() -> anyhow::Result<()> {
    let world = World::demo().await?;
    world.signed_engagement("Warehouse audit").await?;
    seed(&world).await?;
    let mut ana = world.client("northwind", "ana@acme.example").await?;
    for _ in 0..20 {
        ana.get("/").await?;
    }
    let before = usage::cpu_seconds()?;
    let start = Instant::now();
    for _ in 0..PAGES {
        anyhow::ensure!(ana.get("/").await?.status.is_success(), "the home page failed");
    }
    let page = (usage::cpu_seconds()? - before) / f64::from(PAGES);
    let elapsed = start.elapsed().as_secs_f64() / f64::from(PAGES);

    let recording = Recording::start(&world.database).await?;
    for _ in 0..PAGES {
        ana.get("/").await?;
    }
    let mut recorded = recording.finish().await?;
    recorded.run().await?;
    let before = usage::cpu_seconds()?;
    recorded.run().await?;
    let sql = (usage::cpu_seconds()? - before) / f64::from(PAGES);
    say(&format!(
        "home page: {:.2} ms CPU and {:.2} ms elapsed a request; its {:.0} statements alone {:.2} ms CPU; ratio {:.1} (goal 5)",
        page * 1e3,
        elapsed * 1e3,
        f64::from(u32::try_from(recorded.len())?) / f64::from(PAGES),
        sql * 1e3,
        page / sql
    ));
    Ok(())
}

async fn seed(world: &World) -> anyhow::Result<()> {
    let admin = world.database.admin();
    let accounts = sqlx::raw_sql(
        "insert into tenancy.accounts select (jsonb_populate_record(a, jsonb_build_object(
             'id', '00000000-0000-7000-8000-' || lpad(n::text, 12, '0'),
             'account_id', '00000000-0000-7000-8000-' || lpad(n::text, 12, '0'), 'name', 'Account ' || n, 'idempotency_key', 'seed-' || n))).*
           from tenancy.accounts a, generate_series(0, 999) n where a.name = 'Globex'",
    )
    .execute(admin)
    .await
    .context("seeding accounts")?;
    let records = sqlx::raw_sql(
        "insert into workflow.records select (jsonb_populate_record(r, jsonb_build_object('id', gen_random_uuid(), 'account_id',
             ('00000000-0000-7000-8000-' || lpad((n % 1000)::text, 12, '0'))))).*
           from workflow.records r, generate_series(1, 100000) n where r.id = (select id from workflow.records limit 1)",
    )
    .execute(admin)
    .await
    .context("seeding records")?;
    let (accounts, records) = (accounts.rows_affected(), records.rows_affected());
    anyhow::ensure!(
        (accounts, records) == (1_000, 100_000),
        "seeded {accounts} accounts and {records} records"
    );
    sqlx::raw_sql("analyze").execute(admin).await?;
    Ok(())
}
