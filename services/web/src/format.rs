//! Dates, times, numbers and amounts, in the reader's language and time zone.

use chrono::{DateTime, Datelike as _, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use portico_core::Money;

use crate::text::{Locale, Texts};

/// How near a date is, in words and as the kind of tag that shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// Such as "due tomorrow" or "3 days overdue".
    pub text: String,
    /// Whether the moment has passed.
    pub overdue: bool,
    /// Whether it is today or tomorrow.
    pub soon: bool,
}

/// What a reader's dates and numbers look like. Cheap to copy; made once a request.
#[derive(Debug, Clone, Copy)]
pub struct Formats {
    texts: Texts,
    zone: Tz,
    now: DateTime<Utc>,
}

impl Formats {
    /// Formats for a reader in `zone`; words such as "tomorrow" count from `now`.
    pub const fn new(texts: Texts, zone: Tz, now: DateTime<Utc>) -> Self {
        Self { texts, zone, now }
    }

    /// The reader's time zone.
    pub const fn zone(&self) -> Tz {
        self.zone
    }

    /// The moment of the request.
    pub const fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// Today where the reader is.
    pub fn today(&self) -> NaiveDate {
        self.local_day(&self.now)
    }

    /// The calendar day of a moment where the reader is.
    pub fn local_day(&self, moment: &DateTime<Utc>) -> NaiveDate {
        moment.with_timezone(&self.zone).date_naive()
    }

    /// "3 December 2026"
    pub fn date(&self, moment: &DateTime<Utc>) -> String {
        self.day(&self.local_day(moment))
    }

    /// A calendar day that has no time zone, such as a start date: "3 December 2026"
    pub fn day(&self, day: &NaiveDate) -> String {
        format!("{} {} {}", self.ordinal(day), self.month(day, "month"), day.year())
    }

    /// "3 Dec", with the year where it is another one: "3 Dec 2027"
    pub fn short_day(&self, day: &NaiveDate) -> String {
        let short = format!("{} {}", self.ordinal(day), self.month(day, "mon"));
        if day.year() == self.today().year() { short } else { format!("{short} {}", day.year()) }
    }

    /// "3 Dec" for a moment.
    pub fn short_date(&self, moment: &DateTime<Utc>) -> String {
        self.short_day(&self.local_day(moment))
    }

    /// "Thursday"
    pub fn weekday(&self, day: &NaiveDate) -> String {
        self.texts.t(&format!("weekday-{}", day.weekday().number_from_monday()))
    }

    /// "14:30"
    pub fn time(&self, moment: &DateTime<Utc>) -> String {
        moment.with_timezone(&self.zone).format("%H:%M").to_string()
    }

    /// "3 December 2026, 14:30"
    pub fn date_time(&self, moment: &DateTime<Utc>) -> String {
        format!("{}, {}", self.date(moment), self.time(moment))
    }

    /// "3 December 2026, 14:30 CET": where another's clock may differ, as for meetings and signatures.
    pub fn date_time_zone(&self, moment: &DateTime<Utc>) -> String {
        format!("{} {}", self.date_time(moment), moment.with_timezone(&self.zone).format("%Z"))
    }

    /// For `<time datetime="…">`.
    pub fn machine(&self, moment: &DateTime<Utc>) -> String {
        moment.format("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// How near a due moment is: "due today", "due tomorrow", "due in 5 days", "due 3 Dec", "3 days overdue".
    pub fn due(&self, moment: &DateTime<Utc>) -> Due {
        let days = (self.local_day(moment) - self.today()).num_days();
        let overdue = *moment < self.now;
        let text = match days {
            0 if overdue => self.texts.t("due-since-today"),
            _ if overdue => self.texts.say("due-overdue").arg("days", -days).to_string(),
            0 => self.texts.t("due-today"),
            1 => self.texts.t("due-tomorrow"),
            2..=7 => self.texts.say("due-in").arg("days", days).to_string(),
            _ => self.texts.say("due-on").arg("date", self.short_date(moment)).to_string(),
        };
        Due { text, overdue, soon: !overdue && days <= 1 }
    }

    /// How long ago something happened: "just now", "5 minutes ago", "today, 14:30", "yesterday, 14:30", "3 Dec".
    pub fn ago(&self, moment: &DateTime<Utc>) -> String {
        let passed = self.now - *moment;
        let days = (self.today() - self.local_day(moment)).num_days();
        let at = |key: &str| self.texts.say(key).arg("time", self.time(moment)).to_string();
        if passed < TimeDelta::minutes(1) && passed > TimeDelta::minutes(-1) {
            self.texts.t("ago-now")
        } else if passed < TimeDelta::hours(1) && passed > TimeDelta::zero() {
            self.texts.say("ago-minutes").arg("count", passed.num_minutes()).to_string()
        } else {
            match days {
                0 => at("ago-today"),
                1 => at("ago-yesterday"),
                _ => self.short_date(moment),
            }
        }
    }

    /// "Today", "Yesterday" or "Thursday, 3 December 2026": the heading of a day in a thread.
    pub fn day_heading(&self, day: &NaiveDate) -> String {
        match (self.today() - *day).num_days() {
            0 => self.texts.t("day-today"),
            1 => self.texts.t("day-yesterday"),
            _ => format!("{}, {}", self.weekday(day), self.day(day)),
        }
    }

    /// "45 minutes", "1 hour", "2 hours 30 minutes"
    pub fn duration(&self, minutes: &u32) -> String {
        let part = |key: &str, count: u32| self.texts.say(key).arg("count", count).to_string();
        match (minutes / 60, minutes % 60) {
            (0, rest) => part("minutes", rest),
            (hours, 0) => part("hours", hours),
            (hours, rest) => format!("{} {}", part("hours", hours), part("minutes", rest)),
        }
    }

    /// "12,345"
    pub fn number(&self, number: &i64) -> String {
        let digits = number.unsigned_abs().to_string();
        let mut grouped = String::from(if *number < 0 { "-" } else { "" });
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                grouped.push(self.thousands());
            }
            grouped.push(digit);
        }
        grouped
    }

    /// "12,345.67 EUR"
    pub fn money(&self, money: &Money) -> String {
        self.localize(&money.to_string())
    }

    /// "812 bytes", "1.2 MB": powers of 1,000, as file managers count.
    pub fn file_size(&self, bytes: &u64) -> String {
        let mut tenths = u128::from(*bytes) * 10;
        for unit in ["", "KB", "MB", "GB", "TB"] {
            if tenths < 10_000 || unit == "TB" {
                return match unit {
                    "" => self.texts.say("bytes").arg("count", *bytes).to_string(),
                    _ => self.localize(&format!("{}.{} {unit}", tenths / 10, tenths % 10)),
                };
            }
            tenths = tenths.div_ceil(1000);
        }
        String::new()
    }

    fn localize(&self, english: &str) -> String {
        match self.texts.locale {
            Locale::En => english.to_owned(),
            Locale::De => english
                .chars()
                .map(|c| match c {
                    ',' => '.',
                    '.' => ',',
                    other => other,
                })
                .collect(),
        }
    }

    const fn thousands(&self) -> char {
        match self.texts.locale {
            Locale::En => ',',
            Locale::De => '.',
        }
    }

    fn ordinal(&self, day: &NaiveDate) -> String {
        match self.texts.locale {
            Locale::En => day.day().to_string(),
            Locale::De => format!("{}.", day.day()),
        }
    }

    fn month(&self, day: &NaiveDate, form: &str) -> String {
        self.texts.t(&format!("{form}-{}", day.month()))
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone as _;

    use super::*;

    fn at(day: u32, hour: u32) -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2026, 12, day, hour, 30, 0).unwrap()
    }

    fn formats(locale: Locale, zone: Tz) -> Formats {
        Formats::new(Texts::new(locale), zone, at(3, 12))
    }

    #[test]
    fn a_moment_has_the_readers_day() {
        let late = at(3, 23);
        assert_eq!(formats(Locale::En, Tz::UTC).date_time(&late), "3 December 2026, 23:30");
        assert_eq!(
            formats(Locale::De, Tz::Europe__Berlin).date_time_zone(&late),
            "4. Dezember 2026, 00:30 CET"
        );
        assert_eq!(formats(Locale::En, Tz::America__New_York).time(&late), "18:30");
    }

    #[test]
    fn due_dates_are_words_while_they_are_near() {
        let english = formats(Locale::En, Tz::UTC);
        let text = |day, hour| english.due(&at(day, hour)).text;
        assert_eq!(text(3, 17), "due today");
        assert_eq!(text(3, 9), "overdue since today");
        assert_eq!(text(4, 1), "due tomorrow");
        assert_eq!(text(8, 9), "due in 5 days");
        assert_eq!(text(30, 9), "due 30 Dec");
        assert_eq!(text(1, 9), "2 days overdue");
        assert!(english.due(&at(2, 9)).overdue && english.due(&at(4, 9)).soon);
        assert_eq!(formats(Locale::En, Tz::Asia__Tokyo).due(&at(3, 17)).text, "due tomorrow");
    }

    #[test]
    fn the_past_is_told_by_distance() {
        let english = formats(Locale::En, Tz::UTC);
        assert_eq!(english.ago(&(at(3, 12) - TimeDelta::seconds(20))), "just now");
        assert_eq!(english.ago(&(at(3, 12) - TimeDelta::minutes(1))), "1 minute ago");
        assert_eq!(english.ago(&at(3, 9)), "today, 09:30");
        assert_eq!(english.ago(&at(2, 9)), "yesterday, 09:30");
        assert_eq!(english.ago(&at(1, 9)), "1 Dec");
    }

    #[test]
    fn numbers_follow_the_language() {
        let (english, german) = (formats(Locale::En, Tz::UTC), formats(Locale::De, Tz::UTC));
        let money = Money::new(1_234_567, "EUR").unwrap();
        assert_eq!(english.money(&money), "12,345.67 EUR");
        assert_eq!(german.money(&money), "12.345,67 EUR");
        assert_eq!(german.number(&-1_234_567), "-1.234.567");
        assert_eq!(english.file_size(&812), "812 bytes");
        assert_eq!(english.file_size(&1_234_567), "1.3 MB");
        assert_eq!(german.file_size(&1_000_000_000), "1,0 GB");
        assert_eq!(english.file_size(&999_999), "1.0 MB");
        assert!(!english.file_size(&u64::MAX).is_empty());
        assert_eq!(english.duration(&150), "2 hours 30 minutes");
    }
}
