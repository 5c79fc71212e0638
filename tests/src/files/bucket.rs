//! Files in a bucket of an object store that is not ours.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{Method, StatusCode};
use tokio::{io::AsyncWriteExt as _, net::TcpStream};

use crate::harness::{ObjectStore, Outcome, Scanner, Visitor, World, large_pdf, pdf};

/// How long a verdict, or clearing up, may take.
const PATIENCE: Duration = Duration::from_secs(40);

/// Sends a file in pieces of these sizes; after each piece but the last the whole of Portico is started anew. Answers its version.
async fn send_in_pieces(
    world: &mut World,
    visitor: &mut Visitor,
    folder: &str,
    name: &str,
    file: &[u8],
    pieces: &[usize],
) -> anyhow::Result<String> {
    let (size, name) = (file.len().to_string(), format!("filename {}", STANDARD.encode(name)));
    let headers = [("upload-length", size.as_str()), ("upload-metadata", name.as_str())];
    let begun =
        visitor.tus(Method::POST, &format!("/uploads?for=folder&id={folder}"), &headers, Vec::new()).await?;
    let upload =
        begun.is(StatusCode::CREATED)?.headers.get("location").context("no location")?.to_str()?.to_owned();
    let mut offset = 0;
    for piece in pieces {
        let end = offset + piece;
        let at = offset.to_string();
        let bytes = file[offset..end].to_vec();
        let told = visitor.tus(Method::PATCH, &upload, &[("upload-offset", at.as_str())], bytes).await?;
        let told = told.is(StatusCode::NO_CONTENT)?;
        if let Some(version) = told.headers.get("upload-version") {
            return Ok(version.to_str()?.to_owned());
        }
        world.restart().await?;
        let told = visitor.tus(Method::HEAD, &upload, &[], Vec::new()).await?.is(StatusCode::OK)?;
        ensure!(told.headers["upload-offset"] == end.to_string().as_str(), "{:?}", told.headers);
        offset = end;
    }
    anyhow::bail!("the upload did not come to its end")
}

/// Everything that is done with a file works the same where it lies in a bucket: signed, sent in pieces, scanned, shown, downloaded,
/// packed. A sender who goes away in the middle leaves nothing, neither on the page nor in the bucket; nothing lies on the disk.
pub(super) async fn files_lie_in_a_bucket_from_the_first_byte_to_the_archive() -> Outcome {
    let store = ObjectStore::start().await?;
    let scanner = Scanner::start()?;
    let mut world = World::demo_with_bucket(&store, &scanner).await?;
    let engagement = world.signed_engagement("Warehouse audit").await?;
    let shelf = world.shelf(&engagement, "Board papers").await?;
    let folder = &shelf.folders[0];
    let place = format!("/documents/folders/{folder}");
    let mut ana = world.client("northwind", "ana@acme.example").await?;
    ana.get(&place).await?.is(StatusCode::OK)?;

    let small = pdf("Minutes of the board", 3);
    let third = small.len() / 3;
    let pieces = [third, third, small.len() - 2 * third];
    let version = send_in_pieces(&mut world, &mut ana, folder, "minutes.pdf", &small, &pieces).await?;
    let start = Instant::now();
    loop {
        let page = ana.get(&format!("/files/{version}/pages/1")).await?;
        if page.status == StatusCode::OK {
            ensure!(page.body.starts_with(b"\x89PNG"), "a page is no picture");
            break;
        }
        ensure!(start.elapsed() < PATIENCE, "the scanner says nothing: {}", page.status);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let whole = ana.get(&format!("/files/{version}")).await?.is(StatusCode::OK)?;
    ensure!(whole.body == small, "another file was kept");

    // More than one part of an upload, which a second process goes on with.
    let large = large_pdf(11 * 1024 * 1024);
    let pieces = [1_000_000, 5_500_000, large.len() - 6_500_000];
    let version = send_in_pieces(&mut world, &mut ana, folder, "all.pdf", &large, &pieces).await?;
    let start = Instant::now();
    loop {
        let whole = ana.get(&format!("/files/{version}")).await?;
        if whole.status == StatusCode::OK {
            ensure!(whole.body == large, "another file was kept");
            break;
        }
        ensure!(start.elapsed() < PATIENCE, "the scanner says nothing: {}", whole.status);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let archive = ana.get(&format!("{place}/zip")).await?.is(StatusCode::OK)?;
    for file in [&small, &large] {
        ensure!(archive.body.len() > file.len(), "the archive lacks a file");
    }
    ensure!(
        archive.body.starts_with(b"PK\x03\x04") && archive.body.len() > small.len() + large.len(),
        "no archive"
    );

    // Seven of twelve megabytes come, then the line is cut.
    let (before, unfinished) = store.keys().await?;
    ensure!(
        unfinished.is_empty() && !before.iter().any(|key| key.contains(".parts/")),
        "{unfinished:?} {before:?}"
    );
    let path = format!("{place}/files");
    let (content_type, body) = Visitor::multipart("cut.pdf", &large_pdf(12 * 1024 * 1024));
    let mut line = TcpStream::connect(world.address()).await?;
    line.write_all(ana.head(&path, &content_type, body.len()).as_bytes()).await?;
    line.write_all(&body[..7 * 1024 * 1024]).await?;
    let start = Instant::now();
    while store.keys().await?.1.is_empty() {
        ensure!(start.elapsed() < PATIENCE, "no part arrives");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    drop(line);
    let start = Instant::now();
    while store.keys().await? != (before.clone(), Vec::new()) {
        ensure!(start.elapsed() < PATIENCE, "a cut upload stays behind: {:?}", store.keys().await?);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let page = ana.get(&place).await?.is(StatusCode::OK)?.shows("minutes.pdf")?.text();
    ensure!(page.contains("all.pdf") && !page.contains("cut.pdf"), "the folder lists a file that never came");
    ensure!(!world.home().join("blobs").exists(), "bytes lie on the disk");
    Ok(())
}
