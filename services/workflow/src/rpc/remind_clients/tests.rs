//! Reminders at once: sent, not too often, never of what is complete, and by those who steer alone.

use chrono::TimeDelta;
use portico_core::Clock as _;
use portico_proto::{
    documents::v1::{Item, ItemState},
    events::v1::{NoticeRequested, StepProgressed},
    time::moment,
    workflow::v1::{AddTaskRequest, PauseRunRequest, Step},
};
use portico_rpc::ServiceError as _;

use super::*;
use crate::{
    rpc::{add_task, pause_run},
    testing::{Engagement, Fixture, id},
};

async fn send(fixture: &Fixture, ctx: &Ctx, steps: &[&str], key: &str) -> RemindClientsResponse {
    let step_ids = steps.iter().map(|step| (*step).to_owned()).collect();
    let request = RemindClientsRequest { step_ids, idempotency_key: key.to_owned() };
    handle(&fixture.service, ctx.clone(), request).await.unwrap()
}

async fn outcome(fixture: &Fixture, ctx: &Ctx, step: &str, key: &str) -> RemindOutcome {
    send(fixture, ctx, &[step], key).await.results[0].outcome()
}

async fn nudges(fixture: &Fixture) -> Vec<NoticeRequested> {
    let told = fixture.said::<NoticeRequested>().await;
    told.into_iter().filter(|notice| notice.dedupe_key.contains(":nudge:")).collect()
}

fn hold(fixture: &Fixture, step: &str, states: &[ItemState]) {
    let item = |(place, state): (usize, &ItemState)| Item {
        id: uuid::Uuid::from_u128(place as u128).to_string(),
        name: format!("Paper {place}"),
        min: 1,
        state: (*state).into(),
        ..Item::default()
    };
    fixture.hold_items(step, states.iter().enumerate().map(item).collect());
}

async fn sysdocs(fixture: &Fixture, one: &Engagement) -> Step {
    fixture.step(&one.manager, &one.run, "sysdocs").await
}

#[tokio::test]
async fn clients_are_reminded_at_once_of_what_is_missing_and_again_only_after_an_hour() {
    let fixture = Fixture::new().await;
    let one = fixture.engagement().await;
    let step = sysdocs(&fixture, &one).await;
    hold(&fixture, &step.id, &[ItemState::Needed, ItemState::Accepted, ItemState::Returned]);
    let sent = send(&fixture, &one.manager, &[&step.id], "k1").await;
    assert_eq!((sent.results[0].outcome(), sent.event.is_empty()), (RemindOutcome::Sent, false));
    let told = nudges(&fixture).await;
    let notice = &told[0];
    assert_eq!((told.len(), notice.kind.as_str(), notice.by.len()), (1, "reminder", 2));
    assert_eq!(notice.link, format!("/tasks/{}", step.id));
    assert!(!notice.person_ids.is_empty() || notice.role == "client");
    assert!(
        notice.body.contains("- Paper 0\n- Paper 2\n") && !notice.body.contains("Paper 1"),
        "{}",
        notice.body
    );

    // The same again is answered and not done again, also by whoever did not hear the answer.
    let again = send(&fixture, &one.manager, &[&step.id], "k1").await;
    assert_eq!(again.results, sent.results);
    fixture.database.clock.advance(TimeDelta::minutes(59));
    let soon = send(&fixture, &one.manager, &[&step.id], "k2").await;
    assert_eq!(soon.results[0].outcome(), RemindOutcome::TooSoon);
    assert_eq!(soon.results[0].reminded_at, sent.results[0].reminded_at);
    // Nor does somebody else come sooner.
    assert_eq!(outcome(&fixture, &one.admin, &step.id, "k1").await, RemindOutcome::TooSoon);
    assert_eq!(nudges(&fixture).await.len(), 1);
    fixture.database.clock.advance(TimeDelta::minutes(1));
    assert_eq!(outcome(&fixture, &one.manager, &step.id, "k3").await, RemindOutcome::Sent);
    assert_eq!(nudges(&fixture).await.len(), 2);

    let last = sysdocs(&fixture, &one).await.last_reminder.unwrap();
    assert_eq!(last.by, "Mina Manager");
    assert_eq!(last.at.as_ref().and_then(moment).unwrap(), fixture.database.clock.now());
    let clients = fixture.step(&one.client, &one.run, "sysdocs").await;
    assert!(clients.last_reminder.is_none(), "how often the firm had to ask is its own business");
}

#[tokio::test]
async fn nobody_is_reminded_of_what_is_all_there_or_is_not_theirs_to_do() {
    let fixture = Fixture::new().await;
    let one = fixture.engagement().await;
    let step = sysdocs(&fixture, &one).await;
    hold(&fixture, &step.id, &[ItemState::Checking, ItemState::Accepted, ItemState::NotAvailable]);
    let manager = &one.manager;
    let nothing = RemindOutcome::NotWaiting;
    assert_eq!(outcome(&fixture, manager, &step.id, "complete").await, nothing);
    hold(&fixture, &step.id, &[ItemState::Needed]);
    let task = AddTaskRequest {
        run_id: one.run.clone(),
        title: "Look at it".to_owned(),
        person_ids: vec![id(&one.manager)],
        ..Default::default()
    };
    let own = add_task::handle(&fixture.service, manager.clone(), task).await.unwrap().step.unwrap();
    assert_eq!(outcome(&fixture, manager, &own.id, "ours").await, nothing);
    let plan = fixture.step(manager, &one.run, "plan").await;
    assert_eq!(outcome(&fixture, manager, &plan.id, "not open yet").await, nothing);
    let progressed = StepProgressed {
        run_id: one.run.clone(),
        step_id: step.id.clone(),
        attempt: step.attempt,
        waiting_on: "reviewer".to_owned(),
        progress: "0 of 1".to_owned(),
        ..StepProgressed::default()
    };
    fixture.receive(&progressed).await;
    let turn = sysdocs(&fixture, &one).await.assignee.unwrap().side;
    assert_eq!((turn.as_str(), outcome(&fixture, manager, &step.id, "checked").await), ("internal", nothing));
    let intake = fixture.step(manager, &one.run, "intake").await;
    let pause = PauseRunRequest { run_id: one.run.clone(), reason: "Holidays".to_owned() };
    pause_run::handle(&fixture.service, manager.clone(), pause).await.unwrap();
    assert_eq!(outcome(&fixture, manager, &intake.id, "paused").await, nothing);
    assert!(nudges(&fixture).await.is_empty());
}

#[tokio::test]
async fn a_reminder_that_goes_out_by_itself_counts_as_the_last_one_and_nothing_comes_after_the_end() {
    let fixture = Fixture::new().await;
    let one = fixture.engagement().await;
    let mut days = 0;
    while sysdocs(&fixture, &one).await.last_reminder.is_none() {
        fixture.pass(TimeDelta::days(1)).await;
        days += 1;
        assert!(days < 30, "nobody is reminded");
    }
    let step = sysdocs(&fixture, &one).await;
    assert_eq!(step.last_reminder.as_ref().unwrap().by, "");
    assert_eq!(outcome(&fixture, &one.manager, &step.id, "k").await, RemindOutcome::TooSoon);
    fixture.fulfil(&one.run, &step).await;
    fixture.database.clock.advance(TimeDelta::hours(2));
    assert_eq!(outcome(&fixture, &one.manager, &step.id, "done").await, RemindOutcome::NotWaiting);
    assert!(nudges(&fixture).await.is_empty());
}

#[tokio::test]
async fn strangers_remind_nobody_and_a_key_is_for_the_same_steps_alone() {
    let fixture = Fixture::new().await;
    let one = fixture.engagement().await;
    let step = sysdocs(&fixture, &one).await.id;
    let absent = "01890000-0000-7000-8000-000000000001";
    let before = fixture.rows().await;
    for ctx in [
        fixture.staff("Not of the team", &["project_manager"]),
        fixture.staff("Without a role", &[]),
        portico_testkit::staff(fixture.database.tenant(), &["admin", "project_manager"]),
        fixture.client("Gil Globex", fixture.database.account(), &["client", "admin"]),
        one.client.clone(),
    ] {
        let answer = send(&fixture, &ctx, &[&step, absent, "x"], "k").await;
        let nothing = RemindResult { outcome: RemindOutcome::NotFound.into(), reminded_at: None };
        assert_eq!(answer.results, [nothing, nothing, nothing], "{}", ctx.actor.name);
    }
    assert_eq!(fixture.rows().await, before);
    let refused = async |steps: Vec<String>, key: &str| {
        let request = RemindClientsRequest { step_ids: steps, idempotency_key: key.to_owned() };
        let problem = handle(&fixture.service, one.manager.clone(), request).await.unwrap_err().problem();
        problem.fields[0].field.clone()
    };
    send(&fixture, &one.manager, &[absent], "k").await;
    assert_eq!(refused(vec![step.clone()], "k").await, "idempotency_key");
    assert_eq!(refused(vec![step.clone()], "").await, "idempotency_key");
    assert_eq!(refused(Vec::new(), "k").await, "step_ids");
    assert_eq!(refused(vec![step; 101], "k").await, "step_ids");
    assert_eq!(fixture.rows().await, before);
}
