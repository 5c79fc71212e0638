//! A run over time: a drawing in its own units, and rows with the same data for a table.

use chrono::{DateTime, TimeDelta, Utc};
use portico_proto::{
    time::moment,
    workflow::v1::{Run, Step, StepState},
};

use crate::{
    layout::Shell,
    wording::{assignee, step_tag},
};

/// The column of names, the plane of time, the height of a row and of the head.
const NAMES: f64 = 270.0;
const PLANE: f64 = 630.0;
const ROW: f64 = 26.0;
const HEAD: f64 = 24.0;
const BAR: f64 = 14.0;

/// So many letters of a name have room before the bars.
const LETTERS: usize = 40;

/// A run as it is drawn.
pub(crate) struct Plan {
    pub(crate) heading: String,
    /// The page of the run; empty for none.
    pub(crate) href: String,
    pub(crate) height: f64,
    pub(crate) today: f64,
    /// The day of today, as its line says it.
    pub(crate) today_label: String,
    pub(crate) ticks: Vec<(f64, String)>,
    pub(crate) bars: Vec<Bar>,
    /// Lines from what must be done first to what waits for it, as SVG paths.
    pub(crate) links: Vec<String>,
    pub(crate) milestones: Vec<(f64, String, String)>,
    pub(crate) milestone_y: f64,
    /// How many units of the drawing a day is wide.
    pub(crate) day: f64,
}

/// A step as it is drawn, and as the table says it.
pub(crate) struct Bar {
    pub(crate) id: String,
    pub(crate) name: String,
    /// The name, cut where it would run into the bar.
    pub(crate) label: String,
    pub(crate) who: String,
    pub(crate) from: String,
    pub(crate) until: String,
    pub(crate) state: String,
    /// The titles of what must be done first.
    pub(crate) after: String,
    pub(crate) class: &'static str,
    pub(crate) text_y: f64,
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) width: f64,
    /// The due date as a date field has it, where it can be moved; empty where not.
    pub(crate) due: String,
    /// Whether it is for the firm's side only.
    pub(crate) internal: bool,
}

impl Bar {
    /// The id of the field for its day, as errors link to it.
    pub(crate) fn field(&self) -> String {
        crate::form::field_id(&format!("due-{}", self.id))
    }
}

/// When a step begins and ends, as far as dates are known: activated or with the run; ended, else due, else today.
fn span(step: &Step, started: DateTime<Utc>, now: DateTime<Utc>) -> (DateTime<Utc>, DateTime<Utc>) {
    let read = |stamp: &Option<_>| stamp.as_ref().and_then(moment);
    let end = read(&step.ended_at).or_else(|| read(&step.due));
    let from = read(&step.activated_at)
        .unwrap_or_else(|| end.map_or(started, |end| (end - TimeDelta::days(1)).max(started)));
    (from, end.unwrap_or(now).max(from))
}

/// Whether the date of a step can still be moved.
fn is_ahead(step: &Step) -> bool {
    matches!(
        step.state(),
        StepState::Blocked | StepState::Ready | StepState::Active | StepState::Returned | StepState::Expired
    )
}

impl Plan {
    /// A run as staff see it, or as clients do: theirs has no row that is for the firm's side only, and links nowhere in the console.
    pub(crate) fn of(s: &Shell, run: &Run, staff: bool) -> Self {
        let now = s.formats.now();
        let started = run.started_at.as_ref().and_then(moment).unwrap_or(now);
        let steps: Vec<&Step> = run.steps.iter().filter(|step| staff || step.client_visible).collect();
        let milestones: Vec<(DateTime<Utc>, String)> = run
            .milestones
            .iter()
            .filter_map(|each| {
                let at = each.reached_at.as_ref().or(each.estimate.as_ref()).and_then(moment)?;
                Some((at, each.title.clone()))
            })
            .collect();
        let spans: Vec<_> = steps.iter().map(|step| span(step, started, now)).collect();
        let ends = spans.iter().map(|(_, until)| *until).chain(milestones.iter().map(|(at, _)| *at));
        let from = spans.iter().map(|(from, _)| *from).chain([started, now]).min().unwrap_or(started);
        let until = ends.chain([now]).max().unwrap_or(now) + TimeDelta::days(1);
        let x = |at: DateTime<Utc>| NAMES + PLANE * share(at, from, until);
        let rows: Vec<f64> =
            std::iter::successors(Some(HEAD), |y| Some(y + ROW)).take(steps.len() + 1).collect();
        let milestone_y = rows.last().copied().unwrap_or(HEAD) + ROW / 2.0;
        let titled = |step: &Step| {
            let first = step.needs.iter().filter_map(|key| steps.iter().find(|other| other.key == *key));
            first.map(|other| other.title.as_str()).collect::<Vec<_>>().join(", ")
        };
        let bars: Vec<Bar> = steps
            .iter()
            .zip(&spans)
            .zip(&rows)
            .map(|((step, (begin, end)), y)| Bar {
                id: step.id.clone(),
                name: step.title.clone(),
                label: cut(&step.title),
                who: step.assignee.as_ref().map(|who| assignee(s, who)).unwrap_or_default(),
                from: s.formats.short_date(begin),
                until: s.formats.short_date(end),
                state: step_tag(s, step).text,
                after: titled(step),
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
                due: step
                    .due
                    .as_ref()
                    .filter(|_| staff && is_ahead(step))
                    .and_then(moment)
                    .map(|due| s.formats.local_day(&due).to_string())
                    .unwrap_or_default(),
                internal: !step.client_visible,
            })
            .collect();
        let links = steps.iter().zip(&bars).flat_map(|(step, bar)| {
            let first = step.needs.iter().filter_map(|key| steps.iter().position(|other| other.key == *key));
            first.filter_map(|place| bars.get(place)).map(|other| link(other, bar)).collect::<Vec<_>>()
        });
        let shown = |at: &DateTime<Utc>| s.formats.short_date(at);
        Self {
            heading: format!("{} · {}", run.account_name, run.record_title),
            href: if staff { format!("/console/runs/{}/plan", run.id) } else { String::new() },
            height: milestone_y + ROW,
            today: x(now).round(),
            today_label: shown(&now),
            ticks: ticks(s, from, until).into_iter().map(|(at, label)| (x(at).round(), label)).collect(),
            links: links.collect(),
            bars,
            milestones: milestones
                .into_iter()
                .map(|(at, title)| (x(at).round(), title, shown(&at)))
                .collect(),
            milestone_y,
            day: (x(from + TimeDelta::days(1)) - x(from)).max(0.1),
        }
    }
}

/// From the end of one bar down, or up, to the beginning of the other, in right angles.
fn link(first: &Bar, then: &Bar) -> String {
    let (from_x, from_y) = (first.x + first.width, first.y + BAR / 2.0);
    let (to_x, to_y) = (then.x, then.y + BAR / 2.0);
    let turn = (from_x + 6.0).max(to_x - 8.0).round();
    if turn < to_x {
        return format!("M{from_x} {from_y}H{turn}V{to_y}H{to_x}");
    }
    // The other begins before this one ends: around between the rows.
    let between = if to_y > from_y { to_y - BAR } else { to_y + BAR };
    let back = (to_x - 8.0).round();
    format!("M{from_x} {from_y}H{turn}V{between}H{back}V{to_y}H{to_x}")
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

#[cfg(test)]
pub(crate) mod tests {
    use portico_proto::{time::timestamp, workflow::v1::Milestone};

    use super::*;
    use crate::{layout::Area, text::Locale, wording::tests::step};

    /// A run with something done, something late, something to come, and something that is the firm's alone.
    pub(crate) fn run(s: &Shell) -> Run {
        let now = s.formats.now();
        let at = |days| Some(timestamp(now + TimeDelta::days(days)));
        let mut form = step("form", "Complete the questionnaire", StepState::Done, -5);
        (form.activated_at, form.ended_at, form.key) = (at(-10), at(-6), "form".to_owned());
        let mut late = step("esign", "Sign <it>", StepState::Active, -2);
        (late.activated_at, late.key, late.needs) = (at(-10), "late".to_owned(), vec!["form".to_owned()]);
        let mut approval = step("approval", "Approve", StepState::Blocked, 9);
        approval.needs = vec!["late".to_owned(), "secret".to_owned()];
        let mut secret = step("task", "Canary: check their credit", StepState::Active, 3);
        (secret.client_visible, secret.key) = (false, "secret".to_owned());
        Run {
            id: "0190aaaa-0000-7000-8000-000000000002".to_owned(),
            started_at: at(-10),
            account_name: "Acme".to_owned(),
            steps: vec![form, late, approval, secret],
            milestones: vec![Milestone {
                title: "Ready".to_owned(),
                estimate: at(5),
                ..Milestone::default()
            }],
            ..Run::default()
        }
    }

    #[test]
    fn bars_lie_between_their_dates_and_wait_for_each_other() {
        let s = crate::walk::shell(Area::Console, Locale::En);
        let plan = Plan::of(&s, &run(&s), true);
        assert_eq!(plan.bars.iter().map(|bar| bar.class).collect::<Vec<_>>(), ["done", "late", "", "now"]);
        assert!(
            (plan.bars[0].x - NAMES).abs() < 1.0
                && plan.bars.iter().all(|bar| bar.x + bar.width <= NAMES + PLANE + 1.0)
        );
        assert!(plan.today > plan.bars[1].x + plan.bars[1].width);
        assert_eq!(
            (plan.links.len(), plan.bars[2].after.as_str()),
            (3, "Sign <it>, Canary: check their credit")
        );
        assert_eq!((plan.bars[0].due.as_str(), plan.bars[1].due.as_str()), ("", "2026-12-01"));
        assert!(plan.day > 10.0);
    }

    #[test]
    fn a_client_gets_no_row_no_line_and_no_word_that_is_the_firms() {
        for locale in Locale::ALL {
            let s = crate::walk::shell(Area::Portal, locale);
            let plan = Plan::of(&s, &run(&s), false);
            assert_eq!((plan.bars.len(), plan.links.len()), (3, 2));
            assert!(plan.href.is_empty() && plan.bars.iter().all(|bar| bar.due.is_empty() && !bar.internal));
            assert!(!plan.bars.iter().any(|bar| bar.after.contains("Canary") || bar.name.contains("Canary")));
        }
    }
}
