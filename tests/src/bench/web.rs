//! Pages as a phone on a slow line shows them, through Chromium's own measurements, and how soon they answer a hand.

use std::{process::Command, time::Duration};

use anyhow::Context as _;
use http::{HeaderMap, HeaderValue, Method, header};
use serde_json::{Value, json};

use crate::{
    harness::{Browser, Engagement, Visitor, World, steps},
    say,
};

/// What is told outlives the page, since sending a form ends it.
const WATCH: &str = r"
window.told = { lcp: 0, cls: 0, tbt: 0 };
const watch = (type, take, more) => new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true, ...more });
watch('largest-contentful-paint', (paint) => { window.told.lcp = paint.startTime; });
watch('layout-shift', (shift) => { if (!shift.hadRecentInput) window.told.cls += shift.value; });
watch('longtask', (task) => { window.told.tbt += Math.max(0, task.duration - 50); });
watch('event', (event) => {
  if (event.interactionId) sessionStorage.slowest = Math.max(Number(sessionStorage.slowest ?? 0), event.duration);
}, { durationThreshold: 16 });";

const FETCHED: &str = r"
return [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
  .map((each) => new URL(each.name)).filter((each) => each.origin === location.origin).map((each) => each.pathname);";

/// Long enough for a page to load on the slow line, and for an interaction to be drawn and told.
const CALM: Duration = Duration::from_secs(4);
const DRAWN: Duration = Duration::from_millis(1_500);

/// Each page of a client, cold; then what a client does on them; then Lighthouse's scores where `PORTICO_LIGHTHOUSE` names its
/// command line.
pub(crate) async fn measure() -> anyhow::Result<()> {
    let world = World::demo().await?;
    world.open_books().await?;
    let engagement = world.signed_engagement("Warehouse audit").await?;
    let mut visitor = world.client("northwind", "ana@acme.example").await?;
    let ana = world.person("northwind", "ana@acme.example").await?;
    let intake = steps(&ana.run(&engagement.run).await?)["intake"].id.clone();
    let form = format!("/tasks/{intake}");
    let browser = Browser::phone().await?;
    browser.take_over(&visitor, &world.url("northwind", "/offline")).await?;
    slow(&browser).await?;
    say(
        "clients' pages, cold, slow 4G, 4x slower CPU; goals: LCP 2.20 s, CLS 0.050, TBT 100 ms, 60 KB, 8 requests",
    );
    for (what, path) in [
        ("home", "/"),
        ("tasks", "/tasks"),
        ("form", form.as_str()),
        ("files", "/files"),
        ("messages", "/messages"),
        ("invoices", "/invoices"),
        ("account", "/me"),
    ] {
        cold(&world, &browser, &mut visitor, what, path).await?;
    }
    hands(&world, &browser, &engagement, &form).await?;
    browser.close().await?;
    match std::env::var_os("PORTICO_LIGHTHOUSE") {
        Some(program) => lighthouse(&program, &world.url("northwind", "/"), &visitor),
        None => Ok(()),
    }
}

/// 1.6 Mbit/s down, 750 kbit/s up, 150 ms there and back, what Lighthouse calls slow 4G, and a processor a quarter as fast.
async fn slow(browser: &Browser) -> anyhow::Result<()> {
    browser.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": WATCH })).await?;
    browser.devtools("Network.enable", json!({})).await?;
    browser.devtools("Network.setBypassServiceWorker", json!({ "bypass": true })).await?;
    let line =
        json!({"offline": false, "latency": 150, "downloadThroughput": 204_800, "uploadThroughput": 96_000});
    browser.devtools("Network.emulateNetworkConditions", line).await?;
    browser.devtools("Emulation.setCPUThrottlingRate", json!({ "rate": 4 })).await?;
    Ok(())
}

/// One page with an empty cache: paint, shifts, blocked time, and what travels, packed as it would be with TLS.
async fn cold(
    world: &World,
    browser: &Browser,
    visitor: &mut Visitor,
    what: &str,
    path: &str,
) -> anyhow::Result<()> {
    browser.devtools("Network.clearBrowserCache", json!({})).await?;
    browser.goto(&world.url("northwind", path)).await?;
    tokio::time::sleep(CALM).await;
    let told = browser.execute("return window.told").await?;
    let fetched: Vec<String> =
        serde_json::from_value(browser.execute(FETCHED).await?).context("reading what was fetched")?;
    let mut bytes = 0;
    for path in fetched.iter().filter(|path| *path != "/live") {
        let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static("br"))]);
        bytes += visitor.send(Method::GET, path, headers, bytes::Bytes::new()).await?.body.len();
    }
    let number = |name: &str| told[name].as_f64().unwrap_or(f64::NAN);
    say(&format!(
        "{what}: LCP {:.2} s, CLS {:.3}, TBT {:.0} ms, {} bytes in {} requests",
        number("lcp") / 1e3,
        number("cls"),
        number("tbt"),
        bytes,
        fetched.len()
    ));
    Ok(())
}

/// What a client does with a hand: each time the slowest answer of what was done, from the press to the next picture.
async fn hands(world: &World, browser: &Browser, engagement: &Engagement, form: &str) -> anyhow::Result<()> {
    say("clients' hands, 4x slower CPU: time from the press to the next picture; goal INP 150 ms");
    let mut slowest = 0.0_f64;
    browser.goto(&world.url("northwind", "/")).await?;
    browser.click("details.menu > summary").await?;
    slowest = slowest.max(answered(browser, "opening the menu").await?);
    browser.goto(&world.url("northwind", form)).await?;
    browser.find("#f-company_legal_name").await?.send_keys("Acme Gesellschaft mbH").await?;
    slowest = slowest.max(answered(browser, "typing in a form").await?);
    for answer in ["yes", "no", "yes"] {
        browser.click(&format!(".choice:has([name=has_existing_system][value={answer}])")).await?;
    }
    slowest = slowest.max(answered(browser, "an answer that shows a question").await?);
    browser.find("#f-existing_system").await?.send_keys("A cupboard").await?;
    slowest = slowest.max(answered(browser, "typing while it saves").await?);
    browser.click("form[data-autosave] .actions .button").await?;
    browser.wait_for_text("Check your answers").await?;
    slowest = slowest.max(answered(browser, "going on in a form").await?);
    browser.goto(&world.url("northwind", &format!("/messages/{}", engagement.record))).await?;
    browser.find("#f-body").await?.send_keys("When do you start with us?").await?;
    slowest = slowest.max(answered(browser, "typing a message").await?);
    browser.click("form.composer .button").await?;
    browser.wait_for_text("When do you start with us?").await?;
    slowest = slowest.max(answered(browser, "sending a message").await?);
    say(&format!("INP over all of it: {slowest:.0} ms (goal 150 ms)"));
    Ok(())
}

/// The slowest answer since this was last asked, in milliseconds. What takes less than 16 ms Chromium does not tell.
async fn answered(browser: &Browser, what: &str) -> anyhow::Result<f64> {
    tokio::time::sleep(DRAWN).await;
    let took = browser
        .execute("const took = Number(sessionStorage.slowest ?? 0); sessionStorage.slowest = 0; return took")
        .await?;
    let took = took.as_f64().context("nothing was told")?;
    let told = if took < 16.0 { "under 16".to_owned() } else { format!("{took:.0}") };
    say(&format!("{what}: {told} ms"));
    Ok(took)
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
