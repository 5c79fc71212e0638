//! A definition changes while runs are open.

use anyhow::{Context as _, ensure};
use portico_definition::gallery;
use portico_proto::workflow::v1::SubmitFormRequest;
use serde_json::json;

use crate::harness::{Outcome, Visitor, World, plain, steps};

const PAGE: &str = "/console/definitions/client-onboarding";
const OLD: &str = "Complete the intake questionnaire";
const NEW: &str = "Tell us about your company";

fn shipped() -> anyhow::Result<&'static str> {
    let entry = gallery().iter().find(|entry| entry.name == "client-onboarding");
    Ok(entry.context("no definition is shipped")?.yaml)
}

/// Publishes, or only checks, as a person does on the page; answers the page that follows.
async fn send(
    nora: &mut Visitor,
    yaml: &str,
    version: &str,
    act: &str,
) -> anyhow::Result<crate::harness::Answer> {
    nora.post(PAGE, &[("yaml", yaml), ("version", version), ("act", act)]).await
}

/// A run keeps the version that it started with, on every page and to its end; the next run takes the new one.
pub(super) async fn a_definition_published_while_runs_are_open_changes_new_runs_alone() -> Outcome {
    let world = World::demo().await?;
    let open = world.signed_engagement("Warehouse audit").await?;
    let mut nora = world.staff("northwind", "nora@northwind.example").await?;
    let version = nora.get(PAGE).await?.field("version").context("the page names no version")?;
    let yaml = shipped()?.replace(OLD, NEW);
    ensure!(yaml.contains(NEW), "the definition has no such title any more");

    send(&mut nora, &yaml, &version, "check").await?.shows(NEW)?;
    ensure!(nora.get(PAGE).await?.field("version") == Some(version.clone()), "checking published it");
    let broken = yaml.replace("      autosave: true", "      autosafe: true");
    let refused = send(&mut nora, &broken, &version, "publish").await?;
    let words = plain(&refused.text());
    ensure!(
        words.contains("autosafe") && words.to_lowercase().contains("line"),
        "an unknown key is not named with its line: {words}"
    );
    ensure!(
        nora.get(PAGE).await?.field("version") == Some(version.clone()),
        "a broken definition was published"
    );

    send(&mut nora, &yaml, &version, "publish").await?;
    let published = nora.get(PAGE).await?.field("version").context("the page names no version")?;
    ensure!(published != version, "it was not published");
    // Somebody who began from the old version does not overwrite the new one.
    send(&mut nora, &shipped()?.replace(OLD, "From a page opened before"), &version, "publish").await?;
    ensure!(
        nora.get(PAGE).await?.field("version") == Some(published),
        "an older page overwrote the new version"
    );
    world.settle().await?;

    let begun = world.signed_engagement("Office audit").await?;
    let ana = world.person("northwind", "ana@acme.example").await?;
    let (before, after) = (ana.run(&open.run).await?, ana.run(&begun.run).await?);
    ensure!(
        after.portal_version == before.portal_version + 1,
        "both runs say version {}",
        after.portal_version
    );
    let mut visitor = world.client("northwind", "ana@acme.example").await?;
    for (run, title, other) in [(&before, OLD, NEW), (&after, NEW, OLD)] {
        let intake = &steps(run)["intake"];
        ensure!(intake.title == title, "the step is called {:?}", intake.title);
        let page = visitor.get(&format!("/tasks/{}", intake.id)).await?.shows(title)?;
        ensure!(!plain(&page.text()).contains(other), "the page mixes two versions");
        let answers =
            json!({"company_legal_name": "Acme GmbH", "goals": "Fewer forms", "has_existing_system": false});
        let asked = SubmitFormRequest {
            step_id: intake.id.clone(),
            answers_json: answers.to_string(),
            etag: String::new(),
        };
        ana.workflow().submit_form(asked).await?;
    }
    world.settle().await?;
    for run in [&open.run, &begun.run] {
        let run = ana.run(run).await?;
        ensure!(
            steps(&run)["intake"].ended_at.is_some(),
            "the form of version {} does not end",
            run.portal_version
        );
    }
    let tasks = plain(&visitor.get("/").await?.text());
    ensure!(!tasks.contains("went wrong"), "the home page of two versions is broken: {tasks}");
    Ok(())
}
