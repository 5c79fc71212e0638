//! Moments between `chrono` and protobuf.

use chrono::{DateTime, Utc};
use prost_types::Timestamp;

/// A moment as protobuf carries it.
pub fn timestamp(moment: DateTime<Utc>) -> Timestamp {
    Timestamp {
        seconds: moment.timestamp(),
        // A leap second counts up to 2e9 nanoseconds in chrono and must stay below 1e9 in protobuf.
        nanos: i32::try_from(moment.timestamp_subsec_nanos().min(999_999_999)).unwrap_or(0),
    }
}

/// A moment from protobuf; nothing where it is out of range.
pub fn moment(timestamp: &Timestamp) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(timestamp.seconds, u32::try_from(timestamp.nanos).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_survives_the_way_there_and_back() {
        let at = DateTime::from_timestamp(1_800_000_000, 123_456_000).unwrap();
        assert_eq!(moment(&timestamp(at)), Some(at));
        assert_eq!(moment(&Timestamp { seconds: i64::MAX, nanos: 0 }), None);
        assert_eq!(moment(&Timestamp { seconds: 0, nanos: -1 }), None);
    }
}
