//! Approvals as the people who decide meet them: a place drawn on the page, two of three, a stand-in, and nobody twice.

use anyhow::{Context as _, ensure};
use fantoccini::actions::{InputSource as _, MOUSE_BUTTON_LEFT, MouseActions, PointerAction};
use http::StatusCode;
use portico_core::{Clock as _, SystemClock};
use portico_proto::workflow::v1::{StepState, WaiveStepRequest};

use super::{axe, judge::Judge};
use crate::harness::{Browser, Engagement, Outcome, Visitor, World, pdf, steps};

const FIRM: &str = "mia@northwind.example";

/// A fit-out whose design waits for two of the client's people.
async fn designed(world: &World) -> anyhow::Result<(Engagement, String)> {
    let fit_out = world.fit_out("Branch office, Harbour Street 12").await?;
    let mia = world.person("northwind", FIRM).await?;
    let met = steps(&mia.run(&fit_out.run).await?);
    for key in ["brief", "visit"] {
        let asked =
            WaiveStepRequest { step_id: met[key].id.clone(), reason: "We know it already".to_owned() };
        mia.workflow().waive_step(asked).await?;
    }
    world.settle().await?;
    let design = met["design"].id.clone();
    mia.upload(&format!("/deliverables/{design}/versions"), "design.pdf", pdf("The design", 2)).await?;
    world.settle().await?;
    Ok((fit_out, design))
}

async fn open(world: &World, email: &str, path: &str) -> anyhow::Result<Browser> {
    let visitor = if email.ends_with("northwind.example") {
        world.staff("northwind", email).await?
    } else {
        world.client("northwind", email).await?
    };
    let browser = Browser::desk().await?;
    axe::equip(&browser).await?;
    browser.take_over(&visitor, &world.url("northwind", path)).await?;
    // The sign-in page that came before the session is not looked at.
    browser.complaints().await?;
    Ok(browser)
}

async fn approve(browser: &Browser) -> Outcome {
    browser.click("form[data-confirm] .button").await?;
    browser.click("dialog[open] .button:not(.secondary)").await
}

/// Sends what the approval's form would, without the form; `file` is what it says of the file that is approved, where there is one.
async fn forced(visitor: &mut Visitor, task: &str, file: &[(&str, &str)]) -> anyhow::Result<StatusCode> {
    visitor.get(task).await?.is(StatusCode::OK)?;
    let sent = [&[("decision", "approve")], file].concat();
    Ok(visitor.post_only(&format!("{task}/decide"), &sent).await?.status)
}

/// A place drawn on the page goes into the comment, the design comes back, and both sides read where and what.
pub(super) async fn b14_a_design_is_returned_with_a_place_drawn_on_its_page() -> Outcome {
    let world = World::demo().await?;
    let (_, design) = designed(&world).await?;
    let task = format!("/tasks/{design}");
    let bea = open(&world, "bea@wingtip.example", &task).await?;
    let mut judge = Judge::default();
    bea.find("form[data-confirm]").await?;
    judge.passes(&bea, "an approval").await?;

    let page = bea.find("[data-pin-board] [data-page='2']").await?;
    let argument = serde_json::to_value(&page)?;
    bea.client().execute("arguments[0].scrollIntoView({block: 'center'})", vec![argument]).await?;
    let drag = MouseActions::new("mouse".to_owned())
        .then(PointerAction::MoveToElement { element: page, duration: None, x: 0.0, y: 0.0 })
        .then(PointerAction::Down { button: MOUSE_BUTTON_LEFT })
        .then(PointerAction::MoveBy {
            duration: Some(std::time::Duration::from_millis(100)),
            x: 120.0,
            y: 60.0,
        })
        .then(PointerAction::Up { button: MOUSE_BUTTON_LEFT });
    bea.client().perform_actions(drag).await?;
    let taken = bea
        .execute(
            "const row = document.activeElement.closest('.pin-row');
             return row && [row.querySelector('input').value, row.querySelector('select').selectedOptions[0].text]",
        )
        .await?;
    ensure!(
        taken == serde_json::json!(["2", "The place you have drawn"]),
        "what was drawn is not in the comment: {taken}"
    );
    let active = bea.client().active_element().await?;
    active.send_keys("Move this wall").await?;
    bea.fill("#f-comment", "Nearly there").await?;
    bea.click("form.stack[action$='/decide'] .actions .button").await?;
    bea.wait_for_text("Move this wall").await?;
    ensure!(bea.text().await?.contains("Nearly there"), "the reason is gone: {}", bea.text().await?);
    judge.passes(&bea, "an approval that was returned").await?;
    bea.close().await?;

    let mia = open(&world, FIRM, &format!("/console/steps/{design}/deliverable")).await?;
    for words in ["Move this wall", "Page 2"] {
        mia.wait_for_text(words).await?;
    }
    judge.passes(&mia, "what was returned, for the firm").await?;
    mia.close().await?;
    judge.verdict(Vec::new())
}

/// Two of three approve; nobody counts twice; whoever worked the price out does not check it; and somebody who is asked to stands in.
pub(super) async fn b14_two_approve_nobody_twice_and_a_stand_in_for_another() -> Outcome {
    let world = World::demo().await?;
    let (fit_out, design) = designed(&world).await?;
    let task = format!("/tasks/{design}");
    let mut judge = Judge::default();
    let ben = open(&world, "ben@wingtip.example", &task).await?;
    approve(&ben).await?;
    ben.wait_for_text("1 of 2 approvals").await?;
    ensure!(ben.text().await?.contains("Ben Castro"), "who approved is not told: {}", ben.text().await?);
    let again = ben.execute("return document.querySelector('form[data-confirm]') === null").await?;
    ensure!(again == true, "Ben is asked twice");
    judge.passes(&ben, "one approval of two").await?;
    ben.close().await?;
    // Whoever has still to approve reads in the form what it would send.
    let form = world.client("northwind", "sofia@wingtip.example").await?.get(&task).await?;
    let (version, sha256) = form.field("version").zip(form.field("sha256")).context("no file is approved")?;
    let file = [("version", version.as_str()), ("sha256", sha256.as_str())];
    forced(&mut world.client("northwind", "ben@wingtip.example").await?, &task, &file).await?;
    let mia = world.person("northwind", FIRM).await?;
    let state = steps(&mia.run(&fit_out.run).await?)["design"].clone();
    ensure!(state.approvals.len() == 1 && state.ended_at.is_none(), "one person has approved twice");

    let sofia = open(&world, "sofia@wingtip.example", &task).await?;
    sofia.wait_for_text("1 of 2 approvals").await?;
    approve(&sofia).await?;
    sofia.wait_for_text("What happens next").await?;
    sofia.close().await?;
    world.settle().await?;

    let run = steps(&mia.run(&fit_out.run).await?);
    ensure!(run["costing"].state() == StepState::Active, "two approvals were not enough");
    let mut worker = world.staff("northwind", FIRM).await?;
    let costing = format!("/tasks/{}", run["costing"].id);
    worker.get(&costing).await?.is(StatusCode::OK)?;
    worker.post(&format!("{costing}/complete"), &[("note", "")]).await?.is(StatusCode::OK)?;
    world.settle().await?;

    // Four eyes: she worked it out, so the page says who has to decide, and the form that she does not have is refused.
    let check = format!("/tasks/{}", run["price_check"].id);
    let barred = open(&world, FIRM, &check).await?;
    barred.wait_for_text("You have done \"Work out the price\"").await?;
    let forms =
        barred.execute("return document.querySelectorAll('form[action$=\"/decide\"]').length").await?;
    ensure!(forms == 0, "{forms} forms decide");
    judge.passes(&barred, "an approval that is barred").await?;
    barred.close().await?;
    let refused = forced(&mut worker, &check, &[]).await?;
    ensure!(refused.is_client_error(), "she may check what she worked out: {refused}");

    let dan = open(&world, "dan@northwind.example", &check).await?;
    approve(&dan).await?;
    dan.wait_for_text("1 of 2 approvals").await?;
    dan.close().await?;

    // Finn is away; Petra, who may not read it otherwise, decides for him.
    let petra = open(&world, "petra@northwind.example", "/console").await?;
    petra.goto(&world.url("northwind", &check)).await?;
    let asked = petra.execute("return document.querySelector('form[data-confirm]') !== null").await?;
    ensure!(asked == false, "Petra is asked before she stands in");
    let finn = open(&world, "finn@northwind.example", "/console/standing-in").await?;
    finn.execute(
        "const people = document.querySelector('#f-person');
         people.value = [...people.options].find((each) => each.text.includes('Petra')).value;",
    )
    .await?;
    let day = (SystemClock.now() + chrono::TimeDelta::days(3)).date_naive().to_string();
    let set = format!("document.querySelector('#f-until').value = '{day}'");
    finn.execute(&set).await?;
    finn.fill("#f-reason", "On holiday").await?;
    finn.click("form[action='/console/standing-in'] .button").await?;
    finn.find("form[action^='/console/standing-in/']").await?;
    judge.passes(&finn, "a stand-in").await?;
    finn.close().await?;
    petra.goto(&world.url("northwind", &check)).await?;
    petra.wait_for_text("You decide for Finn Olsen").await?;
    judge.passes(&petra, "an approval for somebody else").await?;
    approve(&petra).await?;
    petra.wait_for_text("What happens next").await?;
    petra.close().await?;
    let done = steps(&mia.run(&fit_out.run).await?)["price_check"].clone();
    let of_petra = done.approvals.iter().find(|one| one.name.starts_with("Petra")).context("not hers")?;
    ensure!(
        of_petra.on_behalf_of == "Finn Olsen" && done.ended_at.is_some(),
        "the approval is not kept as Finn's by Petra: {done:?}"
    );
    judge.verdict(Vec::new())
}
