//! Where the papers of an envelope are filled in: fields placed with the pointer, with keys, and kept.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use fantoccini::actions::{
    InputSource as _, KeyAction, KeyActions, MOUSE_BUTTON_LEFT, MouseActions, PointerAction,
};
use serde_json::Value;

use crate::harness::{Browser, Outcome, World, steps};

const RIGHT: char = '\u{E014}';
const SHIFT: char = '\u{E008}';
const DELETE: char = '\u{E017}';

/// Left, top, width and height of each field in the list, in percent of its page.
const BOXES: &str = "return [...document.querySelectorAll('[data-row]')].map((row) =>
    ['x', 'y', 'width', 'height'].map((part) => Number(row.querySelector(`input[name^=\"${part}-\"]`).value)));";

async fn boxes(staff: &Browser) -> anyhow::Result<Vec<[f64; 4]>> {
    let boxes: Value = staff.execute(BOXES).await?;
    serde_json::from_value(boxes).context("reading where the fields are")
}

async fn press(staff: &Browser, keys: &[char]) -> Outcome {
    let mut pressed = KeyActions::new("keys".to_owned());
    for value in keys {
        pressed = pressed.then(KeyAction::Down { value: *value });
    }
    for value in keys.iter().rev() {
        pressed = pressed.then(KeyAction::Up { value: *value });
    }
    Ok(staff.client().perform_actions(pressed).await?)
}

/// By pointer and by keys a field comes to the same list, which is what is kept.
pub(super) async fn b12_fields_are_placed_with_the_pointer_and_with_keys() -> Outcome {
    let world = World::demo().await?;
    let engagement = world.signed_engagement("Warehouse audit").await?;
    let paul = world.person("northwind", "paul@northwind.example").await?;
    let step = steps(&paul.run(&engagement.run).await?)["agreement"].id.clone();
    let page = world.url("northwind", &format!("/console/steps/{step}/envelope/fields"));
    let staff = Browser::desk().await?;
    staff.take_over(&world.staff("northwind", "paul@northwind.example").await?, &page).await?;

    staff.click("[data-add='signature']").await?;
    let start = boxes(&staff).await?;
    ensure!(start.len() == 1 && start[0][0] == 10.0, "the palette put {start:?}");
    press(&staff, &[RIGHT]).await?;
    press(&staff, &[RIGHT]).await?;
    press(&staff, &[SHIFT, RIGHT]).await?;
    let moved = boxes(&staff).await?;
    ensure!(
        (moved[0][0] - 11.0).abs() < 0.05 && (moved[0][2] - start[0][2] - 0.5).abs() < 0.05,
        "keys brought {start:?} to {moved:?}"
    );

    let field = staff.find("[data-sheet] svg g").await?;
    let drag = MouseActions::new("mouse".to_owned())
        .then(PointerAction::MoveToElement { element: field, duration: None, x: 0.0, y: 0.0 })
        .then(PointerAction::Down { button: MOUSE_BUTTON_LEFT })
        .then(PointerAction::MoveBy { duration: Some(Duration::from_millis(100)), x: 60.0, y: 40.0 })
        .then(PointerAction::Up { button: MOUSE_BUTTON_LEFT });
    staff.client().perform_actions(drag).await?;
    let dragged = boxes(&staff).await?;
    ensure!(
        dragged[0][0] > moved[0][0] + 2.0
            && dragged[0][1] > moved[0][1] + 1.0
            && dragged[0][2] == moved[0][2],
        "the pointer brought {moved:?} to {dragged:?}"
    );

    // The other signer's, one too many, and gone again by its key.
    staff.execute("const whose = document.querySelector('[data-for]'); whose.selectedIndex = 1;").await?;
    staff.click("[data-add='signature']").await?;
    staff.click("[data-add='text']").await?;
    ensure!(boxes(&staff).await?.len() == 3, "the palette adds nothing more");
    press(&staff, &[DELETE]).await?;
    let kept = boxes(&staff).await?;
    ensure!(kept.len() == 2, "Delete left {kept:?}");
    staff.click("button[name='act'][value='save']").await?;
    staff.wait_for_text("The fields are saved").await?;
    let shown = boxes(&staff).await?;
    ensure!(shown == kept, "{kept:?} was placed and {shown:?} was kept");
    let drawn = staff.execute("return document.querySelectorAll('[data-sheet] svg g').length").await?;
    ensure!(drawn == 2, "{drawn} fields are drawn");
    ensure!(staff.complaints().await?.is_empty(), "{:?}", staff.complaints().await?);
    staff.close().await
}
