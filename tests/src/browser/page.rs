//! A page as its reader meets it: links by their words, its size on a phone, what is wrong with its markup.

use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use fantoccini::Locator;
use serde::Deserialize;

use crate::harness::Browser;

/// What can be told of a page's markup, and where it leads.
#[derive(Debug, Deserialize)]
pub(super) struct Look {
    headings: usize,
    language: String,
    styled: Vec<String>,
    /// Addresses on the same host that a reader can go to.
    pub(super) links: Vec<String>,
}

const LOOK: &str = r"
const here = [...document.querySelectorAll('a[href]:not([download])')].filter((link) => link.origin === location.origin);
return {
  headings: document.querySelectorAll('h1').length,
  language: document.documentElement.lang,
  styled: [...document.querySelectorAll('[style]')].map((each) => each.outerHTML.slice(0, 120)),
  links: here.map((link) => link.pathname + link.search),
};";

impl Look {
    pub(super) async fn at(browser: &Browser) -> anyhow::Result<Self> {
        serde_json::from_value(browser.execute(LOOK).await?).context("looking at the page")
    }

    /// What no page may have or lack.
    pub(super) fn wrong(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        if self.headings != 1 {
            wrong.push(format!("has {} h1", self.headings));
        }
        if self.language.is_empty() {
            wrong.push("says no language".to_owned());
        }
        wrong.extend(self.styled.iter().map(|element| format!("is styled in place: {element}")));
        wrong
    }
}

/// Follows the first link of the page's content whose words contain `words`.
pub(super) async fn follow(browser: &Browser, words: &str) -> anyhow::Result<()> {
    let path = format!("//main//a[contains(normalize-space(.), \"{words}\")]");
    let link = browser
        .client()
        .wait()
        .for_element(Locator::XPath(&path))
        .await
        .with_context(|| format!("no link says {words:?}"))?;
    let argument = serde_json::to_value(&link)?;
    browser.client().execute("arguments[0].scrollIntoView({block: 'center'})", vec![argument]).await?;
    Ok(link.click().await?)
}

/// Fails where the page is wider than a phone of 360 pixels, or where a finger would miss one of its targets.
pub(super) async fn fits_a_phone(browser: &Browser) -> anyhow::Result<()> {
    // The window's own width would not do: a phone zooms out until a page that is too wide fits.
    let width = browser.execute("return document.documentElement.scrollWidth").await?;
    ensure!(width.as_u64().is_some_and(|width| width <= 360), "the page is {width} pixels wide");
    let small = browser
        .execute(
            r"const targets = document.querySelectorAll('.mainnav a, .firm, .row-link, .button, .input, .choice, summary');
            const shown = [...targets].filter((each) => each.getClientRects().length > 0);
            const area = (each) => (each.matches('.row-link') ? each.closest('li') : each).getBoundingClientRect();
            return [shown.length, ...shown.filter((each) => area(each).height < 44 || area(each).width < 44)
                .map((each) => `${each.innerText} (${area(each).width} × ${area(each).height})`)];",
        )
        .await?;
    let small = small.as_array().cloned().unwrap_or_default();
    ensure!(small.first().and_then(serde_json::Value::as_u64).is_some_and(|count| count > 1), "no targets");
    ensure!(small.len() == 1, "too small for a finger: {:?}", &small[1..]);
    Ok(())
}

/// Saves a picture for the README where `PORTICO_PICTURES` names a folder.
pub(super) async fn picture(browser: &Browser, name: &str) -> anyhow::Result<()> {
    match std::env::var_os("PORTICO_PICTURES") {
        Some(folder) => browser.picture(&PathBuf::from(folder).join(format!("{name}.png"))).await,
        None => Ok(()),
    }
}
