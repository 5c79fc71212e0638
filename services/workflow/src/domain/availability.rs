//! The hours that somebody keeps for meetings, and the times that are free in them.
//!
//! Hours are those of a clock on the wall; meetings take time that really passes. On the days on which the clocks are put forward or
//! back, an hour that does not exist offers nothing, and one that comes twice counts twice in hours that go on through it.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike as _, Days, NaiveDate, NaiveDateTime, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

/// Minutes of a day.
pub(crate) const DAY: u16 = 24 * 60;
/// The most times that are offered at once.
pub(crate) const MOST_STARTS: usize = 400;

/// From one minute of a day until another, which is later; 1440 is the day's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Window {
    pub(crate) from: u16,
    pub(crate) until: u16,
}

/// The hours that somebody keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Hours {
    /// Where the clock hangs.
    pub(crate) zone: Tz,
    /// By weekday, Monday first.
    pub(crate) weekly: [Vec<Window>; 7],
    /// Days that differ; closed where there is nothing.
    pub(crate) exceptions: BTreeMap<NaiveDate, Vec<Window>>,
    /// Minutes that stay free before a meeting.
    pub(crate) before: u16,
    /// Minutes that stay free after a meeting.
    pub(crate) after: u16,
    /// The least notice, in minutes, beside that of the meeting itself.
    pub(crate) notice: u32,
    /// How many days ahead times are offered.
    pub(crate) horizon: u16,
    /// Minutes between one offered time and the next.
    pub(crate) step: u16,
}

/// A stretch of time, with its end not in it.
pub(crate) type Stretch = (DateTime<Utc>, DateTime<Utc>);

impl Hours {
    /// The least time between two meetings.
    pub(crate) fn gap(&self) -> TimeDelta {
        TimeDelta::minutes(i64::from(self.before.max(self.after)))
    }

    /// The stretches of a day in which somebody can be met.
    fn stretches(&self, day: NaiveDate) -> Vec<Stretch> {
        let weekday = day.weekday().num_days_from_monday() as usize;
        let windows = self.exceptions.get(&day).or_else(|| self.weekly.get(weekday));
        let moment = |minute: u16, later: bool| {
            let at = day.and_time(chrono::NaiveTime::MIN) + TimeDelta::minutes(i64::from(minute));
            instant(self.zone, at, later)
        };
        let stretch = |window: &Window| Some((moment(window.from, true)?, moment(window.until, false)?));
        windows.into_iter().flatten().filter_map(stretch).filter(|(from, until)| from < until).collect()
    }

    /// The times at which a meeting of `length` can begin, in order: within the hours, not before `now` and the notice, within the
    /// horizon, and with room between it and what is `busy`.
    pub(crate) fn starts(
        &self,
        length: TimeDelta,
        notice: TimeDelta,
        busy: &[Stretch],
        now: DateTime<Utc>,
    ) -> Vec<DateTime<Utc>> {
        let earliest = now + notice.max(TimeDelta::minutes(i64::from(self.notice)));
        let latest = now + TimeDelta::days(i64::from(self.horizon));
        let step = TimeDelta::minutes(i64::from(self.step.max(5)));
        let gap = self.gap();
        let mut found = Vec::new();
        let mut day = earliest.with_timezone(&self.zone).date_naive();
        let last = latest.with_timezone(&self.zone).date_naive();
        while day <= last && found.len() < MOST_STARTS {
            for (from, until) in self.stretches(day) {
                let mut at = from;
                while at + length <= until {
                    let taken = |(begin, end): &Stretch| at - gap < *end && *begin < at + length + gap;
                    if at > earliest && at <= latest && !busy.iter().any(taken) {
                        found.push(at);
                    }
                    at += step;
                }
            }
            let Some(next) = day.checked_add_days(Days::new(1)) else { break };
            day = next;
        }
        found.sort_unstable();
        found.dedup();
        found.truncate(MOST_STARTS);
        found
    }

    /// Whether a meeting may begin exactly then.
    pub(crate) fn offers(
        &self,
        start: DateTime<Utc>,
        length: TimeDelta,
        notice: TimeDelta,
        busy: &[Stretch],
        now: DateTime<Utc>,
    ) -> bool {
        self.starts(length, notice, busy, now).binary_search(&start).is_ok()
    }
}

/// The moment at which a clock shows a time. Of a time that comes twice it is the second where `later`, else the first; of one that the
/// clocks skip it is the moment at which they do.
fn instant(zone: Tz, at: NaiveDateTime, later: bool) -> Option<DateTime<Utc>> {
    // No zone has ever skipped more than a day.
    for minute in 0..=i64::from(DAY) {
        let local = zone.from_local_datetime(&(at + TimeDelta::minutes(minute)));
        let found = if later { local.latest() } else { local.earliest() };
        if let Some(found) = found {
            return Some(found.to_utc());
        }
    }
    None
}

/// Of those who are free, whose turn it is: whoever has had the fewest meetings, and of equals always the same. People are given with
/// how many they have had.
pub(crate) fn fairest<P: Copy + Ord>(free: &[(P, i64)]) -> Vec<P> {
    let mut order: Vec<(i64, P)> = free.iter().map(|(person, had)| (*had, *person)).collect();
    order.sort_unstable();
    order.into_iter().map(|(_, person)| person).collect()
}

#[cfg(test)]
mod tests {
    use chrono::Timelike as _;
    use proptest::prelude::*;

    use super::*;

    fn nine_to_five(zone: Tz) -> Hours {
        let day = vec![Window { from: 9 * 60, until: 17 * 60 }];
        let week = [day.clone(), day.clone(), day.clone(), day.clone(), day, Vec::new(), Vec::new()];
        Hours {
            zone,
            weekly: week,
            exceptions: BTreeMap::new(),
            before: 0,
            after: 0,
            notice: 0,
            horizon: 14,
            step: 30,
        }
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn starts(hours: &Hours, busy: &[Stretch], now: &str) -> Vec<String> {
        let found = hours.starts(TimeDelta::minutes(60), TimeDelta::zero(), busy, at(now));
        found.iter().map(|at| at.with_timezone(&hours.zone).format("%m-%d %H:%M").to_string()).collect()
    }

    #[test]
    fn hours_follow_the_wall_through_both_changes_of_the_clocks() {
        let mut hours = nine_to_five(Tz::Europe__Berlin);
        hours.horizon = 4;
        // The clocks go back on Sunday the 25th; on Friday nine is seven o'clock, on Monday it is eight.
        let found = hours.starts(TimeDelta::minutes(60), TimeDelta::zero(), &[], at("2026-10-23T00:00:00Z"));
        assert_eq!(found[0], at("2026-10-23T07:00:00Z"));
        assert!(found.contains(&at("2026-10-26T08:00:00Z")) && !found.contains(&at("2026-10-26T07:00:00Z")));

        // A night shift over the hour that does not exist, and over the one that comes twice.
        let mut night = nine_to_five(Tz::Europe__Berlin);
        (night.horizon, night.step) = (1, 60);
        night.weekly[6] = vec![Window { from: 60, until: 5 * 60 }];
        assert_eq!(
            starts(&night, &[], "2026-03-28T23:00:00Z"),
            ["03-29 01:00", "03-29 03:00", "03-29 04:00"]
        );
        let back = starts(&night, &[], "2026-10-24T22:00:00Z");
        assert_eq!(back, ["10-25 01:00", "10-25 02:00", "10-25 02:00", "10-25 03:00", "10-25 04:00"]);
    }

    #[test]
    fn buffers_notice_horizon_and_days_that_differ_count() {
        let mut hours = nine_to_five(Tz::UTC);
        (hours.before, hours.after, hours.notice) = (15, 30, 24 * 60);
        hours.exceptions.insert("2026-12-02".parse().unwrap(), Vec::new());
        hours.exceptions.insert("2026-12-05".parse().unwrap(), vec![Window { from: 600, until: 660 }]);
        hours.horizon = 5;
        let busy = [(at("2026-12-03T11:00:00Z"), at("2026-12-03T12:00:00Z"))];
        let found = starts(&hours, &busy, "2026-12-01T08:00:00Z");
        assert!(!found.iter().any(|at| at.starts_with("12-01") || at.starts_with("12-02")), "{found:?}");
        let third: Vec<&str> = found.iter().filter(|at| at.starts_with("12-03")).map(|at| &at[6..]).collect();
        assert_eq!(
            third,
            ["09:00", "09:30", "12:30", "13:00", "13:30", "14:00", "14:30", "15:00", "15:30", "16:00"]
        );
        assert_eq!(found.last().unwrap(), "12-05 10:00", "a Saturday that is open");
        assert!(!hours.offers(
            at("2026-12-03T11:00:00Z"),
            TimeDelta::minutes(60),
            TimeDelta::zero(),
            &busy,
            at("2026-12-01T08:00:00Z")
        ));
    }

    #[test]
    fn turns_go_to_whoever_has_had_the_fewest_and_never_by_chance() {
        assert_eq!(fairest(&[("b", 1), ("a", 1), ("c", 0)]), ["c", "a", "b"]);
        let mut had = [("a", 0), ("b", 0), ("c", 0)];
        for _ in 0..30 {
            let next = fairest(&had)[0];
            had.iter_mut().find(|(person, _)| *person == next).unwrap().1 += 1;
        }
        assert_eq!(had, [("a", 10), ("b", 10), ("c", 10)]);
    }

    fn zones() -> impl Strategy<Value = Tz> {
        prop::sample::select(vec![
            Tz::UTC,
            Tz::Europe__Berlin,
            Tz::America__New_York,
            Tz::Australia__Lord_Howe,
            Tz::Asia__Kathmandu,
            Tz::Pacific__Apia,
            Tz::Africa__Casablanca,
            Tz::America__Sao_Paulo,
        ])
    }

    fn windows() -> impl Strategy<Value = Vec<Window>> {
        prop::collection::vec((0..DAY - 30, 30..DAY), 0..3).prop_map(|pairs| {
            let window = |(from, length): (u16, u16)| Window { from, until: (from + length).min(DAY) };
            pairs.into_iter().map(window).filter(|window| window.from < window.until).collect()
        })
    }

    proptest! {
        /// Whatever the zone and the time of the year: every time lies within the hours by the clock on the wall, the meeting takes exactly
        /// its length, and nothing overlaps with what is busy.
        #[test]
        fn every_offered_time_lies_within_the_hours_of_the_wall(
            zone in zones(),
            week in prop::collection::vec(windows(), 7),
            day in 0_i64..800,
            length in 15_i64..180,
            step in prop::sample::select(vec![15_u16, 20, 30, 60]),
            gap in 0_u16..45,
            busy_at in 0_i64..14 * 24,
        ) {
            let weekly: [Vec<Window>; 7] = week.try_into().unwrap();
            let hours = Hours { zone, weekly, exceptions: BTreeMap::new(), before: gap, after: gap / 2, notice: 60, horizon: 14, step };
            // Two years with four changes of the clocks in most zones.
            let now = at("2026-01-01T00:00:00Z") + TimeDelta::days(day);
            let length = TimeDelta::minutes(length);
            let busy = [(now + TimeDelta::hours(busy_at), now + TimeDelta::hours(busy_at + 2))];
            let found = hours.starts(length, TimeDelta::zero(), &busy, now);
            prop_assert!(found.windows(2).all(|pair| pair[0] < pair[1]));
            for start in found {
                prop_assert!(start > now + TimeDelta::minutes(60) && start <= now + TimeDelta::days(14));
                let end = start + length;
                prop_assert!(end + hours.gap() <= busy[0].0 || start - hours.gap() >= busy[0].1);
                let local = start.with_timezone(&zone);
                let weekday = local.weekday().num_days_from_monday() as usize;
                let minute = local.hour() * 60 + local.minute();
                // The last minute of it, since the clocks may be put forward exactly as it ends.
                let last = (end - TimeDelta::minutes(1)).with_timezone(&zone);
                prop_assert_eq!(last.date_naive(), local.date_naive());
                let until = last.hour() * 60 + last.minute() + 1;
                let within = |window: &Window| u32::from(window.from) <= minute && until <= u32::from(window.until);
                prop_assert!(hours.weekly[weekday].iter().any(within), "{start} is {local} in {zone}");
            }
        }
    }
}
