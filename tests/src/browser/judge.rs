//! All that is asked of any page, in both themes, on a phone and at a desk; what is wrong is gathered and told at once.

use std::collections::BTreeMap;

use anyhow::{Context as _, ensure};
use serde_json::json;

use super::{axe, page::phone_faults};
use crate::harness::{Browser, Outcome};

/// Widths of the window, in pixels: a phone and a desk.
const WIDTHS: [u32; 2] = [360, 1280];

/// Where nothing may scroll sideways: the narrowest window that WCAG names (a desk at 400 %), and a desk at 200 %.
const REFLOW: [u32; 2] = [320, 640];

const TOO_WIDE: &str = r"
const { scrollWidth, clientWidth } = document.documentElement;
if (scrollWidth <= clientWidth) return '';
// What stands absolutely is not held by a box that scrolls unless that box is positioned.
const contained = (each) => { if (getComputedStyle(each).position === 'absolute') return false; for (let one = each.parentElement; one; one = one.parentElement) if (one !== document.body && getComputedStyle(one).overflowX !== 'visible') return true; };
const out = [...document.querySelectorAll('body *')].filter((each) => each.getBoundingClientRect().right > clientWidth + 1 && !contained(each));
return `is ${scrollWidth} pixels wide in a window of ${clientWidth}, from ${out.map((each) => each.outerHTML.slice(0, 160)).slice(0, 3).join(' and ')} on`;";

/// What still moves for somebody who asked for no motion.
const MOVING: &str = r"
const long = (times) => times.split(',').some((each) => parseFloat(each) > .01);
return [...document.querySelectorAll('body, body *')].filter((each) => {
  const { transitionDuration, animationName, animationDuration } = getComputedStyle(each);
  return long(transitionDuration) || (animationName !== 'none' && long(animationDuration));
}).map((each) => `${each.tagName.toLowerCase()}.${each.className} moves though no motion is wanted`);";

/// What was found on the pages that were looked at: the fault, and where.
#[derive(Default)]
pub(super) struct Judge {
    found: BTreeMap<String, Vec<String>>,
}

impl Judge {
    /// No violation of WCAG 2.2 AA in light and dark, on a phone and at a desk, and no motion where none is wanted.
    pub(super) async fn reads(&mut self, browser: &Browser, path: &str) -> Outcome {
        for width in WIDTHS {
            for theme in ["light", "dark"] {
                show(browser, width, theme).await?;
                for violation in axe::violations(browser).await? {
                    let shown = format!("{theme} {width}");
                    self.found.entry(format!("{path}: {violation}")).or_default().push(shown);
                }
            }
        }
        let moving = browser.execute(MOVING).await?;
        for fault in serde_json::from_value::<Vec<String>>(moving).context("reading what moves")? {
            self.note(fault, path);
        }
        Ok(())
    }

    /// It fits a phone and its finger, needs no scrolling sideways however far it is enlarged, and breaks no policy.
    pub(super) async fn fits(&mut self, browser: &Browser, path: &str) -> Outcome {
        show(browser, 360, "light").await?;
        for fault in phone_faults(browser).await? {
            self.note(fault, path);
        }
        for width in REFLOW {
            show(browser, width, "light").await?;
            let wide = browser.execute(TOO_WIDE).await?;
            if let Some(fault) = wide.as_str().filter(|fault| !fault.is_empty()) {
                self.note(fault.to_owned(), path);
            }
        }
        show(browser, 360, "light").await?;
        // What answers "not here" or "that was wrong" is a page as well, and the browser's own note of it no fault.
        let complaints = browser.complaints().await?;
        for complaint in complaints.into_iter().filter(|line| !line.contains("Failed to load resource")) {
            self.note(complaint, path);
        }
        Ok(())
    }

    /// Both, for a browser at a desk.
    pub(super) async fn passes(&mut self, browser: &Browser, path: &str) -> Outcome {
        self.reads(browser, path).await?;
        self.fits(browser, path).await?;
        // Whoever goes on does so at a desk.
        browser.devtools("Emulation.clearDeviceMetricsOverride", json!({})).await?;
        browser.devtools("Emulation.setEmulatedMedia", json!({ "features": [] })).await?;
        browser.execute("scrollTo(0, 0)").await.map(|_| ())
    }

    fn note(&mut self, fault: String, path: &str) {
        self.found.entry(fault).or_default().push(path.to_owned());
    }

    /// Fails with all that was found, and with what the caller misses.
    pub(super) fn verdict(self, missed: Vec<String>) -> Outcome {
        let lines = self.found.iter().map(|(fault, places)| format!("{fault} [{}]", places.join(", ")));
        let lines: Vec<_> = lines.chain(missed).collect();
        ensure!(lines.is_empty(), "{}", lines.join("\n"));
        Ok(())
    }
}

/// A window of this width, without motion, or colours would be judged half-way.
async fn show(browser: &Browser, width: u32, theme: &str) -> Outcome {
    let size = json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500});
    browser.devtools("Emulation.setDeviceMetricsOverride", size).await?;
    let features = json!([{"name": "prefers-color-scheme", "value": theme}, {"name": "prefers-reduced-motion", "value": "reduce"}]);
    browser.devtools("Emulation.setEmulatedMedia", json!({ "features": features })).await?;
    Ok(())
}
