//! Everything that can go wrong, and how it is said.

use portico_core::{ErrorCode, ParseIdError, Problem};
use portico_db::StoreError;
use portico_events::HandleError;
use portico_keys::KmsError;
use portico_rpc::ServiceError;

/// Why the service refuses.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MessagingError {
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
    /// Somebody of an account tries to write a note for the firm's side.
    #[error("internal notes are written by staff")]
    InternalNote,
    /// A member of staff looks at the portal as a client.
    #[error("a view as a client is for reading")]
    ReadOnlyView,
    /// The firm's keys.
    #[error(transparent)]
    Keys(#[from] KmsError),
    /// A key could not be made or used.
    #[error("signing failed: {0}")]
    Signing(String),
    /// Somebody else was first.
    #[error("the settings were changed by somebody else")]
    Changed,
    /// The domain has a key that waits for its record.
    #[error("a key waits already")]
    KeyWaits,
    /// A key's record is not published, or gives another key.
    #[error("the record of the key is not published")]
    NotPublished,
    /// The key signs no more.
    #[error("the key has retired")]
    KeyRetired,
    /// The secret of the intake is missing or wrong.
    #[error("the intake's secret is wrong")]
    IntakeClosed,
    /// A mail came to no address that was made here.
    #[error("the mail is for nobody here")]
    NotForUs,
    /// An answer by mail that is not posted, and why in a word.
    #[error("the answer is not posted: {0}")]
    ReplyRefused(&'static str),
    /// The mail is on its way or has arrived.
    #[error("the mail is {0} and cannot be sent again")]
    NotFailed(&'static str),
}

impl From<ParseIdError> for MessagingError {
    /// An id that is none belongs to nothing.
    fn from(_: ParseIdError) -> Self {
        Self::NotFound
    }
}

impl From<sqlx::Error> for MessagingError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl ServiceError for MessagingError {
    fn problem(&self) -> Problem {
        match self {
            Self::Store(error) => error.problem(),
            Self::Peer(problem) | Self::Invalid(problem) => problem.clone(),
            Self::NotFound => Problem::not_found(),
            Self::InternalNote => Problem::new(
                ErrorCode::PermissionDenied,
                "internal_note",
                "Internal notes are for staff. Send it as a message instead.",
            ),
            Self::ReadOnlyView => Problem::new(
                ErrorCode::PermissionDenied,
                "read_only_view",
                "You are looking at the portal as this client. Leave the view to write.",
            ),
            Self::Keys(KmsError::Unavailable(cause)) => Problem::new(
                ErrorCode::Unavailable,
                "keys_away",
                "The keys cannot be reached just now. Try again.",
            )
            .with_cause(cause),
            Self::Keys(error) => Problem::internal(error),
            Self::Signing(cause) => Problem::internal(cause),
            Self::Changed => Problem::new(
                ErrorCode::Conflict,
                "changed_meanwhile",
                "Somebody else has changed this in the meantime. Look at it again, and repeat your change.",
            ),
            Self::KeyWaits => Problem::new(
                ErrorCode::FailedPrecondition,
                "key_waits",
                "There is a key whose record is not in use yet. Publish that one, or take it away first.",
            ),
            Self::NotPublished => Problem::new(
                ErrorCode::FailedPrecondition,
                "key_not_published",
                "The record is not published yet, or says something else. New records may take an hour to be seen.",
            ),
            Self::KeyRetired => Problem::new(
                ErrorCode::FailedPrecondition,
                "key_retired",
                "This key has retired. Make a new one.",
            ),
            Self::IntakeClosed => Problem::new(
                ErrorCode::Unauthenticated,
                "intake_closed",
                "The secret is missing or wrong. Make a new one in the settings.",
            ),
            Self::NotForUs => Problem::new(
                ErrorCode::InvalidArgument,
                "not_for_us",
                "This mail came to no address that was made here, or to one that was changed on its way.",
            ),
            Self::ReplyRefused(why) => Problem::new(
                ErrorCode::InvalidArgument,
                *why,
                match *why {
                    "ended" => {
                        "This address is no longer in use. Answer the newest mail, or write in the portal."
                    }
                    "empty" => "There is nothing in this mail but what it answers to.",
                    "too_long" => {
                        "This mail is too long for a message. Write it in the portal, or attach it as a file."
                    }
                    "replayed" => "This mail was taken in before.",
                    _ => {
                        "This mail could not be shown to come from whom it must. Write in the portal instead."
                    }
                },
            ),
            Self::NotFailed(state) => Problem::new(
                ErrorCode::FailedPrecondition,
                "mail_not_failed",
                format!("This mail is {state}. Only a mail that could not be sent can be tried again."),
            ),
        }
    }
}

impl From<MessagingError> for HandleError {
    /// What is away may be back for the next attempt; everything else stays as it is.
    fn from(error: MessagingError) -> Self {
        match error {
            MessagingError::Store(error) => error.into(),
            MessagingError::Keys(KmsError::Unavailable(error)) => Self::Retry(error.to_string()),
            MessagingError::Peer(problem)
                if matches!(
                    problem.code,
                    ErrorCode::Unavailable
                        | ErrorCode::DeadlineExceeded
                        | ErrorCode::Conflict
                        | ErrorCode::ResourceExhausted
                        | ErrorCode::Internal
                ) =>
            {
                Self::Retry(problem.to_string())
            }
            other => Self::Reject(other.to_string()),
        }
    }
}
