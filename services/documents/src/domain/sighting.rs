//! When somebody who looks at a file stands in the audit.

use chrono::TimeDelta;

/// Pages and ranges that one person asks for within this time of an entry are part of the look that it records.
pub(crate) const ONE_LOOK: TimeDelta = TimeDelta::minutes(15);

/// In which way somebody looks at a version. Each way has entries of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Its pages, as pictures or text.
    Viewed,
    /// The file itself, shown by the browser.
    Shown,
    /// The file itself, to be saved.
    Downloaded,
}

impl Way {
    /// The word that stands in the database.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Viewed => "viewed",
            Self::Shown => "shown",
            Self::Downloaded => "downloaded",
        }
    }

    /// What the audit calls it: whoever has the file's bytes has downloaded it, wherever they are shown.
    pub(crate) const fn action(self) -> &'static str {
        match self {
            Self::Viewed => "document.viewed",
            Self::Shown | Self::Downloaded => "document.downloaded",
        }
    }
}
