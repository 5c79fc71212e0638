//! The steps of the account's runs, with what is done and what is next.

use askama::Template;
use chrono::{DateTime, TimeDelta, Utc};
use portico_definition::Checklist;
use portico_proto::{
    time::moment,
    workflow::v1::{Run, RunState, StepState},
};

use super::{Place, Shown, shown};
use crate::{
    components::Row,
    error::PageError,
    layout::Shell,
    wording::{assignee, is_open, is_ours, step_row},
};

/// How long a run that was ended by the firm is still explained, beside one that goes on.
const EXPLAINED_FOR: TimeDelta = TimeDelta::days(14);

#[derive(Template)]
#[template(path = "blocks/checklist.html")]
struct View<'a> {
    s: &'a Shell,
    id: &'a str,
    title: String,
    runs: Vec<List>,
}

struct List {
    heading: String,
    note: String,
    tone: &'static str,
    done: usize,
    rows: Vec<Row>,
}

impl List {
    fn of(s: &Shell, run: &Run, heading: String) -> Self {
        let rows: Vec<Row> = run
            .steps
            .iter()
            .map(|step| {
                let who = match &step.assignee {
                    Some(who) if is_open(step) && is_ours(step) => assignee(s, who),
                    _ => String::new(),
                };
                step_row(s, step, &[&who])
            })
            .collect();
        let settled = |state| matches!(state, StepState::Done | StepState::Skipped | StepState::Waived);
        let (tone, note) = match run.state() {
            RunState::Paused => ("warn", s.say("run-paused").arg("reason", &run.reason).to_string()),
            RunState::Cancelled => ("info", s.say("run-cancelled").arg("reason", &run.reason).to_string()),
            RunState::Done => ("ok", s.t("run-done")),
            RunState::Active | RunState::Unspecified => ("", String::new()),
        };
        let done = run.steps.iter().filter(|step| settled(step.state())).count();
        Self { heading, note, tone, done, rows }
    }
}

/// What goes on, else what ended last; what the firm ended a short while ago in any case.
fn worth_showing(runs: Vec<Run>, now: DateTime<Utc>) -> Vec<Run> {
    let goes_on = |run: &Run| matches!(run.state(), RunState::Active | RunState::Paused);
    let any_goes_on = runs.iter().any(goes_on);
    let fresh =
        |run: &Run| run.ended_at.as_ref().and_then(moment).is_some_and(|ended| now - ended < EXPLAINED_FOR);
    let mut kept_ended = any_goes_on;
    runs.into_iter()
        .filter(|run| {
            if goes_on(run) {
                return true;
            }
            let newest = !std::mem::replace(&mut kept_ended, true);
            newest || (run.state() == RunState::Cancelled && fresh(run))
        })
        .collect()
}

pub(super) async fn show(
    place: &Place<'_>,
    id: &str,
    title: Option<&str>,
    block: &Checklist,
) -> Result<Shown, PageError> {
    let s = place.s();
    let runs = worth_showing(place.runs(&block.workflow, &[]).await?, s.formats.now());
    let several = runs.len() > 1;
    let heading = |run: &Run| match (several, place.names_accounts()) {
        (_, true) => format!("{} · {}", run.account_name, run.record_title),
        (true, false) => run.record_title.clone(),
        (false, false) => String::new(),
    };
    let lists = runs.iter().map(|run| List::of(s, run, heading(run))).collect();
    let title = title.map_or_else(|| place.workflow_title(&block.workflow), str::to_owned);
    shown(&View { s, id, title, runs: lists })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{layout::Area, text::Locale, wording::tests::step};

    fn run(id: &str, state: RunState) -> Run {
        Run {
            id: id.to_owned(),
            state: state.into(),
            reason: "The contract is being changed.".to_owned(),
            steps: vec![
                step("form", "Complete the questionnaire", StepState::Done, -1),
                step("esign", "Sign the agreement", StepState::Active, 3),
            ],
            ..Run::default()
        }
    }

    #[test]
    fn finished_steps_step_back_and_a_pause_is_explained() {
        let s = crate::walk::shell(Area::Portal, Locale::En);
        let list = List::of(&s, &run("1", RunState::Paused), String::new());
        assert_eq!(list.done, 1);
        let html =
            View { s: &s, id: "block-1", title: "Onboarding".to_owned(), runs: vec![list] }.render().unwrap();
        assert!(html.contains("The contract is being changed.") && html.contains("1 of 2"));
        assert!(html.contains("row-link done") && html.contains("id=\"block-1\" data-live=\"step_changed"));
    }

    #[test]
    fn a_run_that_is_over_shows_only_where_nothing_goes_on() {
        let now = crate::walk::shell(Area::Portal, Locale::En).formats.now();
        let ids = |runs: Vec<Run>| worth_showing(runs, now).into_iter().map(|run| run.id).collect::<Vec<_>>();
        assert_eq!(ids(vec![run("1", RunState::Done), run("2", RunState::Active)]), ["2"]);
        assert_eq!(ids(vec![run("1", RunState::Done), run("2", RunState::Done)]), ["1"]);
        let mut cancelled = run("3", RunState::Cancelled);
        cancelled.ended_at = Some(portico_proto::time::timestamp(now - TimeDelta::days(1)));
        assert_eq!(ids(vec![run("1", RunState::Active), cancelled.clone()]), ["1", "3"]);
        cancelled.ended_at = Some(portico_proto::time::timestamp(now - TimeDelta::days(30)));
        assert_eq!(ids(vec![run("1", RunState::Active), cancelled]), ["1"]);
    }
}
