//! What the client's home costs on a slow line, and whether it keeps still while it changes.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use portico_proto::{
    messaging::v1::PostMessageRequest,
    workflow::v1::{AddTaskRequest, WaiveStepRequest},
};
use serde_json::json;

use super::walk::furnished;
use crate::harness::{Browser, Outcome, World, steps};

/// The most that a first visit may cost, in bytes over the wire, packed, and in requests.
const PAGE_BYTES: usize = 60 * 1024;
const SCRIPT_BYTES: usize = 25 * 1024;
const REQUESTS: usize = 8;

/// The most that things may move by themselves (cumulative layout shift).
const SHIFT: f64 = 0.05;

/// The paths of the page and of what it fetched.
const FETCHED: &str = r"
return [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
  .map((each) => new URL(each.name).pathname);";

const WATCH: &str = r"
window.moved = [];
new PerformanceObserver((list) => {
  for (const shift of list.getEntries()) {
    if (!shift.hadRecentInput) window.moved.push({ value: shift.value, what: shift.sources.map(({ node }) => node?.parentElement?.id || node?.id || node?.nodeName) });
  }
}).observe({ type: 'layout-shift', buffered: true });";

/// At most 60 KB, 25 KB of it scripts, in 8 requests; nothing jumps, neither while it loads nor when staff change it.
pub(super) async fn b11_a_cold_home_is_light_and_keeps_still() -> Outcome {
    let world = World::demo().await?;
    let engagement = furnished(&world).await?;
    let paul = world.person("northwind", "paul@northwind.example").await?;
    let ana = Browser::phone().await?;
    let mut visitor = world.client("northwind", "ana@acme.example").await?;
    ana.take_over(&visitor, &world.url("northwind", "/sign-in")).await?;
    ana.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": WATCH })).await?;
    ana.goto(&world.url("northwind", "/")).await?;
    ana.wait_for_text("need you").await?;
    tokio::time::sleep(Duration::from_secs(1)).await;

    let fetched: Vec<String> =
        serde_json::from_value(ana.execute(FETCHED).await?).context("reading what was fetched")?;
    ensure!(fetched.len() > 3 && fetched.len() <= REQUESTS, "{} requests: {fetched:?}", fetched.len());
    // Without TLS a browser asks for nothing packed, so what travels is asked for once more as it would be with TLS.
    let mut sizes = Vec::new();
    for path in fetched.into_iter().filter(|path| path != "/live") {
        let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static("br"))]);
        let answer =
            visitor.send(Method::GET, &path, headers, bytes::Bytes::new()).await?.is(StatusCode::OK)?;
        sizes.push((answer.body.len(), path));
    }
    let total: usize = sizes.iter().map(|(size, _)| size).sum();
    let scripts: usize = sizes.iter().filter(|(_, path)| path.ends_with(".js")).map(|(size, _)| size).sum();
    ensure!(total <= PAGE_BYTES, "{total} bytes: {sizes:?}");
    ensure!(0 < scripts && scripts <= SCRIPT_BYTES, "{scripts} bytes of scripts: {sizes:?}");
    still(&ana, "while it loads").await?;

    let said = PostMessageRequest {
        record_id: engagement.record.clone(),
        body: "We start on Monday".to_owned(),
        ..PostMessageRequest::default()
    };
    paul.messaging().post_message(said).await?;
    ana.wait_for_text("We start on Monday").await?;
    let run = paul.run(&engagement.run).await?;
    let waived =
        WaiveStepRequest { step_id: steps(&run)["intake"].id.clone(), reason: "It came by post".to_owned() };
    paul.workflow().waive_step(waived).await?;
    ana.wait_for_text("It came by post").await?;
    let added = AddTaskRequest {
        run_id: engagement.run,
        title: "Name a contact for IT".to_owned(),
        person_ids: vec![world.person("northwind", "ana@acme.example").await?.id],
        client_visible: true,
        ..AddTaskRequest::default()
    };
    paul.workflow().add_task(added).await?;
    ana.wait_for_text("Name a contact for IT").await?;
    tokio::time::sleep(Duration::from_millis(500)).await;
    still(&ana, "with three live changes").await?;
    ana.close().await
}

async fn still(browser: &Browser, when: &str) -> Outcome {
    let moved = browser.execute("return window.moved").await?;
    let shifts = moved.as_array().context("nobody watches")?;
    let sum: f64 = shifts.iter().filter_map(|shift| shift["value"].as_f64()).sum();
    ensure!(sum <= SHIFT, "{when} things move by {sum:.3}: {moved}");
    Ok(())
}
