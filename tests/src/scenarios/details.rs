//! What people meet on the way: another browser, several rows, a live state, an overdue approval, words about what changed, and the trail
//! of it all.

use std::{collections::BTreeSet, time::Duration};

use anyhow::{Context as _, ensure};
use chrono::TimeDelta;
use futures_util::StreamExt as _;
use http::{HeaderMap, Method, StatusCode, header};
use portico_definition::gallery;
use portico_proto::{
    documents::v1::{AcceptItemRequest, DeclareMissingRequest, ItemState, ReturnItemRequest},
    messaging::v1::{WatchRequest, messaging_client::MessagingClient},
    tenancy::v1::{ListAuditRequest, PublishPortalRequest},
    time::moment,
    workflow::v1::{GetFormRequest, StepState},
};

use super::onboarding::{request, step_id};
use crate::harness::{Outcome, Visitor, World, pdf, plain, steps};

/// Story 3: what was typed in one browser is there in another, after signing in anew; what was typed there does not undo it unseen.
pub(super) async fn s03_a_form_is_resumed_in_another_browser() -> Outcome {
    let world = World::demo().await?;
    let engagement = world.signed_engagement("Warehouse audit").await?;
    let ana = world.person("northwind", "ana@acme.example").await?;
    let step = step_id(&ana, &engagement, "intake").await?;
    let (task, draft) = (format!("/tasks/{step}"), format!("/tasks/{step}/draft"));
    let mut desk = world.client("northwind", "ana@acme.example").await?;
    let opened = desk.get(&task).await?.is(StatusCode::OK)?.field("etag").context("no etag")?;
    let typed = save(&mut desk, &draft, &opened, "goals=Fewer+forms").await?;
    ensure!(typed.status == StatusCode::NO_CONTENT, "the draft was refused: {}", typed.status);

    let mut phone = world.client("northwind", "ana@acme.example").await?;
    let resumed = phone.get(&task).await?.is(StatusCode::OK)?;
    ensure!(resumed.text().contains("Fewer forms"), "the other browser does not show what was typed");
    let later = save(&mut desk, &draft, &opened, "goals=From+an+old+tab").await?;
    ensure!(later.status == StatusCode::PRECONDITION_FAILED, "an old tab answered {}", later.status);
    let kept = ana.workflow().get_form(GetFormRequest { step_id: step }).await?.into_inner().answers_json;
    ensure!(kept.contains("Fewer forms") && !kept.contains("old tab"), "{kept}");
    Ok(())
}

async fn save(
    visitor: &mut Visitor,
    path: &str,
    etag: &str,
    answers: &str,
) -> anyhow::Result<crate::harness::Answer> {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, "application/x-www-form-urlencoded".parse()?);
    headers.insert(header::IF_MATCH, format!("\"{etag}\"").parse()?);
    headers.insert("x-csrf-token", visitor.token().parse()?);
    visitor.send(Method::PUT, path, headers, answers.to_owned().into()).await
}

/// Story 4: of several rows the one that is returned reopens, and no other; "I don't have this" is an answer that staff decide on.
pub(super) async fn s04_a_returned_row_reopens_alone() -> Outcome {
    let world = World::demo().await?;
    let nora = world.person("northwind", "nora@northwind.example").await?;
    let shipped =
        gallery().iter().find(|entry| entry.name == "client-onboarding").context("not shipped")?.yaml;
    let row = "            - {name: Current system documentation, accept: [pdf, image, office, zip], min: 1, max: 20}\n";
    let rows = format!(
        "{row}            - {{name: Organisation chart, accept: [pdf], min: 1, max: 1}}\n            - {{name: Network plan, accept: [pdf], min: 1, max: 1}}\n"
    );
    let yaml = shipped.replace(row, &rows);
    ensure!(yaml != shipped, "the definition has no such row any more");
    let asked = PublishPortalRequest { yaml, base_version: 1, dry_run: false };
    let answer = nora.tenancy().publish_portal(asked).await?.into_inner();
    ensure!(answer.findings.is_empty(), "{:?}", answer.findings);
    world.settle().await?;
    let engagement = world.signed_engagement("Warehouse audit").await?;
    let (ana, paul) = (
        world.person("northwind", "ana@acme.example").await?,
        world.person("northwind", "paul@northwind.example").await?,
    );
    let step = step_id(&ana, &engagement, "sysdocs").await?;
    let items: Vec<String> = request(&ana, &step).await?.items.into_iter().map(|item| item.id).collect();
    ensure!(items.len() == 3, "{} rows", items.len());
    for item in &items[..2] {
        ana.upload(&format!("/items/{item}/files"), "chart.pdf", pdf("A chart", 1)).await?;
    }
    let missing =
        DeclareMissingRequest { item_id: items[2].clone(), explanation: "We never drew one".to_owned() };
    ana.documents().declare_missing(missing).await?;
    paul.documents().accept_item(AcceptItemRequest { item_id: items[0].clone() }).await?;
    let reason = "It is from last year".to_owned();
    paul.documents().return_item(ReturnItemRequest { item_id: items[1].clone(), reason }).await?;
    world.settle().await?;
    let states: Vec<ItemState> = request(&ana, &step).await?.items.iter().map(|item| item.state()).collect();
    ensure!(
        states == [ItemState::Accepted, ItemState::Returned, ItemState::NotAvailable],
        "the rows became {states:?}"
    );
    let late = ana
        .send_file(Method::POST, &format!("/items/{}/files", items[0]), "late.pdf", pdf("late", 1))
        .await?;
    ensure!(
        !late.status.is_success() || late.headers.contains_key("grpc-status"),
        "the accepted row took another file"
    );
    ensure!(
        steps(&ana.run(&engagement.run).await?)["sysdocs"].state() != StepState::Done,
        "done with a row returned"
    );
    ana.upload(&format!("/items/{}/files", items[1]), "chart.pdf", pdf("This year's chart", 1)).await?;
    for item in &items[1..] {
        paul.documents().accept_item(AcceptItemRequest { item_id: item.clone() }).await?;
    }
    world.settle().await?;
    let state = steps(&ana.run(&engagement.run).await?)["sysdocs"].state();
    ensure!(state == StepState::Done, "after everything was accepted the step is {state:?}");
    Ok(())
}

/// Stories 7 and 10: on their own pages clients read what staff changed and why; the first estimates stay beside the new ones.
pub(super) async fn s10_the_client_reads_what_changed_and_why() -> Outcome {
    let world = World::demo().await?;
    let engagement = world.signed_engagement("Warehouse audit").await?;
    let ana = world.person("northwind", "ana@acme.example").await?;
    let before = ana.run(&engagement.run).await?;
    let by_key = steps(&before);
    let mut paul = world.staff("northwind", "paul@northwind.example").await?;
    let mut visitor = world.client("northwind", "ana@acme.example").await?;

    let waive = format!("/console/steps/{}/waive", by_key["intake"].id);
    paul.post(&waive, &[("waive_reason", "We have it from your letter")]).await?.is(StatusCode::OK)?;
    visitor
        .get(&format!("/tasks/{}", by_key["intake"].id))
        .await?
        .shows("Not needed")?
        .shows("We have it from your letter")?;

    let later = moment_of(&by_key["kickoff"].due)? + TimeDelta::days(40);
    let due = format!("/console/steps/{}/due", by_key["kickoff"].id);
    let day = later.format("%Y-%m-%d").to_string();
    paul.post(&due, &[("due", &day), ("due_reason", "Everybody is on holiday")]).await?.is(StatusCode::OK)?;
    let year = later.format("%Y").to_string();
    visitor.get(&format!("/tasks/{}", by_key["kickoff"].id)).await?.shows(&year)?;
    let after = ana.run(&engagement.run).await?;
    let (old, new) = (
        before.milestones.iter().find(|one| one.key == "ready").context("no milestone")?,
        after.milestones.iter().find(|one| one.key == "ready").context("no milestone")?,
    );
    ensure!(
        moment_of(&new.estimate)? > moment_of(&old.estimate)? + TimeDelta::days(20),
        "the estimate did not follow the step's date"
    );
    ensure!(new.first_estimate == old.first_estimate, "the first estimate was not kept");

    // To another person: a task of the firm's on its side, one of the client's on theirs.
    let nora = world.person("northwind", "nora@northwind.example").await?;
    let sam = world.person("northwind", "sam@acme.example").await?;
    let task = [("title", "Call the data centre"), ("to", "role:project_manager"), ("key", "a-task")];
    paul.post(&format!("/console/runs/{}/tasks", engagement.run), &task).await?.is(StatusCode::OK)?;
    let task = nora.run(&engagement.run).await?.steps.into_iter().find(|step| step.title == task[0].1);
    let task = task.context("the task was not added")?.id;
    for (step, to) in [(&task, &nora.id), (&by_key["sysdocs"].id, &sam.id)] {
        let assign = format!("/console/steps/{step}/assign");
        let chosen = format!("person:{to}");
        let answer = paul.post(&assign, &[("to", &chosen), ("assign_reason", "They know better")]).await?;
        ensure!(answer.status == StatusCode::OK, "it was not handed over: {}", plain(&answer.text()));
        let steps = nora.run(&engagement.run).await?.steps;
        let assignee = steps.into_iter().find(|one| one.id == *step).and_then(|one| one.assignee);
        ensure!(
            assignee.as_ref().is_some_and(|assignee| assignee.person_ids == [to.clone()]),
            "it is with {assignee:?}"
        );
    }

    let run = format!("/console/runs/{}", engagement.run);
    paul.post(&format!("{run}/pause"), &[("pause_reason", "Waiting for your budget.")])
        .await?
        .is(StatusCode::OK)?;
    visitor.get("/").await?.shows("Paused: Waiting for your budget. Nothing is due until we go on.")?;
    paul.post(&format!("{run}/resume"), &[]).await?.is(StatusCode::OK)?;
    ensure!(
        !plain(&visitor.get("/").await?.text()).contains("Paused:"),
        "the home still says that it is paused"
    );
    paul.post(&format!("{run}/cancel"), &[("cancel_reason", "The project is off.")])
        .await?
        .is(StatusCode::OK)?;
    visitor
        .get("/")
        .await?
        .shows("Ended by us: The project is off. You do not need to do anything more here.")?;
    Ok(())
}

fn moment_of(at: &Option<prost_types::Timestamp>) -> anyhow::Result<chrono::DateTime<chrono::Utc>> {
    at.as_ref().and_then(moment).context("no date")
}

/// Story 11: each act stands in the audit once, with who, when, from which address and on what; the client sees what concerns them.
pub(super) async fn s11_every_act_is_in_the_audit_with_its_address_and_object() -> Outcome {
    let world = World::demo().await?;
    let engagement = world.signed_engagement("Warehouse audit").await?;
    let ana = world.person("northwind", "ana@acme.example").await?;
    let nora = world.person("northwind", "nora@northwind.example").await?;
    let by_key = steps(&ana.run(&engagement.run).await?);
    let mut client = world.client("northwind", "ana@acme.example").await?;
    let mut paul = world.staff("northwind", "paul@northwind.example").await?;
    let thread = format!("/messages/{}", engagement.record);
    client.get(&thread).await?;
    client
        .post_with_file(&thread, &[("body", "The photo"), ("key", "k")], "photo.pdf", &pdf("A photo", 1))
        .await?;
    let step = &by_key["sysdocs"].id;
    let item = request(&ana, step).await?.items.first().context("no item")?.id.clone();
    client.get(&format!("/tasks/{step}")).await?;
    client.upload(&format!("/tasks/{step}/items/{item}/files"), "overview.pdf", &pdf("Overview", 1)).await?;
    world.settle().await?;
    let version = request(&ana, step).await?.items[0].files.first().context("no file")?.id.clone();
    let reason = format!("reason-{item}");
    let acts: [(String, Vec<(&str, &str)>); 8] = [
        (format!("/console/steps/{step}/items/{item}/return"), vec![(&reason, "Page 2 is missing")]),
        (format!("/console/steps/{}/waive", by_key["intake"].id), vec![("waive_reason", "By post")]),
        (
            format!("/console/steps/{}/due", by_key["kickoff"].id),
            vec![("due", "2030-01-07"), ("due_reason", "Later")],
        ),
        (
            format!("/console/runs/{}/tasks", engagement.run),
            vec![("title", "Call IT"), ("to", "role:project_manager"), ("key", "t")],
        ),
        (format!("/console/runs/{}/pause", engagement.run), vec![("pause_reason", "Budget")]),
        (format!("/console/runs/{}/resume", engagement.run), vec![]),
        (format!("/console/runs/{}/cancel", engagement.run), vec![("cancel_reason", "Over")]),
        ("/console/accounts".to_owned(), vec![("name", "Umbrella"), ("kind", "client"), ("key", "a")]),
    ];
    paul.get(&format!("/files/{version}")).await?.is(StatusCode::OK)?;
    paul.get("/console").await?.is(StatusCode::OK)?;
    for (path, fields) in &acts {
        let answer = paul.post(path, fields).await?;
        ensure!(
            answer.status == StatusCode::OK,
            "{path} answered {}: {}",
            answer.status,
            plain(&answer.text())
        );
    }
    world.settle().await?;
    let asked = ListAuditRequest { page_size: 200, ..ListAuditRequest::default() };
    let lines = nora.tenancy().list_audit(asked.clone()).await?.into_inner().lines;
    for (action, actor) in [
        ("message.posted", "Ana Souza"),
        ("item.file_added", "Ana Souza"),
        ("document.downloaded", "Paul Meyer"),
        ("item.returned", "Paul Meyer"),
        ("step.waived", "Paul Meyer"),
        ("step.due_moved", "Paul Meyer"),
        ("task.added", "Paul Meyer"),
        ("run.paused", "Paul Meyer"),
        ("run.resumed", "Paul Meyer"),
        ("run.cancelled", "Paul Meyer"),
        ("account.created", "Paul Meyer"),
    ] {
        let found: Vec<_> = lines
            .iter()
            .filter(|line| line.action == action && line.actor_name == actor && !line.address.is_empty())
            .collect();
        let [line] = found.as_slice() else {
            let all: Vec<_> =
                lines.iter().map(|line| (&line.action, &line.actor_name, &line.address)).collect();
            anyhow::bail!("{action} by {actor} stands there {} times with an address: {all:?}", found.len())
        };
        ensure!(
            line.address == "127.0.0.1"
                && line.at.is_some()
                && !line.object_id.is_empty()
                && !line.object_kind.is_empty(),
            "{line:?}"
        );
    }
    ensure!(
        lines.iter().any(|line| line.action == "session.opened"
            && line.actor_name == "Paul Meyer"
            && line.address == "127.0.0.1"),
        "signing in is not in the audit"
    );
    let sentences = include_str!("../../../services/web/locales/en/blocks.ftl");
    for line in &lines {
        let key = format!("\naudit-{} = ", line.action.replace(['.', '_'], "-"));
        ensure!(sentences.contains(&key), "clients have no sentence for {}", line.action);
    }
    let own = ana.tenancy().list_audit(asked).await?.into_inner().lines;
    let own: BTreeSet<&str> = own.iter().map(|line| line.action.as_str()).collect();
    for action in ["item.returned", "step.waived", "run.cancelled", "document.downloaded"] {
        ensure!(own.contains(action), "the client does not see {action}: {own:?}");
    }
    let mut console = world.staff("northwind", "nora@northwind.example").await?;
    let shown = plain(&console.get("/console/audit?action=run.").await?.text());
    ensure!(
        shown.contains("Run cancelled")
            && shown.contains("127.0.0.1")
            && !shown.contains("Umbrella Paul Meyer"),
        "the filter of the console: {shown}"
    );
    Ok(())
}

/// Story 12: while the vendor's page is open, a decision reaches it, and it then reads the new state.
pub(super) async fn s12_a_vendor_sees_the_state_live() -> Outcome {
    let world = World::demo().await?;
    let purchase = super::vendor::purchase(&world).await?;
    let (invoice, run) = purchase.submit(&world, "F-1", 100, "USD").await?;
    let channel = purchase.vera.channel("messaging").without_deadline();
    let mut stream = MessagingClient::new(channel).watch(WatchRequest::default()).await?.into_inner();
    super::vendor::approve(&purchase.finn, &steps(&run)["finance"]).await?;
    let mut told = Vec::new();
    while let Ok(Some(Ok(answer))) = tokio::time::timeout(Duration::from_secs(3), stream.next()).await {
        told.extend(answer.event.map(|event| (event.name, event.object_id)));
    }
    ensure!(told.iter().any(|(_, object)| *object == invoice), "the vendor's page was told {told:?}");
    let mut vera = world.client("northwind", "vera@fabrikam.example").await?;
    let page = plain(&vera.get(&format!("/records/{invoice}")).await?.text()).to_lowercase();
    ensure!(page.contains("approved"), "the vendor reads {page}");
    Ok(())
}

/// Story 12: an approval that is not given in time goes to the controller, once.
pub(super) async fn s12_an_overdue_approval_is_escalated_once() -> Outcome {
    let mut world = World::demo_with_clock().await?;
    let purchase = super::vendor::purchase(&world).await?;
    let (_, run) = purchase.submit(&world, "F-1", 100, "USD").await?;
    let due = moment_of(&steps(&run)["finance"].due)?;
    let mut counts = Vec::new();
    for (hours, expected) in [(-2, 0), (26, 1), (100, 1)] {
        world.clock().set(due + TimeDelta::hours(hours));
        world.restart().await?;
        let patience = std::time::Instant::now() + Duration::from_secs(20);
        while mailbox_of(&world).await?.count("cora@northwind.example", "escalation").await? < expected
            && std::time::Instant::now() < patience
        {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        tokio::time::sleep(Duration::from_millis(1_000)).await;
        world.settle().await?;
        counts.push(mailbox_of(&world).await?.count("cora@northwind.example", "escalation").await?);
    }
    ensure!(
        counts == [0, 1, 1],
        "the controller was told {counts:?} times: before it was due, after, and much later"
    );
    Ok(())
}

async fn mailbox_of(world: &World) -> anyhow::Result<crate::harness::Mailbox> {
    world.mailbox("northwind").await
}
