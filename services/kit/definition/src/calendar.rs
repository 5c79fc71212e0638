//! When something is due: working days, days and exact lengths of time, in a tenant's time zone.
//!
//! A deadline in days, working or not, falls on the **end of a local day**, 23:59:59: whoever has "five working days"
//! has all of the fifth. The day on which counting begins is not counted. A deadline as an exact length of time is
//! reached to the minute; its days are calendar days, so that a day over a change of clocks is 23 or 25 hours long.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, Days, Duration, LocalResult, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;

use crate::{Calendar, Delay, Period, Weekday};

/// How far a search for working days goes before it gives up, in days: fifty years.
const HORIZON: u32 = 50 * 366;

/// The days on which work is done, for one tenant and one portal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BusinessDays {
    workdays: BTreeSet<u32>,
    holidays: BTreeSet<NaiveDate>,
}

impl BusinessDays {
    /// The days of a portal's calendar. `tenant_holidays` count where the calendar says so.
    #[must_use]
    pub fn new(calendar: &Calendar, tenant_holidays: impl IntoIterator<Item = NaiveDate>) -> Self {
        let mut holidays: BTreeSet<NaiveDate> = calendar.closed.iter().copied().collect();
        if calendar.holidays == crate::Holidays::Tenant {
            holidays.extend(tenant_holidays);
        }
        Self { workdays: calendar.workdays.iter().map(|day| from_monday(*day)).collect(), holidays }
    }

    /// Whether work is done on a day.
    #[must_use]
    pub fn is_workday(&self, day: NaiveDate) -> bool {
        self.workdays.contains(&day.weekday().num_days_from_monday()) && !self.holidays.contains(&day)
    }

    /// The day `count` working days after `day`. With `count` 0 it is `day` itself if work is done on it, and else
    /// the next working day. Where no such day lies within fifty years (a calendar without working days) it is the
    /// last day looked at.
    #[must_use]
    pub fn add(&self, day: NaiveDate, count: u32) -> NaiveDate {
        let mut left = count;
        let mut day = day;
        let wanted = |left: u32, day| left == 0 && self.is_workday(day);
        for _ in 0..HORIZON {
            if wanted(left, day) {
                break;
            }
            let Some(next) = day.checked_add_days(Days::new(1)) else { break };
            day = next;
            if left > 0 && self.is_workday(day) {
                left -= 1;
            }
        }
        day
    }

    /// The moment that lies a delay after another, in a time zone.
    #[must_use]
    pub fn after(&self, from: DateTime<Utc>, delay: Delay, zone: Tz) -> DateTime<Utc> {
        let day = from.with_timezone(&zone).date_naive();
        match delay {
            Delay::Workdays(count) => end_of_day(self.add(day, count), zone),
            Delay::Days(count) => {
                end_of_day(day.checked_add_days(Days::new(u64::from(count))).unwrap_or(NaiveDate::MAX), zone)
            }
            Delay::Duration(period) => add_period(from, period, zone),
        }
    }
}

/// The moment that lies a period after another: its days by the local calendar, its hours and minutes exactly.
#[must_use]
pub fn add_period(from: DateTime<Utc>, period: Period, zone: Tz) -> DateTime<Utc> {
    let shifted = if period.days == 0 {
        from
    } else {
        let local = from.with_timezone(&zone);
        let day = local.date_naive().checked_add_days(Days::new(u64::from(period.days)));
        day.map_or(DateTime::<Utc>::MAX_UTC, |day| at_local(day, local.time(), zone))
    };
    let exact = Duration::minutes(i64::from(period.hours) * 60 + i64::from(period.minutes));
    shifted.checked_add_signed(exact).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// The moment that lies a period before another, counted as [`add_period`] counts.
#[must_use]
pub fn subtract_period(from: DateTime<Utc>, period: Period, zone: Tz) -> DateTime<Utc> {
    let shifted = if period.days == 0 {
        from
    } else {
        let local = from.with_timezone(&zone);
        let day = local.date_naive().checked_sub_days(Days::new(u64::from(period.days)));
        day.map_or(DateTime::<Utc>::MIN_UTC, |day| at_local(day, local.time(), zone))
    };
    let exact = Duration::minutes(i64::from(period.hours) * 60 + i64::from(period.minutes));
    shifted.checked_sub_signed(exact).unwrap_or(DateTime::<Utc>::MIN_UTC)
}

/// 23:59:59 of a local day.
#[must_use]
pub fn end_of_day(day: NaiveDate, zone: Tz) -> DateTime<Utc> {
    let last = NaiveTime::from_hms_opt(23, 59, 59).unwrap_or(NaiveTime::MIN);
    at_local(day, last, zone)
}

/// A local time as a moment: the later of two where clocks go back, the first one after a gap where they go forward.
fn at_local(day: NaiveDate, time: NaiveTime, zone: Tz) -> DateTime<Utc> {
    let local = day.and_time(time);
    match zone.from_local_datetime(&local) {
        LocalResult::Single(moment) | LocalResult::Ambiguous(_, moment) => moment.with_timezone(&Utc),
        LocalResult::None => {
            let gaps = (1..=24 * 12).map(|steps| local.checked_add_signed(Duration::minutes(5 * steps)));
            let after = gaps.flatten().find_map(|later| zone.from_local_datetime(&later).latest());
            after.map_or_else(|| local.and_utc(), |moment| moment.with_timezone(&Utc))
        }
    }
}

const fn from_monday(day: Weekday) -> u32 {
    match day {
        Weekday::Mon => 0,
        Weekday::Tue => 1,
        Weekday::Wed => 2,
        Weekday::Thu => 3,
        Weekday::Fri => 4,
        Weekday::Sat => 5,
        Weekday::Sun => 6,
    }
}
