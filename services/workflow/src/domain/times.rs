//! Until when a time that is offered can be chosen.

use chrono::{DateTime, TimeDelta, Utc};

/// The last moment at which one of these can still be chosen: a time is given by its beginning and whether its host is free, and
/// must be chosen earlier than it begins by more than `notice`. Nothing where none can be.
pub(crate) fn last_chance(
    times: impl IntoIterator<Item = (DateTime<Utc>, bool)>,
    notice: TimeDelta,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let free = times.into_iter().filter(|(_, free)| *free);
    free.filter_map(|(start, _)| start.checked_sub_signed(notice)).filter(|until| *until > now).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_free_times_with_enough_notice_count() {
        let now = DateTime::from_timestamp(1_800_003_600, 0).unwrap();
        let hours = TimeDelta::hours;
        let last = |times: &[(i64, bool)]| {
            last_chance(times.iter().map(|(at, free)| (now + hours(*at), *free)), hours(24), now)
        };
        assert_eq!(last(&[(25, true), (48, true), (72, false)]), Some(now + hours(24)));
        assert_eq!(last(&[(24, true), (72, false)]), None);
        assert_eq!(last(&[]), None);
    }
}
