//! Milestones and estimated dates of the account's runs: a line to look at, and the same as a table.

use askama::Template;
use chrono::{DateTime, Utc};
use portico_definition::{Timeline, TimelineRow};
use portico_proto::{
    time::moment,
    workflow::v1::{Run, RunState},
};

use super::{Place, Shown, shown};
use crate::{error::PageError, layout::Shell};

/// The drawing's inner width in its own units, and the margin at both ends.
const WIDTH: f64 = 600.0;
const MARGIN: f64 = 20.0;

#[derive(Template)]
#[template(path = "blocks/timeline.html")]
struct View<'a> {
    s: &'a Shell,
    id: &'a str,
    title: String,
    runs: Vec<Plan>,
    estimates: bool,
}

struct Plan {
    heading: String,
    points: Vec<Point>,
    /// Where today is on the line, where it lies within.
    today: Option<f64>,
}

struct Point {
    title: String,
    state: &'static str,
    /// What the row says: when it was reached, or when it is expected.
    when: String,
    first: String,
    moved: bool,
    x: f64,
}

/// A milestone or step with its dates, as far as they are known.
struct Dated {
    title: String,
    reached: Option<DateTime<Utc>>,
    estimate: Option<DateTime<Utc>>,
    first: Option<DateTime<Utc>>,
}

impl Dated {
    fn at(&self) -> Option<DateTime<Utc>> {
        self.reached.or(self.estimate)
    }
}

impl Plan {
    fn of(s: &Shell, run: &Run, heading: String, steps: bool) -> Self {
        let mut dated: Vec<Dated> = run
            .milestones
            .iter()
            .map(|each| Dated {
                title: each.title.clone(),
                reached: each.reached_at.as_ref().and_then(moment),
                estimate: each.estimate.as_ref().and_then(moment),
                first: each.first_estimate.as_ref().and_then(moment),
            })
            .collect();
        if steps {
            dated.extend(run.steps.iter().map(|step| Dated {
                title: step.title.clone(),
                reached: step.ended_at.as_ref().and_then(moment),
                estimate: step.due.as_ref().and_then(moment),
                first: None,
            }));
            dated.sort_by_key(Dated::at);
        }
        let now = s.formats.now();
        let moments: Vec<DateTime<Utc>> = dated.iter().filter_map(Dated::at).collect();
        let started = run.started_at.as_ref().and_then(moment);
        let from = moments.iter().copied().chain(started).min().unwrap_or(now);
        let until = moments.iter().copied().max().unwrap_or(now);
        let mut next_found = false;
        let points = dated
            .into_iter()
            .map(|Dated { title, reached, estimate, first }| {
                let state = match (reached, next_found) {
                    (Some(_), _) => "done",
                    (None, false) => "now",
                    (None, true) => "",
                };
                next_found |= reached.is_none();
                Point {
                    title,
                    state,
                    when: match (reached, estimate) {
                        (Some(at), _) => {
                            s.say("milestone-reached").arg("date", s.formats.short_date(&at)).to_string()
                        }
                        (None, Some(at)) => {
                            s.say("milestone-expected").arg("date", s.formats.short_date(&at)).to_string()
                        }
                        (None, None) => s.t("milestone-open"),
                    },
                    first: first.map(|at| s.formats.short_date(&at)).unwrap_or_default(),
                    moved: first
                        .zip(reached.or(estimate))
                        .is_some_and(|(first, now)| s.formats.local_day(&first) != s.formats.local_day(&now)),
                    x: place(reached.or(estimate).unwrap_or(until), from, until),
                }
            })
            .collect();
        let today = (from <= now && now <= until && from < until).then(|| place(now, from, until));
        Self { heading, points, today }
    }
}

/// Where a moment lies on the line between two others, in the drawing's units.
fn place(at: DateTime<Utc>, from: DateTime<Utc>, until: DateTime<Utc>) -> f64 {
    let seconds = |to: DateTime<Utc>| f64::from(i32::try_from((to - from).num_seconds()).unwrap_or(i32::MAX));
    let share = if from < until { (seconds(at) / seconds(until)).clamp(0.0, 1.0) } else { 0.5 };
    (MARGIN + share * (WIDTH - 2.0 * MARGIN)).round()
}

pub(super) async fn show(
    place: &Place<'_>,
    id: &str,
    title: Option<&str>,
    block: &Timeline,
) -> Result<Shown, PageError> {
    let s = place.s();
    let runs = place.runs(&block.workflow, &[RunState::Active, RunState::Paused, RunState::Done]).await?;
    let several = runs.len() > 1;
    let steps = block.show.contains(&TimelineRow::Steps);
    let plans = runs
        .iter()
        .filter(|run| !run.milestones.is_empty() || steps)
        .map(|run| Plan::of(s, run, if several { run.record_title.clone() } else { String::new() }, steps))
        .collect();
    let title = title.map_or_else(|| s.t("timeline-title"), str::to_owned);
    shown(&View { s, id, title, runs: plans, estimates: block.show.contains(&TimelineRow::Estimates) })
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use portico_proto::{time::timestamp, workflow::v1::Milestone};

    use super::*;
    use crate::{layout::Area, text::Locale};

    fn milestone(s: &Shell, title: &str, reached: Option<i64>, first: i64, estimate: i64) -> Milestone {
        let at = |days| Some(timestamp(s.formats.now() + TimeDelta::days(days)));
        Milestone {
            title: title.to_owned(),
            reached_at: reached.and_then(at),
            first_estimate: at(first),
            estimate: at(estimate),
            ..Milestone::default()
        }
    }

    #[test]
    fn the_line_and_the_table_say_the_same() {
        let s = crate::walk::shell(Area::Portal, Locale::En);
        let run = Run {
            started_at: Some(timestamp(s.formats.now() - TimeDelta::days(10))),
            milestones: vec![
                milestone(&s, "Paperwork complete", Some(-2), -2, -2),
                milestone(&s, "Ready for kickoff", None, 5, 8),
                milestone(&s, "Plan approved", None, 10, 10),
            ],
            ..Run::default()
        };
        let plan = Plan::of(&s, &run, String::new(), false);
        assert_eq!(plan.points.iter().map(|point| point.state).collect::<Vec<_>>(), ["done", "now", ""]);
        assert!(plan.points[1].moved && !plan.points[2].moved);
        assert_eq!((plan.today, plan.points[2].x), (Some(300.0), 580.0));
        let html = View { s: &s, id: "b", title: "Plan".to_owned(), runs: vec![plan], estimates: true }
            .render()
            .unwrap();
        assert_eq!(html.matches("<circle").count(), 3);
        assert_eq!(html.matches("<tr>").count(), 4, "a row a milestone, and the head");
        assert!(
            html.contains("expected 11 Dec")
                && html.contains("reached 1 Dec")
                && html.contains("First estimate: 8 Dec")
        );
        assert_eq!(html.matches("First estimate").count(), 1, "only what has moved says from where");
        assert!(!html.contains(" style="));
    }

    #[test]
    fn a_line_without_length_has_its_points_in_the_middle() {
        let now = crate::walk::shell(Area::Portal, Locale::En).formats.now();
        assert!((place(now, now, now) - 300.0).abs() < f64::EPSILON);
    }
}
