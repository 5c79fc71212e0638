//! Uploads that cannot be kept, or do not arrive whole.

use std::{path::Path, time::Duration};

use anyhow::{Context as _, ensure};
use http::StatusCode;
use portico_proto::documents::v1::{GetRequestRequest, ItemState, Request};
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::harness::{Outcome, Persona, Visitor, World, large_pdf, steps};

/// Room for everything small and for no large file, in bytes.
const ROOM: u64 = 2 * 1024 * 1024;

async fn request(person: &Persona, step: &str) -> anyhow::Result<Request> {
    let asked = GetRequestRequest { step_id: step.to_owned() };
    person.documents().get_request(asked).await?.into_inner().request.context("no request")
}

/// Files in the making, and files that are kept.
fn stored(home: &Path) -> anyhow::Result<(usize, usize)> {
    let (mut incoming, mut kept, mut folders) = (0, 0, vec![home.join("blobs")]);
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if folder.ends_with(".incoming") {
                incoming += 1;
            } else {
                kept += 1;
            }
        }
    }
    Ok((incoming, kept))
}

async fn versions(world: &World) -> anyhow::Result<i64> {
    Ok(sqlx::query_scalar("select count(*) from documents.versions")
        .fetch_one(world.database.admin())
        .await?)
}

/// With no room left an upload is refused in words that help, nothing of it stays, all else goes on, and with room it works again.
pub(super) async fn a_full_disk_refuses_uploads_and_nothing_else() -> Outcome {
    let mut world = World::demo().await?;
    let engagement = world.signed_engagement("Warehouse audit").await?;
    let ana = world.person("northwind", "ana@acme.example").await?;
    let step = steps(&ana.run(&engagement.run).await?)["sysdocs"].id.clone();
    let item = request(&ana, &step).await?.items.first().context("no item")?.id.clone();
    let mut visitor = world.client("northwind", "ana@acme.example").await?;
    let mut process = world.hand_over().await?;
    let (before, kept) = (versions(&world).await?, stored(&world.home())?);

    process.limit_files(Some(ROOM))?;
    let path = format!("/tasks/{step}/items/{item}/files");
    let large = large_pdf(5 * 1024 * 1024);
    visitor.get(&format!("/tasks/{step}")).await?.is(StatusCode::OK)?;
    let refused = visitor.upload(&path, "everything.pdf", &large).await?;
    ensure!(
        refused.status.is_client_error() || refused.status.is_server_error(),
        "it answered {}",
        refused.status
    );
    ensure!(refused.text().contains("no space left"), "it does not say why: {}", refused.text());
    ensure!(versions(&world).await? == before && stored(&world.home())? == kept, "something of it stayed");
    visitor.get("/tasks").await?.is(StatusCode::OK)?;
    let posted = visitor
        .post_only(&format!("/messages/{}", engagement.record), &[("body", "It does not work"), ("key", "k")])
        .await?;
    ensure!(posted.status == StatusCode::SEE_OTHER, "a message was refused as well: {}", posted.status);

    process.limit_files(None)?;
    let taken = visitor.upload(&path, "everything.pdf", &large).await?;
    ensure!(taken.status.is_success(), "with room it is still refused: {} {}", taken.status, taken.text());
    process.kill()?;
    world.take_back().await?;
    world.settle().await?;
    let ana = world.person("northwind", "ana@acme.example").await?;
    let item = request(&ana, &step).await?.items[0].clone();
    ensure!(item.state() == ItemState::Checking && item.files.len() == 1, "{item:?}");
    let version = &item.files[0];
    ensure!(version.sha256 == hex::encode(Sha256::digest(&large)), "another file was kept");
    Ok(())
}

/// A line that breaks in the middle of an upload leaves nothing: no bytes, no version, no changed task.
pub(super) async fn a_cut_upload_leaves_nothing_behind() -> Outcome {
    let world = World::demo().await?;
    let engagement = world.signed_engagement("Warehouse audit").await?;
    let ana = world.person("northwind", "ana@acme.example").await?;
    let step = steps(&ana.run(&engagement.run).await?)["sysdocs"].id.clone();
    let item = request(&ana, &step).await?.items.first().context("no item")?.id.clone();
    let mut visitor = world.client("northwind", "ana@acme.example").await?;
    visitor.get(&format!("/tasks/{step}")).await?.is(StatusCode::OK)?;
    let (before, kept) = (versions(&world).await?, stored(&world.home())?);
    let path = format!("/tasks/{step}/items/{item}/files");
    let large = large_pdf(3 * 1024 * 1024);
    for part in [0, 1_000, 70_000, large.len() - 1] {
        cut(&visitor, &world, &path, &large, part).await?;
    }
    let patience = std::time::Instant::now() + Duration::from_secs(15);
    while stored(&world.home())? != kept {
        ensure!(std::time::Instant::now() < patience, "files stay behind: {:?}", stored(&world.home())?);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    world.settle().await?;
    ensure!(versions(&world).await? == before, "a version of half a file was kept");
    let state = request(&ana, &step).await?.items[0].state();
    ensure!(state == ItemState::Needed, "the task became {state:?}");
    let whole = visitor.upload(&path, "everything.pdf", &large).await?;
    ensure!(whole.status.is_success(), "the whole file is refused afterwards: {}", whole.status);
    Ok(())
}

/// Sends the head of an upload and `part` bytes of its file, then hangs up.
async fn cut(visitor: &Visitor, world: &World, path: &str, file: &[u8], part: usize) -> anyhow::Result<()> {
    let (content_type, body) = Visitor::multipart("everything.pdf", file);
    let start = body.len() - file.len() - Visitor::AFTER_FILE.len();
    let head = visitor.head(path, &content_type, body.len());
    let mut stream = tokio::net::TcpStream::connect(world.address()).await?;
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(&body[..start + part]).await?;
    stream.flush().await?;
    // Long enough for what was sent to have been read and written.
    let _ = tokio::time::timeout(Duration::from_millis(300), stream.read(&mut [0; 1])).await;
    drop(stream);
    Ok(())
}
