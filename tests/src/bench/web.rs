//! The client's home as a phone on a slow line shows it, through Chromium's own measurements.

use std::{process::Command, time::Duration};

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::{
    harness::{Browser, Visitor, World},
    say,
};

const WATCH: &str = r"
window.told = { lcp: 0, cls: 0, tbt: 0 };
const watch = (type, take) => new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true });
watch('largest-contentful-paint', (paint) => { window.told.lcp = paint.startTime; });
watch('layout-shift', (shift) => { if (!shift.hadRecentInput) window.told.cls += shift.value; });
watch('longtask', (task) => { window.told.tbt += Math.max(0, task.duration - 50); });";

/// Largest contentful paint, layout shift and blocked time of the first visit, then Lighthouse's scores where
/// `PORTICO_LIGHTHOUSE` names its command line.
pub(crate) async fn measure() -> anyhow::Result<()> {
    let world = World::demo().await?;
    let _engagement = world.signed_engagement("Warehouse audit").await?;
    let visitor = world.client("northwind", "ana@acme.example").await?;
    let ana = Browser::phone().await?;
    ana.take_over(&visitor, &world.url("northwind", "/offline")).await?;
    ana.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": WATCH })).await?;
    ana.devtools("Network.enable", json!({})).await?;
    ana.devtools("Network.clearBrowserCache", json!({})).await?;
    ana.devtools("Network.setBypassServiceWorker", json!({ "bypass": true })).await?;
    // 1.6 Mbit/s down, 750 kbit/s up, 150 ms there and back: what Lighthouse calls slow 4G.
    let line =
        json!({"offline": false, "latency": 150, "downloadThroughput": 204_800, "uploadThroughput": 96_000});
    ana.devtools("Network.emulateNetworkConditions", line).await?;
    ana.devtools("Emulation.setCPUThrottlingRate", json!({ "rate": 4 })).await?;
    ana.goto(&world.url("northwind", "/")).await?;
    tokio::time::sleep(Duration::from_secs(4)).await;
    let told = ana.execute("return window.told").await?;
    let number = |name: &str| told[name].as_f64().unwrap_or(f64::NAN);
    say(&format!(
        "client home, cold, slow 4G, 4x slower CPU: LCP {:.2} s (goal 2.2 s), CLS {:.3} (goal 0.05), TBT {:.0} ms (goal 100 ms)",
        number("lcp") / 1e3,
        number("cls"),
        number("tbt")
    ));
    ana.close().await?;
    match std::env::var_os("PORTICO_LIGHTHOUSE") {
        Some(program) => lighthouse(&program, &world.url("northwind", "/"), &visitor),
        None => Ok(()),
    }
}

fn lighthouse(program: &std::ffi::OsStr, url: &str, visitor: &Visitor) -> anyhow::Result<()> {
    let cookies: Vec<_> = visitor.cookies().iter().map(|(name, value)| format!("{name}={value}")).collect();
    let output = Command::new(program)
        .args([url, "--quiet", "--output=json", "--chrome-flags=--headless=new --no-sandbox"])
        .arg("--only-categories=performance,accessibility,best-practices")
        .arg(format!("--extra-headers={}", json!({"Cookie": cookies.join("; ")})))
        .output()
        .context("running Lighthouse")?;
    let report: Value = serde_json::from_slice(&output.stdout)
        .with_context(|| format!("Lighthouse said: {}", String::from_utf8_lossy(&output.stderr)))?;
    for name in ["performance", "accessibility", "best-practices"] {
        let score = report["categories"][name]["score"].as_f64().unwrap_or(f64::NAN);
        say(&format!("Lighthouse, {name}: {:.0} of 100", score * 100.0));
    }
    say(&format!("Lighthouse looked at {}", report["finalDisplayedUrl"].as_str().unwrap_or_default()));
    Ok(())
}
