//! The program is killed in the middle of an upload that comes in several goes.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{Method, StatusCode};
use portico_proto::documents::v1::GetRequestRequest;
use sha2::{Digest as _, Sha256};
use tokio::io::AsyncWriteExt as _;

use crate::harness::{Answer, Outcome, Visitor, World, large_pdf, steps};

/// How often it is killed.
const KILLS: usize = 4;
/// What is sent and acknowledged between two kills.
const PIECE: usize = 300_000;

fn offset(answer: &Answer) -> anyhow::Result<usize> {
    let told = answer.headers.get("upload-offset").context("no offset")?;
    Ok(told.to_str()?.parse()?)
}

/// Where the upload stands, once the hold of the killed process is over.
async fn stands(visitor: &mut Visitor, place: &str) -> anyhow::Result<usize> {
    let told = visitor.tus(Method::HEAD, place, &[], Vec::new()).await?.is(StatusCode::OK)?;
    offset(&told)
}

async fn send(
    visitor: &mut Visitor,
    place: &str,
    file: &[u8],
    from: usize,
    to: usize,
) -> anyhow::Result<Answer> {
    let patience = std::time::Instant::now() + Duration::from_secs(60);
    loop {
        let at = from.to_string();
        let headers = [("upload-offset", at.as_str())];
        let told = visitor.tus(Method::PATCH, place, &headers, file[from..to].to_vec()).await?;
        if told.status != StatusCode::LOCKED {
            return Ok(told);
        }
        ensure!(std::time::Instant::now() < patience, "the hold of a killed process never ends");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// Sends the head of a go and part of its bytes, and leaves the line open.
async fn begin(
    visitor: &Visitor,
    world: &World,
    place: &str,
    file: &[u8],
    from: usize,
) -> anyhow::Result<tokio::net::TcpStream> {
    let (at, length) = (from.to_string(), (file.len() - from).to_string());
    let head = visitor.head_of(
        "PATCH",
        place,
        &[
            ("Tus-Resumable", "1.0.0"),
            ("Content-Type", "application/offset+octet-stream"),
            ("Upload-Offset", &at),
            ("Content-Length", &length),
        ],
    );
    let mut line = tokio::net::TcpStream::connect(world.address()).await?;
    line.write_all(head.as_bytes()).await?;
    line.write_all(&file[from..file.len().min(from + 200_000)]).await?;
    line.flush().await?;
    Ok(line)
}

/// Killed again and again while bytes arrive, and once with the last byte under way: what was acknowledged is there, the upload goes
/// on where it was, and in the end there is one file, whole.
pub(super) async fn killed_in_mid_upload_nothing_acknowledged_is_lost() -> Outcome {
    let mut world = World::demo().await?;
    let engagement = world.signed_engagement("Warehouse audit").await?;
    let ana = world.person("northwind", "ana@acme.example").await?;
    let step = steps(&ana.run(&engagement.run).await?)["sysdocs"].id.clone();
    let asked = GetRequestRequest { step_id: step.clone() };
    let request = ana.documents().get_request(asked).await?.into_inner().request.context("no request")?;
    let item = request.items.first().context("no row")?.id.clone();
    let mut visitor = world.client("northwind", "ana@acme.example").await?;
    let mut process = world.hand_over().await?;
    visitor.get(&format!("/tasks/{step}")).await?.is(StatusCode::OK)?;

    let file = large_pdf(4 * 1024 * 1024);
    let (size, name) = (file.len().to_string(), format!("filename {}", STANDARD.encode("everything.pdf")));
    let headers = [("upload-length", size.as_str()), ("upload-metadata", name.as_str())];
    let created = visitor
        .tus(Method::POST, &format!("/uploads?for=item&id={item}"), &headers, Vec::new())
        .await?
        .is(StatusCode::CREATED)?;
    let place = created.headers.get("location").context("no location")?.to_str()?.to_owned();
    for _ in 0..KILLS {
        let from = stands(&mut visitor, &place).await?;
        let told = send(&mut visitor, &place, &file, from, from + PIECE).await?.is(StatusCode::NO_CONTENT)?;
        let acknowledged = offset(&told)?;
        ensure!(acknowledged == from + PIECE, "it acknowledged {acknowledged} instead of {}", from + PIECE);
        let line = begin(&visitor, &world, &place, &file, acknowledged).await?;
        tokio::time::sleep(Duration::from_millis(150)).await;
        process.kill()?;
        drop(line);
        process.revive().await?;
        let after = stands(&mut visitor, &place).await?;
        ensure!(after >= acknowledged, "{acknowledged} bytes were acknowledged, and {after} are there");
    }
    // The last go: it is killed while the file is put in its place, or just before, or just after.
    let from = stands(&mut visitor, &place).await?;
    let held = send(&mut visitor, &place, &file, from, from + 1).await?.is(StatusCode::NO_CONTENT)?;
    let from = offset(&held)?;
    let (at, length) = (from.to_string(), (file.len() - from).to_string());
    let head = visitor.head_of(
        "PATCH",
        &place,
        &[
            ("Tus-Resumable", "1.0.0"),
            ("Content-Type", "application/offset+octet-stream"),
            ("Upload-Offset", &at),
            ("Content-Length", &length),
        ],
    );
    let mut line = tokio::net::TcpStream::connect(world.address()).await?;
    line.write_all(head.as_bytes()).await?;
    line.write_all(&file[from..]).await?;
    line.flush().await?;
    tokio::time::sleep(Duration::from_millis(60)).await;
    process.kill()?;
    process.revive().await?;
    let mut stood = stands(&mut visitor, &place).await?;
    if stood < file.len() {
        send(&mut visitor, &place, &file, stood, file.len()).await?.is(StatusCode::NO_CONTENT)?;
    }
    // Whatever became of that answer, asking finds it, as soon as the hold of the killed process is over.
    let patience = std::time::Instant::now() + Duration::from_secs(60);
    let version = loop {
        let told = visitor.tus(Method::HEAD, &place, &[], Vec::new()).await?.is(StatusCode::OK)?;
        stood = offset(&told)?;
        if let Some(version) = told.headers.get("upload-version") {
            break version.to_str()?.to_owned();
        }
        ensure!(std::time::Instant::now() < patience, "{stood} bytes are there, and no file comes of them");
        tokio::time::sleep(Duration::from_millis(500)).await;
    };
    let whole = visitor.get(&format!("/files/{version}")).await?.is(StatusCode::OK)?;
    ensure!(Sha256::digest(&whole.body) == Sha256::digest(&file), "another file was kept");
    process.kill()?;
    let log = process.log()?;
    ensure!(!log.contains("panicked"), "it panicked: {log}");
    world.take_back().await?;
    world.settle().await?;
    let ana = world.person("northwind", "ana@acme.example").await?;
    let asked = GetRequestRequest { step_id: step };
    let request = ana.documents().get_request(asked).await?.into_inner().request.context("no request")?;
    ensure!(request.items[0].files.len() == 1, "it is there {} times", request.items[0].files.len());
    Ok(())
}
