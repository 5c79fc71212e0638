//! Requests to many accounts: each once, with a reviewer, a date and reminders that stop.

use chrono::TimeDelta;
use portico_core::Ctx;
use portico_proto::{
    events::v1::{NoticeRequested, StepActivated, StepFulfilled, StepProgressed},
    json::from_struct,
    workflow::v1::{AskedItem, AuthorizeStepRequest, Step, WaiveStepRequest},
};
use portico_rpc::ServiceError as _;

use super::*;
use crate::{
    rpc::{authorize_step, waive_step},
    testing::{Engagement, Fixture, id},
};

fn asked(accounts: &[String], reviewer: &str, key: &str) -> RequestDocumentsRequest {
    let item = |name: &str, required| AskedItem {
        name: name.to_owned(),
        help: String::new(),
        required,
        accept: vec!["pdf".to_owned(), "image".to_owned()],
        max_megabytes: 0,
    };
    RequestDocumentsRequest {
        account_ids: accounts.to_vec(),
        title: "Send your papers".to_owned(),
        items: vec![item("Bank statements", true), item("Receipts", false)],
        due: None,
        due_days: 10,
        reviewer_id: reviewer.to_owned(),
        idempotency_key: key.to_owned(),
    }
}

async fn send(fixture: &Fixture, ctx: &Ctx, request: RequestDocumentsRequest) -> RequestDocumentsResponse {
    handle(&fixture.service, ctx.clone(), request).await.unwrap()
}

fn outcomes(answer: &RequestDocumentsResponse) -> Vec<RequestOutcome> {
    answer.results.iter().map(RequestResult::outcome).collect()
}

async fn sent_step(
    fixture: &Fixture,
    ctx: &Ctx,
    one: &Engagement,
    answer: &RequestDocumentsResponse,
) -> Step {
    let run = fixture.run(ctx, &one.run).await;
    run.steps.into_iter().find(|step| step.id == answer.results[0].step_id).unwrap()
}

#[tokio::test]
async fn an_account_is_asked_once_whatever_is_repeated() {
    let fixture = Fixture::new().await;
    let one = fixture.engagement().await;
    let (acme, globex) = (fixture.acme.to_string(), fixture.database.account().to_string());
    let request = asked(&[acme.clone(), globex, "nobody".to_owned(), acme], "", "k1");
    let first = send(&fixture, &one.manager, request.clone()).await;
    use RequestOutcome::{NoRun, Sent, SentBefore};
    assert_eq!(outcomes(&first), [Sent, NoRun, NoRun, SentBefore]);
    assert!(first.event.contains(';') && first.results[0].step_id == first.results[3].step_id);
    let again = send(&fixture, &one.manager, request.clone()).await;
    assert_eq!(outcomes(&again), [SentBefore, NoRun, NoRun, SentBefore]);
    assert_eq!(again.results[0].step_id, first.results[0].step_id);
    let other = RequestDocumentsRequest { idempotency_key: "k2".to_owned(), ..request };
    assert_eq!(outcomes(&send(&fixture, &one.manager, other).await)[0], Sent);

    let step = sent_step(&fixture, &one.client, &one, &first).await;
    assert!(step.can_act && step.r#type == "document_request" && step.due.is_some());
    let said = fixture.said::<StepActivated>().await;
    let activated = said.into_iter().find(|said| said.step_id == step.id).unwrap();
    let declaration = from_struct(&activated.declaration.unwrap());
    let declared: portico_definition::Step = serde_json::from_value(declaration).unwrap();
    let portico_definition::StepKind::DocumentRequest(declared) = declared.kind else { panic!("no request") };
    let items: Vec<_> = declared.items.iter().map(|item| (item.name.as_str(), item.min)).collect();
    assert_eq!((items, declared.review.is_none()), (vec![("Bank statements", 1), ("Receipts", 0)], true));
}

#[tokio::test]
async fn a_key_is_for_one_request_and_the_trouble_of_one_account_is_not_the_others() {
    let fixture = Fixture::new().await;
    let one = fixture.engagement().await;
    let globex = fixture.database.account();
    let fields = serde_json::json!({"title": "Audit", "team": [id(&one.manager)]});
    let record = fixture.record(&one.admin, one.portal, "engagement", globex, fields).await;
    let begin = portico_proto::workflow::v1::TransitionRecordRequest {
        record_id: record.id,
        to_state: "signed".to_owned(),
        ..Default::default()
    };
    crate::rpc::transition_record::handle(&fixture.service, one.admin.clone(), begin).await.unwrap();
    let admin = async |statement: String| {
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(fixture.database.admin()).await.unwrap();
    };
    admin(format!(
        "create function workflow.break_off() returns trigger language plpgsql as \
         $$ begin raise exception 'cut off'; end $$; grant execute on function workflow.break_off() to public; \
         create trigger break_off before insert on workflow.run_steps for each row \
         when (new.account_id = '{}') execute function workflow.break_off()",
        fixture.acme
    ))
    .await;
    let request = asked(&[fixture.acme.to_string(), globex.to_string()], "", "k");
    use RequestOutcome::{Failed, Sent, SentBefore};
    let first = send(&fixture, &one.manager, request.clone()).await;
    assert_eq!(outcomes(&first), [Failed, Sent]);
    assert!(first.results[0].step_id.is_empty() && !first.event.is_empty());
    admin("drop trigger break_off on workflow.run_steps".to_owned()).await;
    // The order of the accounts is no part of what was asked for.
    let turned = RequestDocumentsRequest {
        account_ids: request.account_ids.iter().rev().cloned().collect(),
        ..request.clone()
    };
    assert_eq!(outcomes(&send(&fixture, &one.manager, turned).await), [SentBefore, Sent]);
    assert_eq!(outcomes(&send(&fixture, &one.manager, request.clone()).await), [SentBefore, SentBefore]);
    let before = fixture.rows().await;
    for other in [
        RequestDocumentsRequest { title: "Something else".to_owned(), ..request.clone() },
        RequestDocumentsRequest { items: request.items[..1].to_vec(), ..request.clone() },
        RequestDocumentsRequest { due_days: 11, ..request.clone() },
        RequestDocumentsRequest { account_ids: request.account_ids[..1].to_vec(), ..request.clone() },
    ] {
        let problem = handle(&fixture.service, one.manager.clone(), other).await.unwrap_err().problem();
        assert_eq!(problem.fields[0].field, "idempotency_key");
    }
    assert_eq!(fixture.rows().await, before);
}

#[tokio::test]
async fn reminders_come_around_the_date_and_end_when_it_is_done_waived_or_handed_in() {
    for end in ["done", "waived", "handed in"] {
        let fixture = Fixture::new().await;
        let one = fixture.engagement().await;
        let reviewer = fixture.staff("Rita Reviewer", &["project_manager"]);
        let request = asked(&[fixture.acme.to_string()], &id(&reviewer), "k");
        let answer = send(&fixture, &one.manager, request).await;
        let step = sent_step(&fixture, &one.client, &one, &answer).await;
        let reminders = async || {
            let told = fixture.said::<NoticeRequested>().await;
            told.into_iter().filter(|notice| notice.subject == "Reminder: Send your papers").count()
        };
        let mut days = 0;
        while reminders().await == 0 {
            fixture.pass(TimeDelta::days(1)).await;
            days += 1;
            assert!(days < 30, "nobody is reminded");
        }
        assert!(days > 5, "reminded after {days} days already");
        match end {
            "done" => {
                let event = StepFulfilled {
                    run_id: one.run.clone(),
                    step_id: step.id.clone(),
                    attempt: step.attempt,
                    ..StepFulfilled::default()
                };
                fixture.deliver(&fixture.receive(&event).await).await;
            }
            "waived" => {
                let waive = WaiveStepRequest { step_id: step.id.clone(), reason: "Not needed".to_owned() };
                waive_step::handle(&fixture.service, one.manager.clone(), waive).await.unwrap();
            }
            _ => {
                let event = StepProgressed {
                    run_id: one.run.clone(),
                    step_id: step.id.clone(),
                    attempt: step.attempt,
                    waiting_on: "reviewer".to_owned(),
                    progress: "1 of 2".to_owned(),
                    ..StepProgressed::default()
                };
                fixture.deliver(&fixture.receive(&event).await).await;
            }
        }
        let before = reminders().await;
        fixture.pass(TimeDelta::days(40)).await;
        assert_eq!(reminders().await, before, "{end}");
    }
}

#[tokio::test]
async fn what_is_handed_in_is_the_named_reviewers_turn() {
    let fixture = Fixture::new().await;
    let one = fixture.engagement().await;
    let reviewer = fixture.staff("Rita Reviewer", &["consultant"]);
    let request = asked(&[fixture.acme.to_string()], &id(&reviewer), "k");
    let answer = send(&fixture, &one.manager, request).await;
    let step = sent_step(&fixture, &one.client, &one, &answer).await;
    let progressed = StepProgressed {
        run_id: one.run.clone(),
        step_id: step.id.clone(),
        attempt: step.attempt,
        waiting_on: "reviewer".to_owned(),
        progress: "1 of 2".to_owned(),
        ..StepProgressed::default()
    };
    fixture.deliver(&fixture.receive(&progressed).await).await;
    let review = async |ctx: &Ctx| {
        let request = AuthorizeStepRequest { step_id: step.id.clone(), action: "review".to_owned() };
        authorize_step::handle(&fixture.service, ctx.clone(), request).await
    };
    review(&reviewer).await.unwrap();
    assert!(review(&one.client).await.is_err() && review(&one.manager).await.is_err());
    let told = fixture.said::<NoticeRequested>().await;
    assert!(told.iter().any(|notice| notice.person_ids.contains(&id(&reviewer))), "she is not told");
    let shown = async || sent_step(&fixture, &one.client, &one, &answer).await;
    assert_eq!(shown().await.progress, "1 of 2");
    fixture.deliver(&fixture.fulfil(&one.run, &step).await).await;
    assert_eq!(shown().await.progress, "", "what is done is not half done");
}

#[tokio::test]
async fn every_thing_has_its_own_kinds_and_limit() {
    let wanted = |items: Vec<AskedItem>| {
        let request = RequestDocumentsRequest { items, ..asked(&["a".to_owned()], "", "k") };
        wanted::Wanted::checked(&request).map(|wanted| wanted.items)
    };
    let of = |name: &str, accept: &str, max_megabytes| AskedItem {
        name: name.to_owned(),
        accept: vec![accept.to_owned()],
        max_megabytes,
        ..AskedItem::default()
    };
    let items = wanted(vec![of("Plan", "pdf", 0), of("Film", "zip", 5120)]).unwrap();
    let kinds: Vec<_> = items.iter().map(|item| (item.accept[0], item.max_megabytes)).collect();
    assert_eq!(
        kinds,
        [(portico_definition::AcceptedType::Pdf, 100), (portico_definition::AcceptedType::Zip, 5120)]
    );
    assert!(wanted(vec![of("Plan", "pdf", -1)]).is_err());
}

#[tokio::test]
async fn what_breaks_a_rule_sends_nothing_and_strangers_have_no_account() {
    let fixture = Fixture::new().await;
    let one = fixture.engagement().await;
    let fine = asked(&[fixture.acme.to_string()], "", "k");
    let no_kind = AskedItem { accept: Vec::new(), ..fine.items[0].clone() };
    let too_large = AskedItem { max_megabytes: 5121, ..fine.items[0].clone() };
    for (request, field) in [
        (RequestDocumentsRequest { items: vec![too_large], ..fine.clone() }, "items"),
        (RequestDocumentsRequest { account_ids: Vec::new(), ..fine.clone() }, "account_ids"),
        (RequestDocumentsRequest { account_ids: vec![String::new(); 501], ..fine.clone() }, "account_ids"),
        (RequestDocumentsRequest { title: " ".to_owned(), ..fine.clone() }, "title"),
        (RequestDocumentsRequest { items: Vec::new(), ..fine.clone() }, "items"),
        (RequestDocumentsRequest { items: vec![fine.items[0].clone(); 2], ..fine.clone() }, "items"),
        (RequestDocumentsRequest { items: vec![no_kind], ..fine.clone() }, "items"),
        (RequestDocumentsRequest { due_days: 251, ..fine.clone() }, "due_days"),
        (RequestDocumentsRequest { reviewer_id: id(&one.client), ..fine.clone() }, "reviewer_id"),
        (RequestDocumentsRequest { idempotency_key: String::new(), ..fine.clone() }, "idempotency_key"),
    ] {
        let problem = handle(&fixture.service, one.manager.clone(), request).await.unwrap_err().problem();
        assert_eq!(problem.fields[0].field, field);
    }
    let before = fixture.rows().await;
    let colleague = fixture.staff("Other", &["project_manager"]);
    let stranger = portico_testkit::staff(fixture.database.tenant(), &["admin", "project_manager"]);
    for ctx in [&colleague, &stranger] {
        assert_eq!(outcomes(&send(&fixture, ctx, fine.clone()).await), [RequestOutcome::NoRun]);
    }
    assert_eq!(fixture.rows().await, before);
}
