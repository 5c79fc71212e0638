//! Drop links: what one takes, for how long, and from whom.

use chrono::{DateTime, TimeDelta, Utc};
use portico_core::{AccountId, DropLinkId, Email, FolderId, PersonId};
use portico_service::Fields;

use super::{
    idempotency::{NO_KEY, is_key},
    library::{LONGEST_NAME, name},
};
use crate::{content::Accept, error::DocumentsError};

/// Days that a link may last.
pub(crate) const LONGEST_DAYS: i32 = 90;
/// Files that a link may take in all.
pub(crate) const MOST_FILES: i32 = 500;
/// Links to one folder that may take files at the same time.
pub(crate) const MOST_OPEN: i64 = 50;
/// The longest note, in characters.
const LONGEST_NOTE: usize = 1000;
/// The longest name of a sender, in characters.
const LONGEST_SENDER: usize = 100;
/// How long nothing must have come before the firm is told of the next file.
const QUIET: TimeDelta = TimeDelta::minutes(30);

/// What strangers may send: nothing that can act where it is opened.
pub(crate) const ACCEPTED: [Accept; 5] =
    [Accept::Pdf, Accept::Image, Accept::Office, Accept::Zip, Accept::Text];

/// Told to whoever had begun to send a file, once the link takes none any more.
pub(crate) const OVER: &str =
    "This link takes no more files, so that the rest of this one cannot be sent. Ask for another link.";

/// How a link stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DropState {
    Open,
    Expired,
    Full,
    Revoked,
}

/// A link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DropLink {
    pub(crate) id: DropLinkId,
    pub(crate) account_id: AccountId,
    pub(crate) folder_id: FolderId,
    pub(crate) title: String,
    pub(crate) note: String,
    pub(crate) most_files: i32,
    pub(crate) files: i32,
    pub(crate) expires_at: DateTime<Utc>,
    pub(crate) revoked_at: Option<DateTime<Utc>>,
    pub(crate) created_by: PersonId,
    pub(crate) created_by_name: String,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) last_at: Option<DateTime<Utc>>,
}

impl DropLink {
    /// How it stands now.
    pub(crate) fn state(&self, now: DateTime<Utc>) -> DropState {
        if self.revoked_at.is_some() {
            DropState::Revoked
        } else if now >= self.expires_at {
            DropState::Expired
        } else if self.files >= self.most_files {
            DropState::Full
        } else {
            DropState::Open
        }
    }

    /// Whether a file that comes now begins something new, of which the firm is told once.
    pub(crate) fn is_news(&self, now: DateTime<Utc>) -> bool {
        self.last_at.is_none_or(|last| now - last >= QUIET)
    }
}

/// What a new link is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) title: String,
    pub(crate) note: String,
    pub(crate) lasts: TimeDelta,
    pub(crate) most_files: i32,
    pub(crate) key: String,
}

impl Wanted {
    /// Checks what somebody asked for; no number of files stands for the most there may be.
    ///
    /// # Errors
    /// Every field that breaks a rule.
    pub(crate) fn checked(
        title: &str,
        note: &str,
        days: i32,
        most_files: i32,
        key: &str,
    ) -> Result<Self, DocumentsError> {
        let mut fields = Fields::default();
        let title = fields.line("title", title, LONGEST_NAME);
        let note = note.trim().replace("\r\n", "\n");
        if note.chars().count() > LONGEST_NOTE {
            fields.refuse("note", format!("Use at most {LONGEST_NOTE} characters."));
        } else if note.chars().any(|c| c.is_control() && c != '\n') {
            fields.refuse("note", "Use plain text.");
        }
        if !(1..=LONGEST_DAYS).contains(&days) {
            fields.refuse("days", format!("Choose between 1 and {LONGEST_DAYS} days."));
        }
        if !(0..=MOST_FILES).contains(&most_files) {
            fields.refuse("most_files", format!("Enter a number from 1 to {MOST_FILES}, or nothing."));
        }
        if !is_key(key) {
            fields.refuse("idempotency_key", NO_KEY);
        }
        fields.check().map_err(DocumentsError::Invalid)?;
        let most_files = if most_files == 0 { MOST_FILES } else { most_files };
        let lasts = TimeDelta::days(i64::from(days));
        Ok(Self { title, note, lasts, most_files, key: key.to_owned() })
    }

    /// Whether `link` is what these wishes for `folder` have made.
    pub(crate) fn made(&self, link: &DropLink, folder: FolderId) -> bool {
        link.folder_id == folder
            && link.title == self.title
            && link.note == self.note
            && link.most_files == self.most_files
            && link.expires_at - link.created_at == self.lasts
    }
}

/// Who says that they send a file. Nobody has checked it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sender {
    pub(crate) name: String,
    pub(crate) email: Email,
}

impl Sender {
    /// Reads what somebody typed.
    ///
    /// # Errors
    /// Both fields, where both break a rule.
    pub(crate) fn checked(sender_name: &str, sender_email: &str) -> Result<Self, DocumentsError> {
        let mut fields = Fields::default();
        let cleaned = name(sender_name, "sender_name", LONGEST_SENDER);
        if cleaned.is_err() {
            let text = format!("Enter your name, in at most {LONGEST_SENDER} characters.");
            fields.refuse("sender_name", text);
        }
        let email = sender_email.parse::<Email>();
        if email.is_err() {
            fields.refuse("sender_email", "Enter your e-mail address, such as name@example.com.");
        }
        fields.check().map_err(DocumentsError::Invalid)?;
        match (cleaned, email) {
            (Ok(name), Ok(email)) => Ok(Self { name, email }),
            _ => Err(DocumentsError::NotFound),
        }
    }

    /// As it stands beside their files.
    pub(crate) fn label(&self) -> String {
        format!("{} ({})", self.name, self.email)
    }
}

#[cfg(test)]
mod tests {
    use portico_rpc::ServiceError as _;
    use uuid::Uuid;

    use super::*;

    fn link() -> DropLink {
        let at = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        DropLink {
            id: DropLinkId(Uuid::from_u128(1)),
            account_id: AccountId(Uuid::from_u128(2)),
            folder_id: FolderId(Uuid::from_u128(3)),
            title: "Tax papers".to_owned(),
            note: String::new(),
            most_files: 2,
            files: 0,
            expires_at: at + TimeDelta::days(7),
            revoked_at: None,
            created_by: PersonId(Uuid::from_u128(4)),
            created_by_name: "Paul".to_owned(),
            created_at: at,
            last_at: None,
        }
    }

    #[test]
    fn a_link_takes_files_until_it_is_over_full_or_ended() {
        let mut link = link();
        let now = link.created_at;
        assert_eq!(link.state(now), DropState::Open);
        assert_eq!(link.state(link.expires_at - TimeDelta::milliseconds(1)), DropState::Open);
        assert_eq!(link.state(link.expires_at), DropState::Expired);
        link.files = 2;
        assert_eq!(link.state(now), DropState::Full);
        link.revoked_at = Some(now);
        assert_eq!(link.state(now), DropState::Revoked);
    }

    #[test]
    fn the_firm_is_told_again_only_after_half_an_hour_of_quiet() {
        let mut link = link();
        let now = link.created_at;
        assert!(link.is_news(now));
        link.last_at = Some(now);
        assert!(!link.is_news(now + TimeDelta::minutes(29)));
        assert!(link.is_news(now + TimeDelta::minutes(30)));
    }

    #[test]
    fn every_wrong_wish_is_named_at_once() {
        let fine = Wanted::checked("  Tax papers ", "a\r\nb", 90, 0, "k").unwrap();
        assert_eq!((fine.title.as_str(), fine.note.as_str()), ("Tax papers", "a\nb"));
        assert_eq!((fine.most_files, fine.lasts), (MOST_FILES, TimeDelta::days(90)));
        let wrong = Wanted::checked("", &"x".repeat(1001), 91, 501, &"k".repeat(101)).unwrap_err();
        let fields: Vec<_> = wrong.problem().fields.into_iter().map(|field| field.field).collect();
        assert_eq!(fields, ["title", "note", "days", "most_files", "idempotency_key"]);
        assert!(
            Wanted::checked("a", "\u{7}", 1, 1, "").is_err() && Wanted::checked("a", "", 0, 1, "").is_err()
        );
    }

    #[test]
    fn only_the_same_wishes_have_made_a_link() {
        let (made, folder) = (link(), FolderId(Uuid::from_u128(3)));
        let wanted = |title, note, days, most| Wanted::checked(title, note, days, most, "k").unwrap();
        assert!(wanted("Tax papers", "", 7, 2).made(&made, folder));
        assert!(!wanted("Tax papers", "", 7, 2).made(&made, FolderId(Uuid::from_u128(5))));
        for other in [
            wanted("Tax", "", 7, 2),
            wanted("Tax papers", "x", 7, 2),
            wanted("Tax papers", "", 8, 2),
            wanted("Tax papers", "", 7, 0),
        ] {
            assert!(!other.made(&made, folder), "{other:?}");
        }
    }

    #[test]
    fn a_sender_is_named_and_reachable() {
        let sender = Sender::checked(" Ada\u{202e}  Byron\n", "Ada@Example.com").unwrap();
        assert_eq!(sender.label(), "Ada Byron (ada@example.com)");
        let wrong = Sender::checked(" ", "ada").unwrap_err().problem();
        let fields: Vec<_> = wrong.fields.iter().map(|field| field.field.as_str()).collect();
        assert_eq!(fields, ["sender_name", "sender_email"]);
    }
}
