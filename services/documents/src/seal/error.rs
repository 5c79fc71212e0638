//! Why a seal could not be put on a file.

use chrono::{DateTime, Utc};

/// Why a seal could not be put on a file. The texts are for whoever runs the installation; signers are told that the file
/// could not be finished, and nothing of theirs counts as done.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The key or its certificate cannot be used.
    #[error("the key of the seal in {path} cannot be used: {reason}")]
    Key {
        /// The file.
        path: String,
        /// What is wrong with it, and what would be right.
        reason: String,
    },
    /// The certificate is not valid now.
    #[error(
        "the certificate of the seal ({subject}) is valid from {from} to {until} only; replace it in the file that the setting \
         seal-key names"
    )]
    NotValidNow {
        /// Whose certificate it is.
        subject: String,
        /// Since when.
        from: DateTime<Utc>,
        /// Until when.
        until: DateTime<Utc>,
    },
    /// The key did not sign.
    #[error("the key of the seal did not sign: {0}")]
    Refused(String),
    /// The file could not be written with the seal.
    #[error("the sealed file could not be written")]
    Writing(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl SealError {
    /// A failure while writing, with its cause.
    pub(super) fn writing(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Writing(cause.into())
    }
}
