//! What people want to be mailed of, and when.

use std::collections::BTreeMap;

use chrono::{
    DateTime, Days, LocalResult, NaiveDate, NaiveTime, TimeDelta, TimeZone as _, Timelike as _, Utc,
};
use chrono_tz::Tz;
use portico_core::Problem;
use portico_service::Fields;

/// The kinds of mail that one may put off or do without. All others (invitations, sign-in links, security) are always sent at once.
pub(crate) const KINDS: [&str; 6] = ["task", "reminder", "escalation", "meeting", "message", "notice"];
/// What only the firm's people are told.
const STAFF_ONLY: &str = "escalation";
/// When the digest comes unless somebody chooses otherwise: at eight in the morning.
const DIGEST_AT: u16 = 8 * 60;

/// How somebody is mailed of a kind of notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// At once, outside of quiet hours.
    Now,
    /// Once a day, with everything else of the day.
    Digest,
    /// Not at all; it stands in the app.
    Never,
}

impl Way {
    /// The word in the database and in requests.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Now => "now",
            Self::Digest => "digest",
            Self::Never => "never",
        }
    }

    /// What a word stands for.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        [Self::Now, Self::Digest, Self::Never].into_iter().find(|way| way.as_str() == word)
    }
}

/// The kind by its name; none for those that cannot be switched off, and for anything else.
pub(crate) fn optional_kind(kind: &str) -> Option<&'static str> {
    KINDS.into_iter().find(|known| *known == kind)
}

/// The kinds that somebody may be mailed of.
pub(crate) fn kinds_for(staff: bool) -> impl Iterator<Item = &'static str> {
    KINDS.into_iter().filter(move |kind| staff || *kind != STAFF_ONLY)
}

/// When somebody wants mail, in minutes after midnight where they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Times {
    /// From and until; the night is a span that ends before it begins.
    pub(crate) quiet: Option<(u16, u16)>,
    pub(crate) digest_at: u16,
}

impl Default for Times {
    fn default() -> Self {
        Self { quiet: None, digest_at: DIGEST_AT }
    }
}

/// What somebody wants of mail.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Preferences {
    ways: BTreeMap<&'static str, Way>,
    pub(crate) times: Times,
}

impl Preferences {
    pub(crate) fn new(ways: impl IntoIterator<Item = (&'static str, Way)>, times: Times) -> Self {
        Self { ways: ways.into_iter().collect(), times }
    }

    /// How the person is mailed of `kind`.
    pub(crate) fn way(&self, kind: &str) -> Way {
        self.ways.get(kind).copied().unwrap_or(Way::Now)
    }

    /// When a mail of `kind` leaves that was written at `now` and is held for `hold`. None where it does not.
    pub(crate) fn due(
        &self,
        kind: &str,
        zone: Tz,
        now: DateTime<Utc>,
        hold: TimeDelta,
    ) -> Option<(Way, DateTime<Utc>)> {
        if optional_kind(kind).is_none() {
            return Some((Way::Now, now));
        }
        match self.way(kind) {
            Way::Never => None,
            Way::Digest => Some((Way::Digest, next_time(self.times.digest_at, zone, now))),
            Way::Now => Some((Way::Now, self.times.after_quiet(zone, now + hold))),
        }
    }
}

impl Times {
    /// `moment`, or the end of the quiet hours that it falls into.
    pub(crate) fn after_quiet(self, zone: Tz, moment: DateTime<Utc>) -> DateTime<Utc> {
        let Some((from, until)) = self.quiet.filter(|(from, until)| from != until) else { return moment };
        let local = moment.with_timezone(&zone);
        let minute = local.hour() * 60 + local.minute();
        let (from, until_minute) = (u32::from(from), u32::from(until));
        let quiet = if from < until_minute {
            (from..until_minute).contains(&minute)
        } else {
            minute >= from || minute < until_minute
        };
        if quiet { next_time(until, zone, moment) } else { moment }
    }
}

/// The next moment after `now` at which clocks in `zone` show `minute` after midnight. Where they skip it, the first one after it.
fn next_time(minute: u16, zone: Tz, now: DateTime<Utc>) -> DateTime<Utc> {
    let today = now.with_timezone(&zone).date_naive();
    (0..=2)
        .filter_map(|days| at(today.checked_add_days(Days::new(days))?, minute, zone))
        .find(|moment| *moment > now)
        .unwrap_or(now)
}

fn at(day: NaiveDate, minute: u16, zone: Tz) -> Option<DateTime<Utc>> {
    let time = NaiveTime::from_num_seconds_from_midnight_opt(u32::from(minute) * 60, 0)?;
    let local = day.and_time(time);
    let found = match zone.from_local_datetime(&local) {
        LocalResult::Single(moment) | LocalResult::Ambiguous(moment, _) => moment,
        // Clocks are put forward by an hour at most everywhere but at places that skip whole days.
        LocalResult::None => zone.from_local_datetime(&(local + TimeDelta::hours(1))).earliest()?,
    };
    Some(found.with_timezone(&Utc))
}

/// A time of day as `07:30`, in minutes after midnight; none where it is none.
pub(crate) fn minutes(text: &str) -> Option<u16> {
    let time = NaiveTime::parse_from_str(text.trim(), "%H:%M").ok()?;
    u16::try_from(time.num_seconds_from_midnight() / 60).ok()
}

/// Minutes after midnight as `07:30`.
pub(crate) fn clock(minutes: u16) -> String {
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

/// Reads the times of a request, or notes every field at fault.
pub(crate) fn check_times(from: &str, until: &str, digest_at: &str) -> Result<Times, Problem> {
    const TIME: &str = "Enter a time of day, such as 07:30.";
    let mut fields = Fields::default();
    let mut read = |field: &str, text: &str| {
        let minutes = minutes(text);
        if minutes.is_none() && !text.trim().is_empty() {
            fields.refuse(field, TIME);
        }
        minutes
    };
    let (begin, end, digest) =
        (read("quiet_from", from), read("quiet_until", until), read("digest_at", digest_at));
    if from.trim().is_empty() != until.trim().is_empty() {
        let field = if from.trim().is_empty() { "quiet_from" } else { "quiet_until" };
        fields.refuse(field, "Enter when quiet hours begin and when they end, or neither.");
    }
    fields.check()?;
    Ok(Times { quiet: begin.zip(end), digest_at: digest.unwrap_or(DIGEST_AT) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BERLIN: Tz = Tz::Europe__Berlin;

    fn moment(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn night() -> Times {
        Times { quiet: Some((20 * 60, 7 * 60 + 30)), digest_at: DIGEST_AT }
    }

    #[test]
    fn quiet_hours_are_those_of_the_persons_own_clock() {
        for (at, leaves) in [
            // In winter Berlin is one hour ahead.
            ("2026-11-22T18:59:00Z", "2026-11-22T18:59:00Z"),
            ("2026-11-22T19:00:00Z", "2026-11-23T06:30:00Z"),
            ("2026-11-23T06:29:59Z", "2026-11-23T06:30:00Z"),
            ("2026-11-23T06:30:00Z", "2026-11-23T06:30:00Z"),
            // In summer two.
            ("2026-07-01T18:00:00Z", "2026-07-02T05:30:00Z"),
            // The night in which clocks are put forward.
            ("2026-03-28T22:00:00Z", "2026-03-29T05:30:00Z"),
        ] {
            assert_eq!(night().after_quiet(BERLIN, moment(at)), moment(leaves), "{at}");
        }
        let noon = Times { quiet: Some((12 * 60, 13 * 60)), ..Times::default() };
        let at = moment("2026-11-22T11:15:00Z");
        assert_eq!(noon.after_quiet(BERLIN, at), moment("2026-11-22T12:00:00Z"));
        assert_eq!(noon.after_quiet(Tz::UTC, at), at);
        let never = Times { quiet: Some((60, 60)), ..Times::default() };
        assert_eq!(never.after_quiet(BERLIN, moment("2026-11-22T00:00:00Z")), moment("2026-11-22T00:00:00Z"));
    }

    #[test]
    fn a_time_that_clocks_skip_is_the_first_one_after_it() {
        let before = moment("2026-03-29T00:30:00Z");
        assert_eq!(next_time(2 * 60 + 30, BERLIN, before), moment("2026-03-29T01:30:00Z"));
        // Two o'clock comes twice in October; the first counts.
        let before = moment("2026-10-24T23:00:00Z");
        assert_eq!(next_time(2 * 60 + 30, BERLIN, before), moment("2026-10-25T00:30:00Z"));
    }

    #[test]
    fn what_is_wanted_decides_when_a_mail_leaves() {
        let preferences = Preferences::new([("task", Way::Digest), ("meeting", Way::Never)], night());
        let (now, hold) = (moment("2026-11-22T19:30:00Z"), TimeDelta::minutes(2));
        let due = |kind: &str| preferences.due(kind, BERLIN, now, hold);
        assert_eq!(due("task"), Some((Way::Digest, moment("2026-11-23T07:00:00Z"))));
        assert_eq!(due("meeting"), None);
        assert_eq!(due("message"), Some((Way::Now, moment("2026-11-23T06:30:00Z"))));
        for always in ["invitation", "sign_in", "security", "test"] {
            assert_eq!(due(always), Some((Way::Now, now)), "{always} waits for nothing");
        }
        let plain = Preferences::default();
        assert_eq!(plain.due("task", BERLIN, now, hold), Some((Way::Now, now + hold)));
        assert!(kinds_for(true).any(|kind| kind == "escalation"));
        assert!(!kinds_for(false).any(|kind| kind == "escalation"));
    }

    #[test]
    fn times_of_day_are_checked() {
        assert_eq!(check_times("20:00", "07:30", "").unwrap(), night());
        assert_eq!(check_times(" ", "", "06:15").unwrap(), Times { quiet: None, digest_at: 375 });
        assert_eq!(clock(minutes("07:05").unwrap()), "07:05");
        let faults = |from: &str, until: &str, digest: &str| -> Vec<String> {
            check_times(from, until, digest).unwrap_err().fields.into_iter().map(|at| at.field).collect()
        };
        assert_eq!(faults("25:00", "7", "soon"), ["quiet_from", "quiet_until", "digest_at"]);
        assert_eq!(faults("", "07:00", ""), ["quiet_from"]);
        assert_eq!(faults("20:00", "", ""), ["quiet_until"]);
    }
}
