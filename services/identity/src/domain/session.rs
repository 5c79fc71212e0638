//! Signed-in browsers.

use chrono::{DateTime, TimeDelta, Utc};
use portico_core::{PersonId, SessionId};

/// The longest User-Agent that is kept, in characters.
const MOST_USER_AGENT: usize = 300;

/// A session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Session {
    pub(crate) id: SessionId,
    pub(crate) person_id: PersonId,
    /// What forms of this session carry.
    pub(crate) form_secret: String,
    pub(crate) user_agent: String,
    /// Of the last use.
    pub(crate) address: String,
    pub(crate) created_at: DateTime<Utc>,
    /// To the minute.
    pub(crate) last_used_at: DateTime<Utc>,
    pub(crate) ended_at: Option<DateTime<Utc>>,
}

/// How long a session lives.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lifetimes {
    /// Without use.
    pub(crate) idle: TimeDelta,
    /// With use.
    pub(crate) absolute: TimeDelta,
}

impl Session {
    /// Whether the session still counts at `now`.
    pub(crate) fn is_live(&self, now: DateTime<Utc>, lifetimes: Lifetimes) -> bool {
        self.ended_at.is_none()
            && now < self.last_used_at + lifetimes.idle
            && now < self.created_at + lifetimes.absolute
    }

    /// Whether this use must be written down: uses are kept to the minute.
    pub(crate) fn is_news(&self, now: DateTime<Utc>, address: &str) -> bool {
        now >= self.last_used_at + TimeDelta::minutes(1) || (!address.is_empty() && address != self.address)
    }
}

/// Where a sign-in comes from, as far as it is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Device {
    pub(crate) user_agent: String,
    pub(crate) address: String,
}

impl Device {
    /// Cuts what a browser says of itself to what is kept. An address that is none is left out.
    pub(crate) fn new(user_agent: &str, address: &str) -> Self {
        let is_address = address.parse::<std::net::IpAddr>().is_ok();
        Self {
            user_agent: user_agent.chars().filter(|c| !c.is_control()).take(MOST_USER_AGENT).collect(),
            address: if is_address { address.to_owned() } else { String::new() },
        }
    }
}

/// The browser in words, such as `Firefox on Linux`.
pub(crate) fn device_in_words(user_agent: &str) -> String {
    const BROWSERS: [(&str, &str); 6] = [
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("FxiOS/", "Firefox"),
        ("Chrom", "Chrome"),
        ("Safari/", "Safari"),
    ];
    const SYSTEMS: [(&str, &str); 6] = [
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS X", "Mac"),
        ("Linux", "Linux"),
    ];
    let find = |words: &[(&str, &'static str)]| {
        words.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, word)| *word)
    };
    match (find(&BROWSERS), find(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(word), None) | (None, Some(word)) => word.to_owned(),
        (None, None) => "A browser".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn n051_a_session_ends_by_the_clock() {
        let start = DateTime::UNIX_EPOCH;
        let lifetimes = Lifetimes { idle: TimeDelta::hours(12), absolute: TimeDelta::days(14) };
        let session = Session {
            id: SessionId(uuid::Uuid::nil()),
            person_id: PersonId(uuid::Uuid::nil()),
            form_secret: String::new(),
            user_agent: String::new(),
            address: String::new(),
            created_at: start,
            last_used_at: start,
            ended_at: None,
        };
        let live = |last_used_at, now| Session { last_used_at, ..session.clone() }.is_live(now, lifetimes);
        assert!(live(start, start + TimeDelta::hours(12) - TimeDelta::seconds(1)));
        assert!(!live(start, start + TimeDelta::hours(12)));
        let late = start + TimeDelta::days(14);
        assert!(live(late - TimeDelta::hours(1), late - TimeDelta::seconds(1)));
        assert!(!live(late - TimeDelta::hours(1), late));
        assert!(!Session { ended_at: Some(start), ..session.clone() }.is_live(start, lifetimes));
        assert!(!session.is_news(start + TimeDelta::seconds(59), ""));
        assert!(session.is_news(start + TimeDelta::seconds(60), ""));
        assert!(session.is_news(start, "192.0.2.1"));
    }

    #[test]
    fn a_device_is_told_in_words_and_cut_short() {
        let phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1";
        assert_eq!(device_in_words(phone), "Safari on iPhone");
        assert_eq!(
            device_in_words("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0"),
            "Firefox on Linux"
        );
        assert_eq!(device_in_words("curl/8"), "A browser");
        let device = Device::new(&"a\n".repeat(400), "evil");
        assert_eq!((device.user_agent.len(), device.address.as_str()), (300, ""));
        assert_eq!(Device::new("", "2001:db8::1").address, "2001:db8::1");
    }
}
