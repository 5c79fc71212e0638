//! How long bytes stay that belong to nothing.
//!
//! A file's way in is: its version gets an id, its bytes are stored, its row is written. The id is a UUIDv7 and tells when
//! that began. A row is refused once the way has taken [`LONGEST_UPLOAD`], and bytes without a row are removed only
//! [`ORPHANS_KEPT`] after it began: what is still on its way is never taken for an orphan, in whichever process it is.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

/// An upload that was given to no message and no record is removed after this time. It is long, since the draft of a
/// form may name the file meanwhile.
pub(crate) const UNBOUND_KEPT: TimeDelta = TimeDelta::days(30);
/// From the moment a version gets its id, its row must be written within this time.
pub(crate) const LONGEST_UPLOAD: TimeDelta = TimeDelta::hours(12);
/// Bytes of which no row tells are removed this long after their version got its id. The difference to
/// [`LONGEST_UPLOAD`] covers a commit under way and clocks that differ.
pub(crate) const ORPHANS_KEPT: TimeDelta = TimeDelta::hours(24);

/// Whether the row of this version may be written at `now`.
pub(crate) fn may_land(version: Uuid, now: DateTime<Utc>) -> bool {
    began(version).is_some_and(|began| now - began <= LONGEST_UPLOAD)
}

/// Whether the bytes of this version can no longer be on their way at `now`: without a row, they never get one.
pub(crate) fn has_landed_or_never_will(version: Uuid, now: DateTime<Utc>) -> bool {
    began(version).is_some_and(|began| now - began > ORPHANS_KEPT)
}

/// When the version got its id; nothing for an id of another kind, which is left alone.
fn began(version: Uuid) -> Option<DateTime<Utc>> {
    let (seconds, nanoseconds) = version.get_timestamp()?.to_unix();
    DateTime::from_timestamp(i64::try_from(seconds).ok()?, nanoseconds)
}

#[cfg(test)]
mod tests {
    use portico_core::{Entropy as _, SeededEntropy};

    use super::*;

    #[test]
    fn no_moment_is_both_early_enough_to_land_and_late_enough_to_be_removed() {
        let start = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let version = SeededEntropy::new(1).uuid(start);
        for hours in 0..100 {
            let now = start + TimeDelta::hours(hours);
            assert!(!(may_land(version, now) && has_landed_or_never_will(version, now)), "{hours} hours");
        }
        assert!(may_land(version, start + LONGEST_UPLOAD));
        assert!(!may_land(version, start + LONGEST_UPLOAD + TimeDelta::seconds(1)));
        assert!(!has_landed_or_never_will(version, start + ORPHANS_KEPT));
        assert!(has_landed_or_never_will(version, start + ORPHANS_KEPT + TimeDelta::seconds(1)));
        assert!(ORPHANS_KEPT >= LONGEST_UPLOAD + TimeDelta::hours(6), "room for clocks that differ");
    }

    #[test]
    fn an_id_that_tells_no_time_is_left_alone() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        assert!(!has_landed_or_never_will(Uuid::nil(), now) && !may_land(Uuid::nil(), now));
    }
}
