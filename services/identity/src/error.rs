//! Everything that can go wrong, and how it is said.

use std::time::Duration;

use portico_core::{ErrorCode, ParseIdError, Problem};
use portico_db::StoreError;
use portico_rpc::ServiceError;

/// Why the service refuses.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IdentityError {
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
    /// No person has this address and password. The same for all reasons.
    #[error("address and password do not belong together")]
    WrongCredentials,
    /// The current password that was sent along is not it.
    #[error("the current password is wrong")]
    WrongCurrentPassword,
    /// No live session has this secret.
    #[error("no live session")]
    NoSession,
    /// The link does not let anybody in any more, or never did.
    #[error("the link does not work")]
    DeadLink,
    /// Too many tries.
    #[error("too many tries")]
    TooManyTries {
        /// How long to wait.
        wait: Duration,
    },
    /// The address belongs to somebody of the other side.
    #[error("the address belongs to a person of the other side")]
    OtherSide,
    /// Only administrators bring people onto the firm's side.
    #[error("the caller is no administrator")]
    NotAdministrator,
    /// A password is set already.
    #[error("a password is set already")]
    PasswordSet,
    /// The person is deactivated.
    #[error("the person is deactivated")]
    Inactive,
    /// There is no pending invitation.
    #[error("no invitation is pending")]
    NothingPending,
    /// One does not deactivate oneself.
    #[error("one cannot deactivate oneself")]
    Oneself,
    /// The service is ending.
    #[error("the service is closing")]
    Closing,
    /// A hash could not be computed or read.
    #[error("hashing failed: {0}")]
    Hashing(String),
    /// A token could not be signed.
    #[error("signing failed: {0}")]
    Signing(String),
}

impl From<ParseIdError> for IdentityError {
    /// An id that is none belongs to nothing.
    fn from(_: ParseIdError) -> Self {
        Self::NotFound
    }
}

impl ServiceError for IdentityError {
    fn problem(&self) -> Problem {
        let new = |code, reason: &str, text: &str| Problem::new(code, reason, text);
        match self {
            Self::Store(error) => error.problem(),
            Self::Peer(problem) | Self::Invalid(problem) => problem.clone(),
            Self::NotFound => Problem::not_found(),
            Self::WrongCredentials => new(
                ErrorCode::Unauthenticated,
                "wrong_credentials",
                "This address and password do not belong together. Try again, or have a sign-in link sent to you.",
            ),
            Self::WrongCurrentPassword => {
                Problem::invalid("current_password", "This is not your current password.")
            }
            Self::NoSession => new(ErrorCode::Unauthenticated, "no_session", "Please sign in to continue."),
            Self::DeadLink => new(
                ErrorCode::FailedPrecondition,
                "link_dead",
                "This link does not work any more. You can have a new one sent to you.",
            ),
            Self::TooManyTries { wait } => new(
                ErrorCode::ResourceExhausted,
                "too_many_tries",
                "There were too many tries. Wait a while, or have a sign-in link sent to you.",
            )
            .with_retry_after(*wait),
            Self::OtherSide => {
                let text = "Somebody with this address is already here on the other side (staff or an account). \
                            Use another address for this person.";
                new(ErrorCode::AlreadyExists, "other_side", text).with_field("email", text)
            }
            Self::NotAdministrator => new(
                ErrorCode::PermissionDenied,
                "not_administrator",
                "Only administrators can add or invite staff.",
            ),
            Self::PasswordSet => {
                new(ErrorCode::FailedPrecondition, "password_set", "This person has a password already.")
            }
            Self::Inactive => new(
                ErrorCode::FailedPrecondition,
                "inactive",
                "This person is deactivated and cannot be invited.",
            ),
            Self::NothingPending => new(
                ErrorCode::FailedPrecondition,
                "nothing_pending",
                "There is no pending invitation to withdraw.",
            ),
            Self::Oneself => new(
                ErrorCode::FailedPrecondition,
                "oneself",
                "You cannot deactivate yourself. Ask another administrator.",
            ),
            Self::Closing => new(
                ErrorCode::Unavailable,
                "closing",
                "This is briefly not available. Please try again in a moment.",
            )
            .with_retry_after(Duration::from_secs(2)),
            Self::Hashing(_) | Self::Signing(_) => Problem::internal(self),
        }
    }
}
