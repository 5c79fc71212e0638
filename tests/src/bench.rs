//! What the promises about speed and memory come to on this machine: each is measured in one run and printed, never asserted.
//!
//! Run by `scripts/bench` and, with the word `web`, by `scripts/bench-web`. Each starts a throw-away database and builds for release.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a measurement that cannot go on says so by panicking"
)]

#[allow(dead_code, unused_imports, reason = "the stories use what the measurements do not")]
mod harness;
#[path = "bench/web.rs"]
mod web;

use std::time::{Duration, Instant};

use anyhow::Context as _;
use axum::body::Body;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::{Method, Request};
use http_body_util::BodyExt as _;
use portico_proto::{
    billing::v1::{GetStatusRequest, billing_client::BillingClient},
    documents::v1::GetRequestRequest,
    messaging::v1::{PostMessageRequest, WatchRequest, messaging_client::MessagingClient},
};

use harness::{World, steps};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    if std::env::args().nth(1).is_some_and(|what| what == "web") {
        return web::home().await;
    }
    start_and_rest().await?;
    local_call().await?;
    home_page().await?;
    live_latency().await?;
    large_file().await
}

#[expect(clippy::print_stdout, reason = "the measurements")]
fn say(line: &str) {
    println!("{line}");
}

/// All services in one process: ready on a migrated database, and resident memory when idle.
async fn start_and_rest() -> anyhow::Result<()> {
    let mut world = World::demo().await?;
    let start = Instant::now();
    world.restart().await?;
    let mut visitor = world.visitor("northwind");
    visitor.get("/sign-in").await?;
    say(&format!(
        "start: {:.2} s until a page is answered, database migrated (goal 2 s)",
        start.elapsed().as_secs_f64()
    ));
    tokio::time::sleep(Duration::from_secs(5)).await;
    say(&format!("idle: {} MiB resident, all services and this program (goal 100 MB)", resident_mib()?));
    Ok(())
}

/// A call over the local channel, above its handler, which does nothing.
async fn local_call() -> anyhow::Result<()> {
    const CALLS: u32 = 50_000;
    let world = World::demo().await?;
    let ana = world.person("northwind", "ana@acme.example").await?;
    let mut client = BillingClient::new(ana.channel("billing"));
    for _ in 0..1_000 {
        client.get_status(GetStatusRequest {}).await?;
    }
    let start = Instant::now();
    for _ in 0..CALLS {
        client.get_status(GetStatusRequest {}).await?;
    }
    let each = start.elapsed() / CALLS;
    say(&format!(
        "local call: {:.1} µs above a handler that does nothing (goal 30 µs)",
        each.as_secs_f64() * 1e6
    ));
    Ok(())
}

/// The client's home page with 1,000 accounts and 100,000 records beside it, against its own main query in a loop.
async fn home_page() -> anyhow::Result<()> {
    const PAGES: u32 = 300;
    let world = World::demo().await?;
    let engagement = world.signed_engagement("Warehouse audit").await?;
    seed(&world).await?;
    let mut ana = world.client("northwind", "ana@acme.example").await?;
    for _ in 0..20 {
        ana.get("/").await?;
    }
    let before = cpu_seconds()?;
    let start = Instant::now();
    for _ in 0..PAGES {
        ana.get("/").await?;
    }
    let page = (cpu_seconds()? - before) / f64::from(PAGES);
    let elapsed = start.elapsed().as_secs_f64() / f64::from(PAGES);
    let sql = home_sql(&world, &engagement.account, PAGES).await?;
    say(&format!(
        "home page: {:.2} ms CPU and {:.2} ms elapsed a request; the SQL behind it alone {:.2} ms CPU; ratio {:.1} (goal 5)",
        page * 1e3,
        elapsed * 1e3,
        sql * 1e3,
        page / sql
    ));
    Ok(())
}

async fn seed(world: &World) -> anyhow::Result<()> {
    let admin = world.database.admin();
    sqlx::raw_sql(
        "insert into tenancy.accounts select (jsonb_populate_record(a, jsonb_build_object('id', gen_random_uuid(), 'account_id', null, 'name', 'Account ' || n))).*
           from tenancy.accounts a, generate_series(1, 1000) n where a.name = 'Globex'",
    )
    .execute(admin)
    .await
    .ok();
    sqlx::raw_sql(
        "insert into workflow.records select (jsonb_populate_record(r, jsonb_build_object('id', gen_random_uuid(), 'account_id',
             ('00000000-0000-7000-8000-' || lpad((n % 1000)::text, 12, '0'))))).*
           from (select * from workflow.records limit 1) r, generate_series(1, 100000) n",
    )
    .execute(admin)
    .await
    .context("seeding records")?;
    sqlx::raw_sql("analyze").execute(admin).await?;
    Ok(())
}

/// CPU of the statements that a home page runs, prepared and in transactions with the same context, through the same driver.
async fn home_sql(world: &World, account: &str, times: u32) -> anyhow::Result<f64> {
    let tenant = world.tenant("northwind").await?;
    let ctx = portico_testkit::client(tenant, &[account.parse()?], &["client"]);
    let store = world.database.store("workflow");
    let before = cpu_seconds()?;
    for _ in 0..times {
        let mut tx = store.begin(&ctx).await?;
        for sql in [
            "select * from workflow.run_steps where tenant_id = $1 and account_id = $2::uuid limit 50",
            "select * from workflow.runs where tenant_id = $1 and account_id = $2::uuid limit 50",
            "select * from workflow.records where tenant_id = $1 and account_id = $2::uuid limit 50",
        ] {
            sqlx::query(sqlx::AssertSqlSafe(sql)).bind(tenant.0).bind(account).fetch_all(tx.conn()).await?;
        }
        tx.rollback().await?;
    }
    Ok((cpu_seconds()? - before) / f64::from(times))
}

/// From the commit of a message to the event in a stream, with 200 streams open.
async fn live_latency() -> anyhow::Result<()> {
    const STREAMS: usize = 200;
    const MESSAGES: usize = 200;
    let world = World::demo().await?;
    let engagement = world.signed_engagement("Warehouse audit").await?;
    let (ana, paul) = (
        world.person("northwind", "ana@acme.example").await?,
        world.person("northwind", "paul@northwind.example").await?,
    );
    let (told, mut heard) = tokio::sync::mpsc::unbounded_channel();
    for index in 0..STREAMS {
        let mut client = MessagingClient::new(ana.channel("messaging").without_deadline());
        let mut events = client.watch(WatchRequest::default()).await?.into_inner();
        let told = told.clone();
        tokio::spawn(async move {
            while let Some(Ok(answer)) = events.next().await {
                if index == STREAMS - 1 && answer.event.is_some_and(|event| event.name == "message_posted") {
                    let _ = told.send(Instant::now());
                }
            }
        });
    }
    let mut waits = Vec::with_capacity(MESSAGES);
    for number in 0..MESSAGES {
        let post = PostMessageRequest {
            record_id: engagement.record.clone(),
            body: format!("message {number}"),
            ..PostMessageRequest::default()
        };
        paul.messaging().post_message(post).await?;
        let committed = Instant::now();
        let at =
            tokio::time::timeout(Duration::from_secs(5), heard.recv()).await?.context("the stream ended")?;
        waits.push(at.saturating_duration_since(committed));
    }
    waits.sort_unstable();
    let p99 = waits[waits.len() * 99 / 100 - 1];
    say(&format!(
        "live: median {:.1} ms, p99 {:.1} ms from commit to the last of {STREAMS} streams (goal 100 ms)",
        waits[waits.len() / 2].as_secs_f64() * 1e3,
        p99.as_secs_f64() * 1e3
    ));
    Ok(())
}

/// 1 GiB up and down, and what memory it takes.
async fn large_file() -> anyhow::Result<()> {
    const CHUNK: usize = 1024 * 1024;
    let mib: usize = std::env::var("BENCH_MIB").ok().and_then(|text| text.parse().ok()).unwrap_or(1024);
    let world = World::demo().await?;
    let engagement = world.signed_engagement("Warehouse audit").await?;
    let ana = world.person("northwind", "ana@acme.example").await?;
    let step = steps(&ana.run(&engagement.run).await?)["sysdocs"].id.clone();
    let request =
        ana.documents().get_request(GetRequestRequest { step_id: step }).await?.into_inner().request;
    let item = request.and_then(|request| request.items.into_iter().next()).context("no item")?;
    sqlx::query("update documents.items set max_bytes = 5368709120").execute(world.database.admin()).await?;
    let block = Bytes::from(vec![7_u8; CHUNK]);
    let head = Bytes::from_static(b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
    let body =
        stream::iter((0..mib).map(move |index| {
            Ok::<_, std::io::Error>(if index == 0 { head.clone() } else { block.clone() })
        }));
    let before = resident_mib()?;
    let start = Instant::now();
    let request = Request::builder()
        .method(Method::POST)
        .uri(format!("/items/{}/files", item.id))
        .header("x-file-name", "large.zip")
        .body(Body::from_stream(body))?;
    let channel = ana.channel("documents").without_deadline();
    let answer = channel.send(request.map(tonic::body::Body::new)).await?;
    let status = answer.status();
    let text = answer.into_body().collect().await?.to_bytes();
    let up = start.elapsed().as_secs_f64();
    let json: serde_json::Value = serde_json::from_slice(&text)
        .with_context(|| format!("{status}: {}", String::from_utf8_lossy(&text)))?;
    let version = json["version_id"].as_str().context("no version")?;
    let peak_up = resident_mib()?;
    let start = Instant::now();
    let request = Request::builder().uri(format!("/versions/{version}")).body(Body::empty())?;
    let mut body = channel.send(request.map(tonic::body::Body::new)).await?.into_body();
    let (mut bytes, mut peak_down) = (0_u64, 0);
    while let Some(frame) = body.frame().await {
        bytes += frame?.data_ref().map_or(0, |data| data.len() as u64);
        if bytes.is_multiple_of(64 * 1024 * 1024) {
            peak_down = peak_down.max(resident_mib()?);
        }
    }
    let down = start.elapsed().as_secs_f64();
    let size = mib as f64;
    say(&format!(
        "{mib} MiB: up {:.0} MiB/s, down {:.0} MiB/s ({bytes} bytes); resident before {before}, after the upload {peak_up}, during the download {peak_down} MiB",
        size / up,
        size / down
    ));
    Ok(())
}

fn resident_mib() -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("VmRSS")).context("no VmRSS")?;
    let kib: u64 = line.split_whitespace().nth(1).context("no number")?.parse()?;
    Ok(kib / 1024)
}

/// User and system time of this process so far, in seconds; the database's is its own.
fn cpu_seconds() -> anyhow::Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let after_name = stat.rsplit_once(')').context("no name")?.1;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let ticks: f64 = fields[11].parse::<f64>()? + fields[12].parse::<f64>()?;
    // The kernel counts in hundredths of a second on every Linux that Debian builds.
    Ok(ticks / 100.0)
}
