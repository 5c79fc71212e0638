//! Whether a file may be opened, given what a virus scanner said about it.

/// What is known about a file's harmlessness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ScanState {
    /// No scanner has looked at it.
    NotScanned,
    /// A scanner found nothing.
    Clean,
    /// A scanner found something.
    Infected,
}

/// What the firm decided about files that no scanner has looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ScanPolicy {
    /// They stay closed until they are scanned.
    CleanOnly,
    /// They may be opened; the page says that they were not scanned.
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
    /// Never: it is infected.
    Infected,
}

impl Opening {
    /// Whether bytes may be handed out.
    pub const fn is_allowed(self) -> bool {
        matches!(self, Self::Allowed | Self::AllowedUnscanned)
    }
}

/// Whether a file in this state may be opened under this policy. An infected one never may, whoever asks.
pub const fn may_open(scan: ScanState, policy: ScanPolicy) -> Opening {
    match (scan, policy) {
        (ScanState::Clean, _) => Opening::Allowed,
        (ScanState::Infected, _) => Opening::Infected,
        (ScanState::NotScanned, ScanPolicy::AllowUnscanned) => Opening::AllowedUnscanned,
        (ScanState::NotScanned, ScanPolicy::CleanOnly) => Opening::AwaitsScan,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_clean_files_open_unless_the_firm_allows_unscanned_ones() {
        use ScanPolicy::{AllowUnscanned, CleanOnly};
        assert!(may_open(ScanState::Clean, CleanOnly).is_allowed());
        assert!(!may_open(ScanState::NotScanned, CleanOnly).is_allowed());
        assert_eq!(may_open(ScanState::NotScanned, AllowUnscanned), Opening::AllowedUnscanned);
        for policy in [CleanOnly, AllowUnscanned] {
            assert_eq!(may_open(ScanState::Infected, policy), Opening::Infected);
        }
    }
}
