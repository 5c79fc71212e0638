//! Every RPC, asked by people who have no business with the run.

use portico_core::{AccountScope, Ctx, ErrorCode, Problem};
use portico_proto::{json::to_struct, time::timestamp, workflow::v1::*};
use portico_rpc::ServiceError as _;
use serde_json::json;

use super::*;
use crate::testing::{Engagement, Fixture, id};

type Answers = Vec<(&'static str, Result<String, Problem>)>;

/// Each RPC that names a record, a run or a step, with everything else as its owner would send it.
async fn ask_everything(fixture: &Fixture, one: &Engagement, ctx: &Ctx, slot: &str) -> Answers {
    let run = fixture.run(&one.manager, &one.run).await;
    let step = |key: &str| run.steps.iter().find(|step| step.key == key).unwrap().id.clone();
    let ahead = Some(timestamp(fixture.service.clock.now() + chrono::TimeDelta::days(9)));
    let (record_id, run_id, text) = (one.record.id.clone(), one.run.clone(), "because".to_owned());
    let mut answers = Answers::new();
    macro_rules! ask {
        ($handler:ident, $request:expr) => {
            let answer = $handler::handle(&fixture.service, ctx.clone(), $request).await;
            let answer = answer.map(|answer| format!("{answer:?}")).map_err(|error| error.problem());
            answers.push((stringify!($handler), answer));
        };
    }
    ask!(get_record, GetRecordRequest { record_id: record_id.clone() });
    let fields = Some(to_struct(&json!({"title": "Taken over"})));
    ask!(
        update_record,
        UpdateRecordRequest { record_id: record_id.clone(), fields, etag: one.record.etag.clone() }
    );
    let (to_state, etag) = ("cancelled".to_owned(), String::new());
    ask!(transition_record, TransitionRecordRequest { record_id, to_state, etag, ..Default::default() });
    ask!(get_run, GetRunRequest { run_id: run_id.clone() });
    ask!(pause_run, PauseRunRequest { run_id: run_id.clone(), reason: text.clone() });
    ask!(resume_run, ResumeRunRequest { run_id: run_id.clone() });
    ask!(cancel_run, CancelRunRequest { run_id: run_id.clone(), reason: text.clone() });
    let person_ids = vec![id(&one.client)];
    ask!(
        add_task,
        AddTaskRequest { run_id, title: text.clone(), person_ids: person_ids.clone(), ..Default::default() }
    );
    for key in ["intake", "sysdocs", "agreement", "kickoff", "plan"] {
        ask!(get_step, GetStepRequest { step_id: step(key) });
        for action in ["view", "act", "review"] {
            ask!(authorize_step, AuthorizeStepRequest { step_id: step(key), action: action.to_owned() });
        }
        ask!(complete_task, CompleteTaskRequest { step_id: step(key), note: String::new() });
        let decision = Decision::Approve.into();
        ask!(decide_approval, DecideApprovalRequest { step_id: step(key), decision, ..Default::default() });
        ask!(
            decline_step,
            DeclineStepRequest { step_id: step(key), colleague_id: String::new(), message: text.clone() }
        );
        ask!(waive_step, WaiveStepRequest { step_id: step(key), reason: text.clone() });
        ask!(move_due_date, MoveDueDateRequest { step_id: step(key), due: ahead, reason: text.clone() });
        let person_ids = person_ids.clone();
        ask!(reassign_step, ReassignStepRequest { step_id: step(key), person_ids, ..Default::default() });
        ask!(get_form, GetFormRequest { step_id: step(key) });
        let answers_json = json!({"company_legal_name": "A", "goals": "B"}).to_string();
        ask!(
            save_draft,
            SaveDraftRequest { step_id: step(key), answers_json: answers_json.clone(), etag: String::new() }
        );
        ask!(edit_form, EditFormRequest { step_id: step(key), leaving: false });
        ask!(submit_form, SubmitFormRequest { step_id: step(key), answers_json, etag: String::new() });
        ask!(get_meeting, GetMeetingRequest { step_id: step(key) });
        ask!(offer_times, OfferTimesRequest { step_id: step(key), starts: ahead.into_iter().collect() });
        let slot_id = slot.to_owned();
        ask!(move_meeting, MoveMeetingRequest { step_id: step(key), slot_id });
        ask!(cancel_meeting, CancelMeetingRequest { step_id: step(key), reason: text.clone() });
        ask!(book_time, BookTimeRequest { step_id: step(key), slot_id: slot.to_owned() });
    }
    answers
}

/// A time that is offered for the kickoff.
async fn offered(fixture: &Fixture, one: &Engagement) -> String {
    let step = fixture.step(&one.manager, &one.run, "kickoff").await.id;
    let at = timestamp(fixture.service.clock.now() + chrono::TimeDelta::days(3));
    let request = OfferTimesRequest { step_id: step, starts: vec![at] };
    let answer = offer_times::handle(&fixture.service, one.manager.clone(), request).await.unwrap();
    answer.slots[0].id.clone()
}

#[tokio::test]
async fn for_people_of_other_accounts_and_firms_nothing_is_there_and_nothing_changes() {
    let fixture = Fixture::new().await;
    let one = fixture.engagement().await;
    let slot = offered(&fixture, &one).await;
    let before = fixture.rows().await;
    let globex = fixture.database.account();
    let everything = ["client", "signatory", "project_manager", "admin"];
    let mut reaching = fixture.client("Two accounts, a role in one", globex, &everything);
    reaching.actor.accounts = AccountScope::Listed(vec![fixture.acme, globex]);
    for ctx in [
        fixture.client("Gil Globex", globex, &everything),
        reaching,
        fixture.staff("Not of the team", &["project_manager"]),
        fixture.staff("Without a role", &[]),
        portico_testkit::staff(fixture.database.tenant(), &everything),
        portico_testkit::client(fixture.database.tenant(), &[fixture.acme], &everything),
    ] {
        for (rpc, answer) in ask_everything(&fixture, &one, &ctx, &slot).await {
            assert_eq!(answer, Err(Problem::not_found()), "{rpc} by {}", ctx.actor.name);
        }
    }
    assert_eq!(fixture.rows().await, before);
}

#[tokio::test]
async fn a_client_does_not_steer_and_reads_no_word_that_is_the_firms() {
    let fixture = Fixture::new().await;
    let one = fixture.engagement().await;
    let task = AddTaskRequest {
        run_id: one.run.clone(),
        title: "Canary: check their credit".to_owned(),
        person_ids: vec![id(&one.manager)],
        ..Default::default()
    };
    let task = add_task::handle(&fixture.service, one.manager.clone(), task).await.unwrap().step.unwrap();
    let note = "Canary: they never pay".to_owned();
    let done = CompleteTaskRequest { step_id: task.id.clone(), note };
    complete_task::handle(&fixture.service, one.manager.clone(), done).await.unwrap();
    let slot = offered(&fixture, &one).await;

    let steering = [
        "update_record",
        "transition_record",
        "pause_run",
        "resume_run",
        "cancel_run",
        "add_task",
        "waive_step",
        "move_due_date",
        "reassign_step",
        "offer_times",
    ];
    let reader = fixture.client("Reads only", fixture.acme, &["signatory"]);
    for ctx in [&reader, &one.client] {
        for (rpc, answer) in ask_everything(&fixture, &one, ctx, &slot).await {
            if steering.contains(&rpc) {
                assert_eq!(answer.as_ref().unwrap_err().code, ErrorCode::PermissionDenied, "{rpc}");
            }
            assert!(!format!("{answer:?}").contains("Canary"), "{rpc}: {answer:?}");
        }
    }
    let home = list_attention::handle(&fixture.service, one.client.clone(), ListAttentionRequest::default());
    assert!(!format!("{:?}", home.await.unwrap()).contains("Canary"));
    let runs = list_runs::handle(&fixture.service, one.client.clone(), ListRunsRequest::default());
    assert!(!format!("{:?}", runs.await.unwrap()).contains("Canary"));
    let staff =
        get_run::handle(&fixture.service, one.manager.clone(), GetRunRequest { run_id: one.run.clone() });
    assert!(format!("{:?}", staff.await.unwrap()).contains("they never pay"), "the canary sings for staff");
}
