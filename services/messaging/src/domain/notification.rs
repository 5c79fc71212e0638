//! What people are told in the app.

use chrono::{DateTime, Utc};
use portico_core::{AccountId, NotificationId, PersonId, ThreadId};

/// Something that a person was told in the app.
#[derive(Debug, Clone)]
pub(crate) struct Notification {
    pub(crate) id: NotificationId,
    pub(crate) person_id: PersonId,
    pub(crate) account_id: Option<AccountId>,
    /// The thread it is about; reading the thread reads the notification.
    pub(crate) thread_id: Option<ThreadId>,
    pub(crate) subject: String,
    pub(crate) body: String,
    /// A path on the firm's host, or empty.
    pub(crate) link: String,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) read: bool,
}

/// The same text on one line, fit for a subject.
pub(crate) fn one_line(text: &str) -> String {
    text.split(|letter: char| letter.is_whitespace() || letter.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// The path if it is one on the firm's own host; empty otherwise.
pub(crate) fn own_path(link: &str) -> &str {
    let own = link.starts_with('/')
        && !link.starts_with("//")
        && !link.contains(|letter: char| letter == '\\' || letter.is_control() || letter.is_whitespace());
    if own { link } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_one_line() {
        assert_eq!(one_line(" Ready\r\nBcc: eve@evil.example \u{7} now"), "Ready Bcc: eve@evil.example now");
    }

    #[test]
    fn links_stay_on_the_firms_host() {
        assert_eq!(own_path("/runs/1?tab=2#x"), "/runs/1?tab=2#x");
        for foreign in ["", "runs/1", "//evil.example", "https://evil.example", "/\\evil.example", "/a b"] {
            assert_eq!(own_path(foreign), "", "{foreign}");
        }
    }
}
