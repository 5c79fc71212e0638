//! Pages that no link of the tours leads to: what is paid, unsubscribed, checked and connected, and firms of any colour.

use anyhow::{Context as _, ensure};
use portico_core::{Entropy as _, OsEntropy};
use portico_proto::{
    messaging::v1::PostMessageRequest,
    tenancy::v1::{GetTenantRequest, UpdateTenantRequest},
    workflow::v1::ListRecordsRequest,
};

use portico_web::theme::Theme;

use super::{axe, judge::Judge};
use crate::{
    harness::{Browser, CalendarServer, Outcome, Stripe, World, pdf, way_out},
    isolation::money,
    sealing::signed,
};

/// How many firms of a random colour are looked at in one run.
const BRANDS: usize = 3;

/// On the way to the provider, out of a kind of mail, and with the verdicts about three files.
pub(super) async fn b08_paying_unsubscribing_and_verdicts_pass_axe_and_fit_a_phone() -> Outcome {
    let stripe = Stripe::start().await?;
    let mut world = World::demo().await?;
    world.pay_through(&stripe);
    world.restart().await?;
    let (sealed, _, _) = signed(&world).await?;
    let ana = world.person("northwind", "ana@acme.example").await?;
    let paul = world.person("northwind", "paul@northwind.example").await?;
    let acme = paul.account("Acme").await?;
    let there = money::of_account(&world, &acme, "Harbour survey").await?;
    world.settle().await?;

    let browser = Browser::desk().await?;
    axe::equip(&browser).await?;
    let mut judge = Judge::default();
    browser.goto(&world.url("northwind", "/verify")).await?;
    let mut broken = sealed.clone();
    broken[700] ^= 1;
    let folder = tempfile::tempdir()?;
    let mut chosen = Vec::new();
    for (name, bytes) in [("signed.pdf", &sealed), ("changed.pdf", &broken), ("plain.pdf", &pdf("Plain", 1))]
    {
        std::fs::write(folder.path().join(name), bytes)?;
        chosen.push(folder.path().join(name).display().to_string());
    }
    browser.find("#f-files").await?.send_keys(&chosen.join("\n")).await?;
    browser.click("form[action='/verify'] .button").await?;
    browser.wait_for_text("not a byte of it was changed").await?;
    judge.passes(&browser, "three verdicts").await?;
    browser.click("form[action='/verify'] .button").await?;
    browser.find(".error-summary").await?;
    judge.passes(&browser, "no file to check").await?;

    let post = PostMessageRequest {
        record_id: engaged(&world).await?,
        body: "Is Friday fine?".to_owned(),
        ..PostMessageRequest::default()
    };
    ana.messaging().post_message(post).await?;
    let mail = world.mailbox("northwind").await?.wait_for("paul@northwind.example", "message", 0).await?;
    browser.goto(&world.url("northwind", &way_out(&mail)?)).await?;
    browser.wait_for_text("No more of these mails?").await?;
    judge.passes(&browser, "a way out of mails").await?;
    browser.click("main form .button").await?;
    browser.wait_for_text("These mails are switched off").await?;
    judge.passes(&browser, "mails that are switched off").await?;

    let invoice = there["sales_document_id"].first().context("no invoice")?;
    let seen = world.url("northwind", &format!("/invoices/{invoice}"));
    browser.take_over(&world.client("northwind", "ana@acme.example").await?, &seen).await?;
    browser.complaints().await?;
    browser.click("form[action$='/pay'] .button").await?;
    browser.find("a[href^='https://checkout.example/']").await?;
    judge.passes(&browser, "the way to the provider").await?;
    judge.verdict(Vec::new())?;
    browser.close().await
}

/// The record of Acme's one engagement.
async fn engaged(world: &World) -> anyhow::Result<String> {
    let paul = world.person("northwind", "paul@northwind.example").await?;
    let portal_id = paul.portal("client-onboarding").await?;
    let asked =
        ListRecordsRequest { portal_id, kind: "engagement".to_owned(), ..ListRecordsRequest::default() };
    let records = paul.workflow().list_records(asked).await?.into_inner().records;
    Ok(records.into_iter().next().context("no engagement")?.id)
}

/// A calendar of one's own: refused, connected and gone.
pub(super) async fn b08_a_connected_calendar_passes_axe_and_fits_a_phone() -> Outcome {
    let server = CalendarServer::start()?;
    server.make("work").await?;
    let mut world = World::demo().await?;
    world.read_local_calendars();
    world.restart().await?;
    let paul = Browser::desk().await?;
    axe::equip(&paul).await?;
    let page = world.url("northwind", "/console/availability");
    paul.take_over(&world.staff("northwind", "paul@northwind.example").await?, &page).await?;
    paul.complaints().await?;
    let mut judge = Judge::default();
    for (password, told) in
        [("wrong", ".error-summary"), (CalendarServer::PASSWORD, "form[action$='/forget']")]
    {
        paul.fill("#f-calendar_address", &server.address()).await?;
        paul.fill("#f-calendar_user", CalendarServer::USER).await?;
        paul.fill("#f-calendar_password", password).await?;
        paul.click("form[action='/console/availability/calendar'] .button").await?;
        paul.find(told).await?;
        judge.passes(&paul, &format!("a calendar, with {told}")).await?;
    }
    judge.verdict(Vec::new())?;
    paul.close().await
}

/// Whatever colour a firm chooses, its pages are legible in both themes.
pub(super) async fn b08_firms_of_any_colour_pass_axe_in_both_themes() -> Outcome {
    let world = World::demo().await?;
    world.signed_engagement("Warehouse audit").await?;
    let nora = world.person("northwind", "nora@northwind.example").await?;
    let browser = Browser::desk().await?;
    axe::equip(&browser).await?;
    browser
        .take_over(&world.client("northwind", "ana@acme.example").await?, &world.url("northwind", "/"))
        .await?;
    let mut judge = Judge::default();
    for _ in 0..BRANDS {
        let mut random = [0_u8; 3];
        OsEntropy.fill(&mut random);
        let brand = format!("#{}", hex::encode(random));
        let firm = nora.tenancy().get_tenant(GetTenantRequest::default()).await?.into_inner().tenant;
        let mut firm = firm.context("no firm")?;
        firm.colour.clone_from(&brand);
        let asked = UpdateTenantRequest { tenant: Some(firm), ..UpdateTenantRequest::default() };
        nora.tenancy().update_tenant(asked).await?;
        let sheet = Theme::new(brand.parse()?).url(world.tenant("northwind").await?);
        let drawn = format!("return document.querySelector('link[href=\"{sheet}\"]') !== null");
        let start = std::time::Instant::now();
        while browser.execute(&drawn).await? != true {
            ensure!(start.elapsed().as_secs() < 20, "the colour {brand} does not come");
            browser.goto(&world.url("northwind", "/")).await?;
        }
        for path in ["/", "/tasks", "/me"] {
            browser.goto(&world.url("northwind", path)).await?;
            judge.reads(&browser, &format!("{path} in {brand}")).await?;
        }
    }
    judge.verdict(Vec::new())?;
    browser.close().await
}
