//! Everything that can go wrong, and how it is said.

use portico_core::{ErrorCode, ParseIdError, Problem};
use portico_db::StoreError;
use portico_events::HandleError;
use portico_keys::KmsError;
use portico_rpc::ServiceError;

use crate::domain::engine::Refusal;

/// Why the service refuses.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WorkflowError {
    /// The database.
    #[error(transparent)]
    Store(StoreError),
    /// Another service that had to be asked.
    #[error("a peer refused: {0}")]
    Peer(Problem),
    /// The request breaks a rule.
    #[error("the request breaks a rule: {0}")]
    Invalid(Problem),
    /// Not there, or not for this caller.
    #[error("not found")]
    NotFound,
    /// The caller sees it and may not do this.
    #[error("not allowed")]
    NotAllowed,
    /// The run or step is not in a state in which this can be done.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The same, for what is no business of the engine.
    #[error("{message}")]
    Precondition { reason: &'static str, message: String },
    /// Somebody else changed the object first.
    #[error("the etag is not the present one")]
    Stale,
    /// A secret could not be sealed or opened.
    #[error("the keys cannot be used: {0}")]
    Keys(#[from] KmsError),
    /// What is stored cannot be read.
    #[error("a stored value cannot be used: {0}")]
    Unreadable(String),
}

impl From<StoreError> for WorkflowError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<sqlx::Error> for WorkflowError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<serde_json::Error> for WorkflowError {
    fn from(error: serde_json::Error) -> Self {
        Self::Unreadable(error.to_string())
    }
}

impl From<ParseIdError> for WorkflowError {
    /// An id that is none belongs to nothing.
    fn from(_: ParseIdError) -> Self {
        Self::NotFound
    }
}

impl WorkflowError {
    /// A single field at fault.
    pub(crate) fn invalid(field: &str, text: impl Into<String>) -> Self {
        Self::Invalid(Problem::invalid(field, text))
    }
}

impl ServiceError for WorkflowError {
    fn problem(&self) -> Problem {
        match self {
            Self::Store(error) => error.problem(),
            Self::Peer(problem) | Self::Invalid(problem) => problem.clone(),
            Self::NotFound => Problem::not_found(),
            Self::NotAllowed => Problem::new(
                ErrorCode::PermissionDenied,
                "permission_denied",
                "You are not allowed to do this.",
            ),
            Self::Refused(refusal) => {
                Problem::new(ErrorCode::FailedPrecondition, refusal.reason, refusal.message)
            }
            Self::Precondition { reason, message } => {
                Problem::new(ErrorCode::FailedPrecondition, *reason, message.clone())
            }
            Self::Stale => Problem::new(
                ErrorCode::Conflict,
                "stale",
                "Somebody else has changed this in the meantime. Reload and try again.",
            ),
            Self::Keys(KmsError::Unavailable(cause)) => Problem::new(
                ErrorCode::Unavailable,
                "keys_away",
                "The keys cannot be reached just now. Try again.",
            )
            .with_cause(cause),
            Self::Keys(_) | Self::Unreadable(_) => Problem::internal(self),
        }
    }
}

/// How an event handler answers an error: what may pass is tried again, what will not is set aside.
impl From<WorkflowError> for HandleError {
    fn from(error: WorkflowError) -> Self {
        match error {
            WorkflowError::Store(error) => error.into(),
            WorkflowError::Peer(problem) if problem.code == ErrorCode::NotFound => {
                Self::Reject(problem.message)
            }
            WorkflowError::Peer(problem) => Self::Retry(problem.message),
            other => Self::Reject(other.to_string()),
        }
    }
}
