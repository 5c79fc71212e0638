//! The walk over every page that links lead to: no policy violation, no error in a script, no dead link, sound markup.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use anyhow::{Context as _, ensure};
use portico_core::{Clock as _, SystemClock};
use portico_proto::{
    documents::v1::GetRequestRequest,
    messaging::v1::PostMessageRequest,
    workflow::v1::{BookTimeRequest, GetMeetingRequest, OfferTimesRequest},
};

use super::page::{Look, picture};
use crate::{
    harness::{Browser, Engagement, Outcome, World, pdf, steps},
    isolation::money,
};

/// So many pages of one kind are opened: of tasks and steps enough for one of each type.
fn of_a_kind(kind: &str) -> usize {
    if kind.ends_with("/tasks/…") || kind.contains("/steps/…") { 5 } else { 2 }
}

/// Every page that Ana can reach from her home.
pub(super) async fn b05_the_portal_loads_without_complaints() -> Outcome {
    let world = World::demo().await?;
    furnished(&world).await?;
    let browser = Browser::desk().await?;
    browser
        .take_over(&world.client("northwind", "ana@acme.example").await?, &world.url("northwind", "/"))
        .await?;
    let kinds = without_complaints(&world, &browser, "/").await?;
    for kind in [
        "/",
        "/tasks",
        "/tasks/…",
        "/files",
        "/files/…/view",
        "/documents/folders/…",
        "/messages",
        "/messages/…",
        "/me",
    ] {
        ensure!(kinds.contains(kind), "no link leads to {kind}, only to {kinds:?}");
    }
    browser.close().await
}

/// Every page that Nora can reach from the console.
pub(super) async fn b05_the_console_loads_without_complaints() -> Outcome {
    let world = World::demo().await?;
    furnished(&world).await?;
    let visitor = world.staff("northwind", "nora@northwind.example").await?;
    let browser = Browser::desk().await?;
    browser.take_over(&visitor, &world.url("northwind", "/console")).await?;
    let kinds = without_complaints(&world, &browser, "/console").await?;
    for kind in [
        "/console/accounts",
        "/console/accounts/…",
        "/console/people",
        "/console/outstanding",
        "/console/runs/…",
        "/console/steps/…",
        "/console/folders/…",
        "/console/documents/…",
        "/console/portals",
        "/console/audit",
        "/console/mail",
        "/console/settings",
    ] {
        ensure!(kinds.contains(kind), "no link leads to {kind}, only to {kinds:?}");
    }
    browser.goto(&world.url("northwind", "/console")).await?;
    picture(&browser, "console-home").await?;
    browser.close().await
}

async fn without_complaints(
    world: &World,
    browser: &Browser,
    start: &str,
) -> anyhow::Result<BTreeSet<String>> {
    // The sign-in page that came before the session is not part of the walk.
    browser.complaints().await?;
    let mut wrong = Vec::new();
    let kinds = walk(browser, &world.url("northwind", ""), &[start], async |path| {
        let (look, complaints) = (Look::at(browser).await?, browser.complaints().await?);
        wrong.extend(look.wrong().into_iter().chain(complaints).map(|what| format!("{path}: {what}")));
        Ok(())
    })
    .await?;
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(kinds)
}

/// An engagement with a message, a file, a booked call and a plan to approve, so that lists are not empty and every
/// kind of step has begun, and a fit-out of another account.
pub(super) async fn furnished(world: &World) -> anyhow::Result<Engagement> {
    let engagement = world.signed_engagement("Warehouse audit").await?;
    let ana = world.person("northwind", "ana@acme.example").await?;
    let run = ana.run(&engagement.run).await?;
    let asked = GetRequestRequest { step_id: steps(&run)["sysdocs"].id.clone() };
    let request = ana.documents().get_request(asked).await?.into_inner().request.context("no request")?;
    let item = request.items.first().context("no item")?;
    ana.upload(&format!("/items/{}/files", item.id), "overview.pdf", pdf("Overview", 2)).await?;
    let said = PostMessageRequest {
        record_id: engagement.record.clone(),
        body: "The overview is there".to_owned(),
        ..PostMessageRequest::default()
    };
    ana.messaging().post_message(said).await?;
    let paul = world.person("northwind", "paul@northwind.example").await?;
    let kickoff = steps(&run)["kickoff"].id.clone();
    let at = portico_proto::time::timestamp(SystemClock.now() + chrono::TimeDelta::days(6));
    paul.workflow().offer_times(OfferTimesRequest { step_id: kickoff.clone(), starts: vec![at] }).await?;
    let asked = GetMeetingRequest { step_id: kickoff.clone() };
    let slots = ana.workflow().get_meeting(asked).await?.into_inner().slots;
    let slot_id = slots.first().context("no time is offered")?.id.clone();
    ana.workflow().book_time(BookTimeRequest { step_id: kickoff, slot_id }).await?;
    world.settle().await?;
    let plan = steps(&paul.run(&engagement.run).await?)["plan"].id.clone();
    paul.upload(&format!("/deliverables/{plan}/versions"), "plan.pdf", pdf("The plan", 1)).await?;
    money::of_account(world, &engagement.account, "Audit").await?;
    world.settle().await?;
    world.shelf(&engagement, "Accounts").await?;
    let paper = paul.paper_template("Mutual NDA").await?;
    paul.send_paper(&paper, &engagement.account, &ana.id).await?;
    world.fit_out("Branch office, Harbour Street 12").await?;
    Ok(engagement)
}

/// Follows all links from `starts` on a host such as `http://localhost:80` and looks at each page; answers the kinds of pages that it saw.
pub(super) async fn walk(
    browser: &Browser,
    host: &str,
    starts: &[&str],
    mut look: impl AsyncFnMut(&str) -> Outcome,
) -> anyhow::Result<BTreeSet<String>> {
    let (mut kinds, mut looked) = (BTreeMap::new(), BTreeSet::new());
    let mut met: BTreeSet<String> = starts.iter().map(|start| (*start).to_owned()).collect();
    let mut ahead: VecDeque<String> = met.iter().cloned().collect();
    while let Some(path) = ahead.pop_front() {
        let kind = kind(&path);
        let most = of_a_kind(&kind);
        let seen: &mut usize = kinds.entry(kind).or_default();
        *seen += 1;
        if *seen > most {
            continue;
        }
        browser.goto(&format!("{host}{path}")).await?;
        // Some links lead to a page under another address, which need not be looked at twice.
        if !looked.insert(browser.client().current_url().await?) {
            continue;
        }
        let links = Look::at(browser).await?.links;
        look(&path).await.with_context(|| format!("looking at {path}"))?;
        ahead.extend(links.into_iter().filter(|link| !is_file(link) && met.insert(link.clone())));
    }
    Ok(kinds.into_keys().collect())
}

/// A page's address without what differs between pages of one kind.
fn kind(path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default();
    let parts = path.split('/').map(|part| if part.parse::<uuid::Uuid>().is_ok() { "…" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// Whether a link downloads rather than opens a page.
fn is_file(link: &str) -> bool {
    kind(link) == "/files/…" || kind(link).ends_with("/zip") || link.ends_with(".ics")
}
