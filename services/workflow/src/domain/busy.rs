//! What is busy in a calendar: stretches of time, without a word of what for.
//!
//! Entries that are cancelled or marked as free time take none, and neither does one without length. An entry of whole days lasts from
//! midnight to midnight by the clock on its owner's wall.

mod series;

use std::time::{Duration, Instant};

use calcard::{
    Entry, Parser,
    common::timezone::Tz as EntryZone,
    icalendar::{
        ICalendar, ICalendarComponent, ICalendarComponentType, ICalendarProperty, ICalendarStatus,
        ICalendarTransparency, ICalendarValue, dates::TimeOrDelta,
    },
};
use chrono::{DateTime, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;
use portico_core::StepId;

use self::series::prepare;
use super::availability::Stretch;

/// The most times that one entry comes again, from its first on: a daily one of fifty years.
const MOST_TIMES: usize = 20_000;
/// The most objects that are read from one text. A calendar hands each entry out on its own.
const MOST_OBJECTS: usize = 100;
/// The most parts of one object: entries, exceptions, zones, and what is within them.
const MOST_PARTS: usize = 5_000;
/// The most stretches and meetings that are taken down, before those that overlap become one.
const MOST_TAKEN: usize = 100_000;

/// There is more than is counted out for one person.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooMuch;

/// How much more is counted out for one person.
#[derive(Debug, PartialEq, Eq)]
struct Left {
    parts: usize,
    series: usize,
    times: usize,
    time: Duration,
}

impl Default for Left {
    fn default() -> Self {
        Self { parts: 100_000, series: 2_000, times: 1_000_000, time: Duration::from_secs(10) }
    }
}

/// What a calendar says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Busy {
    /// When somebody is busy; overlapping and in no order.
    pub(crate) stretches: Vec<Stretch>,
    /// Meetings that may be our own, from the invitations that we sent.
    pub(crate) meetings: Vec<(StepId, Stretch)>,
    /// How many entries could not be understood.
    pub(crate) not_understood: i32,
    left: Left,
}

impl Busy {
    /// Adds what a text in iCalendar format says about a stretch of time. Entries that name no zone, and whole days, are by the clock
    /// in `zone`.
    ///
    /// # Errors
    /// With all that was read before, it is more than is counted out.
    pub(crate) fn read(&mut self, text: &str, zone: Tz, within: Stretch) -> Result<(), TooMuch> {
        let mut parser = Parser::new(text);
        let (mut found, mut ended) = (false, false);
        for _ in 0..MOST_OBJECTS {
            let began = Instant::now();
            match parser.entry() {
                Entry::ICalendar(calendar) => {
                    found = true;
                    self.take(calendar, zone, within)?;
                }
                Entry::Eof => {
                    ended = true;
                    break;
                }
                _ => {}
            }
            self.left.time = self.left.time.checked_sub(began.elapsed()).ok_or(TooMuch)?;
        }
        if !found || !ended {
            self.not_understood += 1;
        }
        Ok(())
    }

    fn take(&mut self, mut calendar: ICalendar, zone: Tz, (begin, end): Stretch) -> Result<(), TooMuch> {
        let parts = calendar.components.len();
        if parts > MOST_PARTS {
            return Err(TooMuch);
        }
        self.left.parts = self.left.parts.checked_sub(parts).ok_or(TooMuch)?;
        let prepared = prepare(&mut calendar, zone, end);
        self.left.series = self.left.series.checked_sub(prepared.series).ok_or(TooMuch)?;
        let expanded = calendar.expand_dates(zone, MOST_TIMES);
        self.left.times = self.left.times.checked_sub(expanded.events.len()).ok_or(TooMuch)?;
        // Each time that a series was counted on is among these, or an exception.
        let cut = prepared.series > 0 && expanded.events.len() + prepared.exceptions >= MOST_TIMES;
        let wrong = expanded.errors.len() + prepared.refused + usize::from(cut);
        self.not_understood = self.not_understood.saturating_add(i32::try_from(wrong).unwrap_or(i32::MAX));
        let kinds: Vec<Option<Kind>> = calendar.components.iter().map(kind).collect();
        for event in expanded.events {
            let kind = usize::try_from(event.comp_id).ok().and_then(|id| kinds.get(id).copied().flatten());
            let Some(kind) = kind else { continue };
            let until = match event.end {
                TimeOrDelta::Time(until) => until.to_utc(),
                TimeOrDelta::Delta(length) => after(event.start, length),
            };
            let stretch = (event.start.to_utc().max(begin), until.min(end));
            if stretch.0 >= stretch.1 {
                continue;
            }
            match kind {
                Kind::Meeting(step) => self.meetings.push((step, stretch)),
                Kind::Other => self.stretches.push(stretch),
            }
        }
        if self.stretches.len() + self.meetings.len() > MOST_TAKEN { Err(TooMuch) } else { Ok(()) }
    }
}

/// What takes somebody's time.
#[derive(Debug, Clone, Copy)]
enum Kind {
    /// A meeting that may be our own.
    Meeting(StepId),
    Other,
}

/// What an entry is, if it takes time.
fn kind(component: &ICalendarComponent) -> Option<Kind> {
    let step = || component.uid().and_then(own_meeting);
    takes_time(component).then(|| step().map_or(Kind::Other, Kind::Meeting))
}

/// Whether somebody is busy with it at all.
fn takes_time(component: &ICalendarComponent) -> bool {
    // Without an end, an entry that has a time of the day is a moment.
    let whole_day = component
        .property(&ICalendarProperty::Dtstart)
        .and_then(|entry| entry.values.first())
        .is_none_or(|value| !matches!(value, ICalendarValue::PartialDateTime(at) if at.has_time()));
    let ends = component.has_property(&ICalendarProperty::Dtend)
        || component.has_property(&ICalendarProperty::Duration);
    component.component_type == ICalendarComponentType::VEvent
        && component.status() != Some(&ICalendarStatus::Cancelled)
        && component.transparency() != Some(&ICalendarTransparency::Transparent)
        && (whole_day || ends)
}

/// The end of what begins at a time: whole days are counted on the wall, hours by the time that passes.
fn after(start: DateTime<EntryZone>, length: TimeDelta) -> DateTime<Utc> {
    let days = length == TimeDelta::days(length.num_days());
    let on_the_wall = start.naive_local().checked_add_signed(length).filter(|_| days);
    let end = on_the_wall.and_then(|at| start.timezone().from_local_datetime(&at).earliest());
    let passed = || start.to_utc().checked_add_signed(length);
    end.map(|end| end.to_utc()).or_else(passed).unwrap_or_else(|| start.to_utc())
}

/// The step whose meeting an entry was made from, if it has the name that our invitations give.
fn own_meeting(uid: &str) -> Option<StepId> {
    uid.strip_suffix("-meeting")?.parse().ok()
}

/// Stretches in order, those that touch or overlap as one.
pub(crate) fn merged(mut stretches: Vec<Stretch>) -> Vec<Stretch> {
    stretches.sort_unstable();
    let mut merged: Vec<Stretch> = Vec::new();
    for (from, until) in stretches {
        match merged.last_mut().filter(|last| from <= last.1) {
            Some(last) => last.1 = last.1.max(until),
            None => merged.push((from, until)),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{series::MOST_SERIES, *};

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn within() -> Stretch {
        (at("2026-10-01T00:00:00Z"), at("2026-12-01T00:00:00Z"))
    }

    fn event(lines: &str) -> String {
        format!("BEGIN:VEVENT\r\nUID:one\r\nDTSTAMP:20260101T000000Z\r\n{lines}\r\nEND:VEVENT\r\n")
    }

    fn calendar(events: &str) -> String {
        format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Test//EN\r\n{events}END:VCALENDAR\r\n")
    }

    fn of(text: &str) -> Busy {
        let mut busy = Busy::default();
        busy.read(text, Tz::Europe__Berlin, within()).unwrap();
        busy
    }

    fn stretches(text: &str) -> Vec<String> {
        let busy = of(text);
        assert_eq!(busy.not_understood, 0);
        let words = |(from, until): &Stretch| {
            format!("{} {}", from.format("%m-%dT%H:%M"), until.format("%m-%dT%H:%M"))
        };
        merged(busy.stretches).iter().map(words).collect()
    }

    #[test]
    fn a_series_keeps_its_time_on_the_wall_with_its_exceptions() {
        let series = event(
            "DTSTART;TZID=Europe/Berlin:20250106T100000\r\nDTEND;TZID=Europe/Berlin:20250106T110000\r\nSEQUENCE:4\r\n\
             RRULE:FREQ=WEEKLY;BYDAY=MO;UNTIL=20261116T235959Z\r\nEXDATE;TZID=Europe/Berlin:20261012T100000",
        );
        let moved = event(
            "RECURRENCE-ID;TZID=Europe/Berlin:20261102T100000\r\nSEQUENCE:7\r\nDTSTART;TZID=Europe/Berlin:20261103T140000\r\n\
             DTEND;TZID=Europe/Berlin:20261103T150000",
        );
        let dropped = event(
            "RECURRENCE-ID;TZID=Europe/Berlin:20261109T100000\r\nSTATUS:CANCELLED\r\nDTSTART;TZID=Europe/Berlin:20261109T100000\r\n\
             DTEND;TZID=Europe/Berlin:20261109T110000",
        );
        // The clocks go back on 25 October: ten in Berlin is eight o'clock before, and nine after.
        assert_eq!(
            stretches(&calendar(&(series + &moved + &dropped))),
            [
                "10-05T08:00 10-05T09:00",
                "10-19T08:00 10-19T09:00",
                "10-26T09:00 10-26T10:00",
                "11-03T13:00 11-03T14:00",
                "11-16T09:00 11-16T10:00",
            ]
        );
    }

    #[test]
    fn a_series_ends_with_the_last_time_that_it_names_and_may_be_in_world_time() {
        let exact = event(
            "DTSTART;TZID=Europe/Berlin:20261102T100000\r\nDTEND;TZID=Europe/Berlin:20261102T110000\r\n\
             RRULE:FREQ=DAILY;UNTIL=20261103T090000Z",
        );
        let expected = ["11-02T09:00 11-02T10:00", "11-03T09:00 11-03T10:00"];
        assert_eq!(stretches(&calendar(&exact)), expected, "the last one begins exactly then");
        assert_eq!(stretches(&calendar(&exact.replace("20261103T090000Z", "20261103"))), expected);
        let world = event("DTSTART:20261020T090000Z\r\nDTEND:20261020T093000Z\r\nRRULE:FREQ=WEEKLY;COUNT=2");
        assert_eq!(
            stretches(&calendar(&world)),
            ["10-20T09:00 10-20T09:30", "10-27T09:00 10-27T09:30"],
            "no clock is put back there"
        );
        let outlook = "DTSTART;TZID=W. Europe Standard Time:20261020T090000\r\nDTEND;TZID=W. Europe Standard Time:20261020T100000";
        assert_eq!(stretches(&calendar(&event(outlook))), ["10-20T07:00 10-20T08:00"]);
    }

    #[test]
    fn whole_days_are_those_of_the_owner_and_free_time_is_free() {
        let day = event("DTSTART;VALUE=DATE:20261025");
        assert_eq!(stretches(&calendar(&day)), ["10-24T22:00 10-25T23:00"], "twenty-five hours");
        let trip = event("DTSTART;VALUE=DATE:20261110\r\nDTEND;VALUE=DATE:20261113");
        assert_eq!(stretches(&calendar(&trip)), ["11-09T23:00 11-12T23:00"]);
        let floating = event("DTSTART:20261110T090000\r\nDURATION:PT90M");
        assert_eq!(stretches(&calendar(&floating)), ["11-10T08:00 11-10T09:30"]);
        for free in [
            "DTSTART:20261110T090000Z\r\nDTEND:20261110T100000Z\r\nTRANSP:TRANSPARENT",
            "DTSTART:20261110T090000Z\r\nDTEND:20261110T100000Z\r\nSTATUS:CANCELLED",
            "DTSTART:20261110T090000Z",
            "DTSTART:20261110T090000Z\r\nDTEND:20261110T090000Z",
            "DTSTART:20261210T090000Z\r\nDTEND:20261210T100000Z",
        ] {
            assert_eq!(stretches(&calendar(&event(free))), [""; 0], "{free}");
        }
        let tentative = event("DTSTART:20261110T090000Z\r\nDTEND:20261110T100000Z\r\nSTATUS:TENTATIVE");
        assert_eq!(stretches(&calendar(&tentative)).len(), 1);
    }

    #[test]
    fn our_own_invitations_are_told_from_what_else_is_there() {
        let id = "0198c0de-0000-7000-8000-000000000001";
        let own = event("DTSTART:20261110T090000Z\r\nDTEND:20261110T100000Z")
            .replace("UID:one", &format!("UID:{id}-meeting"));
        let busy = of(&calendar(&own));
        assert_eq!(busy.stretches, []);
        let stretch = (at("2026-11-10T09:00:00Z"), at("2026-11-10T10:00:00Z"));
        assert_eq!(busy.meetings, [(id.parse().unwrap(), stretch)]);
    }

    #[test]
    fn what_cannot_be_understood_is_counted_and_harms_nothing() {
        assert_eq!(of("hello").not_understood, 1);
        let broken = event("DTSTART:yesterday\r\nDTEND:20261110T100000Z");
        let busy = of(&calendar(&(broken + &event("DTSTART:20261110T090000Z\r\nDTEND:20261110T100000Z"))));
        assert_eq!((busy.not_understood, busy.stretches.len()), (1, 1));
        // A series without end, every second, from long ago.
        let endless = event("DTSTART:19700101T000000Z\r\nDTEND:19700101T000001Z\r\nRRULE:FREQ=SECONDLY");
        assert_eq!(of(&calendar(&endless)).stretches, []);
    }

    #[test]
    fn series_that_would_take_long_to_count_out_are_not_understood() {
        let counted = |start: &str, rule: &str| {
            let hour = format!("DTSTART:{start}T000000Z\r\nDURATION:PT1H\r\nRRULE:{rule}");
            let busy = of(&calendar(&event(&hour)));
            (busy.not_understood, merged(busy.stretches).len())
        };
        let minutes = (0..60).map(|minute| minute.to_string()).collect::<Vec<_>>().join(",");
        let days = ["1"; 100].join(",");
        for rule in [
            "FREQ=SECONDLY",
            "FREQ=MINUTELY;COUNT=2",
            "FREQ=SOMETIMES",
            &format!("FREQ=DAILY;BYMINUTE={minutes}"),
            &format!("FREQ=YEARLY;BYYEARDAY={days}"),
        ] {
            assert_eq!(counted("20261110", rule), (1, 1), "the first time stays: {rule}");
        }
        assert_eq!(counted("20200101", "FREQ=HOURLY"), (1, 0), "it ends before what is asked for");
        assert_eq!(counted("19900101", "FREQ=DAILY"), (0, 61));
        assert_eq!(counted("20270601", "FREQ=DAILY"), (0, 0));
        assert_eq!(counted("20261001", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"), (0, 0));
    }

    #[test]
    fn no_more_is_counted_out_than_there_is_time_for() {
        let one = event("DTSTART:20261110T090000Z\r\nDTEND:20261110T100000Z");
        let mut busy = Busy::default();
        let mut read = |text: &str| busy.read(text, Tz::UTC, within());
        assert_eq!(read(&calendar(&one.repeat(MOST_PARTS))), Err(TooMuch));
        assert_eq!(read(&calendar(&one.repeat(MOST_PARTS - 1))), Ok(()));
        for left in [
            Left { parts: 1, ..Left::default() },
            Left { times: 0, ..Left::default() },
            Left { time: Duration::ZERO, ..Left::default() },
        ] {
            let mut busy = Busy { left, ..Busy::default() };
            assert_eq!(busy.read(&calendar(&one), Tz::UTC, within()), Err(TooMuch));
        }
        let series = one.replace("DTEND", "RRULE:FREQ=DAILY;COUNT=2\r\nDTEND");
        assert_eq!(of(&calendar(&series.repeat(MOST_SERIES + 1))).not_understood, 1);
        let mut busy = Busy { left: Left { series: 0, ..Left::default() }, ..Busy::default() };
        assert_eq!(busy.read(&calendar(&series), Tz::UTC, within()), Err(TooMuch));
    }

    proptest! {
        #[test]
        fn any_text_is_read_to_its_end(text in ".{0,400}", rule in "[A-Z0-9=;,+-]{0,40}") {
            of(&text);
            of(&calendar(&event(&format!("DTSTART:20261110T090000Z\r\nDTEND:20261110T100000Z\r\nRRULE:{rule}"))));
        }

        #[test]
        fn merged_stretches_are_apart_and_cover_the_same(parts in prop::collection::vec((0_i64..500, 1_i64..60), 0..20)) {
            let begin = within().0;
            let stretch = |(from, length): &(i64, i64)| (begin + TimeDelta::minutes(*from), begin + TimeDelta::minutes(from + length));
            let stretches: Vec<Stretch> = parts.iter().map(stretch).collect();
            let merged = merged(stretches.clone());
            prop_assert!(merged.windows(2).all(|pair| pair[0].1 < pair[1].0));
            for minute in 0..600 {
                let now = begin + TimeDelta::minutes(minute);
                let covers = |all: &[Stretch]| all.iter().any(|(from, until)| *from <= now && now < *until);
                prop_assert_eq!(covers(&stretches), covers(&merged));
            }
        }
    }
}
