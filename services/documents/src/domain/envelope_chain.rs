//! What happened to an envelope, as a chain in which nothing can be changed or left out unseen.

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use portico_core::PersonId;

use crate::seal::chained;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EventKind {
    /// The envelope was made.
    Prepared,
    /// Somebody was asked to act.
    Sent,
    /// The document's pages were shown to somebody whose turn it was.
    Opened,
    /// Somebody agreed to sign electronically.
    Consented,
    /// Somebody signed.
    Signed,
    /// Somebody approved.
    Approved,
    /// Somebody gave their place to another.
    Delegated,
    /// Somebody whose turn it is was reminded.
    Reminded,
    /// Somebody's time to sign ran out.
    Expired,
    /// Somebody was given more time.
    Extended,
    /// The firm placed fields on the documents, or took them away.
    Placed,
    /// Somebody filled in a field.
    Filled,
}

impl EventKind {
    /// The word that stands in the database and in the file.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Prepared => "prepared",
            Self::Sent => "sent",
            Self::Opened => "opened",
            Self::Consented => "consented",
            Self::Signed => "signed",
            Self::Approved => "approved",
            Self::Delegated => "delegated",
            Self::Reminded => "reminded",
            Self::Expired => "expired",
            Self::Extended => "extended",
            Self::Placed => "placed",
            Self::Filled => "filled",
        }
    }

    /// What the certificate prints before the text.
    pub(crate) fn shown(word: &str) -> &'static str {
        match word {
            "prepared" => "Prepared for signature",
            "sent" => "Sent",
            "opened" => "Opened",
            "consented" => "Agreed to sign electronically",
            "signed" => "Signed",
            "approved" => "Approved",
            "delegated" => "Given to somebody else",
            "reminded" => "Reminded",
            "expired" => "Time to sign ran out",
            "extended" => "Given more time",
            "placed" => "Fields placed",
            "filled" => "Filled in",
            _ => "Changed",
        }
    }
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// From 1, without gaps.
    pub(crate) number: i32,
    pub(crate) at: DateTime<Utc>,
    /// The word of an [`EventKind`].
    pub(crate) kind: String,
    /// Who or what about, as the certificate prints it.
    pub(crate) text: String,
    pub(crate) person: Option<PersonId>,
    pub(crate) sha256: String,
}

/// The entries of an envelope, first to last.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Chain {
    pub(crate) entries: Vec<Entry>,
    /// How many of them are written down already.
    written: usize,
}

impl Chain {
    /// What was written down.
    pub(crate) const fn of(entries: Vec<Entry>) -> Self {
        let written = entries.len();
        Self { entries, written }
    }

    /// How many entries are written down.
    pub(crate) const fn written(&self) -> usize {
        self.written
    }

    /// The entries that are not written down yet.
    pub(crate) fn new_entries(&self) -> &[Entry] {
        self.entries.get(self.written..).unwrap_or_default()
    }

    /// Adds what happened at `at`.
    pub(crate) fn push(&mut self, at: DateTime<Utc>, kind: EventKind, text: &str, person: Option<PersonId>) {
        // As exact as the database keeps it, so that the hash can be computed again from what it gives back.
        let at = at.duration_trunc(TimeDelta::microseconds(1)).unwrap_or(at);
        let previous = self.entries.last().map_or("", |last| last.sha256.as_str());
        let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let sha256 = chained(previous, at, kind.word(), &text);
        let number = i32::try_from(self.entries.len() + 1).unwrap_or(i32::MAX);
        self.entries.push(Entry { number, at, kind: kind.word().to_owned(), text, person, sha256 });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_down_goes_on_where_it_ended() {
        let at = |second: i64| DateTime::from_timestamp(1_800_000_000 + second, 1_999).unwrap();
        let mut chain = Chain::default();
        chain.push(at(0), EventKind::Prepared, "Data agreement", None);
        chain.push(at(1), EventKind::Sent, "Ana\nRuiz", None);
        assert_eq!((chain.written(), chain.new_entries().len()), (0, 2));
        assert_eq!(chain.entries[1].text, "Ana Ruiz", "a line break would end the text in its hash");
        assert_eq!(chain.entries[0].at, DateTime::from_timestamp(1_800_000_000, 1_000).unwrap());
        let mut kept = Chain::of(chain.entries.clone());
        for chain in [&mut kept, &mut chain] {
            chain.push(at(2), EventKind::Signed, "Ana Ruiz", None);
        }
        assert_eq!(kept.new_entries(), &chain.entries[2..]);
        assert_eq!(kept.entries[2].number, 3);
    }
}
