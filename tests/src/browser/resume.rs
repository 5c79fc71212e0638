//! Files that take their time: a line that is cut, a tab that is closed, a change of mind, and forms that wait for them.

use std::time::{Duration, Instant};

use anyhow::ensure;
use serde_json::json;
use tempfile::TempDir;

use super::upload::{INPUT, at_the_request, at_the_request_by};
use crate::{
    harness::{Browser, Line, Outcome, Scanner, World, large_pdf, pdf, steps},
    scenarios::flow::published,
};

/// How long anything here may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// What a slow line takes, in bytes a second.
const SLOW: i64 = 128 * 1024;
/// Arrives within twelve seconds by a slow line, so that there is a middle of it.
const SIZE: usize = 3 * 512 * 1024;
/// What the files of messages and forms are chosen by.
const HELD: &str = "file-upload[data-hold] input[type=file]";

/// Remembers where each go of an upload begins, and whether one broke off.
const OFFSETS: &str = r"
window.offsets = [];
const set = XMLHttpRequest.prototype.setRequestHeader;
XMLHttpRequest.prototype.setRequestHeader = function (name, value) {
  if (name === 'Upload-Offset') window.offsets.push(Number(value));
  set.call(this, name, value);
};
const go = XMLHttpRequest.prototype.send;
XMLHttpRequest.prototype.send = function (body) {
  this.addEventListener('loadend', () => { if (this.status === 0) window.lost = true; });
  go.call(this, body);
};";

/// The line of the browser's page: bytes a second up, -1 for all it can.
async fn line(browser: &Browser, up: i64) -> anyhow::Result<()> {
    browser.devtools("Network.enable", json!({})).await?;
    let conditions =
        json!({"offline": false, "latency": 0, "downloadThroughput": -1, "uploadThroughput": up});
    browser.devtools("Network.emulateNetworkConditions", conditions).await?;
    Ok(())
}

/// Waits until a script answers true.
async fn until(browser: &Browser, what: &str, script: &str) -> anyhow::Result<()> {
    let start = Instant::now();
    while browser.execute(&format!("return Boolean({script})")).await? != true {
        let text = browser.text().await?;
        ensure!(start.elapsed() < PATIENCE, "{what} does not come about; the page reads: {text}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

/// Chooses a file, once the page's scripts are there: before, it would go along with the form.
async fn choose(browser: &Browser, input: &str, path: &str) -> anyhow::Result<()> {
    until(browser, "the script", "document.querySelector('file-upload')?.running === 0").await?;
    Ok(browser.find(input).await?.send_keys(path).await?)
}

/// Waits until a good part of a file is on its way.
async fn on_its_way(browser: &Browser) -> anyhow::Result<()> {
    until(browser, "the middle of the file", "document.querySelector('.uploads progress')?.value >= 25").await
}

fn file(folder: &TempDir, name: &str, bytes: &[u8]) -> anyhow::Result<String> {
    let path = folder.path().join(name);
    std::fs::write(&path, bytes)?;
    Ok(path.display().to_string())
}

async fn begun(world: &World) -> anyhow::Result<i64> {
    let sql = "select count(*) from documents.uploads";
    Ok(sqlx::query_scalar(sql).fetch_one(world.database.admin()).await?)
}

/// A line that is cut in the middle of a file is taken up again where it was cut, without anybody's help.
pub(super) async fn b17_a_file_goes_on_after_its_line_was_cut() -> Outcome {
    let (world, folder) = (World::demo().await?, tempfile::tempdir()?);
    let between = Line::to(world.address()).await?;
    let ana = at_the_request_by(&world, &between.url("northwind", "/")).await?;
    ana.execute(OFFSETS).await?;
    line(&ana, SLOW).await?;
    let path = file(&folder, "plans.pdf", &large_pdf(SIZE))?;
    choose(&ana, INPUT, &path).await?;
    on_its_way(&ana).await?;
    between.cut();
    until(&ana, "a go that breaks off", "window.lost").await?;
    ensure!(begun(&world).await? == 1, "nothing waits for its rest");
    line(&ana, -1).await?;
    between.mend();
    ana.find("[aria-labelledby$='-name'] .uploads li form button:has(.away)").await?;
    let offsets = ana.execute("return window.offsets").await?;
    let last = offsets.as_array().and_then(|all| all.last()?.as_u64()).unwrap_or_default();
    ensure!(last > 0 && offsets[0] == 0, "it did not go on where it was cut: {offsets}");
    ana.client().refresh().await?;
    ana.wait_for_text("plans.pdf").await?;
    ana.close().await
}

/// Whoever closes the tab is told in the next one how much has arrived; the same file, chosen again, brings the rest alone.
pub(super) async fn b17_a_file_goes_on_in_another_tab() -> Outcome {
    let (world, folder) = (World::demo().await?, tempfile::tempdir()?);
    let ana = at_the_request(&world).await?;
    let address = ana.client().current_url().await?;
    line(&ana, SLOW).await?;
    let path = file(&folder, "plans.pdf", &large_pdf(SIZE))?;
    choose(&ana, INPUT, &path).await?;
    on_its_way(&ana).await?;
    let next = ana.client().new_window(true).await?;
    ana.client().close_window().await?;
    ana.client().switch_to_window(next.handle).await?;
    ana.goto(address.as_str()).await?;
    ana.wait_for_text("% has arrived. Choose the file again to go on.").await?;
    ana.execute(OFFSETS).await?;
    choose(&ana, INPUT, &path).await?;
    ana.find("[aria-labelledby$='-name'] .uploads li form button:has(.away)").await?;
    let offsets = ana.execute("return window.offsets").await?;
    ensure!(offsets[0].as_u64().is_some_and(|first| first > 0), "it began anew: {offsets}");
    ana.close().await
}

/// Stopped in the middle, it ends, and nothing of what had arrived stays.
pub(super) async fn b17_a_file_on_its_way_is_stopped() -> Outcome {
    let (world, folder) = (World::demo().await?, tempfile::tempdir()?);
    let ana = at_the_request(&world).await?;
    line(&ana, SLOW).await?;
    let path = file(&folder, "plans.pdf", &large_pdf(SIZE))?;
    choose(&ana, INPUT, &path).await?;
    on_its_way(&ana).await?;
    ana.click(".uploads li button[aria-label='Stop: plans.pdf']").await?;
    ana.wait_for_text("plans.pdf: stopped.").await?;
    line(&ana, -1).await?;
    let start = Instant::now();
    while begun(&world).await? > 0 {
        ensure!(start.elapsed() < PATIENCE, "what was stopped still waits for its rest");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    ana.client().refresh().await?;
    ana.find(INPUT).await?;
    let text = ana.text().await?;
    ensure!(!text.contains("plans.pdf"), "what was stopped is listed: {text}");
    ana.close().await
}

/// A message says before what it takes, and waits for the files that it was sent with. What the scanner says of them changes in the
/// open page.
pub(super) async fn b17_a_message_waits_for_its_files_and_says_how_they_were_checked() -> Outcome {
    let mut scanner = Scanner::start()?;
    let (world, folder) = (World::demo_with_scanner(&scanner).await?, tempfile::tempdir()?);
    let engagement = world.signed_engagement("Warehouse audit").await?;
    let visitor = world.client("northwind", "ana@acme.example").await?;
    let ana = Browser::desk().await?;
    ana.take_over(&visitor, &world.url("northwind", &format!("/messages/{}", engagement.record))).await?;
    ana.wait_for_text("Up to 100 MB a file.").await?;
    choose(&ana, HELD, &file(&folder, "wrong.pdf", &pdf("Not this one", 1))?).await?;
    ana.click(".uploads li button[aria-label='Take off: wrong.pdf']").await?;
    scanner.vanish()?;
    line(&ana, SLOW).await?;
    choose(&ana, HELD, &file(&folder, "plans.pdf", &large_pdf(SIZE))?).await?;
    on_its_way(&ana).await?;
    ana.fill("#f-body", "Here are the plans").await?;
    ana.click(".composer div > button.button:not(.secondary)").await?;
    ana.wait_for_text("This will be sent as soon as the files have arrived.").await?;
    ensure!(
        ana.execute("return document.querySelectorAll('.message').length").await? == 0,
        "it did not wait"
    );
    line(&ana, -1).await?;
    ana.find(".message .attachment").await?;
    for words in ["Here are the plans", "plans.pdf", "Being checked for viruses."] {
        ana.wait_for_text(words).await?;
    }
    ensure!(!ana.text().await?.contains("wrong.pdf"), "what was taken off went along");
    ana.execute("window.untouched = true").await?;
    scanner.come()?;
    ana.wait_for_text_within("Checked: no virus was found.", PATIENCE).await?;
    ana.find(".message a.attachment").await?;
    ensure!(ana.execute("return window.untouched").await? == true, "the page was loaded again");
    ana.close().await
}

/// A file for a question is there as soon as it has arrived: the draft keeps it, whatever becomes of the page.
pub(super) async fn b17_a_file_for_a_question_stays_in_the_draft() -> Outcome {
    let (world, folder) = (World::demo().await?, tempfile::tempdir()?);
    let engagement = published(&world).await?;
    let person = world.person("northwind", "ana@acme.example").await?;
    let step = steps(&person.run(&engagement.run).await?)["intake"].id.clone();
    let mut visitor = world.client("northwind", "ana@acme.example").await?;
    visitor.get(&format!("/tasks/{step}")).await?;
    let kind = [("page", "1"), ("kind", "company"), ("name", "Ana")];
    visitor.post(&format!("/tasks/{step}/answers"), &kind).await?;
    let ana = Browser::phone().await?;
    ana.take_over(&visitor, &world.url("northwind", &format!("/tasks/{step}?page=2"))).await?;
    ana.wait_for_text("PDF. Up to 100 MB a file.").await?;
    choose(&ana, HELD, &file(&folder, "notes.txt", b"no PDF")?).await?;
    ana.wait_for_text("This kind of file is not accepted here.").await?;
    choose(&ana, HELD, &file(&folder, "extract.pdf", &pdf("Extract", 1))?).await?;
    ana.find(".uploads li button[aria-label='Take off: extract.pdf']").await?;
    until(&ana, "a saved draft", "document.querySelector('.save-state')?.dataset.state === 'saved'").await?;
    ana.client().refresh().await?;
    let kept = ana.find("input[name='scans.file'][type=checkbox]").await?;
    ensure!(kept.is_selected().await?, "the file is not kept");
    ana.wait_for_text("extract.pdf").await?;
    let complaints = ana.complaints().await?;
    ensure!(complaints.is_empty(), "{}", complaints.join("\n"));
    ana.close().await
}
