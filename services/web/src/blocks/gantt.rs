//! Runs over time, for staff: a drawing, and the same as a table.

use askama::Template;
use chrono::{DateTime, TimeDelta, Utc};
use portico_definition::Gantt;
use portico_proto::{
    time::moment,
    workflow::v1::{Run, RunState, Step, StepState},
};

use super::{Place, Shown, shown};
use crate::{
    error::PageError,
    layout::Shell,
    wording::{assignee, humanize, step_tag},
};

/// The drawing in its own units: the column of names, the plane of time, the height of a row.
const NAMES: f64 = 270.0;
const PLANE: f64 = 630.0;
const ROW: f64 = 26.0;
const HEAD: f64 = 24.0;

/// So many letters of a name have room before the bars.
const LETTERS: usize = 40;

#[derive(Template)]
#[template(path = "blocks/gantt.html")]
struct View<'a> {
    s: &'a Shell,
    id: &'a str,
    title: String,
    plans: Vec<Plan>,
}

struct Plan {
    heading: String,
    href: String,
    height: f64,
    today: f64,
    ticks: Vec<(f64, String)>,
    bars: Vec<Bar>,
    milestones: Vec<(f64, String)>,
    milestone_y: f64,
}

struct Bar {
    name: String,
    /// The name, cut where it would run into the bar.
    label: String,
    who: String,
    from: String,
    until: String,
    state: String,
    class: &'static str,
    text_y: f64,
    x: f64,
    y: f64,
    width: f64,
}

/// When a step begins and ends, as far as dates are known: activated or with the run; ended, else due, else today.
fn span(step: &Step, started: DateTime<Utc>, now: DateTime<Utc>) -> (DateTime<Utc>, DateTime<Utc>) {
    let read = |stamp: &Option<_>| stamp.as_ref().and_then(moment);
    let end = read(&step.ended_at).or_else(|| read(&step.due));
    let from = read(&step.activated_at)
        .unwrap_or_else(|| end.map_or(started, |end| (end - TimeDelta::days(1)).max(started)));
    (from, end.unwrap_or(now).max(from))
}

impl Plan {
    fn of(s: &Shell, run: &Run) -> Self {
        let now = s.formats.now();
        let started = run.started_at.as_ref().and_then(moment).unwrap_or(now);
        let milestones: Vec<(DateTime<Utc>, String)> = run
            .milestones
            .iter()
            .filter_map(|each| {
                let at = each.reached_at.as_ref().or(each.estimate.as_ref()).and_then(moment)?;
                Some((at, each.title.clone()))
            })
            .collect();
        let spans: Vec<_> = run.steps.iter().map(|step| span(step, started, now)).collect();
        let ends = spans.iter().map(|(_, until)| *until).chain(milestones.iter().map(|(at, _)| *at));
        let from = spans.iter().map(|(from, _)| *from).chain([started, now]).min().unwrap_or(started);
        let until = ends.chain([now]).max().unwrap_or(now) + TimeDelta::days(1);
        let x = |at: DateTime<Utc>| NAMES + PLANE * share(at, from, until);
        let rows: Vec<f64> =
            std::iter::successors(Some(HEAD), |y| Some(y + ROW)).take(run.steps.len() + 1).collect();
        let milestone_y = rows.last().copied().unwrap_or(HEAD) + ROW / 2.0;
        let bars = run.steps.iter().zip(&spans).zip(&rows).map(|((step, (begin, end)), y)| Bar {
            name: step.title.clone(),
            label: cut(&step.title),
            who: step.assignee.as_ref().map(|who| assignee(s, who)).unwrap_or_default(),
            from: s.formats.short_date(begin),
            until: s.formats.short_date(end),
            state: step_tag(s, step).text,
            class: match step.state() {
                StepState::Done | StepState::Skipped | StepState::Waived => "done",
                StepState::Active | StepState::Returned if *end < now => "late",
                StepState::Active | StepState::Returned => "now",
                _ => "",
            },
            text_y: y + 17.0,
            x: x(*begin).round(),
            y: y + 6.0,
            width: (x(*end) - x(*begin)).max(4.0).round(),
        });
        Self {
            heading: format!("{} · {}", run.account_name, run.record_title),
            href: format!("/console/runs/{}", run.id),
            height: milestone_y + ROW,
            today: x(now).round(),
            ticks: ticks(s, from, until).into_iter().map(|(at, label)| (x(at).round(), label)).collect(),
            bars: bars.collect(),
            milestones: milestones.into_iter().map(|(at, title)| (x(at).round(), title)).collect(),
            milestone_y,
        }
    }
}

fn cut(name: &str) -> String {
    if name.chars().count() <= LETTERS {
        return name.to_owned();
    }
    let kept: String = name.chars().take(LETTERS - 1).collect();
    format!("{}…", kept.trim_end())
}

fn share(at: DateTime<Utc>, from: DateTime<Utc>, until: DateTime<Utc>) -> f64 {
    let seconds = |to: DateTime<Utc>| f64::from(i32::try_from((to - from).num_seconds()).unwrap_or(i32::MAX));
    if from < until { (seconds(at) / seconds(until)).clamp(0.0, 1.0) } else { 0.0 }
}

/// About six dates across the plane.
fn ticks(s: &Shell, from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<(DateTime<Utc>, String)> {
    let days = (until - from).num_days().max(1);
    let step = TimeDelta::days((days / 6).max(1));
    std::iter::successors(Some(from), |at| Some(*at + step))
        .take_while(|at| *at < until)
        .take(8)
        .map(|at| (at, s.formats.short_date(&at)))
        .collect()
}

pub(super) async fn show(
    place: &Place<'_>,
    id: &str,
    title: Option<&str>,
    block: &Gantt,
) -> Result<Shown, PageError> {
    let s = place.s();
    let runs = place.runs(&block.workflow, &[RunState::Active, RunState::Paused]).await?;
    let title = title.map_or_else(
        || s.say("gantt-title").arg("workflow", humanize(&block.workflow)).to_string(),
        str::to_owned,
    );
    shown(&View { s, id, title, plans: runs.iter().take(20).map(|run| Plan::of(s, run)).collect() })
}

#[cfg(test)]
mod tests {
    use portico_proto::{time::timestamp, workflow::v1::Milestone};

    use super::*;
    use crate::{layout::Area, text::Locale, wording::tests::step};

    #[test]
    fn bars_lie_between_their_dates_and_the_table_has_the_same_rows() {
        let s = crate::walk::shell(Area::Console, Locale::En);
        let now = s.formats.now();
        let at = |days| Some(timestamp(now + TimeDelta::days(days)));
        let mut form = step("form", "Complete the questionnaire", StepState::Done, -5);
        (form.activated_at, form.ended_at) = (at(-10), at(-6));
        let mut late = step("esign", "Sign <it>", StepState::Active, -2);
        late.activated_at = at(-10);
        let run = Run {
            started_at: at(-10),
            account_name: "Acme".to_owned(),
            steps: vec![form, late, step("approval", "Approve", StepState::Blocked, 9)],
            milestones: vec![Milestone {
                title: "Ready".to_owned(),
                estimate: at(5),
                ..Milestone::default()
            }],
            ..Run::default()
        };
        let plan = Plan::of(&s, &run);
        assert_eq!(plan.bars.iter().map(|bar| bar.class).collect::<Vec<_>>(), ["done", "late", ""]);
        assert!(
            (plan.bars[0].x - NAMES).abs() < 1.0
                && plan.bars.iter().all(|bar| bar.x + bar.width <= NAMES + PLANE + 1.0)
        );
        assert!(plan.today > plan.bars[1].x + plan.bars[1].width);
        let html = View { s: &s, id: "b", title: "Plan".to_owned(), plans: vec![plan] }.render().unwrap();
        assert_eq!(html.matches("<rect").count(), 3);
        assert_eq!(html.matches("<tr>").count(), 4);
        assert!(html.contains("Sign &#60;it&#62;") && !html.contains(" style="));
    }
}
