//! The portal without a mouse: Tab, Enter and Space reach and do everything, and one always sees where one is.

use anyhow::{Context as _, bail, ensure};
use fantoccini::actions::{InputSource as _, KeyAction, KeyActions};
use portico_core::{Clock as _, SystemClock};
use portico_proto::workflow::v1::OfferTimesRequest;
use serde::Deserialize;

use super::walk::furnished;
use crate::harness::{Browser, Outcome, World, steps};

const TAB: char = '\u{E004}';
const ENTER: char = '\u{E007}';
const ESCAPE: char = '\u{E00C}';
const DELETE: char = '\u{E017}';
const SPACE: char = ' ';

/// More stops than any page has.
const STOPS: usize = 90;

/// Where the keyboard is.
#[derive(Debug, Default, PartialEq, Deserialize)]
struct Place {
    /// What a screen reader would say first.
    name: String,
    within_main: bool,
    /// Whether it is drawn with a ring, lies in the window and is not covered.
    in_sight: bool,
}

const PLACE: &str = r"
const here = document.activeElement;
if (!here || here === document.body) return { name: '', within_main: false, in_sight: true };
const label = [...(here.labels ?? [])].map((each) => each.innerText).join(' ');
const drawn = [here, here.closest('li'), here.closest('label')].filter(Boolean);
const ring = drawn.some((each) => getComputedStyle(each).outlineStyle !== 'none' && parseFloat(getComputedStyle(each).outlineWidth) >= 2);
const box = here.getBoundingClientRect();
const top = document.elementFromPoint(box.left + box.width / 2, box.top + Math.min(box.height / 2, 20));
const clear = Boolean(top) && (drawn.some((each) => each.contains(top)) || top.contains(here));
return {
  name: (here.getAttribute('aria-label') || label || here.innerText || here.value || here.tagName).trim(),
  within_main: Boolean(here.closest('main')),
  in_sight: ring && clear && box.top >= 0 && box.top < innerHeight,
};";

/// Somebody at the keys.
struct Keys<'a>(&'a Browser);

impl Keys<'_> {
    async fn press(&self, key: char) -> Outcome {
        let keys = KeyActions::new("keys".to_owned());
        let keys = keys.then(KeyAction::Down { value: key }).then(KeyAction::Up { value: key });
        Ok(self.0.client().perform_actions(keys).await?)
    }

    async fn write(&self, text: &str) -> Outcome {
        for key in text.chars() {
            self.press(key).await?;
        }
        Ok(())
    }

    async fn place(&self) -> anyhow::Result<Place> {
        serde_json::from_value(self.0.execute(PLACE).await?).context("asking where the keyboard is")
    }

    /// Goes on with Tab to what is called so. Every stop on the way must be in sight.
    async fn go_to(&self, words: &str) -> Outcome {
        let mut met = Vec::new();
        for _ in 0..STOPS {
            self.press(TAB).await?;
            let place = self.place().await?;
            ensure!(place.in_sight, "one does not see that the keyboard is at {:?}", place.name);
            if place.name.contains(words) {
                return Ok(());
            }
            met.push(place.name);
        }
        bail!("Tab never comes to {words:?}, only to {met:?}")
    }

    async fn follow(&self, words: &str) -> Outcome {
        self.go_to(words).await?;
        self.press(ENTER).await
    }

    async fn sign_in(&self, world: &World, email: &str) -> Outcome {
        // Signed in once as a person of the tests, they have a password.
        world.person("northwind", email).await?;
        self.0.goto(&world.url("northwind", "/sign-in")).await?;
        self.press(TAB).await?;
        let first = self.place().await?;
        ensure!(first.name == "Skip to the content" && first.in_sight, "the first stop is {first:?}");
        self.press(ENTER).await?;
        self.go_to("Email").await?;
        self.write(email).await?;
        self.go_to("Password").await?;
        self.write(portico::demo::PASSWORD).await?;
        self.press(ENTER).await?;
        self.0.wait_for_text("need you").await
    }
}

/// Signing in, a form refused and corrected, an approval: with Tab, Enter and Space alone.
pub(super) async fn b10_a_client_does_everything_with_the_keyboard() -> Outcome {
    let world = World::demo().await?;
    furnished(&world).await?;
    let browser = Browser::desk().await?;
    let ana = Keys(&browser);
    ana.sign_in(&world, "ana@acme.example").await?;
    ana.press(TAB).await?;
    ana.press(ENTER).await?;
    ana.press(TAB).await?;
    let after = ana.place().await?;
    ensure!(after.within_main, "the skip link leads to {after:?}, which is not the content");

    ana.follow("Complete the intake questionnaire").await?;
    browser.find("#f-company_legal_name").await?;
    ana.go_to("Legal name of your company").await?;
    ana.write("Acme GmbH").await?;
    ana.go_to("Yes").await?;
    ana.press(SPACE).await?;
    ana.go_to("Which one?").await?;
    ana.write("A cupboard").await?;
    ana.follow("Continue").await?;
    browser.wait_for_text("Check your answers").await?;
    ana.follow("Send").await?;
    browser.find(".error-summary").await?;
    let start = browser.execute("return document.activeElement.className").await?;
    ensure!(start == "error-summary", "after the refusal the keyboard is at {start}");
    ana.press(TAB).await?;
    ana.press(ENTER).await?;
    let field = browser.execute("return document.activeElement.id").await?;
    ensure!(field == "f-goals", "the summary leads to {field}");
    ana.write("Fewer forms").await?;
    ana.follow("Continue").await?;
    browser.wait_for_text("Check your answers").await?;
    ana.follow("Send").await?;
    browser.wait_for_text("What happens next").await?;

    browser.goto(&world.url("northwind", "/")).await?;
    ana.follow("Approve the project plan").await?;
    browser.wait_for_text("plan.pdf").await?;
    ana.follow("Approve").await?;
    browser.find("dialog[open]").await?;
    ensure!(ana.place().await?.name == "No, go back", "the question does not begin at the safe answer");
    ana.follow("Approve").await?;
    browser.wait_for_text("What happens next").await?;
    browser.close().await
}

/// A time is booked, and a plan is returned with a comment at a place on its page, without a pointer.
pub(super) async fn b10_a_time_is_booked_and_a_plan_returned_with_the_keyboard() -> Outcome {
    let world = World::demo().await?;
    let engagement = furnished(&world).await?;
    let other = world.signed_engagement("Harbour audit").await?;
    let paul = world.person("northwind", "paul@northwind.example").await?;
    let kickoff = steps(&paul.run(&other.run).await?)["kickoff"].id.clone();
    let at = portico_proto::time::timestamp(SystemClock.now() + chrono::TimeDelta::days(7));
    paul.workflow().offer_times(OfferTimesRequest { step_id: kickoff.clone(), starts: vec![at] }).await?;
    world.settle().await?;
    let browser = Browser::desk().await?;
    let ana = Keys(&browser);
    ana.sign_in(&world, "ana@acme.example").await?;
    browser.goto(&world.url("northwind", &format!("/tasks/{kickoff}"))).await?;
    let time = browser.find("form[action$='/book'] button").await?.text().await?;
    ana.follow(&time).await?;
    browser.find("dialog[open]").await?;
    ana.go_to(&time).await?;
    ana.press(ENTER).await?;
    browser.wait_for_text("It is booked").await?;

    let plan = steps(&paul.run(&engagement.run).await?)["plan"].id.clone();
    browser.goto(&world.url("northwind", &format!("/tasks/{plan}"))).await?;
    ana.follow("Return it with a comment").await?;
    ana.go_to("What should be changed?").await?;
    ana.write("Later, please").await?;
    ana.go_to("Page").await?;
    ana.write("1").await?;
    ana.go_to("Where on the page").await?;
    ana.write("mid").await?;
    ana.go_to("What should be changed here?").await?;
    ana.write("Not in August").await?;
    ana.follow("Return it").await?;
    for words in ["Later, please", "Not in August", "middle"] {
        browser.wait_for_text(words).await?;
    }
    browser.close().await
}

/// A contract is read and signed by typing one's name.
pub(super) async fn b10_a_contract_is_signed_with_the_keyboard() -> Outcome {
    let world = World::demo().await?;
    furnished(&world).await?;
    let browser = Browser::desk().await?;
    let sam = Keys(&browser);
    sam.sign_in(&world, "sam@acme.example").await?;
    sam.follow("Review and sign the data agreement").await?;
    browser.wait_for_text("You sign as Sam Okafor").await?;
    sam.follow("Start reading").await?;
    browser.find("figure.sheet").await?;
    sam.follow("I have read it").await?;
    browser.find("#f-typed_name").await?;
    sam.go_to("name").await?;
    for _ in "Sam Okafor".chars() {
        sam.press(DELETE).await?;
    }
    sam.write("Sam Okafor").await?;
    sam.follow("Continue").await?;
    browser.find("#f-intent").await?;
    for _ in 0..2 {
        sam.go_to("I ").await?;
        sam.press(SPACE).await?;
    }
    sam.follow("Sign").await?;
    browser.wait_for_text("signs next").await?;
    browser.close().await
}

/// `?` tells the keys, `g` and a letter lead to a place, `/` to the search, and the reader may turn all of it off.
pub(super) async fn b10_single_keys_lead_about_until_they_are_turned_off() -> Outcome {
    let world = World::demo().await?;
    let _engagement = world.signed_engagement("Warehouse audit").await?;
    let browser = Browser::desk().await?;
    let keys = Keys(&browser);
    let at = async |path: &str| {
        let start = std::time::Instant::now();
        while browser.client().current_url().await?.path() != path {
            ensure!(
                start.elapsed().as_secs() < 5,
                "the page is {}, not {path}",
                browser.client().current_url().await?
            );
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        browser.find("h1").await?;
        anyhow::Ok(())
    };
    browser
        .take_over(
            &world.staff("northwind", "paul@northwind.example").await?,
            &world.url("northwind", "/console"),
        )
        .await?;
    keys.write("gm").await?;
    at("/messages").await?;
    keys.write("gb").await?;
    at("/console/portals/client-onboarding/onboarding").await?;
    keys.write("gh").await?;
    at("/console").await?;
    browser.goto(&world.url("northwind", "/console/accounts")).await?;
    keys.write("/").await?;
    keys.write("gh?").await?;
    let typed = browser.find("[data-search]").await?.prop("value").await?.unwrap_or_default();
    ensure!(typed == "gh?", "the search field holds {typed:?}");

    browser
        .take_over(&world.client("northwind", "ana@acme.example").await?, &world.url("northwind", "/"))
        .await?;
    for (letter, path) in [('t', "/tasks"), ('f', "/files"), ('m', "/messages"), ('h', "/")] {
        keys.press('g').await?;
        keys.press(letter).await?;
        at(path).await?;
    }
    keys.press('?').await?;
    browser.find("#shortcuts[open]").await?;
    keys.go_to("Single-key shortcuts are on").await?;
    keys.press(SPACE).await?;
    keys.press(ESCAPE).await?;
    keys.write("gt?").await?;
    let still = browser
        .execute("return location.pathname === '/' && !document.querySelector('dialog[open]')")
        .await?;
    ensure!(still == true, "a key was answered that was turned off");
    browser.client().refresh().await?;
    keys.write("gt").await?;
    at("/").await?;
    browser.close().await
}
