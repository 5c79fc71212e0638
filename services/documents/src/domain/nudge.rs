//! What the clock does about somebody whose turn it is to sign: it reminds them, and says when their time is over.

use chrono::{DateTime, TimeDelta, Utc};

/// Reminders to one person for one turn. Whoever has not signed after these is called, not mailed.
pub(crate) const MOST: i32 = 5;

/// How the reminders of one signer stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Nudge {
    /// When they were asked, or reminded last.
    pub(crate) since: DateTime<Utc>,
    /// Reminders that went out for this turn.
    pub(crate) reminded: i32,
    /// The time from one to the next; nothing where nobody is reminded.
    pub(crate) every: Option<TimeDelta>,
    /// When their time is over; nothing for no end.
    pub(crate) expires_at: Option<DateTime<Utc>>,
    /// Whether it was said that their time is over.
    pub(crate) expiry_told: bool,
}

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// They are reminded.
    Remind,
    /// It is said that their time is over.
    Expire,
}

impl Nudge {
    /// Somebody who is asked at `since`.
    pub(crate) const fn begin(
        since: DateTime<Utc>,
        every: Option<TimeDelta>,
        expires_at: Option<DateTime<Utc>>,
    ) -> Self {
        Self { since, reminded: 0, every, expires_at, expiry_told: false }
    }

    /// What comes next, and when; nothing where all was said. Nobody is reminded of what they can no longer do.
    pub(crate) fn next(&self) -> Option<(DateTime<Utc>, Act)> {
        if self.expiry_told {
            return None;
        }
        let reminds = self
            .every
            .filter(|_| self.reminded < MOST)
            .and_then(|every| self.since.checked_add_signed(every));
        match (reminds, self.expires_at) {
            (Some(at), None) => Some((at, Act::Remind)),
            (Some(at), Some(end)) if at < end => Some((at, Act::Remind)),
            _ => self.expires_at.map(|end| (end, Act::Expire)),
        }
    }

    /// What is to be done at `now`. Of several reminders that an outage kept back none is made up for: what is due is the end, or
    /// one reminder.
    pub(crate) fn due(&self, now: DateTime<Utc>) -> Option<Act> {
        if self.expires_at.is_some_and(|end| end <= now) {
            return (!self.expiry_told).then_some(Act::Expire);
        }
        self.next().filter(|(at, _)| *at <= now).map(|(_, act)| act)
    }

    /// The same after `act` was done at `now`.
    pub(crate) const fn after(self, act: Act, now: DateTime<Utc>) -> Self {
        match act {
            Act::Remind => Self { since: now, reminded: self.reminded + 1, ..self },
            Act::Expire => Self { expiry_told: true, ..self },
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(day: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap() + TimeDelta::days(day)
    }

    #[test]
    fn reminders_come_at_their_distance_until_the_end() {
        let mut nudge = Nudge::begin(at(0), Some(TimeDelta::days(3)), Some(at(10)));
        let mut said = Vec::new();
        while let Some((when, act)) = nudge.next() {
            assert_eq!(nudge.due(when - TimeDelta::seconds(1)), None);
            assert_eq!(nudge.due(when), Some(act));
            nudge = nudge.after(act, when);
            said.push((when, act));
        }
        let expected = [(3, Act::Remind), (6, Act::Remind), (9, Act::Remind), (10, Act::Expire)];
        assert_eq!(said, expected.map(|(day, act)| (at(day), act)));
        assert_eq!(nudge.due(at(400)), None);
    }

    #[test]
    fn without_an_end_there_are_five_and_without_a_distance_none() {
        let mut nudge = Nudge::begin(at(0), Some(TimeDelta::days(1)), None);
        let mut count = 0;
        while let Some((when, act)) = nudge.next() {
            assert_eq!(act, Act::Remind);
            nudge = nudge.after(act, when);
            count += 1;
        }
        assert_eq!(count, MOST);
        let late = Nudge::begin(at(0), Some(TimeDelta::days(3)), Some(at(10)));
        assert_eq!(late.due(at(11)), Some(Act::Expire), "after an outage only the end is told");
        assert_eq!(late.after(Act::Expire, at(11)).next(), None);
        assert_eq!(Nudge::begin(at(0), None, None).next(), None);
        assert_eq!(Nudge::begin(at(0), None, Some(at(4))).next(), Some((at(4), Act::Expire)));
    }

    proptest! {
        #[test]
        fn whenever_one_looks_nothing_is_said_twice_and_nothing_after_the_end(
            looks in prop::collection::vec(0_i64..40, 1..60), every in 1_i64..9, end in prop::option::of(1_i64..30),
        ) {
            let mut nudge = Nudge::begin(at(0), Some(TimeDelta::days(every)), end.map(at));
            let (mut looks, mut last, mut ended) = (looks, None::<i64>, false);
            looks.sort_unstable();
            for day in looks {
                let Some(act) = nudge.due(at(day)) else { continue };
                nudge = nudge.after(act, at(day));
                prop_assert!(!ended, "something was said after the end");
                match act {
                    Act::Remind => {
                        prop_assert!(day - last.unwrap_or(0) >= every);
                        prop_assert!(end.is_none_or(|end| day < end));
                        last = Some(day);
                    }
                    Act::Expire => ended = true,
                }
            }
            prop_assert!(nudge.reminded <= MOST);
        }
    }
}
