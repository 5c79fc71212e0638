//! Files from a desk, each with its own row.

use anyhow::ensure;
use tempfile::TempDir;

use super::page::follow;
use crate::harness::{Browser, Outcome, World, pdf};

pub(super) const INPUT: &str = "file-upload input[type=file]";

/// Remembers every row that the upload shows, since it is replaced by the list of what has arrived.
const REMEMBER: &str = r"
window.seen = [];
const look = () => {
  for (const row of document.querySelectorAll('file-upload .uploads li')) {
    window.seen.push(`${row.innerText.replaceAll('\n', ' ')} ${row.querySelector('progress') ? 'progress' : ''}`);
  }
};
new MutationObserver(look).observe(document.querySelector('file-upload').closest('section').parentElement, { childList: true, subtree: true });";

/// Files begin to travel and get nowhere, until the window is free.
const STALL: &str = r"
const send = XMLHttpRequest.prototype.send;
XMLHttpRequest.prototype.send = function (body) {
  if (body instanceof Blob && !window.free) this.abort = () => this.dispatchEvent(new ProgressEvent('loadend'));
  else send.call(this, body);
};";

pub(super) async fn at_the_request(world: &World) -> anyhow::Result<Browser> {
    at_the_request_by(world, &world.url("northwind", "/")).await
}

/// The same from another address of the same home.
pub(super) async fn at_the_request_by(world: &World, home: &str) -> anyhow::Result<Browser> {
    let _engagement = world.signed_engagement("Warehouse audit").await?;
    let visitor = world.client("northwind", "ana@acme.example").await?;
    let ana = Browser::desk().await?;
    ana.take_over(&visitor, home).await?;
    follow(&ana, "Upload your current system documentation").await?;
    ana.find(INPUT).await?;
    ana.execute(REMEMBER).await?;
    Ok(ana)
}

async fn choose(browser: &Browser, folder: &TempDir, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
    let path = folder.path().join(name);
    std::fs::write(&path, bytes)?;
    Ok(browser.find(INPUT).await?.send_keys(&path.display().to_string()).await?)
}

/// A chosen file is sent without a further click, with its progress; then the row lists it and is being checked.
pub(super) async fn b03_a_file_travels_by_itself_and_is_then_being_checked() -> Outcome {
    let (world, folder) = (World::demo().await?, tempfile::tempdir()?);
    let ana = at_the_request(&world).await?;
    let text = ana.text().await?;
    ensure!(text.contains("Needed") && text.contains("PDF"), "the row does not say what it takes: {text}");
    for (place, (name, pages)) in (1..).zip([("Übersicht.pdf", 2), ("network.pdf", 40)]) {
        choose(&ana, &folder, name, &pdf("System overview", pages)).await?;
        let arrived =
            format!("[aria-labelledby$='-name'] .uploads li:nth-child({place}) form button:has(.away)");
        ana.find(&arrived).await?;
        ana.wait_for_text(name).await?;
    }
    ana.wait_for_text("Checking").await?;
    let seen = ana.execute("return window.seen.join('\\n')").await?;
    let seen = seen.as_str().unwrap_or_default();
    ensure!(
        seen.lines().any(|row| row.contains("Übersicht.pdf") && row.ends_with("progress")),
        "no progress was shown: {seen}"
    );
    ana.client().refresh().await?;
    for words in ["Übersicht.pdf", "network.pdf", "Checking"] {
        ana.wait_for_text(words).await?;
    }
    let complaints = ana.complaints().await?;
    ensure!(complaints.is_empty(), "{}", complaints.join("\n"));
    ana.close().await
}

/// What the row does not take is said at the row: by its name before it is sent, by its content after.
pub(super) async fn b03_a_wrong_file_is_refused_at_its_row() -> Outcome {
    let (world, folder) = (World::demo().await?, tempfile::tempdir()?);
    let ana = at_the_request(&world).await?;
    choose(&ana, &folder, "notes.exe", b"MZ").await?;
    ana.wait_for_text("This kind of file is not accepted here.").await?;
    choose(&ana, &folder, "harmless.pdf", b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00")
        .await?;
    let row = ana.find(".uploads li:nth-child(2) .failed").await?.text().await?;
    ensure!(row.len() > 20, "the refusal does not say why: {row:?}");
    ana.client().refresh().await?;
    let text = ana.text().await?;
    ensure!(!text.contains("harmless.pdf") && text.contains("Needed"), "a refused file is listed: {text}");
    ana.close().await
}

/// Whoever thinks better of it stops a file on its way, and nothing of it stays; a folder comes with all that is in it.
pub(super) async fn b03_a_file_is_stopped_and_a_folder_comes_whole() -> Outcome {
    let (world, folder) = (World::demo().await?, tempfile::tempdir()?);
    let ana = at_the_request(&world).await?;
    ana.execute(STALL).await?;
    choose(&ana, &folder, "draft.pdf", &pdf("Not this one", 1)).await?;
    ana.click(".uploads li button[aria-label='Stop: draft.pdf']").await?;
    ana.wait_for_text("draft.pdf: stopped.").await?;
    let begun = async || -> anyhow::Result<i64> {
        let sql = "select count(*) from documents.uploads";
        Ok(sqlx::query_scalar(sql).fetch_one(world.database.admin()).await?)
    };
    let patience = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while begun().await? > 0 {
        ensure!(std::time::Instant::now() < patience, "what was stopped still waits for its rest");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    ana.execute("window.free = true;").await?;
    let inner = folder.path().join("papers/older");
    std::fs::create_dir_all(&inner)?;
    std::fs::write(folder.path().join("papers/today.pdf"), pdf("Today", 1))?;
    std::fs::write(inner.join("before.pdf"), pdf("Before", 1))?;
    let papers = folder.path().join("papers").display().to_string();
    ana.find("file-upload input[webkitdirectory]").await?.send_keys(&papers).await?;
    ana.find("[aria-labelledby$='-name'] .uploads li:nth-child(2) form button:has(.away)").await?;
    ana.client().refresh().await?;
    ana.wait_for_text("before.pdf").await?;
    let text = ana.text().await?;
    ensure!(text.contains("today.pdf") && !text.contains("draft.pdf"), "what was stopped is listed: {text}");
    let complaints = ana.complaints().await?;
    ensure!(complaints.is_empty(), "{}", complaints.join("\n"));
    ana.close().await
}
