//! Two people in one form: each is told of the other while they are there.

use std::time::{Duration, Instant};

use anyhow::ensure;

use crate::harness::{Browser, Outcome, World, steps};

const LINE: &str = "return document.querySelector('[data-presence]').textContent.trim()";

/// Waits until the line of who else is there holds, without loading the page again.
async fn says(browser: &Browser, holds: impl Fn(&str) -> bool, what: &str) -> Outcome {
    let start = Instant::now();
    loop {
        let line = browser.execute(LINE).await?;
        let line = line.as_str().unwrap_or_default();
        if holds(line) {
            return Ok(());
        }
        ensure!(start.elapsed() < Duration::from_secs(30), "{what}: {line:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Whoever comes is told to who is there, what one types stays, and whoever leaves is gone.
pub(super) async fn b16_a_form_tells_who_else_is_filling_it_in() -> Outcome {
    let world = World::demo().await?;
    let fit_out = world.fit_out("Branch office, Harbour Street 12").await?;
    let mia = world.person("northwind", "mia@northwind.example").await?;
    let step = steps(&mia.run(&fit_out.run).await?)["brief"].id.clone();
    let page = world.url("northwind", &format!("/tasks/{step}"));
    let (bea, ben) = (Browser::desk().await?, Browser::phone().await?);
    bea.take_over(&world.client("northwind", "bea@wingtip.example").await?, &page).await?;
    bea.complaints().await?;
    says(&bea, str::is_empty, "Bea is told of somebody though she is alone").await?;
    bea.fill("#f-contact", "Bea, in the mornings").await?;

    ben.take_over(&world.client("northwind", "ben@wingtip.example").await?, &page).await?;
    ben.complaints().await?;
    says(&ben, |line| line.contains("Bea Lindqvist"), "Ben is not told of Bea").await?;
    says(&bea, |line| line.contains("Ben Castro"), "Bea is not told of Ben").await?;
    let typed = bea.find("#f-contact").await?.prop("value").await?.unwrap_or_default();
    ensure!(typed == "Bea, in the mornings", "what was being typed became {typed:?}");

    ben.goto(&world.url("northwind", "/")).await?;
    says(&bea, |line| !line.contains("Ben Castro"), "Ben has left and is still told").await?;
    for browser in [bea, ben] {
        let complaints = browser.complaints().await?;
        ensure!(complaints.is_empty(), "{}", complaints.join("\n"));
        browser.close().await?;
    }
    Ok(())
}
