//! axe-core, which judges a page by the rules of WCAG.

use anyhow::Context as _;
use serde_json::json;

use crate::harness::{Browser, skip};

/// The rules that every page keeps: WCAG 2.2, levels A and AA.
const RULES: [&str; 5] = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

const RUN: &str = r"
const [rules, done] = arguments;
for (const part of document.querySelectorAll('details.disclose')) part.open = true;
scrollTo(0, 0);
// A new theme counts from the next frame on.
const drawn = new Promise((next) => requestAnimationFrame(() => requestAnimationFrame(next)));
// A list of time zones has hundreds of options, all alike.
drawn.then(() => axe.run({ exclude: ['option'] }, { runOnly: rules, resultTypes: ['violations'], iframes: false, preload: false })).then(
  ({ violations }) => done(violations.flatMap(({ id, nodes }) => nodes.map((node) =>
    `${id} at ${node.target.join(' ')}: ${node.failureSummary.split('\n').slice(1).join(' ').trim()}`))),
  (error) => done([`axe stopped: ${error}`]));";

/// Puts axe-core into every page that the browser opens from now on.
///
/// # Errors
/// Skips the case where `PORTICO_AXE` names no file.
pub(super) async fn equip(browser: &Browser) -> anyhow::Result<()> {
    let Some(path) = std::env::var_os("PORTICO_AXE") else {
        return Err(skip("PORTICO_AXE names no axe.min.js; scripts/test fetches it with npm"));
    };
    let source = std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    browser.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": source })).await?;
    Ok(())
}

/// What the page does wrong as it is shown now, everything unfolded: the rule, the element and why.
pub(super) async fn violations(browser: &Browser) -> anyhow::Result<Vec<String>> {
    let rules = json!({"type": "tag", "values": RULES});
    let found = browser.client().execute_async(RUN, vec![rules]).await?;
    serde_json::from_value(found).context("reading what axe found")
}
