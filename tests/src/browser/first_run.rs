//! From an empty Portico to a firm whose administrator is signed in.

use anyhow::ensure;

use super::{axe, judge::Judge, page::Look};
use crate::harness::{Browser, Outcome, World};

/// Only the token opens the wizard; it keeps what was typed from part to part, ends at the firm's own sign-in, and is closed after.
pub(super) async fn b07_the_first_firm_is_set_up_and_its_administrator_signs_in() -> Outcome {
    let world = World::empty().await?;
    let bare = format!("http://localhost:{}", world.address().port());
    let maria = Browser::desk().await?;
    axe::equip(&maria).await?;
    let mut judge = Judge::default();
    maria.goto(&format!("{bare}/setup?token=guessed")).await?;
    ensure!(
        maria.execute("return document.querySelector('form') === null").await? == true,
        "a guess unlocks"
    );
    maria.goto(&format!("{bare}/setup?token=set-up-token")).await?;
    maria.complaints().await?;
    judge.passes(&maria, "the first part of the set-up").await?;

    maria.fill("#f-name", "Adventure Works").await?;
    maria.fill("#f-slug", "Adventure Works").await?;
    maria.fill("#f-colour", "#7a1f3d").await?;
    maria.click("button[value=next]").await?;
    maria.find(".error-summary a[href='#f-slug']").await?;
    judge.passes(&maria, "the first part of the set-up, refused").await?;
    maria.fill("#f-slug", "adventure").await?;
    maria.click("button[value=next]").await?;

    maria.find("#f-admin_name").await?;
    judge.passes(&maria, "the second part of the set-up").await?;
    maria.fill("#f-admin_name", "Maria Lopez").await?;
    maria.fill("#f-admin_email", "maria@adventure.example").await?;
    maria.fill("#f-admin_password", "a horse of a different colour").await?;
    maria.click("button[value=next]").await?;
    maria.find("#f-time_zone").await?;
    maria.click("button[value=back]").await?;
    let kept = maria.find("#f-admin_name").await?.prop("value").await?.unwrap_or_default();
    ensure!(kept == "Maria Lopez", "going back lost the name: {kept:?}");
    maria.fill("#f-admin_password", "a horse of a different colour").await?;
    maria.click("button[value=next]").await?;

    maria.fill("#f-sender_address", "portal@adventure.example").await?;
    let look = Look::at(&maria).await?.wrong();
    ensure!(look.is_empty(), "the set-up page {}", look.join(", "));
    judge.passes(&maria, "the last part of the set-up").await?;
    maria.click("button[value=next]").await?;
    maria.wait_for_text("Sign in to Adventure Works").await?;
    let host = maria.client().current_url().await?;
    ensure!(host.host_str() == Some("adventure.localhost"), "the sign-in page is at {host}");
    maria.fill("#f-email", "maria@adventure.example").await?;
    maria.fill("#f-password", "a horse of a different colour").await?;
    maria.click("main form .actions .button").await?;
    maria.find("body.console h1").await?;
    let complaints = maria.complaints().await?;
    ensure!(complaints.is_empty(), "{}", complaints.join("\n"));

    maria.goto(&format!("{bare}/setup?token=set-up-token")).await?;
    ensure!(
        maria.execute("return document.querySelector('form') === null").await? == true,
        "the wizard opens a second time"
    );
    judge.passes(&maria, "the set-up, closed").await?;
    judge.verdict(Vec::new())?;
    maria.close().await
}
