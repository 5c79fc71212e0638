//! How long pages were before somebody, as a browser tells it and as far as that can be.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

/// Pages in one message of a browser.
pub(crate) const MOST_PAGES: usize = 50;
/// A page beyond this is none of a file whose pages nobody counted.
const LAST_PAGE: i32 = 10_000;
/// The longest time that one message can tell of: browsers send one every few seconds.
const LONGEST: TimeDelta = TimeDelta::seconds(60);
/// What clocks and lines may be off by.
const GRACE: TimeDelta = TimeDelta::seconds(5);

/// The seconds of each page that are believed: of pages that the file has, and together no more than has passed since `since`,
/// when this reader was last heard of.
pub(crate) fn believed(
    told: &[(i32, i32)],
    pages: i32,
    since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> BTreeMap<i32, i32> {
    let last = if pages > 0 { pages } else { LAST_PAGE };
    let passed = (now - since + GRACE).clamp(TimeDelta::zero(), LONGEST);
    let mut left = i32::try_from(passed.num_seconds()).unwrap_or_default();
    let mut seconds = BTreeMap::new();
    for (page, told) in told.iter().take(MOST_PAGES).filter(|(page, _)| (1..=last).contains(page)) {
        let counted = (*told).clamp(0, left);
        left -= counted;
        *seconds.entry(*page).or_default() += counted;
    }
    seconds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_reads_longer_than_time_has_passed_nor_pages_that_are_not_there() {
        let start = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let at = |seconds| start + TimeDelta::seconds(seconds);
        let of = |pairs: &[(i32, i32)]| pairs.iter().copied().collect::<BTreeMap<_, _>>();
        assert_eq!(believed(&[(1, 10), (2, 5)], 3, start, at(15)), of(&[(1, 10), (2, 5)]));
        assert_eq!(believed(&[(1, 10), (2, 50)], 3, start, at(15)), of(&[(1, 10), (2, 10)]));
        assert_eq!(believed(&[(1, 9000)], 3, start, at(9000)), of(&[(1, 60)]));
        assert_eq!(believed(&[(4, 10), (0, 10), (-1, 10), (1, -5)], 3, start, at(15)), of(&[(1, 0)]));
        assert_eq!(believed(&[(7, 3)], 0, start, at(15)), of(&[(7, 3)]));
        assert!(believed(&[(1, 5)], 3, at(60), start).values().all(|seconds| *seconds == 0));
        assert_eq!(believed(&[(1, 1); 200], 3, start, at(60)), of(&[(1, 50)]));
    }
}
