//! Every run of a workflow, for staff: on whom each waits, and since when.

use askama::Template;
use portico_definition::RunBoard;
use portico_proto::{
    time::moment,
    workflow::v1::{Run, RunState, Step, StepState},
};

use super::{Place, Shown, shown};
use crate::{
    components::Tag,
    error::PageError,
    layout::Shell,
    wording::{assignee, is_open, is_ours, step_tag},
};

/// How many finished runs stay in sight.
const DONE_SHOWN: usize = 10;

#[derive(Template)]
#[template(path = "blocks/run_board.html")]
struct View<'a> {
    s: &'a Shell,
    id: &'a str,
    title: String,
    lanes: [Lane; 4],
}

struct Lane {
    title: String,
    cards: Vec<Card>,
}

struct Card {
    href: String,
    account: String,
    record: String,
    /// What it waits for: step, who, tag.
    waits: Option<(String, String, Tag)>,
    progress: String,
    late: bool,
}

/// The step that the run waits for: the one that is due first.
fn waits_for(run: &Run) -> Option<&Step> {
    let due = |step: &Step| step.due.as_ref().map_or(i64::MAX, |due| due.seconds);
    run.steps.iter().filter(|step| is_open(step)).min_by_key(|step| due(step))
}

fn lane(run: &Run) -> usize {
    match (run.state(), waits_for(run)) {
        (RunState::Done | RunState::Cancelled, _) => 3,
        (RunState::Paused, _) => 2,
        (_, Some(step)) if !is_ours(step) => 0,
        _ => 1,
    }
}

impl Card {
    fn of(s: &Shell, run: &Run) -> Self {
        let step = waits_for(run).filter(|_| run.state() == RunState::Active);
        let waits = step.map(|step| {
            let who = step.assignee.as_ref().map(|who| assignee(s, who)).unwrap_or_default();
            (step.title.clone(), who, step_tag(s, step))
        });
        let settled = |state| matches!(state, StepState::Done | StepState::Skipped | StepState::Waived);
        let done = run.steps.iter().filter(|step| settled(step.state())).count();
        let late =
            step.and_then(|step| step.due.as_ref()).and_then(moment).is_some_and(|due| due < s.formats.now());
        Self {
            href: format!("/console/runs/{}", run.id),
            account: run.account_name.clone(),
            record: run.record_title.clone(),
            waits,
            progress: s.say("checklist-progress").arg("done", done).arg("all", run.steps.len()).to_string(),
            late,
        }
    }
}

fn lanes(s: &Shell, runs: &[Run]) -> [Lane; 4] {
    let titles = ["board-client", "board-us", "board-paused", "board-done"];
    std::array::from_fn(|place| {
        let at_most = if place == 3 { DONE_SHOWN } else { usize::MAX };
        let cards =
            runs.iter().filter(|run| lane(run) == place).take(at_most).map(|run| Card::of(s, run)).collect();
        Lane { title: s.t(titles[place]), cards }
    })
}

pub(super) async fn show(
    place: &Place<'_>,
    id: &str,
    title: Option<&str>,
    block: &RunBoard,
) -> Result<Shown, PageError> {
    let s = place.s();
    let runs = place.runs(&block.workflow, &[]).await?;
    let title = title.map_or_else(|| place.workflow_title(&block.workflow), str::to_owned);
    shown(&View { s, id, title, lanes: lanes(s, &runs) })
}

#[cfg(test)]
mod tests {
    use portico_proto::workflow::v1::Assignee;

    use super::*;
    use crate::{layout::Area, text::Locale, wording::tests::step};

    fn run(state: RunState, side: &str, days: i64) -> Run {
        let mut open = step("approval", "Approve the plan", StepState::Active, days);
        open.can_act = false;
        open.assignee = Some(Assignee {
            names: vec!["Maria Lopez".to_owned()],
            side: side.to_owned(),
            ..Assignee::default()
        });
        Run { state: state.into(), account_name: "Acme".to_owned(), steps: vec![open], ..Run::default() }
    }

    #[test]
    fn each_run_lies_where_it_waits() {
        let s = crate::walk::shell(Area::Console, Locale::En);
        let runs = [
            run(RunState::Active, "external", -1),
            run(RunState::Active, "internal", 3),
            run(RunState::Paused, "external", -9),
            run(RunState::Cancelled, "internal", 0),
        ];
        let lanes = lanes(&s, &runs);
        assert_eq!(lanes.each_ref().map(|lane| lane.cards.len()), [1, 1, 1, 1]);
        assert!(lanes[0].cards[0].late && !lanes[1].cards[0].late && !lanes[2].cards[0].late);
        let html = View { s: &s, id: "b", title: "Onboarding".to_owned(), lanes }.render().unwrap();
        assert!(html.contains("Maria Lopez") && html.matches("class=\"lane\"").count() == 4);
    }
}
