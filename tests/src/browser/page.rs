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

/// Fails where [`phone_faults`] finds anything.
pub(super) async fn fits_a_phone(browser: &Browser) -> anyhow::Result<()> {
    let faults = phone_faults(browser).await?;
    ensure!(faults.is_empty(), "{}", faults.join("\n"));
    Ok(())
}

const PHONE_FAULTS: &str = r"
for (const part of document.querySelectorAll('details.disclose')) part.open = true;
const faults = [];
// The window's own width would not do: a phone zooms out until a page that is too wide fits.
const wide = document.documentElement.scrollWidth;
if (wide > 360) faults.push(`is ${wide} pixels wide`);
const controls = [...document.querySelectorAll('a[href], button, summary, select, textarea, input:not([type=hidden])')]
  .filter((each) => each.getClientRects().length > 0 && !each.closest('.skip, .away'));
if (controls.length === 0) faults.push('has no controls');
// Links within a sentence are as high as its lines.
const inSentence = (each) => each.tagName === 'A' && getComputedStyle(each).display === 'inline'
  && [...each.parentElement.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim().length > 1);
const target = (each) => each.closest('label.choice') ?? (each.matches('.row-link') ? each.closest('li') : each);
const named = (each) => `${each.tagName.toLowerCase()} ${JSON.stringify((each.innerText || each.name || '').trim().slice(0, 40))}`;
for (const each of controls.filter((each) => !inSentence(each))) {
  const { width, height } = target(each).getBoundingClientRect();
  if (height < 47.5) faults.push(`${named(each)} is ${Math.round(height)} pixels high`);
  if (width < 47.5) faults.push(`${named(each)} is ${Math.round(width)} pixels wide`);
}
for (const each of controls.filter((each) => each.matches('.button, summary, .input, [type=file]') && !each.closest('dialog'))) {
  each.scrollIntoView({ block: 'nearest' });
  const box = each.getBoundingClientRect();
  const above = document.elementFromPoint(box.left + box.width / 2, box.top + Math.min(box.height, 44) / 2);
  if (!above || !(each.contains(above) || above.contains(each))) faults.push(`${named(each)} lies under ${above?.outerHTML.slice(0, 60)}`);
}
scrollTo(0, document.documentElement.scrollHeight);
const bar = document.querySelector('.portal .mainnav')?.getBoundingClientRect();
const last = Math.max(...[...document.querySelectorAll('main, .footer')].map((part) => part.lastElementChild?.getBoundingClientRect().bottom ?? 0));
if (bar && last > bar.top + 1) faults.push(`ends ${Math.round(last - bar.top)} pixels under the bottom bar`);
scrollTo(0, 0);
return faults;";

/// What keeps a phone of 360 pixels from showing the whole page, or a finger from its controls.
pub(super) async fn phone_faults(browser: &Browser) -> anyhow::Result<Vec<String>> {
    serde_json::from_value(browser.execute(PHONE_FAULTS).await?).context("measuring the page")
}

/// Saves a picture for the README where `PORTICO_PICTURES` names a folder.
pub(super) async fn picture(browser: &Browser, name: &str) -> anyhow::Result<()> {
    match std::env::var_os("PORTICO_PICTURES") {
        Some(folder) => browser.picture(&PathBuf::from(folder).join(format!("{name}.png"))).await,
        None => Ok(()),
    }
}
