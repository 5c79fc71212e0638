//! Deadlines over weekends, holidays and changes of clocks.

use chrono::{DateTime, Datelike, NaiveDate, TimeZone, Timelike, Utc, Weekday};
use chrono_tz::{America, Europe, Pacific, Tz};
use portico_definition::{
    Calendar, Delay, Holidays, Period,
    calendar::{BusinessDays, add_period, end_of_day, subtract_period},
};
use proptest::prelude::*;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn at(zone: Tz, text: &str) -> DateTime<Utc> {
    let local: chrono::NaiveDateTime = text.parse().unwrap();
    zone.from_local_datetime(&local).earliest().unwrap().with_timezone(&Utc)
}

fn usual() -> BusinessDays {
    BusinessDays::new(&Calendar::default(), [])
}

#[test]
fn working_days_skip_weekends_and_holidays() {
    assert_eq!(usual().add(day("2026-03-06"), 1), day("2026-03-09"), "Friday to Monday");
    assert_eq!(usual().add(day("2026-03-07"), 1), day("2026-03-09"), "Saturday to Monday");
    assert_eq!(usual().add(day("2026-03-07"), 0), day("2026-03-09"), "none of a Saturday is the Monday");
    assert_eq!(usual().add(day("2026-03-06"), 0), day("2026-03-06"), "none of a Friday is the Friday");
    let easter = BusinessDays::new(&Calendar::default(), [day("2026-04-03"), day("2026-04-06")]);
    assert_eq!(easter.add(day("2026-04-02"), 1), day("2026-04-07"));
    let unheeded = Calendar { holidays: Holidays::None, ..Calendar::default() };
    assert_eq!(
        BusinessDays::new(&unheeded, [day("2026-04-03")]).add(day("2026-04-02"), 1),
        day("2026-04-03")
    );
    let closed = Calendar { closed: vec![day("2026-04-03")], ..unheeded };
    assert_eq!(BusinessDays::new(&closed, []).add(day("2026-04-02"), 1), day("2026-04-06"));
}

#[test]
fn a_deadline_in_days_ends_with_the_local_day() {
    let due = usual().after(at(Europe::Berlin, "2026-03-27T15:00:00"), Delay::Workdays(1), Europe::Berlin);
    // Monday after the clocks went forward: 23:59:59 in Berlin is 21:59:59 UTC, no longer 22:59:59.
    assert_eq!(due.to_rfc3339(), "2026-03-30T21:59:59+00:00");
    let due = usual().after(at(America::New_York, "2026-10-30T23:30:00"), Delay::Days(3), America::New_York);
    assert_eq!(due.to_rfc3339(), "2026-11-03T04:59:59+00:00");
    // The same moment is another day elsewhere.
    let moment = Utc.with_ymd_and_hms(2026, 3, 6, 20, 0, 0).unwrap();
    assert_eq!(
        usual().after(moment, Delay::Workdays(0), Pacific::Auckland).to_rfc3339(),
        "2026-03-09T10:59:59+00:00"
    );
}

#[test]
fn a_day_of_a_period_is_a_calendar_day_and_an_hour_is_an_hour() {
    let before = at(Europe::Berlin, "2026-03-28T12:00:00");
    assert_eq!(add_period(before, Period::days(1), Europe::Berlin) - before, chrono::Duration::hours(23));
    assert_eq!(add_period(before, Period::hours(24), Europe::Berlin) - before, chrono::Duration::hours(24));
    // 02:30 does not exist on the day the clocks go forward.
    let gap = add_period(at(Europe::Berlin, "2026-03-28T02:30:00"), Period::days(1), Europe::Berlin);
    assert_eq!(gap, at(Europe::Berlin, "2026-03-29T03:00:00"));
    let twice = add_period(at(Europe::Berlin, "2026-10-24T02:30:00"), Period::days(1), Europe::Berlin);
    assert_eq!(twice.to_rfc3339(), "2026-10-25T01:30:00+00:00");
}

#[test]
fn a_calendar_without_working_days_comes_to_an_end() {
    let never = BusinessDays::new(&Calendar { workdays: Vec::new(), ..Calendar::default() }, []);
    assert!(never.add(day("2026-01-01"), 1) > day("2070-01-01"));
    assert!(usual().add(NaiveDate::MAX, 3) == NaiveDate::MAX);
}

proptest! {
    #[test]
    fn exactly_that_many_working_days_lie_between(start in 0_u64..6000, count in 1_u32..200, holidays in proptest::collection::vec(0_u64..6300, 0..30)) {
        let first = day("2024-01-01");
        let from = first + chrono::Days::new(start);
        let off: Vec<_> = holidays.iter().map(|days| first + chrono::Days::new(*days)).collect();
        let calendar = BusinessDays::new(&Calendar::default(), off.clone());
        let to = calendar.add(from, count);
        let worked = from.iter_days().skip(1).take_while(|day| *day <= to).filter(|day| {
            !matches!(day.weekday(), Weekday::Sat | Weekday::Sun) && !off.contains(day)
        }).count();
        prop_assert_eq!(worked, count as usize);
        prop_assert!(calendar.is_workday(to));
        prop_assert!(calendar.add(from, count + 1) > to);
    }

    #[test]
    fn a_deadline_in_days_is_the_last_second_of_its_local_day(minutes in 0_i64..5_000_000, count in 0_u32..40, zone in prop::sample::select(vec![Europe::Berlin, America::New_York, Pacific::Auckland, Pacific::Chatham, America::St_Johns])) {
        let from = Utc.with_ymd_and_hms(2024, 1, 1, 0, 0, 0).unwrap() + chrono::Duration::minutes(minutes);
        let due = usual().after(from, Delay::Workdays(count), zone);
        let local = due.with_timezone(&zone);
        prop_assert_eq!((local.hour(), local.minute(), local.second()), (23, 59, 59));
        prop_assert!(due > from);
        prop_assert!(!matches!(local.weekday(), Weekday::Sat | Weekday::Sun));
        prop_assert_eq!(due, end_of_day(local.date_naive(), zone));
    }

    #[test]
    fn periods_are_written_as_they_are_read(days in 0_u32..400, hours in 0_u32..100, minutes in 0_u32..100) {
        let period = Period { days, hours, minutes };
        prop_assert_eq!(period.to_string().parse::<Period>().unwrap(), period);
    }

    #[test]
    fn no_text_makes_a_period_panic(text in "[PTDHWM0-9.-]{0,14}") {
        if let Ok(period) = text.parse::<Period>() {
            prop_assert!(period.total_minutes() <= u64::from(Period::MAX_DAYS) * 24 * 60);
        }
    }

    #[test]
    fn hours_and_minutes_go_back_as_they_went(minutes in 0_i64..5_000_000, length in 0_u32..100_000) {
        let from = Utc.with_ymd_and_hms(2024, 1, 1, 0, 0, 0).unwrap() + chrono::Duration::minutes(minutes);
        let there = add_period(from, Period::minutes(length), Europe::Berlin);
        prop_assert_eq!(subtract_period(there, Period::minutes(length), Europe::Berlin), from);
    }
}

#[test]
fn what_is_no_period_is_refused_with_an_example() {
    for text in [
        "",
        "P",
        "PT",
        "2D",
        "P2",
        "P1Y",
        "P1M",
        "PT5D",
        "P1D2W",
        "P-1D",
        "P1.5D",
        "P9999999D",
        "PT4294967296H",
    ] {
        let error = text.parse::<Period>().unwrap_err();
        assert!(error.to_string().contains("P2D"), "{text}: {error}");
    }
    assert_eq!("P2W".parse::<Period>().unwrap(), Period::days(14));
}
