//! One run: its steps in order, what staff can do about it, milestones and history.

use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
use chrono::{DateTime, Utc};
use portico_definition::Definition;
use portico_proto::{
    time::moment,
    workflow::v1::{GetRunRequest, Milestone, Run, RunLine, RunState, Step},
};
use std::sync::Arc;

use super::{attempt::Attempt, done::Done, hand_over::Takers, overview, states::run_tag, step_links};
use crate::{
    ask::{Ask, StaffAsk, not_here},
    components::{Choice, Tag},
    error::PageError,
    layout::Shell,
    render::Page,
    web::PublishedPortal,
    wording,
};

/// A run with what its page offers.
#[derive(Default)]
pub(super) struct Found {
    pub(super) run: Run,
    pub(super) history: Vec<RunLine>,
    pub(super) definition: Option<Arc<Definition>>,
    pub(super) takers: Takers,
    pub(super) portals: Arc<Vec<PublishedPortal>>,
}

struct StepRow {
    title: String,
    href: String,
    tag: Tag,
    who: String,
    meta: String,
    reason: String,
    internal: bool,
    links: Vec<step_links::Link>,
}

struct MilestoneRow {
    title: String,
    first: String,
    now: String,
    reached: String,
    done: bool,
}

struct HistoryRow {
    who: String,
    what: String,
    when: String,
    at: String,
}

#[derive(Template)]
#[template(path = "pages/console/run.html")]
struct View<'a> {
    s: &'a Shell,
    id: &'a str,
    title: String,
    workflow: String,
    account: &'a str,
    account_href: String,
    record_href: String,
    thread_href: String,
    tag: Tag,
    reason: &'a str,
    progress: String,
    steps: Vec<StepRow>,
    milestones: Vec<MilestoneRow>,
    history: Vec<HistoryRow>,
    takers: Vec<Choice>,
    active: bool,
    paused: bool,
    key: String,
    attempt: Attempt,
}

pub(super) async fn show(
    ask: StaffAsk,
    Path(run_id): Path<String>,
    Query(done): Query<Done>,
) -> Result<Response, PageError> {
    page(&ask, &run_id, Attempt::default(), &done).await
}

pub(super) async fn page(
    ask: &StaffAsk,
    run_id: &str,
    attempt: Attempt,
    done: &Done,
) -> Result<Response, PageError> {
    let found = find(ask, run_id).await?;
    let s = &*ask.shell;
    let status = attempt.status();
    let view = View::new(s, &found, ask.form_key(), attempt);
    let page = Page::new(view.title.clone(), view).at("home").status(status);
    done.above(page, s)
        .under(s.t("nav-accounts"), "/console/accounts")
        .under(found.run.account_name.clone(), format!("/console/accounts/{}", found.run.account_id))
        .respond(s, &ask.headers)
}

async fn find(ask: &Ask, run_id: &str) -> Result<Found, PageError> {
    let answer = ask.workflow().get_run(GetRunRequest { run_id: run_id.to_owned() }).await?.into_inner();
    let run = answer.run.ok_or_else(not_here)?;
    let portals = ask.web.portals(ask.tenant()).await?;
    let definition = ask.web.definition(ask.tenant(), &run.portal_id, run.portal_version).await?;
    let takers = Takers::of(ask, &run.account_id).await?;
    Ok(Found { run, history: answer.history, definition: Some(definition), takers, portals })
}

impl<'a> View<'a> {
    fn new(s: &'a Shell, found: &'a Found, key: String, attempt: Attempt) -> Self {
        let run = &found.run;
        let chosen = attempt.value("task", "to", "");
        Self {
            s,
            id: &run.id,
            title: overview::run_title(&found.portals, run),
            workflow: overview::workflow_title(&found.portals, run),
            account: &run.account_name,
            account_href: format!("/console/accounts/{}", run.account_id),
            record_href: format!("/console/records/{}", run.record_id),
            thread_href: format!("/messages/{}", run.record_id),
            tag: run_tag(s, run.state()),
            reason: &run.reason,
            progress: overview::progress(s, &run.steps),
            steps: run.steps.iter().map(|step| step_row(s, step)).collect(),
            milestones: run.milestones.iter().map(|milestone| milestone_row(s, milestone)).collect(),
            history: found.history.iter().map(|line| history_row(s, line)).collect(),
            takers: found.takers.choices(s, found.definition.as_deref(), &chosen),
            active: run.state() == RunState::Active,
            paused: run.state() == RunState::Paused,
            key,
            attempt,
        }
    }
}

fn step_row(s: &Shell, step: &Step) -> StepRow {
    let due = step.due.as_ref().and_then(moment);
    let ended = step.ended_at.as_ref().and_then(moment);
    let when = match (ended, due) {
        (Some(ended), _) if step.ended_by.is_empty() => s.formats.short_date(&ended),
        (Some(ended), _) => s
            .say("console-ended-by")
            .arg("name", &step.ended_by)
            .arg("date", s.formats.short_date(&ended))
            .to_string(),
        (None, Some(due)) => s.due(&due).text,
        (None, None) => String::new(),
    };
    let parts = [when, step.progress.clone()].into_iter().filter(|part| !part.is_empty());
    StepRow {
        title: step.title.clone(),
        href: format!("/console/steps/{}", step.id),
        tag: wording::step_tag(s, step),
        who: step
            .assignee
            .as_ref()
            .filter(|_| ended.is_none())
            .map(|who| wording::assignee(s, who))
            .unwrap_or_default(),
        meta: parts.collect::<Vec<_>>().join(" · "),
        reason: step.reason.clone(),
        internal: !step.client_visible,
        links: step_links::links(s, step),
    }
}

fn milestone_row(s: &Shell, milestone: &Milestone) -> MilestoneRow {
    let day = |at: Option<DateTime<Utc>>| at.map(|at| s.date(&at)).unwrap_or_default();
    MilestoneRow {
        title: milestone.title.clone(),
        first: day(milestone.first_estimate.as_ref().and_then(moment)),
        now: day(milestone.estimate.as_ref().and_then(moment)),
        reached: day(milestone.reached_at.as_ref().and_then(moment)),
        done: milestone.reached_at.is_some(),
    }
}

fn history_row(s: &Shell, line: &RunLine) -> HistoryRow {
    let at = line.at.as_ref().and_then(moment);
    HistoryRow {
        who: if line.actor_name.is_empty() { s.t("console-by-itself") } else { line.actor_name.clone() },
        what: line.sentence.clone(),
        when: at.map(|at| s.ago(&at)).unwrap_or_default(),
        at: at.map(|at| s.formats.machine(&at)).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use portico_core::Problem;
    use portico_proto::{
        time::timestamp,
        workflow::v1::{Assignee, StepState},
    };

    use super::*;
    use crate::{layout::Area, text::Locale, wording::tests::step};

    fn found(state: RunState) -> Found {
        let now = crate::walk::shell(Area::Console, Locale::En).formats.now();
        let manager = Assignee {
            names: vec!["Maria Lopez".to_owned()],
            side: "internal".to_owned(),
            ..Assignee::default()
        };
        let checking = Step {
            assignee: Some(manager),
            progress: "1 of 2".to_owned(),
            ..step("document_request", "Upload the documents", StepState::Active, 2)
        };
        let waived = Step {
            ended_at: Some(timestamp(now)),
            ended_by: "Maria Lopez".to_owned(),
            reason: "Not needed: they sent it by post.".to_owned(),
            ..step("task", "Send the form", StepState::Waived, 1)
        };
        let milestone = Milestone {
            title: "Paperwork complete".to_owned(),
            first_estimate: Some(timestamp(now + TimeDelta::days(5))),
            ..Milestone::default()
        };
        let run = Run {
            id: "run".to_owned(),
            record_id: "rec".to_owned(),
            record_title: "Website".to_owned(),
            account_name: "Acme".to_owned(),
            state: state.into(),
            steps: vec![checking, waived],
            milestones: vec![milestone],
            ..Run::default()
        };
        Found {
            run,
            history: vec![RunLine { sentence: "The run started.".to_owned(), ..RunLine::default() }],
            ..Found::default()
        }
    }

    #[test]
    fn a_run_shows_who_acts_why_and_what_comes_when() {
        let s = crate::walk::shell(Area::Console, Locale::En);
        let found = found(RunState::Active);
        let html =
            Page::new("x", View::new(&s, &found, "k".to_owned(), Attempt::default())).whole(&s).unwrap();
        assert!(
            html.contains("Maria Lopez")
                && html.contains("1 of 2")
                && html.contains("Not needed: they sent it by post.")
        );
        assert!(
            html.contains("/review\"")
                && html.contains("8 December 2026")
                && html.contains("The run started.")
        );
        assert!(html.contains("/console/runs/run/pause") && !html.contains("/console/runs/run/resume"));
        assert!(html.matches("<h1").count() == 1 && !html.contains("console-"));
    }

    #[test]
    fn a_paused_run_can_go_on_and_a_finished_one_is_left_alone() {
        let s = crate::walk::shell(Area::Console, Locale::En);
        let html = |state| View::new(&s, &found(state), "k".to_owned(), Attempt::default()).render().unwrap();
        let paused = html(RunState::Paused);
        assert!(paused.contains("/console/runs/run/resume") && !paused.contains("/console/runs/run/pause"));
        assert!(!html(RunState::Done).contains("/console/runs/run/cancel"));
    }

    #[test]
    fn a_refused_form_stays_open_with_its_error() {
        let s = crate::walk::shell(Area::Console, Locale::En);
        let problem = Problem::invalid("reason", "Say why.");
        let attempt = Attempt::refused(
            "pause",
            super::super::attempt::Sent::default(),
            &problem,
            &[("reason", "pause_reason")],
        );
        let html = View::new(&s, &found(RunState::Active), "k".to_owned(), attempt).render().unwrap();
        assert!(html.contains("href=\"#f-pause_reason\"") && html.contains("id=\"f-pause_reason-error\""));
        assert_eq!(html.matches("<details class=\"disclose\" open>").count(), 1);
    }
}
