//! A large file up, in two goes, and down, and what memory it takes.

use std::{
    io::Write as _,
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::Context as _;
use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use http::Request;
use http_body_util::BodyExt as _;
use portico_proto::documents::v1::GetRequestRequest;

use crate::{
    harness::{World, steps},
    say,
    uploads::Upload,
    usage,
};

const CHUNK: usize = 1024 * 1024;

/// `BENCH_MIB`, 1024 where it is not set.
pub(crate) fn size() -> usize {
    std::env::var("BENCH_MIB").ok().and_then(|text| text.parse().ok()).unwrap_or(1024)
}

/// Sends a file of [`size`] MiB to a document request and reads it back, past the gateway: what the vault can do.
///
/// # Errors
/// Where it is refused.
pub(crate) async fn measure() -> anyhow::Result<()> {
    let mib = size();
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
    let size = (mib - 1) * CHUNK + head.len();
    let before = usage::resident_mib("self")?;
    let start = Instant::now();
    let upload = Upload::begin(&ana, &format!("for=item&id={}", item.id), "large.zip", size).await?;
    // The first go brings half, as after a cut connection.
    let half = head.len() + (mib / 2) * CHUNK;
    let first = std::iter::once(head).chain(std::iter::repeat_n(block.clone(), mib / 2));
    upload.send(0, half, Body::from_stream(stream::iter(first.map(Ok::<_, std::io::Error>)))).await?;
    let second = std::iter::repeat_n(block, mib - 1 - mib / 2);
    let version = upload
        .send(half, size - half, Body::from_stream(stream::iter(second.map(Ok::<_, std::io::Error>))))
        .await?;
    let version = version.context("no version")?;
    let up = start.elapsed().as_secs_f64();
    let channel = ana.channel("documents").without_deadline();
    let peak_up = usage::resident_mib("self")?;
    let start = Instant::now();
    let request = Request::builder().uri(format!("/versions/{version}")).body(Body::empty())?;
    let mut body = channel.send(request.map(tonic::body::Body::new)).await?.into_body();
    let (mut bytes, mut peak_down) = (0_u64, 0);
    while let Some(frame) = body.frame().await {
        bytes += frame?.data_ref().map_or(0, |data| data.len() as u64);
        if bytes.is_multiple_of(64 * 1024 * 1024) {
            peak_down = peak_down.max(usage::resident_mib("self")?);
        }
    }
    let down = start.elapsed().as_secs_f64();
    let size = mib as f64;
    let plain = plain_tools(mib)?;
    say(&format!(
        "{mib} MiB: up {:.0} MiB/s, down {:.0} MiB/s ({bytes} bytes); resident before {before}, after the upload {peak_up}, during the download {peak_down} MiB",
        size / up,
        size / down
    ));
    say(&format!(
        "up, hashed and sealed: {:.1} times cp and sha256sum of the same file, {plain:.1} s (goal 2, better 1.5)",
        up / plain
    ));
    Ok(())
}

/// What copying and hashing a file of this size takes with the system's own programs, in seconds.
fn plain_tools(mib: usize) -> anyhow::Result<f64> {
    let folder = tempfile::tempdir()?;
    let (from, to) = (folder.path().join("from"), folder.path().join("to"));
    let mut file = std::fs::File::create(&from)?;
    let block = vec![7_u8; CHUNK];
    for _ in 0..mib {
        file.write_all(&block)?;
    }
    let start = Instant::now();
    for (program, arguments) in [("cp", vec![&from, &to]), ("sha256sum", vec![&to])] {
        let done = Command::new(program).args(arguments).stdout(Stdio::null()).status()?;
        anyhow::ensure!(done.success(), "{program} failed");
    }
    Ok(start.elapsed().as_secs_f64())
}
