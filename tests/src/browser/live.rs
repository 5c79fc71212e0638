//! What staff do, in the client's open page.

use std::time::Duration;

use anyhow::ensure;
use portico_proto::{
    messaging::v1::PostMessageRequest,
    workflow::v1::{AddTaskRequest, WaiveStepRequest},
};
use serde_json::json;

use crate::harness::{Browser, Outcome, World, steps};

/// How long the open page may take to show it.
const SOON: Duration = Duration::from_secs(3);

/// A waived step, a new task and a message appear; an internal note does not; the page is the same all along.
pub(super) async fn b02_what_staff_do_shows_in_the_open_page_without_a_reload() -> Outcome {
    let world = World::demo().await?;
    let engagement = world.signed_engagement("Warehouse audit").await?;
    let visitor = world.client("northwind", "ana@acme.example").await?;
    let paul = world.person("northwind", "paul@northwind.example").await?;
    let ana = Browser::desk().await?;
    ana.take_over(&visitor, &world.url("northwind", "/")).await?;
    ana.wait_for_text("things need you").await?;
    let before = ana.find("h1").await?.text().await?;
    ana.execute("window.untouched = true").await?;
    // Whoever wants no motion gets none, also where a live change pushes the page about.
    let still = json!([{"name": "prefers-reduced-motion", "value": "reduce"}]);
    ana.devtools("Emulation.setEmulatedMedia", json!({ "features": still })).await?;
    ana.execute("Element.prototype.animate = () => { window.moved = true; }").await?;
    ana.fill("#f-body", "half a sentence").await?;
    // The stream needs a moment to be there; what happens earlier is in the page already.
    tokio::time::sleep(Duration::from_secs(1)).await;

    let run = paul.run(&engagement.run).await?;
    let waived = WaiveStepRequest {
        step_id: steps(&run)["intake"].id.clone(),
        reason: "You sent the answers by post".to_owned(),
    };
    paul.workflow().waive_step(waived).await?;
    ana.wait_for_text_within("You sent the answers by post", SOON).await?;
    ana.wait_for_text_within("Not needed", SOON).await?;
    let after = ana.find("h1").await?.text().await?;
    ensure!(before != after, "the heading still says {after}");

    let added = AddTaskRequest {
        run_id: engagement.run.clone(),
        title: "Name a contact for IT".to_owned(),
        person_ids: vec![world.person("northwind", "ana@acme.example").await?.id],
        client_visible: true,
        ..AddTaskRequest::default()
    };
    paul.workflow().add_task(added).await?;
    ana.wait_for_text_within("Name a contact for IT", SOON).await?;

    let post = |body: &str, internal: bool| PostMessageRequest {
        record_id: engagement.record.clone(),
        body: body.to_owned(),
        internal,
        ..PostMessageRequest::default()
    };
    paul.messaging().post_message(post("a difficult client", true)).await?;
    paul.messaging().post_message(post("We start on Monday", false)).await?;
    ana.wait_for_text_within("We start on Monday", SOON).await?;
    ensure!(!ana.text().await?.contains("a difficult client"), "an internal note reached the client");
    ensure!(ana.execute("return window.untouched === true").await? == true, "the page was loaded again");
    ensure!(
        ana.execute("return window.moved !== true").await? == true,
        "it moves though no motion is wanted"
    );
    let typed = ana.find("#f-body").await?.prop("value").await?.unwrap_or_default();
    ensure!(typed == "half a sentence", "what was being typed became {typed:?}");
    ana.close().await
}
