//! A firm's mailbox: what an administrator may ask for, and when it is looked into again.

use chrono::{DateTime, TimeDelta, Utc};
use portico_core::Problem;
use portico_service::Fields;

use super::settings::{Server, ServerWish};

/// The longest name of a folder, in characters.
const MAX_FOLDER: usize = 200;
/// Between two looks that went well.
const REST: TimeDelta = TimeDelta::minutes(3);
/// After looks that came to nothing, in minutes; after the last of them it stays there.
const AFTER_FAILURES: [i64; 4] = [5, 15, 60, 240];
/// Before a mail that could not be taken in is fetched again, in minutes. After the last it is left where it is.
const BEFORE_RETRIES: [i64; 6] = [5, 15, 60, 240, 720, 1440];

/// A firm's mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mailbox {
    pub(crate) server: Server,
    /// The folder that mail is looked for in.
    pub(crate) folder: String,
    /// Where mails go once they were taken in; empty where they stay and are marked as read.
    pub(crate) done_folder: String,
    /// Grows with every change.
    pub(crate) version: i32,
}

/// How far a folder was looked through.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// The validity of its ids; 0 before the first look.
    pub(crate) validity: u32,
    /// The id of the last mail that was looked at.
    pub(crate) uid: u32,
}

/// What an administrator is told of a mailbox.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    /// When it was last tried.
    pub(crate) tried_at: Option<DateTime<Utc>>,
    /// When it was last looked through to the end.
    pub(crate) looked_at: Option<DateTime<Utc>>,
    pub(crate) next_at: Option<DateTime<Utc>>,
    /// Why the last look came to nothing, in a word; empty where it went well.
    pub(crate) reason: String,
    /// What the server said then.
    pub(crate) answer: String,
    /// How many mails were taken in.
    pub(crate) taken: i64,
    /// How many mails wait for something that was away.
    pub(crate) waiting: i64,
}

/// When a mailbox is looked into again after `failures` looks in a row that came to nothing.
pub(crate) fn next_look(failures: i32, now: DateTime<Utc>) -> DateTime<Utc> {
    now + delay(&AFTER_FAILURES, failures).unwrap_or(REST)
}

/// When a mail is fetched again that could not be taken in at `attempts` attempts; none where it is given up.
pub(crate) fn next_attempt(attempts: i32, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let known = usize::try_from(attempts).is_ok_and(|attempts| attempts <= BEFORE_RETRIES.len());
    known.then(|| delay(&BEFORE_RETRIES, attempts).map(|wait| now + wait)).flatten()
}

fn delay(minutes: &[i64], count: i32) -> Option<TimeDelta> {
    let at = usize::try_from(count).ok()?.checked_sub(1)?;
    minutes.get(at).or(minutes.last()).map(|minutes| TimeDelta::minutes(*minutes))
}

/// What an administrator asks for.
#[derive(Debug, Clone, Default)]
pub(crate) struct MailboxWish {
    pub(crate) server: ServerWish,
    pub(crate) folder: String,
    pub(crate) done_folder: String,
}

impl MailboxWish {
    /// The mailbox that follows from `now`, or every field at fault. A new password is still in `self`: it is sealed by the caller.
    ///
    /// `local_servers` says whether a server may do without TLS, which only one on this machine can.
    pub(crate) fn check(&self, now: Option<&Mailbox>, local_servers: bool) -> Result<Mailbox, Problem> {
        let mut fields = Fields::default();
        let server = self.server.check(now.map(|now| &now.server), local_servers, &mut fields);
        if server.port == 0 {
            fields.refuse("server_port", "Enter the port: mostly 993 with TLS, or 143 with STARTTLS.");
        }
        if server.user.is_empty() && self.server.password.is_empty() {
            fields.refuse("server_user", "Enter the name that the mailbox is opened with.");
        }
        let folder = match self.folder.trim() {
            "" => "INBOX".to_owned(),
            folder => folder_name(folder, "folder", &mut fields),
        };
        let done_folder = match self.done_folder.trim() {
            "" => String::new(),
            folder => folder_name(folder, "done_folder", &mut fields),
        };
        if done_folder.eq_ignore_ascii_case(&folder) {
            fields.refuse("done_folder", "Name another folder than the one that mail comes to.");
        }
        fields.check()?;
        Ok(Mailbox { server, folder, done_folder, version: now.map_or(1, |now| now.version + 1) })
    }
}

impl Mailbox {
    /// Whether `other` is another place, so that nothing that is known of this one's mails holds there.
    pub(crate) fn is_elsewhere(&self, other: &Self) -> bool {
        let place = |mailbox: &Self| {
            let Server { host, port, user, .. } = mailbox.server.clone();
            (host, port, user, mailbox.folder.clone())
        };
        place(self) != place(other)
    }
}

/// Names of folders with other letters are written in a way of their own (RFC 3501, 5.1.3), and some signs stand for several folders.
fn folder_name(name: &str, field: &str, fields: &mut Fields) -> String {
    let plain = name.chars().all(|letter| (' '..='~').contains(&letter) && !"\"\\%*&".contains(letter));
    if !plain || name.chars().count() > MAX_FOLDER {
        fields.refuse(field, "Use letters without accents, digits, spaces and . - _ / alone.");
    }
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish() -> MailboxWish {
        MailboxWish {
            server: ServerWish {
                host: "imap.example.com".to_owned(),
                port: 993,
                security: "tls".to_owned(),
                user: "in".to_owned(),
                password: "hunter2".to_owned(),
            },
            ..MailboxWish::default()
        }
    }

    fn faults(wish: &MailboxWish, now: Option<&Mailbox>) -> Vec<String> {
        let refused = wish.check(now, false).err();
        refused.map(|problem| problem.fields.into_iter().map(|at| at.field).collect()).unwrap_or_default()
    }

    #[test]
    fn a_mailbox_is_checked_as_a_whole() {
        let mailbox = wish().check(None, false).unwrap();
        assert_eq!(
            (mailbox.folder.as_str(), mailbox.done_folder.as_str(), mailbox.version),
            ("INBOX", "", 1)
        );
        let wrong = MailboxWish {
            server: ServerWish::default(),
            folder: "Lis*".to_owned(),
            done_folder: "Erledigt\r\nA1 DELETE INBOX".to_owned(),
        };
        assert_eq!(
            faults(&wrong, None),
            ["server_host", "server_security", "server_port", "server_user", "folder", "done_folder"]
        );
        let same = MailboxWish { done_folder: "inbox".to_owned(), ..wish() };
        assert_eq!(faults(&same, None), ["done_folder"]);
    }

    #[test]
    fn a_password_stays_with_its_mailbox_and_places_with_theirs() {
        let mut now = wish().check(None, false).unwrap();
        now.server.password = Some(vec![1]);
        let mut again = wish();
        again.server.password.clear();
        assert_eq!(again.check(Some(&now), false).unwrap().server, now.server);
        again.server.host = "imap.evil.example".to_owned();
        assert_eq!(faults(&again, Some(&now)), ["server_password"]);
        let mut moved = now.clone();
        assert!(!now.is_elsewhere(&moved));
        moved.folder = "Other".to_owned();
        assert!(now.is_elsewhere(&moved));
    }

    #[test]
    fn what_fails_is_tried_more_and_more_seldom() {
        let now = DateTime::UNIX_EPOCH;
        let minutes = |failures| (next_look(failures, now) - now).num_minutes();
        assert_eq!([0, 1, 2, 3, 4, 5, 99].map(minutes), [3, 5, 15, 60, 240, 240, 240]);
        let attempts = |attempts| next_attempt(attempts, now).map(|at| (at - now).num_minutes());
        assert_eq!([1, 2, 6, 7].map(attempts), [Some(5), Some(15), Some(1440), None]);
    }
}
