//! Everything that can go wrong, and how it is said.

use portico_core::{ErrorCode, ParseIdError, Problem};
use portico_db::StoreError;
use portico_rpc::ServiceError;

use crate::{
    domain::request::NotNow,
    preview::PreviewError,
    seal::SealError,
    signing::SigningError,
    vault::{BlobError, KmsError, VaultError},
};

/// Why the service refuses.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DocumentsError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Another service that had to be asked.
    #[error("a peer refused: {0}")]
    Peer(Problem),
    /// Fields that break a rule.
    #[error("the request breaks a rule: {0}")]
    Invalid(Problem),
    /// Not there, or not for this caller.
    #[error("not found")]
    NotFound,
    /// The file itself is not what is wanted; the text is for whoever chose it.
    #[error("the file is refused: {0}")]
    File(String),
    /// The bytes could not be kept or read.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The row or the request does not take this now.
    #[error(transparent)]
    NotNow(#[from] NotNow),
    /// Nobody has said that the file is harmless.
    #[error("the file is not scanned, and the firm opens scanned files only")]
    AwaitsScan,
    /// No scanner will judge the file, and the firm opens scanned files only.
    #[error("the file cannot be scanned, and the firm opens scanned files only")]
    Unscannable,
    /// The file is infected.
    #[error("the file is infected")]
    Infected,
    /// Its pages may be seen, and nothing else.
    #[error("the file is shared for viewing only")]
    ViewOnly,
    /// What was signed, approved or handed in stays as it is.
    #[error("the document is part of a record and stays as it is")]
    Fixed,
    /// From its first byte to its row the file took longer than any upload may.
    #[error("the upload took too long")]
    TooSlow,
    /// There is no preview.
    #[error(transparent)]
    Preview(#[from] PreviewError),
    /// The signed document could not be made.
    #[error(transparent)]
    Signing(#[from] SigningError),
    /// The file could not be sealed.
    #[error(transparent)]
    Seal(SealError),
    /// The envelope or the signer is not in a state for this; reason and text say which.
    #[error("the envelope does not take this: {reason}")]
    Envelope {
        /// A stable word.
        reason: &'static str,
        /// For the person.
        text: String,
    },
    /// Somebody else has changed it since it was read.
    #[error("the etag is not the present one")]
    Stale,
    /// The caller may see it and not do this.
    #[error("not for this caller")]
    Forbidden,
    /// What is stored or was sent by a peer cannot be read.
    #[error("a value cannot be read: {0}")]
    Unreadable(String),
}

impl DocumentsError {
    /// A field that breaks a rule.
    pub(crate) fn invalid(field: &str, text: impl Into<String>) -> Self {
        Self::Invalid(Problem::invalid(field, text))
    }
}

impl DocumentsError {
    /// Whether it says that the caller may not see or do this, rather than that something is broken.
    pub(crate) fn hides(&self) -> bool {
        match self {
            Self::NotFound | Self::Forbidden => true,
            Self::Peer(problem) => problem.code == ErrorCode::PermissionDenied,
            _ => false,
        }
    }
}

impl From<ParseIdError> for DocumentsError {
    /// An id that is none belongs to nothing.
    fn from(_: ParseIdError) -> Self {
        Self::NotFound
    }
}

impl From<sqlx::Error> for DocumentsError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl ServiceError for DocumentsError {
    fn problem(&self) -> Problem {
        let refused = |reason: &str, text: String| Problem::new(ErrorCode::FailedPrecondition, reason, text);
        match self {
            Self::Store(error) => error.problem(),
            Self::Peer(problem) | Self::Invalid(problem) => problem.clone(),
            Self::NotFound => Problem::not_found(),
            Self::File(text) => about_file("file_refused", text.clone()),
            Self::Vault(error) => vault(error),
            Self::NotNow(error) => refused(error.reason(), error.to_string()),
            Self::AwaitsScan => refused(
                "awaits_scan",
                "This file has not been checked for viruses yet, so it cannot be opened. Try again later."
                    .to_owned(),
            ),
            Self::Unscannable => refused(
                "cannot_be_scanned",
                "The virus scanner cannot look into this file: it is too large or locked with a password. This firm opens scanned \
                 files only."
                    .to_owned(),
            ),
            Self::Infected => refused(
                "infected",
                "A virus scanner has found something in this file. It cannot be opened.".to_owned(),
            ),
            Self::ViewOnly => refused(
                "view_only",
                "This file is shared for reading on the screen only: it cannot be downloaded. Ask the firm if you need a copy."
                    .to_owned(),
            ),
            Self::Fixed => refused(
                "document_fixed",
                "This document belongs to a step of the work, such as a signature or an approval, so it stays as it is.".to_owned(),
            ),
            Self::TooSlow => refused(
                "upload_too_slow",
                "The upload took too long, so nothing was kept. Please upload the file again.".to_owned(),
            ),
            Self::Preview(error) => preview(error),
            Self::Signing(error) => signing(error),
            Self::Seal(error) => refused(
                "seal_unavailable",
                "This cannot be finished just now, because the seal for the finished file is not ready. Nothing was signed. Please \
                 try again later; the people who run this portal have been told."
                    .to_owned(),
            )
            .with_cause(error),
            Self::Envelope { reason, text } => refused(reason, text.clone()),
            Self::Stale => Problem::new(
                ErrorCode::Conflict,
                "stale",
                "Somebody else has changed this in the meantime. Reload and try again.",
            ),
            Self::Forbidden => Problem::new(
                ErrorCode::PermissionDenied,
                "permission_denied",
                "You are not allowed to do this.",
            ),
            Self::Unreadable(_) => Problem::internal(self),
        }
    }
}

fn about_file(reason: &str, text: String) -> Problem {
    Problem::new(ErrorCode::InvalidArgument, reason, text.clone()).with_field("file", text)
}

fn vault(error: &VaultError) -> Problem {
    match error {
        VaultError::TooLarge { limit } => about_file(
            "file_too_large",
            format!(
                "This file is too large. Upload one of at most {}.",
                crate::domain::document::size_text(*limit)
            ),
        ),
        VaultError::Interrupted(_) => Problem::new(
            ErrorCode::InvalidArgument,
            "upload_interrupted",
            "The upload broke off before its end. Nothing was kept; please upload the file again.",
        )
        .with_cause(error),
        VaultError::OutOfRange { .. } => Problem::invalid("range", "This part of the file does not exist."),
        VaultError::Blobs(BlobError::Full) => Problem::new(
            ErrorCode::ResourceExhausted,
            "storage_full",
            "There is no space left for files. Tell your contact at the firm, and try again later.",
        )
        .with_cause(error),
        VaultError::Key(KmsError::Unavailable(_)) => Problem::new(
            ErrorCode::Unavailable,
            "keys_unavailable",
            "Files cannot be opened just now. Please try again in a moment.",
        )
        .with_cause(error),
        VaultError::Damaged | VaultError::Key(_) | VaultError::Blobs(_) => Problem::internal(error),
    }
}

fn preview(error: &PreviewError) -> Problem {
    match error {
        PreviewError::NoSuchPage { .. } => {
            Problem::new(ErrorCode::NotFound, "no_such_page", error.to_string())
        }
        PreviewError::Io(_) => Problem::internal(error),
        PreviewError::TimedOut => {
            Problem::new(ErrorCode::DeadlineExceeded, "preview_timed_out", error.to_string())
        }
        PreviewError::Broken
        | PreviewError::Locked
        | PreviewError::TooLarge
        | PreviewError::Unsupported
        | PreviewError::Unconfined
        | PreviewError::ToolMissing { .. } => {
            Problem::new(ErrorCode::FailedPrecondition, "no_preview", error.to_string())
        }
    }
}

fn signing(error: &SigningError) -> Problem {
    let text = error.to_string();
    match error {
        SigningError::Drawn(_) => Problem::invalid("drawn", text),
        SigningError::Unprintable { .. } | SigningError::DoesNotFit { .. } => {
            Problem::invalid("typed_name", text)
        }
        SigningError::Pdf(_)
        | SigningError::Sealed
        | SigningError::OffPage { .. }
        | SigningError::Font(_) => Problem::new(ErrorCode::FailedPrecondition, "cannot_sign", text),
        SigningError::Writing(cause) => Problem::internal(cause),
    }
}
