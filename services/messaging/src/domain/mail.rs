//! Mails: their kinds, how they stand, and when a failed attempt is repeated.

use chrono::{DateTime, TimeDelta, Utc};
use portico_core::{AccountId, MailId, NotificationId, PersonId, ThreadId};
use uuid::Uuid;

use super::{preferences::Way, settings::domain_of};

/// The waits before the second to the sixth attempt. After that a mail has failed.
const BACK_OFF: [TimeDelta; 5] = [
    TimeDelta::minutes(1),
    TimeDelta::minutes(5),
    TimeDelta::minutes(30),
    TimeDelta::hours(2),
    TimeDelta::hours(6),
];

/// The kinds that a notice may have.
const NOTICE_KINDS: [&str; 7] =
    ["security", "task", "reminder", "escalation", "notice", "meeting", "message"];

/// How a mail stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Waits to be sent, or to be tried again.
    Queued,
    /// The mail server took it, or it lies in the development mailbox.
    Sent,
    /// Refused for good, tried too often, or of no use any more.
    Failed,
}

impl State {
    /// The word in the database and in events.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Failed => "failed",
        }
    }

    /// The state that a word stands for.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        [Self::Queued, Self::Sent, Self::Failed].into_iter().find(|state| state.as_str() == word)
    }
}

/// What was sent, as it lies in the development mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Parts {
    pub(crate) text: String,
    pub(crate) html: String,
    /// With all headers.
    pub(crate) source: String,
}

/// A mail to one person.
#[derive(Debug, Clone)]
pub(crate) struct Mail {
    pub(crate) id: MailId,
    /// invitation, sign_in, security, task, reminder, escalation, notice, meeting, message or test.
    pub(crate) kind: String,
    pub(crate) account_id: Option<AccountId>,
    pub(crate) person_id: Option<PersonId>,
    pub(crate) to_address: String,
    pub(crate) subject: String,
    /// Finished plain text; empty where the kind has words of its own. For an invitation the sentence of the inviter.
    pub(crate) body: String,
    /// A path on the firm's host, or empty.
    pub(crate) link: String,
    pub(crate) link_text: String,
    /// An iCalendar file, or empty.
    pub(crate) calendar: String,
    pub(crate) reply_to: Option<PersonId>,
    pub(crate) link_id: Option<Uuid>,
    pub(crate) thread_id: Option<ThreadId>,
    /// By itself, or as a line of the day's digest.
    pub(crate) way: Way,
    /// What the person was told in the app about the same.
    pub(crate) notification_id: Option<NotificationId>,
    pub(crate) state: State,
    /// What went wrong last.
    pub(crate) error: String,
    pub(crate) attempts: i32,
    /// When it is to be tried next.
    pub(crate) due_at: DateTime<Utc>,
    pub(crate) fence: i32,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) sent_at: Option<DateTime<Utc>>,
    pub(crate) parts: Option<Parts>,
}

impl Mail {
    /// A mail that waits to be sent now, without words yet.
    pub(crate) fn draft(id: MailId, kind: &str, to_address: String, now: DateTime<Utc>) -> Self {
        Self {
            id,
            kind: kind.to_owned(),
            account_id: None,
            person_id: None,
            to_address,
            subject: String::new(),
            body: String::new(),
            link: String::new(),
            link_text: String::new(),
            calendar: String::new(),
            reply_to: None,
            link_id: None,
            thread_id: None,
            way: Way::Now,
            notification_id: None,
            state: State::Queued,
            error: String::new(),
            attempts: 0,
            due_at: now,
            fence: 0,
            created_at: now,
            sent_at: None,
            parts: None,
        }
    }
}

/// How an attempt to send a mail went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Taken; with what was sent, where it is kept.
    Sent(Option<Parts>),
    /// Not yet: the reason, for staff.
    Later(String),
    /// Never: the reason, for staff.
    Never(String),
    /// Of no use any more, and never worth a word: it leaves no trace.
    Pointless,
}

/// How a mail stands after an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) state: State,
    pub(crate) error: String,
    pub(crate) due_at: DateTime<Utc>,
}

/// What follows from a failed attempt, the `attempts`-th: another one later, or the end.
pub(crate) fn after_failure(attempts: i32, for_good: bool, reason: String, now: DateTime<Utc>) -> Verdict {
    let pause = usize::try_from(attempts - 1).ok().and_then(|index| BACK_OFF.get(index));
    match pause {
        Some(pause) if !for_good => Verdict { state: State::Queued, error: reason, due_at: now + *pause },
        _ => Verdict { state: State::Failed, error: reason, due_at: now },
    }
}

/// The kind of a notice's mail; one that is not known is a plain notice.
pub(crate) fn notice_kind(kind: &str) -> &'static str {
    NOTICE_KINDS.into_iter().find(|known| *known == kind).unwrap_or("notice")
}

/// The Message-ID of a mail: the same however often it is sent, under the sender's own domain.
pub(crate) fn message_id(id: MailId, sender_address: &str) -> String {
    format!("<{id}@{}>", domain_of(sender_address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_is_tried_six_times_and_then_has_failed() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let minutes = |attempts| {
            let verdict = after_failure(attempts, false, "away".to_owned(), now);
            assert_eq!(verdict.error, "away");
            (verdict.state == State::Queued).then(|| (verdict.due_at - now).num_minutes())
        };
        let waits: Vec<_> = (1..=6).map(minutes).collect();
        assert_eq!(waits, [Some(1), Some(5), Some(30), Some(120), Some(360), None]);
        assert_eq!(after_failure(1, true, "550 no".to_owned(), now).state, State::Failed);
    }

    #[test]
    fn a_message_id_names_the_mail_and_the_senders_domain() {
        let id = MailId(Uuid::nil());
        assert_eq!(
            message_id(id, "office@northwind.example"),
            "<00000000-0000-0000-0000-000000000000@northwind.example>"
        );
    }

    #[test]
    fn words_and_states_belong_together() {
        for state in [State::Queued, State::Sent, State::Failed] {
            assert_eq!(State::from_word(state.as_str()), Some(state));
        }
        assert_eq!(State::from_word("lost"), None);
        assert_eq!((notice_kind("meeting"), notice_kind("sign_in")), ("meeting", "notice"));
    }
}
