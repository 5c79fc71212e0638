//! Threads and messages.

use chrono::{DateTime, TimeDelta, Utc};
use portico_core::{AccountId, Ctx, DocumentId, MessageId, PersonId, RecordId, ThreadId, VersionId};
use portico_service::Fields;

/// The longest message, in characters.
const MAX_BODY: usize = 10_000;
/// The most files of one message.
const MAX_ATTACHMENTS: usize = 10;
/// The beginning of a message in lists, in characters.
const EXCERPT: usize = 140;
/// A person gets at most one mail about a thread in this time.
pub(crate) const MAIL_PAUSE: TimeDelta = TimeDelta::minutes(15);

/// A conversation about a record.
#[derive(Debug, Clone)]
pub(crate) struct Thread {
    pub(crate) id: ThreadId,
    pub(crate) account_id: AccountId,
    pub(crate) record_id: RecordId,
    pub(crate) title: String,
    pub(crate) account_name: String,
}

/// A file of a message.
#[derive(Debug, Clone)]
pub(crate) struct Attachment {
    pub(crate) document_id: DocumentId,
    pub(crate) version_id: VersionId,
    pub(crate) file_name: String,
    pub(crate) size: i64,
}

/// A message.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) id: MessageId,
    pub(crate) thread_id: ThreadId,
    pub(crate) account_id: AccountId,
    pub(crate) author: Author,
    pub(crate) body: String,
    /// A note that never leaves staff.
    pub(crate) internal: bool,
    pub(crate) posted_at: DateTime<Utc>,
    pub(crate) attachments: Vec<Attachment>,
}

/// Who writes.
#[derive(Debug, Clone)]
pub(crate) struct Author {
    pub(crate) id: PersonId,
    pub(crate) name: String,
    /// Whether they are of the firm's side.
    pub(crate) staff: bool,
}

impl Author {
    /// The person who acts; none where it is not a person.
    pub(crate) fn of(ctx: &Ctx) -> Option<Self> {
        Some(Self { id: ctx.actor.person?, name: ctx.actor.name.clone(), staff: ctx.is_internal() })
    }

    /// `staff` or `client`.
    pub(crate) fn kind(&self) -> &'static str {
        if self.staff { "staff" } else { "client" }
    }
}

/// A thread as a list shows it to one reader.
#[derive(Debug, Clone)]
pub(crate) struct Listed {
    pub(crate) thread: Thread,
    pub(crate) unread: i32,
    pub(crate) last_at: Option<DateTime<Utc>>,
    pub(crate) last_text: String,
}

/// Checks what was written: plain text that may be empty only beside files. Notes the fields at fault.
pub(crate) fn check_body(body: &str, attachments: usize, fields: &mut Fields) -> String {
    let body = body.replace("\r\n", "\n");
    let body = body.trim();
    if body.is_empty() && attachments == 0 {
        fields.refuse("body", "Write a message or attach a file.");
    } else if body.chars().count() > MAX_BODY {
        fields.refuse("body", "Use at most 10,000 characters; attach longer texts as a file.");
    } else if body.chars().any(|letter| letter.is_control() && !matches!(letter, '\n' | '\t')) {
        fields.refuse("body", "Use plain text.");
    }
    if attachments > MAX_ATTACHMENTS {
        fields.refuse("attachment_ids", "Attach at most 10 files; send the others with another message.");
    }
    body.to_owned()
}

/// The beginning of a message on one line.
pub(crate) fn excerpt(body: &str) -> String {
    let words: Vec<&str> = body.split_whitespace().collect();
    let line = words.join(" ");
    match line.char_indices().nth(EXCERPT) {
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
        None => line,
    }
}

/// The page of a record's thread.
pub(crate) fn page_of(record: RecordId) -> String {
    format!("/messages/{record}")
}

/// When the next mail about a thread may go to a person who was last written to at `mailed_at`, from `earliest` on.
pub(crate) fn next_mail(mailed_at: Option<DateTime<Utc>>, earliest: DateTime<Utc>) -> DateTime<Utc> {
    mailed_at.map_or(earliest, |last| earliest.max(last + MAIL_PAUSE))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(body: &str, attachments: usize) -> Vec<String> {
        let mut fields = Fields::default();
        check_body(body, attachments, &mut fields);
        fields
            .check()
            .err()
            .map(|problem| problem.fields.into_iter().map(|at| at.field).collect())
            .unwrap_or_default()
    }

    #[test]
    fn a_message_is_text_or_files_within_limits() {
        assert!(faults("Hello\n\tthere", 0).is_empty());
        assert!(faults("  ", 1).is_empty());
        assert!(faults(&"é".repeat(10_000), 10).is_empty());
        assert_eq!(faults(" \n", 0), ["body"]);
        assert_eq!(faults(&"é".repeat(10_001), 11), ["body", "attachment_ids"]);
        assert_eq!(faults("ring\u{7}", 0), ["body"]);
        assert_eq!(check_body(" a\r\nb ", 0, &mut Fields::default()), "a\nb");
    }

    #[test]
    fn lists_show_the_beginning_on_one_line() {
        assert_eq!(excerpt("Hello\n\nthere"), "Hello there");
        let long = excerpt(&"äb ".repeat(200));
        assert!(long.ends_with('…') && long.chars().count() <= 141, "{long}");
    }

    #[test]
    fn mails_about_a_thread_keep_their_distance() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        assert_eq!(next_mail(None, now), now);
        assert_eq!(next_mail(Some(now - TimeDelta::minutes(5)), now), now + TimeDelta::minutes(10));
        assert_eq!(next_mail(Some(now - TimeDelta::minutes(20)), now), now);
    }
}
