//! One step: how it stands, where it is done, and how staff deviate from the plan: waive, move, hand over.

use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
use portico_core::Problem;
use portico_definition::Definition;
use portico_proto::{
    time::{moment, timestamp},
    workflow::v1::{
        GetStepRequest, MoveDueDateRequest, ReassignStepRequest, RemindClientsRequest, RemindOutcome,
        RemindResult, Run, Step, StepState, WaiveStepRequest,
    },
};
use portico_rpc::problem_from;
use std::sync::Arc;
use tonic::Status;

use super::{
    attempt::{Attempt, Sent},
    dates,
    done::Done,
    hand_over::{self, Takers},
    outstanding, step_links,
};
use crate::{
    ask::{Ask, StaffAsk, not_here, refused, see_other_after},
    components::{Choice, Tag},
    error::PageError,
    layout::Shell,
    render::Page,
    wording,
};

#[derive(Template)]
#[template(path = "pages/console/step.html")]
struct View<'a> {
    s: &'a Shell,
    step: &'a Step,
    run_href: String,
    tag: Tag,
    who: String,
    due: String,
    /// The due date as a date field has it.
    due_day: String,
    /// Who was reminded last, and when; empty for nobody.
    reminded: String,
    /// The key of the form that reminds; empty where nobody can be reminded now.
    remind_key: String,
    links: Vec<step_links::Link>,
    /// Whether the plan can still be changed here.
    open: bool,
    takers: Vec<Choice>,
    attempt: Attempt,
}

pub(super) async fn show(
    ask: StaffAsk,
    Path(step_id): Path<String>,
    Query(done): Query<Done>,
) -> Result<Response, PageError> {
    page(&ask, &step_id, Attempt::default(), &done).await
}

pub(super) async fn waive(
    ask: StaffAsk,
    Path(step_id): Path<String>,
    sent: Sent,
) -> Result<Response, PageError> {
    let asked = WaiveStepRequest { step_id: step_id.clone(), reason: sent.text("waive_reason") };
    let answer =
        ask.workflow().waive_step(asked).await.map(|answer| answer.into_inner().event).map_err(to_problem);
    settle(&ask, &step_id, answer, ("waive", "step-waived"), sent, &[("reason", "waive_reason")]).await
}

/// Reminds the client. The page says what became of it; a second click reminds nobody twice.
pub(super) async fn remind(
    ask: StaffAsk,
    Path(step_id): Path<String>,
    sent: Sent,
) -> Result<Response, PageError> {
    let asked = RemindClientsRequest { step_ids: vec![step_id.clone()], idempotency_key: sent.text("key") };
    let answer = ask.workflow().remind_clients(asked).await?.into_inner();
    let word = match answer.results.first().map(RemindResult::outcome) {
        Some(RemindOutcome::Sent) => "step-reminded",
        Some(RemindOutcome::TooSoon) => "step-reminded-lately",
        Some(RemindOutcome::NotWaiting) => "step-not-waiting",
        Some(RemindOutcome::Failed) => "step-remind-failed",
        Some(RemindOutcome::NotFound | RemindOutcome::Unspecified) | None => return Err(not_here()),
    };
    Ok(see_other_after(&format!("/console/steps/{step_id}?done={word}"), &answer.event))
}

pub(super) async fn move_due(
    ask: StaffAsk,
    Path(step_id): Path<String>,
    sent: Sent,
) -> Result<Response, PageError> {
    let answer = match dates::end_of_day(sent.of("due"), ask.shell.formats.zone()) {
        None => Err(Problem::invalid("due", ask.shell.t("console-no-day"))),
        Some(due) => {
            let asked = MoveDueDateRequest {
                step_id: step_id.clone(),
                due: Some(timestamp(due)),
                reason: sent.text("due_reason"),
            };
            ask.workflow()
                .move_due_date(asked)
                .await
                .map(|answer| answer.into_inner().event)
                .map_err(to_problem)
        }
    };
    settle(&ask, &step_id, answer, ("due", "step-moved"), sent, &[("reason", "due_reason")]).await
}

pub(super) async fn assign(
    ask: StaffAsk,
    Path(step_id): Path<String>,
    sent: Sent,
) -> Result<Response, PageError> {
    let (person_ids, role) = hand_over::chosen(sent.of("to"));
    let asked = ReassignStepRequest {
        step_id: step_id.clone(),
        person_ids,
        role,
        reason: sent.text("assign_reason"),
    };
    let answer =
        ask.workflow().reassign_step(asked).await.map(|answer| answer.into_inner().event).map_err(to_problem);
    let names = [("reason", "assign_reason"), ("person_ids", "to"), ("role", "to")];
    settle(&ask, &step_id, answer, ("assign", "step-assigned"), sent, &names).await
}

fn to_problem(status: Status) -> Problem {
    problem_from(&status)
}

async fn settle(
    ask: &StaffAsk,
    step_id: &str,
    answer: Result<String, Problem>,
    (form, word): (&'static str, &str),
    sent: Sent,
    names: &[(&str, &str)],
) -> Result<Response, PageError> {
    match answer {
        Ok(event) => {
            let (step, _) = find(ask, step_id).await?;
            Ok(see_other_after(&format!("/console/runs/{}?done={word}", step.run_id), &event))
        }
        Err(problem) => {
            let page =
                page(ask, step_id, Attempt::refused(form, sent, &problem, names), &Done::default()).await;
            Ok(refused(problem, |_| page))
        }
    }
}

/// A step with its run.
pub(super) async fn find(ask: &Ask, step_id: &str) -> Result<(Step, Run), PageError> {
    let answer = ask.workflow().get_step(GetStepRequest { step_id: step_id.to_owned() }).await?.into_inner();
    Ok((answer.step.ok_or_else(not_here)?, answer.run.unwrap_or_default()))
}

async fn page(ask: &StaffAsk, step_id: &str, attempt: Attempt, done: &Done) -> Result<Response, PageError> {
    let (step, run) = find(ask, step_id).await?;
    let definition: Arc<Definition> =
        ask.web.definition(ask.tenant(), &run.portal_id, run.portal_version).await?;
    let takers = Takers::of(ask, &run.account_id).await?;
    let s = &*ask.shell;
    let status = attempt.status();
    let takers = takers.choices(s, Some(&definition), &attempt.value("assign", "to", ""));
    let view = View::new(s, &step, ask.form_key(), takers, attempt);
    let page = Page::new(step.title.clone(), view).at("home").status(status);
    done.above(page, s)
        .under(run.account_name.clone(), format!("/console/accounts/{}", run.account_id))
        .under(run.record_title.clone(), format!("/console/runs/{}", run.id))
        .respond(s, &ask.headers)
}

impl<'a> View<'a> {
    fn new(s: &'a Shell, step: &'a Step, key: String, takers: Vec<Choice>, attempt: Attempt) -> Self {
        let with_client = wording::is_open(step) && step.assignee.is_some() && !wording::is_ours(step);
        let due = step.due.as_ref().and_then(moment);
        let open = matches!(
            step.state(),
            StepState::Blocked
                | StepState::Ready
                | StepState::Active
                | StepState::Returned
                | StepState::Expired
        );
        Self {
            s,
            step,
            run_href: format!("/console/runs/{}", step.run_id),
            tag: wording::step_tag(s, step),
            who: step.assignee.as_ref().map(|who| wording::assignee(s, who)).unwrap_or_default(),
            due: due.map(|due| s.date(&due)).unwrap_or_default(),
            due_day: due.map(|due| s.formats.local_day(&due).to_string()).unwrap_or_default(),
            reminded: step
                .last_reminder
                .as_ref()
                .map(|last| outstanding::reminded(s, last))
                .unwrap_or_default(),
            remind_key: if with_client { key } else { String::new() },
            links: step_links::links(s, step),
            open,
            takers,
            attempt,
        }
    }
}

#[cfg(test)]
mod tests {
    use portico_proto::workflow::v1::{Assignee, Reminder};

    use super::*;
    use crate::{layout::Area, text::Locale, wording::tests::step};

    #[test]
    fn an_open_step_can_be_waived_moved_and_handed_over() {
        let s = crate::walk::shell(Area::Console, Locale::En);
        let step = step("form", "Complete it", StepState::Active, 2);
        let view = View::new(
            &s,
            &step,
            "k1".to_owned(),
            vec![Choice::new("role:client", "Anyone: Client", "")],
            Attempt::default(),
        );
        let html = Page::new("x", view).whole(&s).unwrap();
        for act in ["waive", "due", "assign"] {
            assert!(html.contains(&format!("action=\"/console/steps/{}/{act}\"", step.id)), "{act}");
        }
        assert!(
            html.contains("value=\"2026-12-05\"")
                && html.matches("<h1").count() == 1
                && !html.contains("console-")
        );
    }

    #[test]
    fn a_client_can_be_reminded_and_the_firm_itself_cannot() {
        let s = crate::walk::shell(Area::Console, Locale::En);
        let of = |side: &str| Step {
            assignee: Some(Assignee {
                side: side.to_owned(),
                role_title: "Client".to_owned(),
                ..Assignee::default()
            }),
            last_reminder: Some(Reminder {
                at: Some(timestamp(s.formats.now() - chrono::TimeDelta::minutes(10))),
                to: Some(Assignee { names: vec!["Ana Souza".to_owned()], ..Assignee::default() }),
                by: String::new(),
            }),
            ..step("document_request", "Send your papers", StepState::Active, 2)
        };
        let html = |side: &str| {
            let step = of(side);
            View::new(&s, &step, "k1".to_owned(), Vec::new(), Attempt::default()).render().unwrap()
        };
        let client = html("external");
        assert!(client.contains("/remind\"") && client.contains("value=\"k1\""), "{client}");
        assert!(client.contains("Ana Souza, 10 minutes ago") && !html("internal").contains("/remind\""));
    }

    #[test]
    fn a_finished_step_is_left_alone() {
        let s = crate::walk::shell(Area::Console, Locale::En);
        let step = step("form", "Complete it", StepState::Done, 2);
        let html = View::new(&s, &step, "k1".to_owned(), Vec::new(), Attempt::default()).render().unwrap();
        assert!(!html.contains("<form"));
    }
}
