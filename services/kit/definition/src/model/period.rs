//! Lengths of time as people write them: `P2D`, `PT45M`, `P1DT12H`, `P2W`.

use std::{borrow::Cow, fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// A length of time in days, hours and minutes. Weeks are read as seven days; months and years are refused,
/// since they have no fixed length. A day is a calendar day in the tenant's time zone, an hour is 60 minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Period {
    /// Calendar days, at most [`Period::MAX_DAYS`].
    pub days: u32,
    /// Hours.
    pub hours: u32,
    /// Minutes.
    pub minutes: u32,
}

/// A text that is no [`Period`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a length of time: write days as P2D, hours as PT4H, minutes as PT45M, weeks as P2W")]
pub struct InvalidPeriod(String);

impl Period {
    /// The longest length of time, ten years.
    pub const MAX_DAYS: u32 = 3660;

    /// A number of calendar days.
    #[must_use]
    pub const fn days(days: u32) -> Self {
        Self { days, hours: 0, minutes: 0 }
    }

    /// A number of hours.
    #[must_use]
    pub const fn hours(hours: u32) -> Self {
        Self { days: 0, hours, minutes: 0 }
    }

    /// A number of minutes.
    #[must_use]
    pub const fn minutes(minutes: u32) -> Self {
        Self { days: 0, hours: 0, minutes }
    }

    /// Whether nothing passes in it.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.days == 0 && self.hours == 0 && self.minutes == 0
    }

    /// The length in minutes, with days of 24 hours.
    #[must_use]
    pub const fn total_minutes(self) -> u64 {
        (self.days as u64 * 24 + self.hours as u64) * 60 + self.minutes as u64
    }
}

impl FromStr for Period {
    type Err = InvalidPeriod;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = || InvalidPeriod(text.chars().take(40).collect());
        let rest = text.strip_prefix('P').ok_or_else(refuse)?;
        let (date, time) = match rest.split_once('T') {
            Some((_, "")) => return Err(refuse()),
            Some((date, time)) => (date, time),
            None => (rest, ""),
        };
        let [weeks, days] = read_units(date, ['W', 'D']).ok_or_else(refuse)?;
        let [hours, minutes] = read_units(time, ['H', 'M']).ok_or_else(refuse)?;
        let days = weeks.unwrap_or(0).checked_mul(7).and_then(|sum| sum.checked_add(days.unwrap_or(0)));
        let period =
            Self { days: days.ok_or_else(refuse)?, hours: hours.unwrap_or(0), minutes: minutes.unwrap_or(0) };
        let within = period.total_minutes() <= u64::from(Self::MAX_DAYS) * 24 * 60;
        if (date.is_empty() && time.is_empty()) || !within { Err(refuse()) } else { Ok(period) }
    }
}

/// Reads `<number><unit>` pairs, each unit at most once and in the order of `units`.
fn read_units(mut text: &str, units: [char; 2]) -> Option<[Option<u32>; 2]> {
    let mut read = [None, None];
    for (slot, unit) in read.iter_mut().zip(units) {
        if let Some((digits, rest)) = text.split_once(unit) {
            if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            *slot = Some(digits.parse().ok()?);
            text = rest;
        }
    }
    text.is_empty().then_some(read)
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("P")?;
        if self.days > 0 || self.is_zero() {
            write!(f, "{}D", self.days)?;
        }
        if self.hours > 0 || self.minutes > 0 {
            f.write_str("T")?;
        }
        if self.hours > 0 {
            write!(f, "{}H", self.hours)?;
        }
        if self.minutes > 0 {
            write!(f, "{}M", self.minutes)?;
        }
        Ok(())
    }
}

impl Serialize for Period {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl JsonSchema for Period {
    fn schema_name() -> Cow<'static, str> {
        "Period".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A length of time: days P2D, hours PT4H, minutes PT45M, weeks P2W.",
            "pattern": "^P(?=.)([0-9]+W)?([0-9]+D)?(T(?=[0-9])([0-9]+H)?([0-9]+M)?)?$"
        })
    }
}
