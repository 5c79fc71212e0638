//! A plan that staff move dates on: by drawing a bar, by its buttons, beside a colleague who does the same, and on paper.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use chrono::{Days, NaiveDate};
use fantoccini::actions::{InputSource as _, MOUSE_BUTTON_LEFT, MouseActions, PointerAction};
use serde_json::{Value, json};

use crate::harness::{Browser, Outcome, World, steps};

/// The day of a step as its bar, its buttons and its field have it.
async fn day(browser: &Browser, step: &str) -> anyhow::Result<NaiveDate> {
    let read = format!(
        "const form = (kind) => document.querySelector(`form[data-plan-${{kind}}=\"{step}\"]`);
         return [document.querySelector('rect[data-step=\"{step}\"]').dataset.due,
                 form('step').querySelector('[name=now]').value, form('day').querySelector('[name=due]').value];"
    );
    let days: Vec<NaiveDate> = serde_json::from_value(browser.execute(&read).await?).context("no days")?;
    ensure!(days.windows(2).all(|two| two[0] == two[1]), "bar, buttons and field differ: {days:?}");
    days.first().copied().context("no day")
}

/// Waits until the page, which nobody loads again, has the day in all three places.
async fn comes(browser: &Browser, step: &str, wanted: NaiveDate) -> Outcome {
    let start = Instant::now();
    loop {
        let met = day(browser, step).await;
        if met.as_ref().is_ok_and(|met| *met == wanted) {
            return Ok(());
        }
        ensure!(start.elapsed() < Duration::from_secs(20), "{wanted} does not come, but {met:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Draws the bar of a step so many days to the right.
async fn draw(browser: &Browser, step: &str, days: i32) -> Outcome {
    let bar = browser.find(&format!("rect[data-step='{step}']")).await?;
    let argument = serde_json::to_value(&bar)?;
    let measure = "arguments[0].scrollIntoView({block: 'center'});
        const drawing = arguments[0].closest('svg');
        return drawing.getBoundingClientRect().width / drawing.viewBox.baseVal.width * Number(drawing.dataset.day);";
    let one = browser.client().execute(measure, vec![argument]).await?;
    let one = one.as_f64().context("no day is that wide")?;
    let drag = MouseActions::new("mouse".to_owned())
        .then(PointerAction::MoveToElement { element: bar, duration: None, x: 0.0, y: 0.0 })
        .then(PointerAction::Down { button: MOUSE_BUTTON_LEFT })
        .then(PointerAction::MoveBy {
            duration: Some(Duration::from_millis(100)),
            x: one * f64::from(days),
            y: 0.0,
        })
        .then(PointerAction::Up { button: MOUSE_BUTTON_LEFT });
    Ok(browser.client().perform_actions(drag).await?)
}

/// What was drawn is kept; a colleague's open page follows with its bar, buttons and field, and goes on from there; printing is offered
/// and leaves the forms away.
pub(super) async fn b15_a_plan_is_drawn_and_a_colleagues_page_goes_on_from_there() -> Outcome {
    let world = World::demo().await?;
    let engagement = world.signed_engagement("Warehouse audit").await?;
    let manager = world.person("northwind", "paul@northwind.example").await?;
    let step = steps(&manager.run(&engagement.run).await?)["intake"].id.clone();
    let page = world.url("northwind", &format!("/console/runs/{}/plan", engagement.run));
    let (paul, nora) = (Browser::desk().await?, Browser::desk().await?);
    for (browser, email) in [(&paul, "paul@northwind.example"), (&nora, "nora@northwind.example")] {
        browser.take_over(&world.staff("northwind", email).await?, &page).await?;
        browser.complaints().await?;
    }
    nora.execute("window.untouched = true").await?;
    let before = day(&paul, &step).await?;
    ensure!(day(&nora, &step).await? == before, "two people see two days");

    draw(&paul, &step, 3).await?;
    paul.wait_for_text("The date was moved").await?;
    let drawn = before + Days::new(3);
    comes(&paul, &step, drawn).await?;
    comes(&nora, &step, drawn).await?;
    // Her page was not loaded again, and its buttons count from the new day.
    ensure!(nora.execute("return window.untouched === true").await? == true, "the page was loaded again");
    draw(&nora, &step, 2).await?;
    nora.wait_for_text("The date was moved").await?;
    let drawn = drawn + Days::new(2);
    comes(&nora, &step, drawn).await?;
    comes(&paul, &step, drawn).await?;
    paul.click(&format!("form[data-plan-step='{step}'] button[value='7']")).await?;
    let later = drawn + Days::new(7);
    comes(&paul, &step, later).await?;
    comes(&nora, &step, later).await?;

    // Escape puts a bar back that is held.
    let held = format!(
        "const bar = document.querySelector('rect[data-step=\"{step}\"]');
         bar.setPointerCapture = () => {{}};
         const at = (kind, x) => bar.dispatchEvent(new PointerEvent(kind, {{ bubbles: true, isPrimary: true, button: 0, pointerId: 1, clientX: x }}));
         at('pointerdown', 100); at('pointermove', 300);
         const moved = bar.hasAttribute('transform');
         document.dispatchEvent(new KeyboardEvent('keydown', {{ key: 'Escape', bubbles: true }}));
         const back = !bar.hasAttribute('transform');
         at('pointerup', 300);
         return [moved, back];"
    );
    ensure!(paul.execute(&held).await? == json!([true, true]), "Escape does not put the bar back");
    ensure!(day(&paul, &step).await? == later, "what was put back was sent");

    let print = paul.find("[data-print]").await?;
    ensure!(print.is_displayed().await?, "printing is not offered");
    paul.execute("window.print = () => { window.printed = true; }").await?;
    paul.click("[data-print]").await?;
    ensure!(paul.execute("return window.printed === true").await? == true, "the button prints nothing");
    paul.devtools("Emulation.setEmulatedMedia", json!({ "media": "print" })).await?;
    let shown = "return ['#plan .gantt', '#plan .table', '#plan-forms', '.mainnav', '[data-print]']
        .map((each) => document.querySelector(each).getClientRects().length > 0);";
    let shown: Value = paul.execute(shown).await?;
    ensure!(shown == json!([true, true, false, false, false]), "on paper are {shown}");
    for browser in [paul, nora] {
        let complaints = browser.complaints().await?;
        ensure!(complaints.is_empty(), "{}", complaints.join("\n"));
        browser.close().await?;
    }
    Ok(())
}
