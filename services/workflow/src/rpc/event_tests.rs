//! Every command answers the event to wait for, so that whoever gave it reads their own writes.

use portico_core::Ctx;
use portico_proto::{json::to_struct, time::timestamp, workflow::v1::*};
use serde_json::json;

use super::*;
use crate::testing::{Fixture, id};

/// The event is one that was published, named by type and id.
async fn assert_published(fixture: &Fixture, command: &str, event: &str) {
    let (kind, id) = event.split_once(';').unwrap_or_else(|| panic!("{command} answers {event:?}"));
    let found: i64 =
        sqlx::query_scalar("select count(*) from workflow.outbox where type = $1 and id::text = $2")
            .bind(kind)
            .bind(id)
            .fetch_one(fixture.database.admin())
            .await
            .unwrap();
    assert_eq!(found, 1, "{command} answers {event}");
}

#[tokio::test]
async fn every_command_that_changes_something_answers_its_event() {
    let fixture = Fixture::new().await;
    let one = fixture.engagement().await;
    let step = async |key: &str| fixture.step(&one.manager, &one.run, key).await.id;
    let (run_id, text) = (one.run.clone(), "because".to_owned());
    let ahead = |days| Some(timestamp(fixture.service.clock.now() + chrono::TimeDelta::days(days)));
    let (client, manager): (&Ctx, &Ctx) = (&one.client, &one.manager);
    macro_rules! ask {
        ($handler:ident, $ctx:expr, $request:expr) => {{
            let answer = $handler::handle(&fixture.service, $ctx.clone(), $request).await.unwrap();
            assert_published(&fixture, stringify!($handler), &answer.event).await;
            answer
        }};
    }
    let etag = one.record.etag.clone();
    let fields = Some(to_struct(&json!({"title": "Shop"})));
    ask!(update_record, manager, UpdateRecordRequest { record_id: one.record.id.clone(), fields, etag });
    let (portal_id, account_id) = (one.portal.to_string(), fixture.acme.to_string());
    let (kind, fields) = ("engagement".to_owned(), Some(to_struct(&json!({"title": "Second"}))));
    let request = CreateRecordRequest { portal_id, kind, account_id, fields, ..Default::default() };
    let record = ask!(create_record, one.admin, request).record.unwrap();
    let (record_id, to_state) = (record.id, "signed".to_owned());
    ask!(transition_record, one.admin, TransitionRecordRequest { record_id, to_state, ..Default::default() });

    let answers_json = json!({"company_legal_name": "Acme", "goals": "Grow"}).to_string();
    let intake = step("intake").await;
    let message = text.clone();
    ask!(decline_step, client, DeclineStepRequest { step_id: intake.clone(), message, ..Default::default() });
    ask!(submit_form, client, SubmitFormRequest { step_id: intake, answers_json, ..Default::default() });
    let kickoff = step("kickoff").await;
    let starts = ahead(3).into_iter().collect();
    let offered = ask!(offer_times, manager, OfferTimesRequest { step_id: kickoff.clone(), starts });
    let slot_id = offered.slots[0].id.clone();
    ask!(book_time, client, BookTimeRequest { step_id: kickoff, slot_id });
    let (sysdocs, due) = (step("sysdocs").await, ahead(30));
    ask!(move_due_date, manager, MoveDueDateRequest { step_id: sysdocs.clone(), due, reason: text.clone() });
    let bea = fixture.client("Bea Acme", fixture.acme, &["client"]);
    let (step_id, person_ids) = (sysdocs.clone(), vec![id(&bea)]);
    ask!(reassign_step, manager, ReassignStepRequest { step_id, person_ids, ..Default::default() });
    ask!(waive_step, manager, WaiveStepRequest { step_id: sysdocs, reason: text.clone() });
    let (title, role) = ("Send the logo".to_owned(), "client".to_owned());
    let request = AddTaskRequest { run_id: run_id.clone(), title, role, ..Default::default() };
    let task = ask!(add_task, manager, request).step.unwrap().id;
    ask!(complete_task, client, CompleteTaskRequest { step_id: task, note: String::new() });
    ask!(pause_run, manager, PauseRunRequest { run_id: run_id.clone(), reason: text.clone() });
    ask!(resume_run, manager, ResumeRunRequest { run_id: run_id.clone() });
    ask!(cancel_run, manager, CancelRunRequest { run_id, reason: text });
}
