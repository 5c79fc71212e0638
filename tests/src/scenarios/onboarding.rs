//! The onboarding of a client, act by act, from its definition alone.

use anyhow::{Context as _, ensure};
use http::Method;
use portico_core::{Clock as _, SystemClock};
use portico_proto::{
    documents::v1::{
        AcceptItemRequest, Envelope, GetEnvelopeRequest, GetRequestRequest, ItemState, Request,
        ReturnItemRequest, SignEnvelopeRequest,
    },
    messaging::v1::ListNotificationsRequest,
    workflow::v1::{
        BookTimeRequest, DecideApprovalRequest, Decision, GetFormRequest, GetMeetingRequest,
        GetRecordRequest, ListAttentionRequest, OfferTimesRequest, RunState, SaveDraftRequest, StepState,
        SubmitFormRequest,
    },
};
use serde_json::json;

use crate::harness::{Engagement, Outcome, Persona, World, pdf, steps};

pub(super) async fn request(person: &Persona, step: &str) -> anyhow::Result<Request> {
    let asked = GetRequestRequest { step_id: step.to_owned() };
    person.documents().get_request(asked).await?.into_inner().request.context("no request")
}

async fn envelope(person: &Persona, step: &str) -> anyhow::Result<Envelope> {
    let asked = GetEnvelopeRequest { step_id: step.to_owned(), ..Default::default() };
    person.documents().get_envelope(asked).await?.into_inner().envelope.context("no envelope")
}

pub(super) async fn step_id(person: &Persona, engagement: &Engagement, key: &str) -> anyhow::Result<String> {
    let run = person.run(&engagement.run).await?;
    Ok(steps(&run).get(key).with_context(|| format!("no step {key}"))?.id.clone())
}

async fn state(person: &Persona, engagement: &Engagement, key: &str) -> anyhow::Result<StepState> {
    let run = person.run(&engagement.run).await?;
    Ok(steps(&run).get(key).with_context(|| format!("no step {key}"))?.state())
}

/// Story 1: marking the contract as signed starts exactly one run, however often it is said.
pub(super) async fn s01_a_signed_contract_starts_exactly_one_run() -> Outcome {
    let mut world = World::demo().await?;
    let engagement = world.signed_engagement("Warehouse audit").await?;
    let admin = world.person("northwind", "nora@northwind.example").await?;
    for _ in 0..3 {
        // A repeat is refused or answered as done; either way no second run may start.
        let _ = admin.transition(&engagement.record, "signed").await;
    }
    world.settle().await?;
    // From both sides at once: two pages, two calls of a program, and the event that started it, told again.
    let office = world.staff("northwind", "nora@northwind.example").await?;
    let path = format!("/console/records/{}/state", engagement.record);
    let fields = [("state", "signed"), ("etag", ""), ("key", "")];
    let (mut page, mut another) = (office.clone(), office);
    let _ = tokio::join!(
        page.post_only(&path, &fields),
        another.post_only(&path, &fields),
        admin.transition(&engagement.record, "signed"),
        admin.transition(&engagement.record, "signed"),
    );
    sqlx::query("delete from workflow.cursors").execute(world.database.admin()).await?;
    world.restart().await?;
    world.settle().await?;
    let runs: i64 =
        sqlx::query_scalar("select count(*) from workflow.runs").fetch_one(world.database.admin()).await?;
    ensure!(runs == 1, "{runs} runs started for one contract");
    let ana = world.person("northwind", "ana@acme.example").await?;
    let attention = ana.workflow().list_attention(ListAttentionRequest::default()).await?.into_inner();
    // The questionnaire and the documents; the call is the firm's turn until times are offered.
    ensure!(attention.needs_you.len() == 2, "Ana needs to do {} things", attention.needs_you.len());
    ensure!(
        attention.needs_you.iter().all(|item| item.step.as_ref().is_some_and(|step| step.due.is_some())),
        "a task without its due date"
    );
    Ok(())
}

/// Story 2: the invitation comes by mail and lets its owner in.
pub(super) async fn s02_contacts_are_invited_by_mail_and_land_on_their_home() -> Outcome {
    let world = World::demo().await?;
    let _engagement = world.signed_engagement("Warehouse audit").await?;
    let mail = world.mailbox("northwind").await?.wait_for("ana@acme.example", "invitation", 0).await?;
    ensure!(mail.text.contains("Northwind Consulting"), "the mail does not name the firm: {}", mail.text);
    ensure!(mail.html.contains("Northwind Consulting"), "the HTML part does not name the firm");
    for part in [&mail.text, &mail.html, &mail.source, &mail.subject] {
        ensure!(!part.to_lowercase().contains("portico"), "the mail names the product: {part}");
    }
    let mut ana = world.visitor("northwind");
    ana.get(&crate::harness::link_path(&mail)?).await?.shows("a…@acme.example")?;
    let home = ana.use_link(&crate::harness::link_path(&mail)?).await?.shows("need you")?;
    ensure!(!home.text().to_lowercase().contains("portico"), "the home page names the product");
    let mut again = world.visitor("northwind");
    let used = again.get(&crate::harness::link_path(&mail)?).await?;
    ensure!(used.text().contains("new link"), "a used link offers no new one");
    Ok(())
}

/// Story 3: a form saves itself, refuses what is incomplete at its field, drops hidden answers and is handed in once.
pub(super) async fn s03_a_form_is_saved_validated_and_handed_in_once() -> Outcome {
    let world = World::demo().await?;
    let engagement = world.signed_engagement("Warehouse audit").await?;
    let ana = world.person("northwind", "ana@acme.example").await?;
    let step_id = step_id(&ana, &engagement, "intake").await?;
    let mut workflow = ana.workflow();
    let draft = |answers: serde_json::Value, etag: &str| SaveDraftRequest {
        step_id: step_id.clone(),
        answers_json: answers.to_string(),
        etag: etag.to_owned(),
    };
    let saved = workflow.save_draft(draft(json!({"goals": "Fewer forms"}), "")).await?.into_inner();
    let stale = workflow.save_draft(draft(json!({"goals": "from another tab"}), "")).await;
    ensure!(stale.is_err(), "a second tab overwrote the first");
    let read = workflow.get_form(GetFormRequest { step_id: step_id.clone() }).await?.into_inner();
    ensure!(read.answers_json.contains("Fewer forms"), "the draft is not there: {}", read.answers_json);
    let submit = |answers: serde_json::Value, etag: &str| SubmitFormRequest {
        step_id: step_id.clone(),
        answers_json: answers.to_string(),
        etag: etag.to_owned(),
    };
    let incomplete = workflow
        .submit_form(submit(json!({"goals": "Fewer forms", "has_existing_system": true}), &saved.etag))
        .await;
    let problem = portico_rpc::problem_from(&incomplete.err().context("an incomplete form was taken")?);
    let fields: Vec<&str> = problem.fields.iter().map(|field| field.field.as_str()).collect();
    ensure!(
        fields.contains(&"company_legal_name") && fields.contains(&"existing_system"),
        "errors at {fields:?}"
    );
    // The hidden answer is dropped before validation, so that nothing stale is kept.
    let whole = json!({"company_legal_name": "Acme GmbH", "goals": "Fewer forms", "has_existing_system": false, "existing_system": "left over"});
    let first = workflow.submit_form(submit(whole.clone(), &saved.etag)).await?.into_inner();
    ensure!(first.step.context("no step")?.state() == StepState::Done, "the form is not done");
    let second = workflow.submit_form(submit(whole, &saved.etag)).await;
    let kept = workflow.get_form(GetFormRequest { step_id }).await?.into_inner();
    ensure!(!kept.answers_json.contains("left over"), "a hidden answer was kept");
    let submissions: i64 = sqlx::query_scalar("select count(*) from workflow.form_submissions")
        .fetch_one(world.database.admin())
        .await?;
    ensure!(submissions == 1, "the double click counted {submissions} times; it answered {second:?}");
    ensure!(second.is_ok(), "the second click of a double click was refused: {second:?}");
    Ok(())
}

/// Story 4: files are uploaded, accepted, returned with a reason; only that item reopens. A wrong type is refused by its content.
pub(super) async fn s04_documents_are_uploaded_returned_and_accepted() -> Outcome {
    let world = World::demo().await?;
    let engagement = world.signed_engagement("Warehouse audit").await?;
    let ana = world.person("northwind", "ana@acme.example").await?;
    let paul = world.person("northwind", "paul@northwind.example").await?;
    let step = step_id(&ana, &engagement, "sysdocs").await?;
    let item = request(&ana, &step).await?.items.first().context("no item")?.clone();
    let path = format!("/items/{}/files", item.id);
    let disguised = ana
        .send_file(
            Method::POST,
            &path,
            "harmless.pdf",
            b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00".to_vec(),
        )
        .await?;
    ensure!(
        !disguised.status.is_success() || disguised.headers.contains_key("grpc-status"),
        "a program named as a PDF was taken"
    );
    let first = ana.upload(&path, "Übersicht.pdf", pdf("System overview", 2)).await?;
    let version = first.text("version_id")?;
    world.settle().await?;
    ensure!(
        request(&ana, &step).await?.items[0].state() == ItemState::Checking,
        "the item is not being checked"
    );
    let bytes = paul.download(&format!("/versions/{version}")).await?;
    ensure!(bytes.body.starts_with(b"%PDF"), "the download is not what was uploaded");
    let part = paul.download(&format!("/versions/{version}")).await?.body.slice(..8);
    ensure!(part.starts_with(b"%PDF-1.5"), "the beginning differs");
    let refused = ReturnItemRequest { item_id: item.id.clone(), reason: "Page 2 is missing".to_owned() };
    paul.documents().return_item(refused).await?;
    world.settle().await?;
    let returned = request(&ana, &step).await?;
    ensure!(
        returned.items[0].state() == ItemState::Returned && returned.items[0].reason.contains("Page 2"),
        "not returned with its reason"
    );
    ana.upload(&path, "overview-2.pdf", pdf("System overview", 3)).await?;
    world.settle().await?;
    paul.documents().accept_item(AcceptItemRequest { item_id: item.id.clone() }).await?;
    world.settle().await?;
    ensure!(
        state(&ana, &engagement, "sysdocs").await? == StepState::Done,
        "the step is not done after its only item was accepted"
    );
    let late = ana.send_file(Method::POST, &path, "late.pdf", pdf("late", 1)).await?;
    ensure!(
        !late.status.is_success() || late.headers.contains_key("grpc-status"),
        "an accepted item took another file"
    );
    Ok(())
}

/// Story 5: the client's signatory signs first, the firm second; the signed file carries both and a certificate.
pub(super) async fn s05_a_contract_is_signed_in_order() -> Outcome {
    let world = World::demo().await?;
    let engagement = world.signed_engagement("Warehouse audit").await?;
    let sam = world.person("northwind", "sam@acme.example").await?;
    let paul = world.person("northwind", "paul@northwind.example").await?;
    let step = step_id(&sam, &engagement, "agreement").await?;
    let open = envelope(&sam, &step).await?;
    let original = open.original.clone().context("no original")?;
    let sign = |name: &str| SignEnvelopeRequest {
        envelope_id: open.id.clone(),
        sha256: original.sha256.clone(),
        typed_name: name.to_owned(),
        consent: true,
        intent: true,
        user_agent: "a browser".to_owned(),
        ..SignEnvelopeRequest::default()
    };
    let too_early = paul.documents().sign_envelope(sign("Paul Meyer")).await;
    ensure!(too_early.is_err(), "the second signer signed first");
    let without_consent = SignEnvelopeRequest { consent: false, ..sign("Sam Okafor") };
    ensure!(sam.documents().sign_envelope(without_consent).await.is_err(), "signed without consent");
    let another_text = SignEnvelopeRequest { sha256: "0".repeat(64), ..sign("Sam Okafor") };
    ensure!(sam.documents().sign_envelope(another_text).await.is_err(), "signed what was not read");
    sam.documents().sign_envelope(sign("Sam Okafor")).await?;
    world.settle().await?;
    ensure!(
        state(&paul, &engagement, "agreement").await? == StepState::Active,
        "done after the first of two signatures"
    );
    paul.documents().sign_envelope(sign("Paul Meyer")).await?;
    world.settle().await?;
    ensure!(
        state(&sam, &engagement, "agreement").await? == StepState::Done,
        "not done after both signatures"
    );
    let signed = envelope(&sam, &step).await?.signed.context("no signed file")?;
    let file = sam.download(&format!("/versions/{}", signed.id)).await?;
    let text = pdf_text(&file.body)?;
    for words in ["Sam Okafor", "Paul Meyer", &original.sha256[..16]] {
        ensure!(
            text.replace([' ', '\n'], "").contains(&words.replace(' ', "")),
            "the signed file does not say {words}: {text}"
        );
    }
    ensure!(
        !String::from_utf8_lossy(&file.body).to_lowercase().contains("portico"),
        "the signed file names the product"
    );
    Ok(())
}

fn pdf_text(bytes: &[u8]) -> anyhow::Result<String> {
    let file = tempfile::NamedTempFile::new()?;
    std::fs::write(file.path(), bytes)?;
    let output = std::process::Command::new("pdftotext")
        .arg(file.path())
        .arg("-")
        .output()
        .context("running pdftotext")?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Story 6: of two clients exactly one gets a time; the booking comes with a calendar file.
pub(super) async fn s06_one_time_is_booked_by_one_client() -> Outcome {
    let world = World::demo().await?;
    let acme = world.signed_engagement("Warehouse audit").await?;
    let globex = world
        .engagement("northwind", "paul@northwind.example", "Globex", &["gina@globex.example"], "Plant audit")
        .await?;
    let paul = world.person("northwind", "paul@northwind.example").await?;
    let (ana, gina) = (
        world.person("northwind", "ana@acme.example").await?,
        world.person("northwind", "gina@globex.example").await?,
    );
    let at = portico_proto::time::timestamp(SystemClock.now() + chrono::TimeDelta::days(7));
    let mut steps_of = Vec::new();
    for engagement in [&acme, &globex] {
        let step = step_id(&paul, engagement, "kickoff").await?;
        paul.workflow().offer_times(OfferTimesRequest { step_id: step.clone(), starts: vec![at] }).await?;
        steps_of.push(step);
    }
    let slot = |answer: portico_proto::workflow::v1::GetMeetingResponse| {
        answer.slots.first().map(|slot| slot.id.clone())
    };
    let ask = |step: &String| GetMeetingRequest { step_id: step.clone() };
    let slot_a = slot(ana.workflow().get_meeting(ask(&steps_of[0])).await?.into_inner())
        .context("no time for Acme")?;
    let slot_g = slot(gina.workflow().get_meeting(ask(&steps_of[1])).await?.into_inner())
        .context("no time for Globex")?;
    let (mut first, mut second) = (ana.workflow(), gina.workflow());
    let (one, two) = tokio::join!(
        first.book_time(BookTimeRequest { step_id: steps_of[0].clone(), slot_id: slot_a }),
        second.book_time(BookTimeRequest { step_id: steps_of[1].clone(), slot_id: slot_g }),
    );
    ensure!(
        one.is_ok() != two.is_ok(),
        "the same hour was booked {}",
        if one.is_ok() { "twice" } else { "by nobody" }
    );
    world.settle().await?;
    let (winner, step, email) = if one.is_ok() {
        (&ana, &steps_of[0], "ana@acme.example")
    } else {
        (&gina, &steps_of[1], "gina@globex.example")
    };
    let meeting = winner.workflow().get_meeting(ask(step)).await?.into_inner();
    ensure!(meeting.calendar.contains("BEGIN:VCALENDAR") && meeting.booked.is_some(), "no calendar file");
    let mail = world.mailbox("northwind").await?.wait_for(email, "meeting", 0).await?;
    ensure!(mail.source.contains("text/calendar"), "the mail carries no calendar file");
    Ok(())
}

/// Stories 4, 7 and 9: everything done leads to the plan's approval, a new version voids it, and the project manager is told exactly once.
pub(super) async fn s09_the_manager_is_told_once_and_an_approval_is_for_one_version() -> Outcome {
    let world = World::demo().await?;
    let engagement = world.signed_engagement("Warehouse audit").await?;
    let (ana, paul) = (
        world.person("northwind", "ana@acme.example").await?,
        world.person("northwind", "paul@northwind.example").await?,
    );
    do_paperwork(&world, &engagement).await?;
    let step = step_id(&paul, &engagement, "plan").await?;
    let first = paul
        .upload(&format!("/deliverables/{step}/versions"), "plan.pdf", pdf("The plan", 1))
        .await?
        .text("version_id")?;
    world.settle().await?;
    let seen = steps(&ana.run(&engagement.run).await?)
        .get("plan")
        .and_then(|step| step.deliverable.clone())
        .context("no deliverable")?;
    ensure!(seen.version_id == first, "the step shows another version");
    let decide = |version: &str, sha256: &str| DecideApprovalRequest {
        step_id: step.clone(),
        decision: Decision::Approve.into(),
        version_id: version.to_owned(),
        sha256: sha256.to_owned(),
        ..DecideApprovalRequest::default()
    };
    paul.upload(&format!("/deliverables/{step}/versions"), "plan.pdf", pdf("The plan, changed", 1)).await?;
    world.settle().await?;
    let stale = ana.workflow().decide_approval(decide(&seen.version_id, &seen.sha256)).await;
    ensure!(stale.is_err(), "a version was approved that is not the current one");
    let now = steps(&ana.run(&engagement.run).await?)
        .get("plan")
        .and_then(|step| step.deliverable.clone())
        .context("no deliverable")?;
    ana.workflow().decide_approval(decide(&now.version_id, &now.sha256)).await?;
    world.settle().await?;
    let run = ana.run(&engagement.run).await?;
    ensure!(run.state() == RunState::Done, "the run is not done: {:?}", run.steps);
    ensure!(
        run.milestones.iter().all(|milestone| milestone.reached_at.is_some()),
        "a milestone was not reached"
    );
    let mailbox = world.mailbox("northwind").await?;
    mailbox.wait_for("paul@northwind.example", "notice", 0).await?;
    world.settle().await?;
    let told = mailbox
        .to("paul@northwind.example")
        .await?
        .iter()
        .filter(|mail| mail.subject.contains("ready for kickoff"))
        .count();
    ensure!(told == 1, "the project manager was told {told} times");
    let seen = paul.messaging().list_notifications(ListNotificationsRequest { page_size: 200 }).await?;
    let seen = seen.into_inner().notifications;
    let told = seen.iter().filter(|notification| notification.subject.contains("ready for kickoff")).count();
    ensure!(told == 1, "the project manager was told {told} times in the app: {seen:?}");

    // A version that comes after the approval was never approved: the step is open again, until this one is.
    paul.upload(&format!("/deliverables/{step}/versions"), "plan.pdf", pdf("The plan, once more", 1)).await?;
    world.settle().await?;
    let run = ana.run(&engagement.run).await?;
    ensure!(run.state() == RunState::Active, "the run of a changed plan is {:?}", run.state());
    ensure!(
        ana.workflow().decide_approval(decide(&now.version_id, &now.sha256)).await.is_err(),
        "the version before was approved once more"
    );
    let newest =
        steps(&run).get("plan").and_then(|step| step.deliverable.clone()).context("no deliverable")?;
    ensure!(newest.version_id != now.version_id, "the step still shows the version before");
    ana.workflow().decide_approval(decide(&newest.version_id, &newest.sha256)).await?;
    world.settle().await?;
    ensure!(ana.run(&engagement.run).await?.state() == RunState::Done, "the run does not end again");
    let again = mailbox.to("paul@northwind.example").await?;
    let again = again.iter().filter(|mail| mail.subject.contains("ready for kickoff")).count();
    ensure!(again == 1, "the project manager was told once more of what had not changed");
    Ok(())
}

/// Does everything before the plan: form, documents, both signatures, meeting.
pub(super) async fn do_paperwork(world: &World, engagement: &Engagement) -> anyhow::Result<()> {
    let (ana, sam) = (
        world.person("northwind", "ana@acme.example").await?,
        world.person("northwind", "sam@acme.example").await?,
    );
    let paul = world.person("northwind", "paul@northwind.example").await?;
    let answers =
        json!({"company_legal_name": "Acme GmbH", "goals": "Fewer forms", "has_existing_system": false})
            .to_string();
    let intake = step_id(&ana, engagement, "intake").await?;
    ana.workflow()
        .submit_form(SubmitFormRequest { step_id: intake, answers_json: answers, etag: String::new() })
        .await?;
    let sysdocs = step_id(&ana, engagement, "sysdocs").await?;
    for item in request(&ana, &sysdocs).await?.items {
        ana.upload(&format!("/items/{}/files", item.id), "overview.pdf", pdf("Overview", 1)).await?;
        paul.documents().accept_item(AcceptItemRequest { item_id: item.id }).await?;
    }
    let agreement = step_id(&sam, engagement, "agreement").await?;
    let open = envelope(&sam, &agreement).await?;
    for (person, name) in [(&sam, "Sam Okafor"), (&paul, "Paul Meyer")] {
        let sign = SignEnvelopeRequest {
            envelope_id: open.id.clone(),
            sha256: open.original.as_ref().map(|version| version.sha256.clone()).unwrap_or_default(),
            typed_name: name.to_owned(),
            consent: true,
            intent: true,
            ..SignEnvelopeRequest::default()
        };
        person.documents().sign_envelope(sign).await?;
        world.settle().await?;
    }
    let kickoff = step_id(&paul, engagement, "kickoff").await?;
    let at = portico_proto::time::timestamp(SystemClock.now() + chrono::TimeDelta::days(6));
    paul.workflow().offer_times(OfferTimesRequest { step_id: kickoff.clone(), starts: vec![at] }).await?;
    let slots =
        ana.workflow().get_meeting(GetMeetingRequest { step_id: kickoff.clone() }).await?.into_inner().slots;
    let slot_id = slots.first().context("no time is offered")?.id.clone();
    ana.workflow().book_time(BookTimeRequest { step_id: kickoff, slot_id }).await?;
    world.settle().await
}

/// Field visibility: the fee never leaves for a client.
pub(super) async fn s13_a_client_never_sees_the_fee() -> Outcome {
    let world = World::demo().await?;
    let engagement = world.signed_engagement("Warehouse audit").await?;
    let ask = GetRecordRequest { record_id: engagement.record.clone() };
    let paul = world.person("northwind", "paul@northwind.example").await?;
    let seen = paul.workflow().get_record(ask.clone()).await?.into_inner().record.context("no record")?;
    ensure!(
        seen.fields.is_some_and(|fields| fields.fields.contains_key("fee")),
        "the project manager does not see the fee"
    );
    let ana = world.person("northwind", "ana@acme.example").await?;
    let seen = ana.workflow().get_record(ask.clone()).await?.into_inner().record.context("no record")?;
    ensure!(!seen.fields.is_some_and(|fields| fields.fields.contains_key("fee")), "the client sees the fee");
    let gina = world.person("northwind", "gina@globex.example").await?;
    ensure!(gina.workflow().get_record(ask).await.is_err(), "another client sees the engagement");
    Ok(())
}
