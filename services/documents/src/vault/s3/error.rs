//! What an object store answers instead of what it was asked for.

use std::io::ErrorKind;

use http::StatusCode;

use super::{super::blobs::BlobError, client::is_busy, keys::KeysError};

/// Why a request to the object store did not succeed.
#[derive(Debug, thiserror::Error)]
pub(super) enum S3Error {
    #[error("the object store answers {status} {code}: {message}")]
    Refused {
        status: StatusCode,
        /// The store's word for it, such as `NoSuchUpload`; empty where it gives none.
        code: String,
        message: String,
        /// Whether the same request was sent before and its answer was lost or was no answer. It may have been carried out then.
        repeated: bool,
    },
    #[error("the object store does not answer: {0}")]
    Away(String),
    #[error("the object store's answer is not understood: {0}")]
    Odd(String),
    #[error(transparent)]
    Keys(#[from] KeysError),
}

impl S3Error {
    pub(super) fn refused(status: StatusCode, body: &str, repeated: bool) -> Self {
        let (code, message) = (element(body, "Code"), element(body, "Message"));
        Self::Refused { status, code, message, repeated }
    }

    /// A connection that broke, with what broke it.
    pub(super) fn away(error: &(dyn std::error::Error + 'static)) -> Self {
        let causes = std::iter::successors(Some(error), |error| error.source());
        Self::Away(causes.map(ToString::to_string).collect::<Vec<_>>().join(": "))
    }

    /// Whether the same request may succeed a little later.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Refused { status, code, .. } => is_busy(*status) || code == "RequestTimeout",
            Self::Away(_) => true,
            Self::Odd(_) | Self::Keys(_) => false,
        }
    }

    /// Whether an object or upload is not there.
    pub(super) fn is_missing(&self) -> bool {
        matches!(self, Self::Refused { status: StatusCode::NOT_FOUND, code, .. } if code != "NoSuchBucket")
    }

    /// Whether an upload is neither under way nor waiting any more: it was completed or given up, by whomever.
    pub(super) fn is_no_upload(&self) -> bool {
        matches!(self, Self::Refused { code, .. } if code == "NoSuchUpload")
    }

    /// Whether this refuses something that an earlier try of the same request may have brought about.
    pub(super) fn may_be_our_own(&self) -> bool {
        let over = |status: &StatusCode| {
            matches!(*status, StatusCode::NOT_FOUND | StatusCode::PRECONDITION_FAILED | StatusCode::CONFLICT)
        };
        matches!(self, Self::Refused { status, repeated: true, .. } if over(status))
    }
}

impl From<S3Error> for BlobError {
    fn from(error: S3Error) -> Self {
        if error.is_missing() {
            return Self::Missing;
        }
        match &error {
            S3Error::Refused { status: StatusCode::PRECONDITION_FAILED, .. } => Self::Exists,
            S3Error::Refused { status: StatusCode::INSUFFICIENT_STORAGE, .. } => Self::Full,
            S3Error::Refused { code, .. }
                if matches!(code.as_str(), "QuotaExceeded" | "XMinioStorageFull") =>
            {
                Self::Full
            }
            // The object is shorter than its row says.
            S3Error::Refused { status: StatusCode::RANGE_NOT_SATISFIABLE, .. } => {
                Self::Io(std::io::Error::new(ErrorKind::UnexpectedEof, error))
            }
            _ => Self::Io(std::io::Error::other(error)),
        }
    }
}

/// The text of the first element of this name; empty where there is none. Errors are small and flat.
fn element(body: &str, name: &str) -> String {
    let after = body.split_once(&format!("<{name}>")).map_or("", |(_, after)| after);
    after.split_once('<').map_or("", |(text, _)| text).chars().take(500).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, code: &str) -> S3Error {
        let body = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>Why</Message></Error>");
        S3Error::refused(StatusCode::from_u16(status).unwrap(), &body, false)
    }

    #[test]
    fn answers_become_what_the_vault_knows() {
        assert!(refused(404, "NoSuchKey").to_string().ends_with("404 Not Found NoSuchKey: Why"));
        assert!(matches!(refused(404, "NoSuchKey").into(), BlobError::Missing));
        assert!(refused(404, "NoSuchUpload").is_no_upload() && !refused(404, "NoSuchKey").is_no_upload());
        assert!(matches!(refused(404, "NoSuchBucket").into(), BlobError::Io(_)), "not a file that is gone");
        assert!(matches!(refused(412, "PreconditionFailed").into(), BlobError::Exists));
        assert!(matches!(refused(507, "").into(), BlobError::Full));
        assert!(matches!(refused(403, "QuotaExceeded").into(), BlobError::Full));
        assert!(matches!(refused(416, "").into(), BlobError::Io(e) if e.kind() == ErrorKind::UnexpectedEof));
    }

    #[test]
    fn only_what_may_pass_is_tried_again() {
        assert!(refused(503, "SlowDown").may_pass() && refused(400, "RequestTimeout").may_pass());
        assert!(!refused(403, "AccessDenied").may_pass() && !refused(507, "").may_pass());
        assert!(S3Error::Away(String::new()).may_pass());
    }
}
