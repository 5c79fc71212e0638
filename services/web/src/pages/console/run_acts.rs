//! What staff do about a whole run: add a task, pause, go on, cancel.

use axum::{extract::Path, response::Response};
use portico_core::Problem;
use portico_proto::{
    time::timestamp,
    workflow::v1::{AddTaskRequest, CancelRunRequest, PauseRunRequest, ResumeRunRequest},
};
use portico_rpc::problem_from;
use tonic::Status;

use super::{
    attempt::{Attempt, Sent},
    dates,
    done::Done,
    hand_over, run,
};
use crate::{
    ask::{StaffAsk, refused, see_other_after},
    error::PageError,
};

pub(super) async fn add_task(
    ask: StaffAsk,
    Path(run_id): Path<String>,
    sent: Sent,
) -> Result<Response, PageError> {
    let (person_ids, role) = hand_over::chosen(sent.of("to"));
    let due = dates::end_of_day(sent.of("due"), ask.shell.formats.zone());
    let answer = if due.is_none() && !sent.of("due").is_empty() {
        Err(Problem::invalid("due", ask.shell.t("console-no-day")))
    } else {
        let asked = AddTaskRequest {
            run_id: run_id.clone(),
            title: sent.text("title"),
            person_ids,
            role,
            due: due.map(timestamp),
            client_visible: sent.ticked("client_visible"),
            idempotency_key: sent.text("key"),
        };
        ask.workflow().add_task(asked).await.map(|answer| answer.into_inner().event).map_err(to_problem)
    };
    let names = [("person_ids", "to"), ("role", "to")];
    settle(&ask, &run_id, answer, ("task", "task-added"), sent, &names).await
}

pub(super) async fn pause(
    ask: StaffAsk,
    Path(run_id): Path<String>,
    sent: Sent,
) -> Result<Response, PageError> {
    let asked = PauseRunRequest { run_id: run_id.clone(), reason: sent.text("pause_reason") };
    let answer =
        ask.workflow().pause_run(asked).await.map(|answer| answer.into_inner().event).map_err(to_problem);
    settle(&ask, &run_id, answer, ("pause", "run-paused"), sent, &[("reason", "pause_reason")]).await
}

pub(super) async fn resume(
    ask: StaffAsk,
    Path(run_id): Path<String>,
    sent: Sent,
) -> Result<Response, PageError> {
    let asked = ResumeRunRequest { run_id: run_id.clone() };
    let answer =
        ask.workflow().resume_run(asked).await.map(|answer| answer.into_inner().event).map_err(to_problem);
    settle(&ask, &run_id, answer, ("resume", "run-resumed"), sent, &[]).await
}

pub(super) async fn cancel(
    ask: StaffAsk,
    Path(run_id): Path<String>,
    sent: Sent,
) -> Result<Response, PageError> {
    let asked = CancelRunRequest { run_id: run_id.clone(), reason: sent.text("cancel_reason") };
    let answer =
        ask.workflow().cancel_run(asked).await.map(|answer| answer.into_inner().event).map_err(to_problem);
    settle(&ask, &run_id, answer, ("cancel", "run-cancelled"), sent, &[("reason", "cancel_reason")]).await
}

fn to_problem(status: Status) -> Problem {
    problem_from(&status)
}

/// Back to the run: with what was done, or with the form that was refused.
async fn settle(
    ask: &StaffAsk,
    run_id: &str,
    answer: Result<String, Problem>,
    (form, word): (&'static str, &str),
    sent: Sent,
    names: &[(&str, &str)],
) -> Result<Response, PageError> {
    match answer {
        Ok(event) => Ok(see_other_after(&format!("/console/runs/{run_id}?done={word}"), &event)),
        Err(problem) => {
            let page =
                run::page(ask, run_id, Attempt::refused(form, sent, &problem, names), &Done::default()).await;
            Ok(refused(problem, |_| page))
        }
    }
}
