//! Whether a file may be opened, given what a virus scanner said about it.

/// Why no scanner has judged a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unscanned {
    /// The installation has no scanner.
    NoScanner,
    /// It is, or unfolds to, more than the scanner looks at.
    OverLimit,
    /// It is locked with a password, so that the scanner cannot look inside.
    Locked,
}

/// What is known about a file's harmlessness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ScanState {
    /// A scanner is about to look at it.
    Pending,
    /// A scanner found nothing.
    Clean,
    /// A scanner found something.
    Infected,
    /// No scanner will look at it.
    NotScanned(Unscanned),
    /// The scanner has been away for too long, or gave up on this file. It is tried again now and then.
    Failed,
}

impl ScanState {
    const ALL: [Self; 7] = [
        Self::Pending,
        Self::Clean,
        Self::Infected,
        Self::NotScanned(Unscanned::NoScanner),
        Self::NotScanned(Unscanned::OverLimit),
        Self::NotScanned(Unscanned::Locked),
        Self::Failed,
    ];

    /// The words that stand in the database: the state, and why nobody has looked.
    pub(crate) const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Pending => ("pending", ""),
            Self::Clean => ("clean", ""),
            Self::Infected => ("infected", ""),
            Self::NotScanned(Unscanned::NoScanner) => ("not_scanned", ""),
            Self::NotScanned(Unscanned::OverLimit) => ("not_scanned", "over_limit"),
            Self::NotScanned(Unscanned::Locked) => ("not_scanned", "locked"),
            Self::Failed => ("failed", ""),
        }
    }

    /// The state of these words.
    pub(crate) fn of(state: &str, note: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.words() == (state, note))
    }
}

/// What the firm decided about files that no scanner has judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ScanPolicy {
    /// They stay closed until they are scanned.
    CleanOnly,
    /// They may be opened; page and audit say that they were not scanned.
    AllowUnscanned,
}

/// Whether a file may be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Opening {
    /// It may.
    Allowed,
    /// It may, and the page must say that it was not scanned.
    AllowedUnscanned,
    /// Not yet: a scan is due.
    AwaitsScan,
    /// Not under this policy: no scanner will judge it.
    Unscannable,
    /// Never: it is infected.
    Infected,
}

impl Opening {
    /// Whether bytes may be handed out.
    pub const fn is_allowed(self) -> bool {
        matches!(self, Self::Allowed | Self::AllowedUnscanned)
    }
}

/// Whether a file in this state may be opened under this policy. An infected one never may, whoever asks, and one that a scanner
/// is about to look at waits for it under either policy.
pub const fn may_open(scan: ScanState, policy: ScanPolicy) -> Opening {
    match (scan, policy) {
        (ScanState::Clean, _) => Opening::Allowed,
        (ScanState::Infected, _) => Opening::Infected,
        (ScanState::Pending, _) => Opening::AwaitsScan,
        (ScanState::NotScanned(_) | ScanState::Failed, ScanPolicy::AllowUnscanned) => {
            Opening::AllowedUnscanned
        }
        (ScanState::Failed | ScanState::NotScanned(Unscanned::NoScanner), ScanPolicy::CleanOnly) => {
            Opening::AwaitsScan
        }
        (ScanState::NotScanned(_), ScanPolicy::CleanOnly) => Opening::Unscannable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_clean_files_open_unless_the_firm_allows_unscanned_ones() {
        use ScanPolicy::{AllowUnscanned, CleanOnly};
        for state in ScanState::ALL {
            let strict = may_open(state, CleanOnly).is_allowed();
            assert_eq!(strict, state == ScanState::Clean, "{state:?}");
            let lenient = may_open(state, AllowUnscanned);
            match state {
                ScanState::Clean => assert_eq!(lenient, Opening::Allowed),
                ScanState::Infected => assert_eq!(lenient, Opening::Infected),
                ScanState::Pending => assert_eq!(lenient, Opening::AwaitsScan),
                _ => assert_eq!(lenient, Opening::AllowedUnscanned, "{state:?}"),
            }
        }
        assert_eq!(may_open(ScanState::NotScanned(Unscanned::OverLimit), CleanOnly), Opening::Unscannable);
    }

    #[test]
    fn every_state_comes_back_from_its_words() {
        for state in ScanState::ALL {
            let (word, note) = state.words();
            assert_eq!(ScanState::of(word, note), Some(state));
        }
        assert_eq!(ScanState::of("clean", "locked"), None);
    }
}
