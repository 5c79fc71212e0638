//! Days and times as a form sends them, in the reader's time zone.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeZone as _, Utc};
use chrono_tz::Tz;

/// The last minute of a day: what is due on a day may be done until it ends.
pub(super) fn end_of_day(day: &str, zone: Tz) -> Option<DateTime<Utc>> {
    at(day, "23:59", zone)
}

/// The first moment of a day.
pub(super) fn start_of_day(day: &str, zone: Tz) -> Option<DateTime<Utc>> {
    at(day, "00:00", zone)
}

/// A day and a time of day. A time that the clocks skip is none; of one that comes twice it is the first.
pub(super) fn at(day: &str, time: &str, zone: Tz) -> Option<DateTime<Utc>> {
    let day: NaiveDate = day.parse().ok()?;
    let time = NaiveTime::parse_from_str(time, "%H:%M")
        .or_else(|_| NaiveTime::parse_from_str(time, "%H:%M:%S"))
        .ok()?;
    Some(zone.from_local_datetime(&day.and_time(time)).earliest()?.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_ends_where_the_reader_is() {
        let end = end_of_day("2026-12-03", Tz::Europe__Berlin).unwrap();
        assert_eq!(end.to_rfc3339(), "2026-12-03T22:59:00+00:00");
        assert_eq!(
            start_of_day("2026-12-03", Tz::America__New_York).unwrap().to_rfc3339(),
            "2026-12-03T05:00:00+00:00"
        );
    }

    #[test]
    fn what_is_no_moment_is_none() {
        for (day, time) in
            [("", "10:00"), ("2026-02-30", "10:00"), ("2026-12-03", "25:00"), ("2026-03-29", "02:30")]
        {
            assert_eq!(at(day, time, Tz::Europe__Berlin), None, "{day} {time}");
        }
        assert!(at("2026-10-25", "02:30", Tz::Europe__Berlin).is_some());
    }
}
