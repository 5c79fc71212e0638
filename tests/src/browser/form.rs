//! Ana on her phone: from the invitation to the questionnaire that she hands in.

use std::time::Duration;

use anyhow::ensure;

use super::page::{fits_a_phone, follow, picture};
use crate::harness::{Browser, Outcome, World, link_path};

/// Opening the link does nothing, its button signs in; the home says in words what is needed, and fits a phone.
pub(super) async fn b01_an_invited_client_lands_on_a_home_that_fits_a_phone() -> Outcome {
    let world = World::demo().await?;
    let _engagement = world.signed_engagement("Warehouse audit").await?;
    let mail = world.mailbox("northwind").await?.wait_for("ana@acme.example", "invitation", 0).await?;
    let ana = Browser::phone().await?;
    ana.goto(&world.url("northwind", "/")).await?;
    ana.wait_for_text("Sign in to Northwind Consulting").await?;
    fits_a_phone(&ana).await?;
    let link = world.url("northwind", &link_path(&mail)?);
    // Twice: a mail scanner that opens the link first must not use it up.
    for _ in 0..2 {
        ana.goto(&link).await?;
        ana.wait_for_text("a…@acme.example").await?;
    }
    fits_a_phone(&ana).await?;
    ana.click("main form button.button").await?;
    ana.wait_for_text("things need you").await?;
    fits_a_phone(&ana).await?;
    let text = ana.text().await?;
    for words in ["Complete the intake questionnaire", "due", "Paul Meyer", "Paperwork complete"] {
        ensure!(text.contains(words), "the home does not say {words:?}: {text}");
    }
    picture(&ana, "client-home-phone").await?;
    for path in ["/tasks", "/files", "/messages", "/me", "/activity"] {
        ana.goto(&world.url("northwind", path)).await?;
        fits_a_phone(&ana).await?;
    }
    ana.close().await
}

/// A question shows once it is asked for, answers are there again after a reload, and nothing is handed in without a look at it.
pub(super) async fn b01_the_questionnaire_saves_itself_survives_a_reload_and_is_handed_in_after_a_review()
-> Outcome {
    let world = World::demo().await?;
    let _engagement = world.signed_engagement("Warehouse audit").await?;
    let visitor = world.client("northwind", "ana@acme.example").await?;
    let ana = Browser::phone().await?;
    ana.take_over(&visitor, &world.url("northwind", "/")).await?;
    ana.wait_for_text("things need you").await?;
    let before = ana.find("h1").await?.text().await?;
    follow(&ana, "Complete the intake questionnaire").await?;
    ana.fill("#f-company_legal_name", "Acme GmbH").await?;
    fits_a_phone(&ana).await?;
    ana.fill("#f-goals", "Fewer forms").await?;
    ensure!(
        !ana.find("#f-existing_system").await?.is_displayed().await?,
        "a question shows that is not asked"
    );
    ana.click(".choice:has([name=has_existing_system][value=yes])").await?;
    ana.fill("#f-existing_system", "A cupboard full of paper").await?;
    saved(&ana).await?;
    ana.client().refresh().await?;
    for (field, answer) in [
        ("#f-company_legal_name", "Acme GmbH"),
        ("#f-goals", "Fewer forms"),
        ("#f-existing_system", "A cupboard full of paper"),
    ] {
        let kept = ana.find(field).await?.prop("value").await?.unwrap_or_default();
        ensure!(kept == answer, "{field} holds {kept:?} after a reload");
    }
    ensure!(ana.find("#f-existing_system").await?.is_displayed().await?, "the conditional question is gone");
    // As a person empties a field; WebDriver's own way to clear it tells the page nothing of it.
    ana.find("#f-goals").await?.send_keys("\u{E009}a\u{E000}\u{E003}").await?;
    saved(&ana).await?;
    ana.click("form[data-autosave] .actions .button").await?;
    ana.wait_for_text("Check your answers").await?;
    ana.click("form[action$='/submit'] .button").await?;
    ana.find(".error-summary").await?;
    let focused = ana.execute("return document.activeElement.className").await?;
    ensure!(focused == "error-summary", "the reader starts at {focused}, not at what is wrong");
    ana.fill("#f-goals", "Fewer forms").await?;
    // Handed in while a save is under way: the server has it, and its answer has not come yet.
    ana.execute(
        "const quick = window.fetch;
         window.fetch = async (...asked) => {
           const answer = await quick(...asked);
           window.answered = true;
           await new Promise((resume) => setTimeout(resume, 1500));
           return answer;
         };
         document.querySelector('#f-goals').dispatchEvent(new Event('input', { bubbles: true }));",
    )
    .await?;
    tokio::time::sleep(Duration::from_millis(1_300)).await;
    ensure!(ana.execute("return window.answered === true").await? == true, "no save is under way");
    ana.click("form[data-autosave] .actions .button").await?;
    ana.wait_for_text("A cupboard full of paper").await?;
    fits_a_phone(&ana).await?;
    ana.click("form[action$='/submit'] .button").await?;
    ana.wait_for_text("What happens next").await?;
    ana.goto(&world.url("northwind", "/")).await?;
    let row = ana
        .execute("return [...document.querySelectorAll('.rows li')].map((row) => row.innerText).find((text) => text.includes('Complete the intake questionnaire'))")
        .await?;
    ensure!(row.as_str().is_some_and(|row| row.contains("Completed")), "the home shows {row}");
    let after = ana.find("h1").await?.text().await?;
    ensure!(before != after, "there is as much to do as before: {after}");
    ana.close().await
}

/// Waits until everything typed is saved: longer than the pause after which a form begins to save.
async fn saved(browser: &Browser) -> anyhow::Result<()> {
    tokio::time::sleep(Duration::from_millis(1_000)).await;
    browser.find(".save-state[data-state=saved]").await?;
    browser.wait_for_text("Saved").await
}
