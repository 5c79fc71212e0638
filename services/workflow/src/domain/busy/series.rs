//! Series as they are handed over to be counted out: by the clock of the zone in which they began, no longer than anybody asks, and
//! without those that would take a long time.

use calcard::{
    common::{PartialDateTime, timezone::Tz as EntryZone},
    icalendar::{
        ICalendar, ICalendarComponentType, ICalendarEntry, ICalendarFrequency, ICalendarParameter,
        ICalendarProperty, ICalendarRecurrenceRule, ICalendarValue,
    },
};
use chrono::{DateTime, Datelike as _, NaiveDateTime, TimeDelta, Timelike as _, Utc};
use chrono_tz::Tz;

/// The most series of one object. A calendar hands each out on its own, with its exceptions.
pub(super) const MOST_SERIES: usize = 20;
/// The most times of the day, or of the hour in a series of hours, at which an entry may come again.
const MOST_TIMES_OF_DAY: usize = 24;
/// The most that a series names of one kind, such as days of the month: each day is compared with them all.
const LONGEST_LIST: usize = 62;
/// How long after the stretch that is read series are counted, for what is moved into it from later.
const MARGIN: TimeDelta = TimeDelta::days(31);

/// What there is to count out in an object.
#[derive(Default)]
pub(super) struct Prepared {
    pub(super) series: usize,
    /// How many times are left out of series.
    pub(super) exceptions: usize,
    /// How many series are not counted out; the first time of each stays.
    pub(super) refused: usize,
}

/// Says a series as the expansion takes it: its times are counted on the wall of the zone in which it began, until some while after the
/// stretch that is read.
pub(super) fn prepare(calendar: &mut ICalendar, zone: Tz, end: DateTime<Utc>) -> Prepared {
    let zones = calendar.build_owned_tz_resolver().with_default(zone);
    let mut prepared = Prepared::default();
    for component in &mut calendar.components {
        if component.component_type != ICalendarComponentType::VEvent {
            if component.component_type.has_time_ranges() {
                component.entries.clear();
            }
            continue;
        }
        // Programs count an exception up on its own, which would be taken for one of another series.
        component.entries.retain(|entry| entry.name != ICalendarProperty::Sequence);
        let (mut of_series, mut start) = (EntryZone::from(zone), None);
        if let Some(begin) =
            component.entries.iter_mut().find(|entry| entry.name == ICalendarProperty::Dtstart)
        {
            let world_time =
                matches!(begin.values.first(), Some(ICalendarValue::PartialDateTime(at)) if at.has_zone());
            if world_time {
                begin.params.clear();
                begin.params.push(ICalendarParameter::tzid("UTC".to_owned()));
            }
            of_series = zones.resolve_or_default(begin.tz_id());
            if let Some(ICalendarValue::PartialDateTime(at)) = begin.values.first() {
                start = at.to_date_time().map(|at| at.date_time);
            }
        }
        let last = (end + MARGIN).with_timezone(&of_series).naive_local();
        component.entries.retain_mut(|entry| prepared.keep(entry, of_series, start, last));
    }
    prepared
}

impl Prepared {
    /// Whether the expansion is to see this of an entry, that begins at `start` and of which no time after `last` is asked for.
    fn keep(
        &mut self,
        entry: &mut ICalendarEntry,
        zone: EntryZone,
        start: Option<NaiveDateTime>,
        last: NaiveDateTime,
    ) -> bool {
        if entry.name == ICalendarProperty::Exdate {
            self.exceptions += entry.values.len();
        }
        if entry.name != ICalendarProperty::Rrule {
            return true;
        }
        let Some(ICalendarValue::RecurrenceRule(rule)) = entry.values.first_mut() else {
            return self.refuse();
        };
        if self.series >= MOST_SERIES || !modest(rule) {
            return self.refuse();
        }
        if start.is_some_and(|start| start > last) {
            return false;
        }
        if let Some(until) = &mut rule.until {
            on_the_wall(until, zone);
            let Some(until) = until.to_date_time() else { return self.refuse() };
            if until.date_time > last {
                rule.until = Some(wall(last));
            }
        } else {
            rule.until = Some(wall(last));
        }
        self.series += 1;
        true
    }

    fn refuse(&mut self) -> bool {
        self.refused += 1;
        false
    }
}

/// Whether a series can be counted out in little time.
fn modest(rule: &ICalendarRecurrenceRule) -> bool {
    let times = [rule.byhour.len(), rule.byminute.len(), rule.bysecond.len()];
    let days = [
        rule.byday.len(),
        rule.bymonthday.len(),
        rule.byyearday.len(),
        rule.byweekno.len(),
        rule.bymonth.len(),
        rule.bysetpos.len(),
    ];
    let often = matches!(rule.freq, ICalendarFrequency::Minutely | ICalendarFrequency::Secondly);
    !often
        && times.iter().chain(&days).all(|length| *length <= LONGEST_LIST)
        && times.iter().map(|length| (*length).max(1)).product::<usize>() <= MOST_TIMES_OF_DAY
}

/// The end of a series by the clock in its zone; a day is meant until its end.
fn on_the_wall(until: &mut PartialDateTime, zone: EntryZone) {
    if !until.has_time() {
        (until.hour, until.minute, until.second) = (Some(23), Some(59), Some(59));
    } else if until.has_zone()
        && let Some(at) = until.to_date_time_with_tz(EntryZone::UTC)
    {
        *until = wall(at.with_timezone(&zone).naive_local());
    }
}

/// What a clock on the wall shows, as calendars write it.
fn wall(local: NaiveDateTime) -> PartialDateTime {
    let two = |number: u32| u8::try_from(number).ok();
    PartialDateTime {
        year: u16::try_from(local.year()).ok(),
        month: two(local.month()),
        day: two(local.day()),
        hour: two(local.hour()),
        minute: two(local.minute()),
        second: two(local.second()),
        ..PartialDateTime::default()
    }
}
