//! Times that are offered for a meeting, in the time zone of whoever offers them.

use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use portico_core::Problem;
use portico_proto::{
    time::{moment, timestamp},
    workflow::v1::{GetMeetingRequest, GetMeetingResponse, OfferTimesRequest, Slot},
};
use portico_rpc::problem_from;

use super::{
    attempt::{Attempt, Sent},
    dates,
    done::Done,
    step,
};
use crate::{
    ask::{StaffAsk, refused, see_other_after},
    error::PageError,
    layout::Shell,
    render::Page,
};

/// How many times the form has room for.
const ROWS: usize = 6;

/// A line of the form.
struct Line {
    day_name: String,
    time_name: String,
    day: String,
    time: String,
    number: usize,
}

struct SlotRow {
    when: String,
    free: bool,
}

#[derive(Template)]
#[template(path = "pages/console/meeting.html")]
struct View<'a> {
    s: &'a Shell,
    id: &'a str,
    title: &'a str,
    booked: String,
    facts: String,
    slots: Vec<SlotRow>,
    zone: String,
    lines: Vec<Line>,
    attempt: Attempt,
}

pub(super) async fn show(
    ask: StaffAsk,
    Path(step_id): Path<String>,
    Query(done): Query<Done>,
) -> Result<Response, PageError> {
    page(&ask, &step_id, Attempt::default(), &done).await
}

pub(super) async fn offer(
    ask: StaffAsk,
    Path(step_id): Path<String>,
    sent: Sent,
) -> Result<Response, PageError> {
    let answer = match read(&ask.shell, &sent, ask.shell.formats.zone()) {
        Ok(starts) => {
            let starts = starts.into_iter().map(timestamp).collect();
            let asked = OfferTimesRequest { step_id: step_id.clone(), starts };
            ask.workflow().offer_times(asked).await.map_err(|status| problem_from(&status))
        }
        Err(problem) => Err(problem),
    };
    match answer {
        Ok(answer) => {
            let href = format!("/console/steps/{step_id}/meeting?done=times-offered");
            Ok(see_other_after(&href, &answer.into_inner().event))
        }
        Err(problem) => {
            let attempt = Attempt::refused("times", sent, &problem, &[("starts", "day-1")]);
            let page = page(&ask, &step_id, attempt, &Done::default()).await;
            Ok(refused(problem, |_| page))
        }
    }
}

/// The times that were filled in; a line that is half empty is at fault, an empty one is not.
fn read(s: &Shell, sent: &Sent, zone: Tz) -> Result<Vec<DateTime<Utc>>, Problem> {
    let mut starts = Vec::new();
    for row in 1..=ROWS {
        let (day, time) = (format!("day-{row}"), format!("time-{row}"));
        match (sent.of(&day), sent.of(&time)) {
            ("", "") => {}
            ("", _) => return Err(Problem::invalid(day, s.t("console-no-day"))),
            (_, "") => return Err(Problem::invalid(time, s.t("console-no-time"))),
            (on, at) => starts.push(
                dates::at(on, at, zone).ok_or_else(|| Problem::invalid(time, s.t("console-no-such-time")))?,
            ),
        }
    }
    if starts.is_empty() { Err(Problem::invalid("day-1", s.t("console-no-times"))) } else { Ok(starts) }
}

async fn page(ask: &StaffAsk, step_id: &str, attempt: Attempt, done: &Done) -> Result<Response, PageError> {
    let (mut workflow, asked) = (ask.workflow(), GetMeetingRequest { step_id: step_id.to_owned() });
    let (found, step) = tokio::join!(workflow.get_meeting(asked), step::find(ask, step_id));
    let (found, (step, run)) = (found?.into_inner(), step?);
    let s = &*ask.shell;
    let status = attempt.status();
    let page = Page::new(step.title.clone(), View::new(s, &step.id, &step.title, &found, attempt)).at("home");
    done.above(page.status(status), s)
        .under(run.account_name, format!("/console/accounts/{}", run.account_id))
        .under(run.record_title, format!("/console/runs/{}", step.run_id))
        .respond(s, &ask.headers)
}

impl<'a> View<'a> {
    fn new(s: &'a Shell, id: &'a str, title: &'a str, found: &GetMeetingResponse, attempt: Attempt) -> Self {
        let minutes = u32::try_from(found.duration_minutes).unwrap_or(0);
        let facts = [found.with_name.clone(), s.formats.duration(&minutes)]
            .into_iter()
            .filter(|part| !part.is_empty());
        let line = |number: usize| {
            let (day_name, time_name) = (format!("day-{number}"), format!("time-{number}"));
            let (day, time) = (attempt.value("times", &day_name, ""), attempt.value("times", &time_name, ""));
            Line { day_name, time_name, day, time, number }
        };
        let start = |slot: &Slot| slot.starts_at.as_ref().and_then(moment);
        let slot =
            |slot: &Slot| Some(SlotRow { when: s.formats.date_time_zone(&start(slot)?), free: slot.free });
        Self {
            s,
            id,
            title,
            booked: found
                .booked
                .as_ref()
                .and_then(start)
                .map(|at| s.formats.date_time_zone(&at))
                .unwrap_or_default(),
            facts: facts.collect::<Vec<_>>().join(" · "),
            slots: found.slots.iter().filter_map(slot).collect(),
            zone: s.formats.zone().name().to_owned(),
            lines: (1..=ROWS).map(line).collect(),
            attempt,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{layout::Area, text::Locale};

    fn sent(pairs: &[(&str, &str)]) -> Sent {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn times_are_read_where_the_person_is() {
        let typed = sent(&[
            ("day-1", "2026-12-03"),
            ("time-1", "09:30"),
            ("day-4", "2026-12-04"),
            ("time-4", "15:00"),
        ]);
        let starts = read(
            &crate::walk::shell(crate::layout::Area::Console, crate::text::Locale::En),
            &typed,
            Tz::America__New_York,
        )
        .unwrap();
        assert_eq!(
            starts.iter().map(|at| at.to_rfc3339()).collect::<Vec<_>>(),
            ["2026-12-03T14:30:00+00:00", "2026-12-04T20:00:00+00:00"]
        );
    }

    #[test]
    fn half_a_line_is_at_fault_and_none_at_all_too() {
        let field = |pairs: &[(&str, &str)]| {
            read(
                &crate::walk::shell(crate::layout::Area::Console, crate::text::Locale::En),
                &sent(pairs),
                Tz::UTC,
            )
            .unwrap_err()
            .fields[0]
                .field
                .clone()
        };
        assert_eq!(field(&[("day-2", "2026-12-03")]), "time-2");
        assert_eq!(field(&[("time-3", "10:00")]), "day-3");
        assert_eq!(field(&[]), "day-1");
    }

    #[test]
    fn a_booked_meeting_says_when_and_offers_nothing_more() {
        let s = crate::walk::shell(Area::Console, Locale::En);
        let slot = Slot { starts_at: Some(timestamp(s.formats.now())), free: true, ..Slot::default() };
        let open = GetMeetingResponse {
            slots: vec![slot.clone()],
            duration_minutes: 45,
            ..GetMeetingResponse::default()
        };
        let html =
            Page::new("x", View::new(&s, "st", "Kickoff", &open, Attempt::default())).whole(&s).unwrap();
        assert!(
            html.contains("3 December 2026, 12:00 UTC")
                && html.contains("name=\"time-6\"")
                && html.contains("45 minutes")
        );
        assert!(html.matches("<h1").count() == 1 && !html.contains("console-"));
        let booked = GetMeetingResponse { booked: Some(slot), ..GetMeetingResponse::default() };
        let html = View::new(&s, "st", "Kickoff", &booked, Attempt::default()).render().unwrap();
        assert!(html.contains("Booked") && !html.contains("<form"));
    }
}
