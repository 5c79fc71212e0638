//! Refusals on the wire: a [`Problem`] becomes a `google.rpc.Status`, and back again.

use std::{collections::HashMap, error::Error, sync::Arc};

use portico_core::{ErrorCode, FieldViolation, Problem};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation as WireViolation, StatusExt};

/// Who gives the reasons in `ErrorInfo`.
pub(crate) const DOMAIN: &str = "portico";

const INTERNAL_TEXT: &str = "Something went wrong on our side. Please try again.";

/// The error enum of a service: each variant knows how it is refused.
pub trait ServiceError {
    /// Code, reason, public text and, apart from it, the cause for the log.
    fn problem(&self) -> Problem;
}

/// What a handler answers for a service's error.
#[expect(clippy::needless_pass_by_value, reason = "stands in `map_err(answer)`, which hands the error over")]
pub fn answer<E: ServiceError>(error: E) -> Status {
    status(error.problem())
}

/// The status for `problem`, with `ErrorInfo`, field violations and the wait as details.
///
/// The cause stays beside the status for the log of this process and never travels. An internal problem keeps neither
/// its text nor its reason: the boundary adds the reference by which the log is found.
pub fn status(problem: Problem) -> Status {
    let Problem { code, reason, message, fields, retry_after, cause } = problem;
    let (reason, message) = match code {
        ErrorCode::Internal => ("internal".to_owned(), INTERNAL_TEXT.to_owned()),
        _ => (reason, message),
    };
    let mut details = ErrorDetails::new();
    details.set_error_info(reason, DOMAIN, HashMap::new());
    if !fields.is_empty() {
        let violations: Vec<_> =
            fields.into_iter().map(|at| WireViolation::new(at.field, at.description)).collect();
        details.set_bad_request(violations);
    }
    if retry_after.is_some() {
        details.set_retry_info(retry_after);
    }
    let mut status = Status::with_error_details(grpc_code(code), message, details);
    if let Some(cause) = cause {
        status.set_source(Arc::new(Cause(cause)));
    }
    status
}

/// What a peer's refusal says.
///
/// A text is kept only where one of our services wrote it; what a library or the network says becomes the cause, and
/// people read a text of ours.
pub fn problem_from(status: &Status) -> Problem {
    let code = error_code(status.code());
    let details = status.get_error_details();
    let cause = status.source().map(ToString::to_string);
    let Some(info) = details.error_info().filter(|info| info.domain == DOMAIN) else {
        let mut problem = Problem::new(code, default_reason(code), default_text(code));
        problem.cause = cause.or_else(|| Some(status.message().to_owned()).filter(|text| !text.is_empty()));
        return problem;
    };
    let mut problem = Problem::new(code, info.reason.clone(), status.message());
    if let Some(bad) = details.bad_request() {
        problem.fields = bad
            .field_violations
            .iter()
            .map(|at| FieldViolation { field: at.field.clone(), description: at.description.clone() })
            .collect();
    }
    problem.retry_after = details.retry_info().and_then(|info| info.retry_delay);
    problem.cause = cause;
    problem
}

/// The status of a defect of ours: it names nothing but the reference under which the log has the cause.
pub(crate) fn internal_with_reference(reference: &str) -> Status {
    let mut details = ErrorDetails::new();
    let metadata = HashMap::from([("reference".to_owned(), reference.to_owned())]);
    details.set_error_info("internal", DOMAIN, metadata);
    Status::with_error_details(Code::Internal, format!("{INTERNAL_TEXT} Reference: {reference}"), details)
}

/// The status of a call whose time is over.
pub(crate) fn deadline_exceeded() -> Status {
    let code = ErrorCode::DeadlineExceeded;
    status(Problem::new(code, default_reason(code), default_text(code)))
}

/// The status of a peer that cannot be reached, with what the network says for the log.
pub(crate) fn unavailable(cause: impl std::fmt::Display) -> Status {
    let code = ErrorCode::Unavailable;
    status(Problem::new(code, default_reason(code), default_text(code)).with_cause(cause))
}

/// Whether the status is a defect of ours, however a library has put it.
pub(crate) fn is_internal(code: Code) -> bool {
    matches!(code, Code::Internal | Code::Unknown | Code::DataLoss)
}

const fn grpc_code(code: ErrorCode) -> Code {
    match code {
        ErrorCode::InvalidArgument => Code::InvalidArgument,
        ErrorCode::Unauthenticated => Code::Unauthenticated,
        ErrorCode::PermissionDenied => Code::PermissionDenied,
        ErrorCode::NotFound => Code::NotFound,
        ErrorCode::AlreadyExists => Code::AlreadyExists,
        ErrorCode::FailedPrecondition => Code::FailedPrecondition,
        ErrorCode::Conflict => Code::Aborted,
        ErrorCode::ResourceExhausted => Code::ResourceExhausted,
        ErrorCode::DeadlineExceeded => Code::DeadlineExceeded,
        ErrorCode::Unavailable => Code::Unavailable,
        ErrorCode::Internal => Code::Internal,
    }
}

const fn error_code(code: Code) -> ErrorCode {
    match code {
        Code::InvalidArgument | Code::OutOfRange => ErrorCode::InvalidArgument,
        Code::Unauthenticated => ErrorCode::Unauthenticated,
        Code::PermissionDenied => ErrorCode::PermissionDenied,
        Code::NotFound => ErrorCode::NotFound,
        Code::AlreadyExists => ErrorCode::AlreadyExists,
        Code::FailedPrecondition => ErrorCode::FailedPrecondition,
        Code::Aborted => ErrorCode::Conflict,
        Code::ResourceExhausted => ErrorCode::ResourceExhausted,
        // tonic's own timers answer Cancelled.
        Code::DeadlineExceeded | Code::Cancelled => ErrorCode::DeadlineExceeded,
        Code::Unavailable => ErrorCode::Unavailable,
        // A method that a peer does not know means two releases that do not fit, not a missing object.
        Code::Ok | Code::Unknown | Code::Unimplemented | Code::Internal | Code::DataLoss => {
            ErrorCode::Internal
        }
    }
}

const fn default_reason(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::InvalidArgument => "invalid_argument",
        ErrorCode::Unauthenticated => "unauthenticated",
        ErrorCode::PermissionDenied => "permission_denied",
        ErrorCode::NotFound => "not_found",
        ErrorCode::AlreadyExists => "already_exists",
        ErrorCode::FailedPrecondition => "failed_precondition",
        ErrorCode::Conflict => "conflict",
        ErrorCode::ResourceExhausted => "resource_exhausted",
        ErrorCode::DeadlineExceeded => "deadline_exceeded",
        ErrorCode::Unavailable => "unavailable",
        ErrorCode::Internal => "internal",
    }
}

const fn default_text(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::InvalidArgument => "Something in this request is not right. Check it and send it again.",
        ErrorCode::Unauthenticated => "Please sign in to continue.",
        ErrorCode::PermissionDenied => "You are not allowed to do this.",
        ErrorCode::NotFound => "This is not here, or it is not shared with you.",
        ErrorCode::AlreadyExists => "This is there already.",
        ErrorCode::FailedPrecondition => "This cannot be done at the moment.",
        ErrorCode::Conflict => "Somebody else has changed this in the meantime. Reload and try again.",
        ErrorCode::ResourceExhausted => "This is more than is allowed at once. Try again later.",
        ErrorCode::DeadlineExceeded => "This took too long. Please try again.",
        ErrorCode::Unavailable => {
            "This part of the portal cannot be reached just now. Please try again in a moment."
        }
        ErrorCode::Internal => INTERNAL_TEXT,
    }
}

/// The refusal of a caller who is not, or no longer, known. The wire does not tell which check failed.
pub(crate) fn unauthenticated(cause: impl std::fmt::Display) -> Status {
    let code = ErrorCode::Unauthenticated;
    status(Problem::new(code, default_reason(code), default_text(code)).with_cause(cause))
}

/// The refusal of a caller who may not use this method.
pub(crate) fn permission_denied(cause: impl std::fmt::Display) -> Status {
    let code = ErrorCode::PermissionDenied;
    status(Problem::new(code, default_reason(code), default_text(code)).with_cause(cause))
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Cause(String);

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const CODES: [ErrorCode; 11] = [
        ErrorCode::InvalidArgument,
        ErrorCode::Unauthenticated,
        ErrorCode::PermissionDenied,
        ErrorCode::NotFound,
        ErrorCode::AlreadyExists,
        ErrorCode::FailedPrecondition,
        ErrorCode::Conflict,
        ErrorCode::ResourceExhausted,
        ErrorCode::DeadlineExceeded,
        ErrorCode::Unavailable,
        ErrorCode::Internal,
    ];

    /// What arrives at the other side: headers only.
    fn over_the_wire(status: Status) -> Status {
        Status::from_header_map(status.into_http::<()>().headers()).unwrap()
    }

    #[test]
    fn every_code_comes_back_as_itself() {
        let mut seen = std::collections::HashSet::new();
        for code in CODES {
            let sent = status(Problem::new(code, default_reason(code), default_text(code)));
            assert!(seen.insert(sent.code() as i32), "{code:?} shares its gRPC code");
            let back = problem_from(&over_the_wire(sent));
            assert_eq!((back.code, back.reason.as_str()), (code, default_reason(code)));
            assert_eq!(back.message, default_text(code));
        }
    }

    #[test]
    fn every_grpc_code_means_something() {
        let expected = [
            (Code::Ok, ErrorCode::Internal),
            (Code::Cancelled, ErrorCode::DeadlineExceeded),
            (Code::Unknown, ErrorCode::Internal),
            (Code::InvalidArgument, ErrorCode::InvalidArgument),
            (Code::DeadlineExceeded, ErrorCode::DeadlineExceeded),
            (Code::NotFound, ErrorCode::NotFound),
            (Code::AlreadyExists, ErrorCode::AlreadyExists),
            (Code::PermissionDenied, ErrorCode::PermissionDenied),
            (Code::ResourceExhausted, ErrorCode::ResourceExhausted),
            (Code::FailedPrecondition, ErrorCode::FailedPrecondition),
            (Code::Aborted, ErrorCode::Conflict),
            (Code::OutOfRange, ErrorCode::InvalidArgument),
            (Code::Unimplemented, ErrorCode::Internal),
            (Code::Internal, ErrorCode::Internal),
            (Code::Unavailable, ErrorCode::Unavailable),
            (Code::DataLoss, ErrorCode::Internal),
            (Code::Unauthenticated, ErrorCode::Unauthenticated),
        ];
        for (number, (code, meaning)) in expected.into_iter().enumerate() {
            assert_eq!(code as usize, number);
            let back = problem_from(&Status::new(code, "h2 said something technical"));
            assert_eq!(back.code, meaning, "{code:?}");
            assert_eq!(back.message, default_text(meaning));
            assert_eq!(back.cause.as_deref(), Some("h2 said something technical"));
        }
    }

    #[test]
    fn fields_and_the_wait_travel_and_the_cause_does_not() {
        let sent = Problem::invalid("items[2].name", "Write a name.")
            .with_field("due", "Choose a day that is still to come.")
            .with_retry_after(Duration::from_millis(2500))
            .with_cause("row 17 of the import of Acme");
        let here = status(sent.clone());
        assert_eq!(here.source().unwrap().to_string(), "row 17 of the import of Acme");

        let there = over_the_wire(here);
        assert!(!format!("{there:?}").contains("row 17"));
        let back = problem_from(&there);
        assert_eq!(back, Problem { cause: None, ..sent });
    }

    #[test]
    fn an_internal_problem_says_nothing_of_itself() {
        let mut leaky = Problem::internal("password is hunter2");
        leaky.message = "select * from people".to_owned();
        leaky.reason = "hunter2".to_owned();
        let there = over_the_wire(status(leaky));
        assert_eq!(there.message(), INTERNAL_TEXT);
        let details = String::from_utf8_lossy(there.details()).into_owned();
        assert!(!details.contains("hunter2") && !details.contains("people"), "{details}");
    }
}
