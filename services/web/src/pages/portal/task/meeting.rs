//! A meeting: times in the reader's own zone, by day; one press books one.

use askama::Template;
use axum::{
    Form,
    extract::Path,
    response::{IntoResponse as _, Response},
};
use chrono::NaiveDate;
use http::{
    HeaderValue,
    header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE},
};
use portico_core::StepId;
use portico_proto::{
    time::moment,
    workflow::v1::{
        BookTimeRequest, CancelMeetingRequest, GetMeetingRequest, GetMeetingResponse, MoveMeetingRequest,
    },
};
use portico_rpc::problem_from;
use serde::Deserialize;

use super::{Body, Task, Tried, acted};
use crate::{
    ask::{Ask, not_here},
    error::PageError,
    form::Errors,
    layout::Shell,
    wording::{html, is_open},
};

#[derive(Template)]
#[template(path = "pages/task/meeting.html")]
struct View<'a> {
    s: &'a Shell,
    step: &'a str,
    with: &'a str,
    duration: String,
    zone: String,
    days: Vec<Day>,
    booked: String,
    calendar: bool,
    can_book: bool,
    /// Whether the booked time can be moved or cancelled here.
    changeable: bool,
    reason: &'a str,
    errors: &'a Errors,
}

/// The times of one day, where the reader is.
struct Day {
    heading: String,
    slots: Vec<(String, String)>,
}

#[derive(Deserialize)]
pub(in crate::pages::portal) struct Chosen {
    slot: String,
}

#[derive(Deserialize)]
pub(in crate::pages::portal) struct Said {
    #[serde(default)]
    reason: String,
}

fn days(s: &Shell, meeting: &GetMeetingResponse) -> Vec<Day> {
    let mut slots: Vec<_> = meeting
        .slots
        .iter()
        .filter(|slot| slot.free)
        .filter_map(|slot| Some((slot.starts_at.as_ref().and_then(moment)?, slot)))
        .filter(|(starts, _)| *starts > s.formats.now())
        .collect();
    slots.sort_by_key(|(starts, _)| *starts);
    let mut days: Vec<(NaiveDate, Day)> = Vec::new();
    for (starts, slot) in slots {
        let day = s.formats.local_day(&starts);
        if days.last().is_none_or(|(last, _)| *last != day) {
            let heading = format!("{}, {}", s.formats.weekday(&day), s.formats.day(&day));
            days.push((day, Day { heading, slots: Vec::new() }));
        }
        if let Some((_, last)) = days.last_mut() {
            last.slots.push((slot.id.clone(), s.formats.time(&starts)));
        }
    }
    days.into_iter().map(|(_, day)| day).collect()
}

impl<'a> View<'a> {
    fn new(s: &'a Shell, task: &'a Task, meeting: &'a GetMeetingResponse, tried: &'a Tried) -> Self {
        let booked = meeting.booked.as_ref().and_then(|slot| slot.starts_at.as_ref()).and_then(moment);
        Self {
            s,
            step: &task.step.id,
            with: &meeting.with_name,
            duration: s.formats.duration(&u32::try_from(meeting.duration_minutes).unwrap_or(0)),
            zone: s.formats.zone().name().replace('_', " "),
            days: if booked.is_none() || meeting.changeable { days(s, meeting) } else { Vec::new() },
            booked: booked.map(|at| s.formats.date_time_zone(&at)).unwrap_or_default(),
            calendar: !meeting.calendar.is_empty(),
            can_book: is_open(&task.step) && task.step.can_act,
            changeable: meeting.changeable,
            reason: tried.typed("reason"),
            errors: &tried.errors,
        }
    }
}

async fn load(ask: &Ask, step: &str) -> Result<GetMeetingResponse, PageError> {
    step.parse::<StepId>().map_err(|_| not_here())?;
    Ok(ask.workflow().get_meeting(GetMeetingRequest { step_id: step.to_owned() }).await?.into_inner())
}

pub(super) async fn body(ask: &Ask, task: &Task, tried: &Tried) -> Result<Body, PageError> {
    let meeting = load(ask, &task.step.id).await?;
    let view = View::new(&ask.shell, task, &meeting, tried);
    Ok(Body { html: html(&view)?, script: None, live: true })
}

pub(in crate::pages::portal) async fn book(
    ask: Ask,
    Path(step): Path<String>,
    Form(chosen): Form<Chosen>,
) -> Result<Response, PageError> {
    let asked = BookTimeRequest { step_id: step.clone(), slot_id: chosen.slot };
    let outcome = ask.workflow().book_time(asked).await;
    let outcome = outcome.map(|answer| answer.into_inner().event).map_err(|status| problem_from(&status));
    acted(&ask, &step, outcome, Vec::new()).await
}

/// Moves the booked meeting to another of the times.
pub(in crate::pages::portal) async fn shift(
    ask: Ask,
    Path(step): Path<String>,
    Form(chosen): Form<Chosen>,
) -> Result<Response, PageError> {
    let asked = MoveMeetingRequest { step_id: step.clone(), slot_id: chosen.slot };
    let outcome = ask.workflow().move_meeting(asked).await;
    let outcome = outcome.map(|answer| answer.into_inner().event).map_err(|status| problem_from(&status));
    acted(&ask, &step, outcome, Vec::new()).await
}

/// Cancels the booked meeting.
pub(in crate::pages::portal) async fn call_off(
    ask: Ask,
    Path(step): Path<String>,
    Form(said): Form<Said>,
) -> Result<Response, PageError> {
    let asked = CancelMeetingRequest { step_id: step.clone(), reason: said.reason.clone() };
    let outcome = ask.workflow().cancel_meeting(asked).await;
    let outcome = outcome.map(|answer| answer.into_inner().event).map_err(|status| problem_from(&status));
    acted(&ask, &step, outcome, vec![("reason".to_owned(), said.reason)]).await
}

/// The booked meeting for one's own calendar.
pub(in crate::pages::portal) async fn calendar(
    ask: Ask,
    Path(step): Path<String>,
) -> Result<Response, PageError> {
    let meeting = load(&ask, &step).await?;
    if meeting.calendar.is_empty() {
        return Err(not_here());
    }
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/calendar; charset=utf-8")),
        (CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"meeting.ics\"")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, meeting.calendar).into_response())
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use portico_proto::{
        time::timestamp,
        workflow::v1::{Slot, StepState},
    };

    use super::*;
    use crate::{layout::Area, pages::portal::task::tests::task, text::Locale, wording::tests::step};

    fn slot(s: &Shell, id: &str, hours: i64, free: bool) -> Slot {
        Slot {
            id: id.to_owned(),
            starts_at: Some(timestamp(s.formats.now() + TimeDelta::hours(hours))),
            free,
            ..Slot::default()
        }
    }

    #[test]
    fn free_times_ahead_are_grouped_by_the_readers_day() {
        let s = crate::walk::shell(Area::Portal, Locale::En);
        let meeting = GetMeetingResponse {
            slots: vec![
                slot(&s, "late", 25, true),
                slot(&s, "a", 24, true),
                slot(&s, "taken", 26, false),
                slot(&s, "gone", -1, true),
                slot(&s, "b", 50, true),
            ],
            duration_minutes: 45,
            with_name: "Maria Lopez".to_owned(),
            ..GetMeetingResponse::default()
        };
        let task = task(step("meeting", "Schedule the kickoff call", StepState::Active, 3));
        let tried = Tried::default();
        let view = View::new(&s, &task, &meeting, &tried);
        let ids: Vec<Vec<&str>> =
            view.days.iter().map(|day| day.slots.iter().map(|(id, _)| id.as_str()).collect()).collect();
        assert_eq!(ids, [vec!["a", "late"], vec!["b"]]);
        let html = view.render().unwrap();
        assert_eq!(html.matches("action=\"/tasks/").count(), 3);
        assert!(
            html.contains("Friday, 4 December 2026")
                && html.contains("45 minutes")
                && html.contains("Maria Lopez")
        );
    }

    #[test]
    fn a_booked_time_leaves_nothing_to_choose() {
        let s = crate::walk::shell(Area::Portal, Locale::En);
        let meeting = GetMeetingResponse {
            slots: vec![slot(&s, "a", 24, true)],
            booked: Some(slot(&s, "b", 48, false)),
            calendar: "BEGIN:VCALENDAR".to_owned(),
            ..GetMeetingResponse::default()
        };
        let task = task(step("meeting", "Schedule the kickoff call", StepState::Done, 3));
        let tried = Tried::default();
        let html = View::new(&s, &task, &meeting, &tried).render().unwrap();
        assert!(
            html.contains("5 December 2026, 12:00 UTC")
                && html.contains("/meeting.ics")
                && !html.contains("<form")
        );
    }

    #[test]
    fn whoever_may_changes_a_booked_time() {
        for locale in Locale::ALL {
            let s = crate::walk::shell(Area::Portal, locale);
            let meeting = GetMeetingResponse {
                slots: vec![slot(&s, "1800003600", 24, true)],
                booked: Some(slot(&s, "b", 48, false)),
                changeable: true,
                ..GetMeetingResponse::default()
            };
            let task = task(step("meeting", "Schedule the kickoff call", StepState::Done, 3));
            let tried = Tried::default();
            let html = View::new(&s, &task, &meeting, &tried).render().unwrap();
            assert!(html.contains("/move\"") && html.contains("value=\"1800003600\""), "{html}");
            assert!(
                html.contains("/cancel-meeting\"")
                    && html.contains("name=\"reason\"")
                    && !html.contains("/book\"")
            );
        }
    }
}
