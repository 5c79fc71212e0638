//! What a sealed file says of itself to programs: the same as its certificate pages say to people.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// The version of this shape.
pub const FORMAT: u32 = 1;

/// What the certificate says, for programs. It lies in the sealed file as `certificate.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// [`FORMAT`].
    pub format: u32,
    /// The firm's id.
    pub tenant: String,
    /// The firm's name.
    pub firm: String,
    /// The envelope's id.
    pub envelope: String,
    /// The document's name.
    pub title: String,
    /// SHA-256 of the document that was read, in hexadecimal digits.
    pub original_sha256: String,
    /// SHA-256 of the document with everything entered, in hexadecimal digits.
    pub signed_sha256: String,
    /// How many of the file's first bytes are the document with everything entered.
    pub signed_bytes: u64,
    /// The documents that were signed in the same act, each with a seal of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub beside: Vec<PaperFacts>,
    /// Those who took part, in order.
    pub people: Vec<PersonFacts>,
    /// What happened, first to last, each entry bound to the one before.
    pub events: Vec<EventFacts>,
    /// When the file was made.
    pub made_at: DateTime<Utc>,
    /// Whether the seal is one for trying things out.
    pub development: bool,
}

/// Another document of the same envelope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaperFacts {
    /// Its name.
    pub title: String,
    /// SHA-256 as it was read, in hexadecimal digits.
    pub original_sha256: String,
    /// SHA-256 with everything entered, in hexadecimal digits.
    pub signed_sha256: String,
}

/// Somebody who took part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonFacts {
    /// Their name.
    pub name: String,
    /// Their e-mail address.
    pub email: String,
    /// As what they took part: `signer`, `approver`, `viewer` or `copy`.
    pub part: String,
    /// The role's title.
    pub role: String,
    /// Their place in the order, from 1; those with the same number act side by side.
    pub order: i32,
    /// How it was known who they are.
    pub identified: String,
    /// The sentence they agreed to.
    pub consent: String,
    /// SHA-256 of that sentence, in hexadecimal digits.
    pub consent_sha256: String,
    /// When they were asked.
    pub sent_at: Option<DateTime<Utc>>,
    /// When they first opened the document.
    pub opened_at: Option<DateTime<Utc>>,
    /// When they agreed.
    pub consented_at: Option<DateTime<Utc>>,
    /// When they signed or approved.
    pub signed_at: Option<DateTime<Utc>>,
    /// Where they came from.
    pub address: String,
    /// What their browser called itself.
    pub user_agent: String,
    /// Who gave their place to them, where somebody did.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub delegated_by: String,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventFacts {
    /// When.
    pub at: DateTime<Utc>,
    /// What, as a word.
    pub kind: String,
    /// Who or what about, in words.
    pub text: String,
    /// The hash over this entry and the one before; see [`chained`].
    pub sha256: String,
}

/// The hash of an entry: SHA-256 over the previous entry's hash (empty for the first), the moment in microseconds since
/// 1970, the kind and the text, parted by line breaks.
pub fn chained(previous: &str, at: DateTime<Utc>, kind: &str, text: &str) -> String {
    let words = format!("{previous}\n{}\n{kind}\n{text}", at.timestamp_micros());
    hex::encode(Sha256::digest(words.as_bytes()))
}

impl Facts {
    /// Whether every entry follows from the one before.
    pub fn is_chained(&self) -> bool {
        let mut previous = "";
        self.events.iter().all(|event| {
            let follows = event.sha256 == chained(previous, event.at, &event.kind, &event.text);
            previous = &event.sha256;
            follows
        })
    }

    /// Whether the file's first bytes are the document that the certificate names.
    pub fn fits(&self, file: &[u8]) -> bool {
        let length = usize::try_from(self.signed_bytes).unwrap_or(usize::MAX);
        file.get(..length).is_some_and(|signed| hex::encode(Sha256::digest(signed)) == self.signed_sha256)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_breaks_where_something_was_changed_left_out_or_moved() {
        let at = |second: i64| DateTime::from_timestamp(1_800_000_000 + second, 5_000).unwrap();
        let mut events: Vec<EventFacts> = Vec::new();
        for (second, kind) in [(0, "sent"), (10, "opened"), (20, "signed")] {
            let sha256 = chained(events.last().map_or("", |last| &last.sha256), at(second), kind, "Ana");
            events.push(EventFacts { at: at(second), kind: kind.to_owned(), text: "Ana".to_owned(), sha256 });
        }
        let facts = Facts {
            format: FORMAT,
            tenant: String::new(),
            firm: String::new(),
            envelope: String::new(),
            title: String::new(),
            original_sha256: String::new(),
            signed_sha256: hex::encode(Sha256::digest(b"abc")),
            signed_bytes: 3,
            beside: Vec::new(),
            people: Vec::new(),
            events,
            made_at: at(30),
            development: false,
        };
        assert!(facts.is_chained() && facts.fits(b"abcdef") && !facts.fits(b"abXdef") && !facts.fits(b"ab"));
        for spoil in [
            |events: &mut Vec<EventFacts>| events[1].text.push('!'),
            |events: &mut Vec<EventFacts>| drop(events.remove(1)),
            |events: &mut Vec<EventFacts>| events.swap(1, 2),
            |events: &mut Vec<EventFacts>| events[0].at += chrono::TimeDelta::seconds(1),
        ] {
            let mut spoiled = facts.clone();
            spoil(&mut spoiled.events);
            assert!(!spoiled.is_chained());
        }
    }
}
