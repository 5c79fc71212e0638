//! What is true of a file that somebody brings, without trusting a byte of it.
//!
//! Nothing of the file is parsed before its seal holds: the search for a seal looks at bytes only, and what holds is a file
//! that this installation wrote. So a file made to harm a reader of PDF meets none.

use std::ops::Range;

use chrono::{DateTime, Utc};
use der::Encode as _;
use sha2::{Digest as _, Sha256};
use x509_cert::Certificate;

use super::{
    cms,
    facts::Facts,
    key::{SHA256, moment},
    pdf, timestamp,
};

/// Seals that are looked at in one file, from its end.
const MOST: usize = 8;
/// The largest seal, in hexadecimal digits.
const LONGEST: usize = 256 * 1024;

/// A seal that was found in a file, made by the key of the certificate it brings. Whether it fits the file is another
/// question, and whose certificate that is as well.
#[derive(Debug, Clone)]
pub struct Found {
    /// SHA-256 of the certificate.
    pub fingerprint: [u8; 32],
    certificate: Certificate,
    hole: Range<usize>,
    end: usize,
    digest: Vec<u8>,
    in_our_form: bool,
    timestamp: Option<DateTime<Utc>>,
}

impl Found {
    /// Where the seal lies in the file, brackets included.
    #[cfg(test)]
    pub(super) fn room(&self) -> Range<usize> {
        self.hole.clone()
    }
}

/// A seal of ours in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ours {
    /// Whose seal it is, as its certificate says.
    pub subject: String,
    /// When, by the authority's clock, where one was asked.
    pub timestamp_at: Option<DateTime<Utc>>,
    /// Whether the certificate was not valid when the file was sealed.
    pub out_of_time: bool,
    /// What the file says of itself.
    pub facts: Facts,
}

/// What is true of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// It carries no digital signature that can be read.
    Unsealed,
    /// It carries a digital signature, and not one of this firm's seals.
    Foreign,
    /// It carries a seal of ours that belongs to other bytes: it was changed, or the seal comes from another file.
    Altered {
        /// Whose seal it is, as its certificate says.
        subject: String,
    },
    /// Its first part is as it was sealed, and something was added behind it.
    Extended(Box<Ours>),
    /// The whole file is as it was sealed.
    Sealed(Box<Ours>),
}

/// The seals in a file, the last first; at most eight.
pub fn examine(bytes: &[u8]) -> Vec<Found> {
    const NAME: &[u8] = b"/ByteRange";
    let mut found = Vec::new();
    let mut end = bytes.len();
    let mut looked_at = 0;
    while looked_at < 4 * MOST
        && found.len() < MOST
        && let Some(at) = rposition(&bytes[..end], NAME)
    {
        end = at;
        looked_at += 1;
        found.extend(numbers(&bytes[at + NAME.len()..]).and_then(|range| seal(bytes, range)));
    }
    found
}

fn rposition(bytes: &[u8], name: &[u8]) -> Option<usize> {
    bytes.windows(name.len()).rposition(|window| window == name)
}

/// `[0 n n n]` at the start of the bytes.
fn numbers(bytes: &[u8]) -> Option<[usize; 4]> {
    let text = &bytes[..bytes.len().min(120)];
    let open = text.iter().position(|byte| !byte.is_ascii_whitespace())?;
    let text = text[open..].strip_prefix(b"[")?;
    let close = text.iter().position(|byte| *byte == b']')?;
    let numbers: Option<Vec<usize>> = str::from_utf8(&text[..close])
        .ok()?
        .split_ascii_whitespace()
        .map(|number| number.parse().ok())
        .collect();
    numbers?.try_into().ok()
}

/// The seal in the hole that the numbers leave.
fn seal(bytes: &[u8], [start, before, after, rest]: [usize; 4]) -> Option<Found> {
    let end = after.checked_add(rest)?;
    if start != 0 || before >= after || end > bytes.len() || after - before > LONGEST {
        return None;
    }
    // Only digits, as we write them: else whatever lies in the hole could be read as something that nobody sealed.
    let digits = bytes[before..after].strip_prefix(b"<")?.strip_suffix(b">")?;
    if digits.iter().any(u8::is_ascii_uppercase) {
        return None;
    }
    let found = cms::read(&hex::decode(digits).ok()?)?;
    if found.hash != SHA256 {
        return None;
    }
    let stamped = found.token.as_ref().and_then(|token| timestamp::read(token, &found.signature));
    Some(Found {
        fingerprint: Sha256::digest(found.certificate.to_der().ok()?).into(),
        certificate: found.certificate,
        hole: before..after,
        end,
        digest: found.digest,
        in_our_form: found.in_our_form,
        timestamp: stamped.map(|(at, _)| at),
    })
}

/// What is true of a file with these seals for the firm `tenant`. `ours` holds the fingerprints of the firm's seals.
pub fn judge(bytes: &[u8], found: &[Found], ours: &[[u8; 32]], tenant: &str) -> Finding {
    let mut altered = None;
    let mut extended = None;
    for seal in found.iter().filter(|seal| ours.contains(&seal.fingerprint)) {
        let mut hash = Sha256::new();
        hash.update(&bytes[..seal.hole.start]);
        hash.update(&bytes[seal.hole.end..seal.end]);
        let subject = seal.certificate.tbs_certificate.subject.to_string();
        if hash.finalize().as_slice() != seal.digest || !seal.in_our_form {
            altered.get_or_insert(Finding::Altered { subject });
            continue;
        }
        // From here on these are bytes that this installation wrote.
        let facts =
            pdf::facts(&bytes[..seal.end]).and_then(|facts| serde_json::from_slice::<Facts>(&facts).ok());
        let Some(facts) = facts.filter(|facts| facts.tenant == tenant) else { continue };
        let validity = seal.certificate.tbs_certificate.validity;
        let at = seal.timestamp.unwrap_or(facts.made_at);
        let in_time = (moment(validity.not_before)..=moment(validity.not_after)).contains(&at);
        let ours = Box::new(Ours { subject, timestamp_at: seal.timestamp, out_of_time: !in_time, facts });
        if seal.end == bytes.len() {
            return Finding::Sealed(ours);
        }
        extended.get_or_insert(Finding::Extended(ours));
    }
    match extended.or(altered) {
        Some(finding) => finding,
        None if found.is_empty() => Finding::Unsealed,
        None => Finding::Foreign,
    }
}
