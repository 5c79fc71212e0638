//! What clamd answers, and what it means for a file.

use crate::content::{ScanState, Unscanned};

/// What the scanner made of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It found nothing.
    Clean,
    /// It found something; the name of its signature, for the firm's people.
    Infected(String),
    /// It did not look at the whole of it.
    Unscanned(Unscanned),
}

impl Verdict {
    /// The state that a version has after it.
    pub(crate) const fn state(&self) -> ScanState {
        match self {
            Self::Clean => ScanState::Clean,
            Self::Infected(_) => ScanState::Infected,
            Self::Unscanned(why) => ScanState::NotScanned(*why),
        }
    }
}

/// The longest name of a signature that is kept, in characters.
const LONGEST_NAME: usize = 120;

/// Reads a reply to `INSTREAM`; an error with its words where it is no verdict.
///
/// With `AlertExceedsMax` clamd reports what is over its limits as a finding of a name of its own. That is no virus: nobody has
/// looked at the rest of the file.
pub(super) fn read(reply: &[u8]) -> Result<Verdict, String> {
    let text = String::from_utf8_lossy(reply);
    let text = text.trim_matches(['\0', '\n', '\r', ' ']);
    let said = text.strip_prefix("stream: ").unwrap_or(text);
    if said == "OK" {
        return Ok(Verdict::Clean);
    }
    if let Some(name) = said.strip_suffix(" FOUND") {
        return Ok(if name.starts_with("Heuristics.Limits.Exceeded") {
            Verdict::Unscanned(Unscanned::OverLimit)
        } else if name.starts_with("Heuristics.Encrypted") {
            Verdict::Unscanned(Unscanned::Locked)
        } else {
            let name = name.chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect();
            Verdict::Infected(name)
        });
    }
    if said.contains("size limit exceeded") {
        return Ok(Verdict::Unscanned(Unscanned::OverLimit));
    }
    Err(said.chars().take(200).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_or_a_password_is_no_virus_and_no_clean_file() {
        assert_eq!(read(b"stream: OK\0"), Ok(Verdict::Clean));
        assert_eq!(
            read(b"stream: Win.Test.EICAR_HDB-1 FOUND\0"),
            Ok(Verdict::Infected("Win.Test.EICAR_HDB-1".to_owned()))
        );
        let over = Ok(Verdict::Unscanned(Unscanned::OverLimit));
        assert_eq!(read(b"stream: Heuristics.Limits.Exceeded.MaxFileSize FOUND\0"), over);
        assert_eq!(read(b"INSTREAM size limit exceeded. ERROR\0"), over);
        let locked = read(b"stream: Heuristics.Encrypted.Zip FOUND\0").unwrap();
        assert_eq!(locked.state(), ScanState::NotScanned(Unscanned::Locked));
    }

    #[test]
    fn what_is_no_verdict_is_never_taken_for_one() {
        for reply in [&b""[..], b"\0", b"stream: ", b"COMMAND READ TIMED OUT ERROR\0", b"stream: OK but no\0"]
        {
            assert!(read(reply).is_err(), "{}", String::from_utf8_lossy(reply));
        }
    }
}
