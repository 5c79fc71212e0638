//! The hours in which one can be met: by weekday, with days that differ.

use askama::Template;
use axum::{extract::Query, response::Response};
use chrono::{NaiveDate, NaiveTime, Timelike as _};
use portico_core::Problem;
use portico_proto::workflow::v1::{
    Availability, ExceptionDay, GetAvailabilityRequest, GetCalendarRequest, SetAvailabilityRequest, Window,
};
use portico_rpc::problem_from;

use super::{
    attempt::{Attempt, Sent},
    done::Done,
    own_calendar::Shown,
};
use crate::{
    ask::{StaffAsk, refused},
    components::Choice,
    error::PageError,
    layout::Shell,
    render::{Page, see_other},
};

/// Stretches of a day that the form has room for.
const STRETCHES: usize = 2;
/// Empty lines for days that differ.
const MORE_DAYS: usize = 3;

/// A stretch of hours in the form.
struct Stretch {
    from_name: String,
    until_name: String,
    from: String,
    until: String,
}

struct Day {
    title: String,
    stretches: Vec<Stretch>,
}

struct Different {
    number: usize,
    day_name: String,
    day: String,
    stretch: Stretch,
}

#[derive(Template)]
#[template(path = "pages/console/availability.html")]
struct View<'a> {
    s: &'a Shell,
    etag: String,
    kept: bool,
    zones: Vec<Choice>,
    week: Vec<Day>,
    different: Vec<Different>,
    /// Name, label, hint and value of each number.
    numbers: Vec<(&'static str, String, String, String)>,
    /// What is kept elsewhere.
    calendar: Shown,
    attempt: Attempt,
}

pub(super) async fn show(ask: StaffAsk, Query(done): Query<Done>) -> Result<Response, PageError> {
    page(&ask, Attempt::default(), &done).await
}

pub(super) async fn save(ask: StaffAsk, sent: Sent) -> Result<Response, PageError> {
    let answer = match read(&ask.shell, &sent) {
        Ok(hours) => {
            let asked = SetAvailabilityRequest { person_id: String::new(), availability: Some(hours) };
            ask.workflow().set_availability(asked).await.map(|_| ()).map_err(|status| problem_from(&status))
        }
        Err(problem) => Err(problem),
    };
    match answer {
        Ok(()) => Ok(see_other("/console/availability?done=hours-saved")),
        Err(problem) => {
            let names: Vec<(String, String)> = (0..7)
                .map(|day| (format!("weekly[{day}]"), format!("from-{}-1", day + 1)))
                .chain((0..200).map(|place| (format!("exceptions[{place}]"), format!("day-{}", place + 1))))
                .collect();
            let names: Vec<(&str, &str)> =
                names.iter().map(|(theirs, own)| (theirs.as_str(), own.as_str())).collect();
            let attempt = Attempt::refused("hours", sent, &problem, &names);
            let page = page(&ask, attempt, &Done::default()).await;
            Ok(refused(problem, |_| page))
        }
    }
}

pub(super) async fn page(ask: &StaffAsk, attempt: Attempt, done: &Done) -> Result<Response, PageError> {
    let (mut hours, mut calendar) = (ask.workflow(), ask.workflow());
    let (found, calendar) = tokio::try_join!(
        hours.get_availability(GetAvailabilityRequest::default()),
        calendar.get_calendar(GetCalendarRequest {})
    )?;
    let s = &*ask.shell;
    let status = attempt.status();
    let calendar = Shown::new(s, calendar.into_inner().calendar.as_ref(), &attempt);
    let kept = found.into_inner().availability.unwrap_or_default();
    let view = View::new(s, &kept, calendar, attempt);
    let page = Page::new(s.t("hours-title"), view).at("people").status(status);
    done.above(page, s).under(s.t("nav-people"), "/console/people").respond(s, &ask.headers)
}

/// "09:00" as minutes; "24:00" and, at the end, "00:00" are the day's end.
fn minutes(text: &str, end: bool) -> Option<i32> {
    if text == "24:00" {
        return Some(1440);
    }
    let time = NaiveTime::parse_from_str(text, "%H:%M").ok()?;
    let minutes = i32::try_from(time.hour() * 60 + time.minute()).ok()?;
    Some(if end && minutes == 0 { 1440 } else { minutes })
}

fn clock(minutes: i32) -> String {
    format!("{:02}:{:02}", (minutes / 60) % 24, minutes % 60)
}

fn stretch(s: &Shell, sent: &Sent, day: i32, from: &str, until: &str) -> Result<Option<Window>, Problem> {
    match (sent.of(from), sent.of(until)) {
        ("", "") => Ok(None),
        (begin, end) => {
            let begin =
                minutes(begin, false).ok_or_else(|| Problem::invalid(from, s.t("console-no-time")))?;
            let end = minutes(end, true).ok_or_else(|| Problem::invalid(until, s.t("console-no-time")))?;
            Ok(Some(Window { day, from_minute: begin, until_minute: end }))
        }
    }
}

fn read(s: &Shell, sent: &Sent) -> Result<Availability, Problem> {
    let number = |name: &str| {
        let text = sent.of(name);
        if text.is_empty() {
            Ok(0)
        } else {
            text.parse().map_err(|_| Problem::invalid(name, s.t("number-wrong")))
        }
    };
    let mut weekly = Vec::new();
    for day in 1..=7 {
        for place in 1..=STRETCHES {
            weekly.extend(stretch(
                s,
                sent,
                day,
                &format!("from-{day}-{place}"),
                &format!("until-{day}-{place}"),
            )?);
        }
    }
    let mut exceptions: Vec<ExceptionDay> = Vec::new();
    for place in 1..=200 {
        let name = format!("day-{place}");
        let day = sent.of(&name);
        if day.is_empty() {
            continue;
        }
        day.parse::<NaiveDate>().map_err(|_| Problem::invalid(&name, s.t("console-no-day")))?;
        let windows = stretch(s, sent, 0, &format!("day-from-{place}"), &format!("day-until-{place}"))?;
        match exceptions.iter_mut().find(|one| one.date == day) {
            Some(same) => same.windows.extend(windows),
            None => {
                exceptions.push(ExceptionDay { date: day.to_owned(), windows: windows.into_iter().collect() })
            }
        }
    }
    Ok(Availability {
        time_zone: sent.text("time_zone"),
        weekly,
        exceptions,
        buffer_before_minutes: number("buffer_before_minutes")?,
        buffer_after_minutes: number("buffer_after_minutes")?,
        notice_minutes: number("notice_hours")?.saturating_mul(60),
        horizon_days: number("horizon_days")?,
        step_minutes: number("step_minutes")?,
        etag: sent.text("etag"),
        ..Availability::default()
    })
}

impl<'a> View<'a> {
    fn new(s: &'a Shell, kept: &Availability, calendar: Shown, attempt: Attempt) -> Self {
        let value = |name: &str, or: String| attempt.value("hours", name, &or);
        let line = |from: String, until: String, window: Option<&Window>| Stretch {
            from: value(&from, window.map(|one| clock(one.from_minute)).unwrap_or_default()),
            until: value(&until, window.map(|one| clock(one.until_minute)).unwrap_or_default()),
            from_name: from,
            until_name: until,
        };
        let zone = if kept.time_zone.is_empty() { s.formats.zone().name() } else { &kept.time_zone };
        let zone = value("time_zone", zone.to_owned());
        // A Monday, for the names of the days.
        let monday = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap_or_default();
        let week = (1..=7).zip(monday.iter_days()).map(|(day, date)| {
            let windows: Vec<&Window> = kept.weekly.iter().filter(|window| window.day == day).collect();
            let stretches = (1..=STRETCHES).map(|place| {
                let (from, until) = (format!("from-{day}-{place}"), format!("until-{day}-{place}"));
                line(from, until, windows.get(place - 1).copied())
            });
            Day { title: s.formats.weekday(&date), stretches: stretches.collect() }
        });
        let listed = kept.exceptions.iter().flat_map(|day| {
            let windows: Vec<Option<&Window>> =
                if day.windows.is_empty() { vec![None] } else { day.windows.iter().map(Some).collect() };
            windows.into_iter().map(|window| (day.date.clone(), window))
        });
        let empty = std::iter::repeat_n((String::new(), None), MORE_DAYS);
        let different = listed.chain(empty).zip(1..).map(|((day, window), number)| {
            let day_name = format!("day-{number}");
            Different {
                number,
                day: value(&day_name, day),
                day_name,
                stretch: line(format!("day-from-{number}"), format!("day-until-{number}"), window),
            }
        });
        let or = |given: i32, otherwise: i32| if kept.kept { given } else { otherwise };
        let numbers = [
            ("step_minutes", or(kept.step_minutes, 30)),
            ("buffer_before_minutes", or(kept.buffer_before_minutes, 0)),
            ("buffer_after_minutes", or(kept.buffer_after_minutes, 15)),
            ("notice_hours", or(kept.notice_minutes / 60, 24)),
            ("horizon_days", or(kept.horizon_days, 30)),
        ];
        let number = |(name, given): (&'static str, i32)| {
            let key = name.replace('_', "-");
            let (label, hint) = (s.t(&format!("hours-{key}")), s.t(&format!("hours-{key}-hint")));
            (name, label, hint, value(name, given.to_string()))
        };
        Self {
            s,
            etag: kept.etag.clone(),
            kept: kept.kept,
            zones: chrono_tz::TZ_VARIANTS
                .iter()
                .map(|each| Choice::new(each.name(), each.name().replace('_', " "), &zone))
                .collect(),
            week: week.collect(),
            different: different.collect(),
            numbers: numbers.map(number).into(),
            calendar,
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
    fn hours_go_into_the_form_and_come_back() {
        for locale in Locale::ALL {
            let s = crate::walk::shell(Area::Console, locale);
            let typed = sent(&[
                ("time_zone", "Europe/Berlin"),
                ("from-1-1", "09:00"),
                ("until-1-1", "12:30"),
                ("from-7-2", "20:00"),
                ("until-7-2", "00:00"),
                ("day-1", "2026-12-24"),
                ("day-2", "2026-12-31"),
                ("day-from-2", "09:00"),
                ("day-until-2", "12:00"),
                ("notice_hours", "48"),
                ("horizon_days", "30"),
                ("step_minutes", "15"),
                ("etag", "3"),
            ]);
            let hours = read(&s, &typed).unwrap();
            assert_eq!(hours.weekly[1], Window { day: 7, from_minute: 1200, until_minute: 1440 });
            assert_eq!(
                (hours.exceptions.len(), hours.exceptions[0].windows.len()),
                (2, 0),
                "closed on the 24th"
            );
            assert_eq!((hours.notice_minutes, hours.etag.as_str()), (48 * 60, "3"));
            let none = Shown::new(&s, None, &Attempt::default());
            let kept = Availability { kept: true, ..hours };
            let html = Page::new("x", View::new(&s, &kept, none, Attempt::default())).whole(&s).unwrap();
            assert!(
                html.contains("value=\"12:30\"")
                    && html.contains("value=\"2026-12-24\"")
                    && html.contains("value=\"48\"")
            );
            assert!(
                html.contains("selected>Europe/Berlin")
                    && !html.contains(">hours-")
                    && html.matches("<h1").count() == 1
            );
        }
    }

    #[test]
    fn half_a_stretch_is_at_fault_where_it_is_missing() {
        let s = crate::walk::shell(Area::Console, Locale::En);
        let field = |pairs: &[(&str, &str)]| read(&s, &sent(pairs)).unwrap_err().fields[0].field.clone();
        assert_eq!(field(&[("from-2-1", "09:00")]), "until-2-1");
        assert_eq!(field(&[("day-3", "soon")]), "day-3");
        assert_eq!(field(&[("step_minutes", "many")]), "step_minutes");
    }
}
