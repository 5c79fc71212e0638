//! The closed set of error codes, and the form in which an error leaves a service.
//!
//! Each service has one error enum; its `code()` maps every variant to an [`ErrorCode`]. Two tables elsewhere turn a
//! code into a gRPC status (`kit/rpc`) and into an HTTP status (the gateway).

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Why a call was refused. A caller decides by this alone whether to mend its input, sign in, wait or give up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ErrorCode {
    /// The input breaks a rule that the caller can mend; field violations say where.
    InvalidArgument,
    /// The caller is not signed in, or the session is over.
    Unauthenticated,
    /// The caller may see the object but not do this to it.
    PermissionDenied,
    /// The object does not exist *or* the caller may not see it: the two are never told apart.
    NotFound,
    /// Something with this name is there already.
    AlreadyExists,
    /// The object is not in a state in which this can be done.
    FailedPrecondition,
    /// Somebody else changed the object first; read again and repeat.
    Conflict,
    /// A limit or a rate is exceeded.
    ResourceExhausted,
    /// The time given for the call is over.
    DeadlineExceeded,
    /// A part of the system is away; the same call may succeed later.
    Unavailable,
    /// A defect of ours. The public text never tells more.
    Internal,
}

/// One field of the input that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldViolation {
    /// The field's path in the request, such as `items[2].name`.
    pub field: String,
    /// What is wrong and what would be right, for a person.
    pub description: String,
}

/// An error as it leaves a service: public text and internal cause are different fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What kind of refusal it is.
    pub code: ErrorCode,
    /// A stable, machine-readable word such as `link_expired`, in snake case.
    pub reason: String,
    /// What went wrong and what to do, for a person. Never holds another party's data.
    pub message: String,
    /// The fields at fault, in the order of the form.
    pub fields: Vec<FieldViolation>,
    /// When a repeat may help.
    pub retry_after: Option<Duration>,
    /// The cause for the log; it never travels to a caller.
    pub cause: Option<String>,
}

impl Problem {
    /// A refusal with a stable reason and a text for people.
    pub fn new(code: ErrorCode, reason: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code,
            reason: reason.into(),
            message: message.into(),
            fields: Vec::new(),
            retry_after: None,
            cause: None,
        }
    }

    /// What does not exist for this caller. The text is the same for every kind of object and every cause.
    pub fn not_found() -> Self {
        Self::new(ErrorCode::NotFound, "not_found", "This is not here, or it is not shared with you.")
    }

    /// A defect of ours, with its cause for the log.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        let mut problem =
            Self::new(ErrorCode::Internal, "internal", "Something went wrong on our side. Please try again.");
        problem.cause = Some(cause.to_string());
        problem
    }

    /// A single field at fault.
    pub fn invalid(field: impl Into<String>, description: impl Into<String>) -> Self {
        let description = description.into();
        let mut problem = Self::new(ErrorCode::InvalidArgument, "invalid_argument", description.clone());
        problem.fields.push(FieldViolation { field: field.into(), description });
        problem
    }

    /// The same refusal, naming one more field.
    #[must_use]
    pub fn with_field(mut self, field: impl Into<String>, description: impl Into<String>) -> Self {
        self.fields.push(FieldViolation { field: field.into(), description: description.into() });
        self
    }

    /// The same refusal, saying when to try again.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// The same refusal, with a cause for the log.
    #[must_use]
    pub fn with_cause(mut self, cause: impl std::fmt::Display) -> Self {
        self.cause = Some(cause.to_string());
        self
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Problem {}
