//! How often something may be tried.

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tried {
    /// Wrong passwords for one mail address.
    Password,
    /// Wrong passwords from one network address.
    Address,
    /// Links asked for by mail.
    Link,
    /// Links asked for by mail, for whomever, from one network address.
    LinkAddress,
}

impl Tried {
    /// The word that stands in the database.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Address => "address",
            // The subjects tell the two apart: a network is no mail address.
            Self::Link | Self::LinkAddress => "link",
        }
    }

    /// How many tries there are within [`window`].
    pub(crate) const fn limit(self) -> usize {
        match self {
            Self::Password => 10,
            Self::Address => 50,
            Self::Link => 5,
            Self::LinkAddress => 30,
        }
    }
}

/// The time within which tries are counted. It slides, and a refused try does not count, so that nobody can keep
/// another out for good.
pub(crate) const fn window() -> TimeDelta {
    TimeDelta::minutes(15)
}

/// How long to wait for the next try; none where there is one left. `tries` are those within the window, oldest first.
pub(crate) fn wait(tried: Tried, tries: &[DateTime<Utc>], now: DateTime<Utc>) -> Option<TimeDelta> {
    let first_that_counts = tries.len().checked_sub(tried.limit())?;
    tries.get(first_that_counts).map(|oldest| *oldest + window() - now)
}

/// The network that an address stands for in the counters: one subscriber of IPv6 has a whole /64 to choose from.
pub(crate) fn network(address: &str) -> String {
    match address.parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        Ok(IpAddr::V4(address)) => address.to_string(),
        Err(_) => address.to_owned(),
    }
}

/// What a subject is known by in the counters: the addresses themselves are not kept.
pub(crate) fn subject(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subscriber_of_ipv6_is_one_network() {
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), network("2001:db8:1:2::9"));
        assert_ne!(network("2001:db8:1:2::9"), network("2001:db8:1:3::9"));
        assert_eq!(network("::ffff:192.0.2.7"), network("192.0.2.7"));
        assert_ne!(network("192.0.2.7"), network("192.0.2.8"));
    }

    #[test]
    fn the_window_slides() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::hours(1);
        let tries: Vec<_> = (0..10).map(|minute| now - TimeDelta::minutes(14 - minute)).collect();
        assert_eq!(wait(Tried::Password, &tries[..9], now), None);
        assert_eq!(wait(Tried::Password, &tries, now), Some(TimeDelta::minutes(1)));
        assert_eq!(wait(Tried::Address, &tries, now), None);
        assert_eq!(wait(Tried::Link, &tries, now), Some(TimeDelta::minutes(6)));
    }
}
