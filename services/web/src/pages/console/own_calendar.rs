//! The calendar that one keeps elsewhere, on the page of one's hours: connected, looked after and forgotten there.

use axum::response::Response;
use chrono::{DateTime, Utc};
use portico_proto::{
    time::moment,
    workflow::v1::{Calendar, CalendarTrouble, ConnectCalendarRequest, DisconnectCalendarRequest},
};
use portico_rpc::problem_from;

use super::{
    attempt::{Attempt, Sent},
    availability,
    done::Done,
};
use crate::{
    ask::{StaffAsk, refused},
    error::PageError,
    layout::Shell,
    render::see_other,
};

/// The name of the form.
const FORM: &str = "calendar";
/// How a service's reason begins where a calendar could not be read; the rest is the trouble's word.
const REASON: &str = "calendar_";

/// What the page says about a calendar.
pub(super) struct Shown {
    /// Whether one is connected.
    pub(super) connected: bool,
    /// What is read, and when it was read last.
    pub(super) lines: Vec<String>,
    /// Why it cannot be read, since when, and what that means; or that what was read counts no more.
    pub(super) trouble: String,
    pub(super) address: String,
    pub(super) user: String,
}

impl Shown {
    pub(super) fn new(s: &Shell, calendar: Option<&Calendar>, attempt: &Attempt) -> Self {
        let there = |text: fn(&Calendar) -> &String| calendar.map(text).map_or("", String::as_str);
        Self {
            connected: calendar.is_some(),
            lines: calendar.map(|calendar| lines(s, calendar)).unwrap_or_default(),
            trouble: calendar.map(|calendar| trouble(s, calendar)).unwrap_or_default(),
            address: attempt.value(FORM, "calendar_address", there(|calendar| &calendar.address)),
            user: attempt.value(FORM, "calendar_user", there(|calendar| &calendar.user_name)),
        }
    }
}

fn lines(s: &Shell, calendar: &Calendar) -> Vec<String> {
    let at = calendar.read_at.as_ref().and_then(moment).map(|at| s.date_time(&at)).unwrap_or_default();
    let read =
        s.say("calendar-read").arg("number", calendar.calendars).arg("address", calendar.address.as_str());
    let busy = s.say("calendar-busy").arg("number", calendar.busy_stretches).arg("time", at);
    let mut lines = vec![read.arg("user", calendar.user_name.as_str()).to_string(), busy.to_string()];
    if calendar.not_understood > 0 {
        lines.push(s.say("calendar-not-understood").arg("number", calendar.not_understood).to_string());
    }
    lines
}

fn trouble(s: &Shell, calendar: &Calendar) -> String {
    let until = calendar.counts_until.as_ref().and_then(moment);
    let over = until.is_some_and(|until| until <= s.formats.now());
    let Some(why) = sentence(s, calendar.trouble()) else {
        // Nobody came to read it, and so nobody noted why.
        return if over { s.t("calendar-counts-no-more") } else { String::new() };
    };
    let words = |at: &DateTime<Utc>| s.date_time(at);
    let since = calendar.failing_since.as_ref().and_then(moment).map(|at| words(&at)).unwrap_or_default();
    let since = s.say("calendar-failing").arg("since", since);
    let meaning = match until.filter(|until| *until > s.formats.now()) {
        Some(until) => s.say("calendar-still-counts").arg("until", words(&until)).to_string(),
        None => s.t("calendar-counts-no-more"),
    };
    format!("{since} {why} {meaning}")
}

fn sentence(s: &Shell, trouble: CalendarTrouble) -> Option<String> {
    let word = match trouble {
        CalendarTrouble::Unspecified => return None,
        CalendarTrouble::Password => "password",
        CalendarTrouble::Refused => "refused",
        CalendarTrouble::Missing => "missing",
        CalendarTrouble::NoCalendar => "no-calendar",
        CalendarTrouble::Elsewhere => "elsewhere",
        CalendarTrouble::Certificate => "certificate",
        CalendarTrouble::Away => "away",
        CalendarTrouble::ClosedNetwork => "closed-network",
        CalendarTrouble::TooLarge => "too-large",
    };
    Some(s.t(&format!("calendar-trouble-{word}")))
}

pub(super) async fn connect(ask: StaffAsk, sent: Sent) -> Result<Response, PageError> {
    let asked = ConnectCalendarRequest {
        address: sent.text("calendar_address"),
        user_name: sent.text("calendar_user"),
        password: sent.text("calendar_password"),
    };
    // Strangers' servers take the time they take; the service has a limit of its own for them.
    match ask.workflow_without_deadline().connect_calendar(asked).await {
        Ok(_) => Ok(see_other("/console/availability?done=calendar-connected")),
        Err(status) => {
            let mut problem = problem_from(&status);
            if let Some(word) = problem.reason.strip_prefix(REASON) {
                let text = ask.shell.t(&format!("calendar-trouble-{}", word.replace('_', "-")));
                problem.fields.iter_mut().for_each(|field| field.description.clone_from(&text));
            }
            let names = [
                ("address", "calendar_address"),
                ("user_name", "calendar_user"),
                ("password", "calendar_password"),
            ];
            let attempt = Attempt::refused(FORM, sent, &problem, &names);
            let page = availability::page(&ask, attempt, &Done::default()).await;
            Ok(refused(problem, |_| page))
        }
    }
}

pub(super) async fn disconnect(ask: StaffAsk) -> Result<Response, PageError> {
    ask.workflow().disconnect_calendar(DisconnectCalendarRequest {}).await?;
    Ok(see_other("/console/availability?done=calendar-disconnected"))
}

#[cfg(test)]
mod tests {
    use portico_proto::time::timestamp;

    use super::*;
    use crate::{layout::Area, text::Locale};

    #[test]
    fn what_is_wrong_is_said_with_its_time_and_what_it_means() {
        for locale in Locale::ALL {
            let s = crate::walk::shell(Area::Console, locale);
            let now = s.formats.now();
            let since = s.date_time(&now);
            let shown = |calendar: &Calendar| Shown::new(&s, Some(calendar), &Attempt::default());
            let mut calendar = Calendar {
                address: "https://dav.example/".to_owned(),
                user_name: "paul".to_owned(),
                calendars: 2,
                busy_stretches: 7,
                read_at: Some(timestamp(now)),
                counts_until: Some(timestamp(now + chrono::TimeDelta::days(1))),
                failing_since: Some(timestamp(now)),
                ..Calendar::default()
            };
            let well = shown(&calendar);
            assert!(well.connected && well.trouble.is_empty() && well.lines.len() == 2);
            assert!(well.lines[0].contains("https://dav.example/") && well.lines[0].contains("paul"));
            for trouble in 1..=9 {
                calendar.trouble = trouble;
                let told = shown(&calendar).trouble;
                assert!(told.contains(&since) && !told.contains("calendar-"), "{told}");
            }
            calendar.not_understood = 1;
            calendar.counts_until = Some(timestamp(now));
            let late = shown(&calendar);
            assert!(late.trouble.ends_with(&s.t("calendar-counts-no-more")) && late.lines.len() == 3);
            calendar.trouble = 0;
            assert_eq!(shown(&calendar).trouble, s.t("calendar-counts-no-more"));
            assert!(!Shown::new(&s, None, &Attempt::default()).connected);
        }
    }
}
