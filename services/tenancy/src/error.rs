//! Everything that can go wrong, and how it is said.

use portico_core::{ErrorCode, ParseIdError, Problem};
use portico_db::StoreError;
use portico_rpc::ServiceError;

/// Why the service refuses.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TenancyError {
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
    /// The slug belongs to another firm.
    #[error("the slug is taken")]
    SlugTaken,
    /// A host belongs to another firm.
    #[error("the host {0} is taken")]
    HostTaken(String),
    /// Somebody else changed the object first.
    #[error("the etag is not the present one")]
    Stale,
    /// Somebody else published a version first.
    #[error("version {newest} is there, the author started from another")]
    Published {
        /// The newest version.
        newest: i32,
    },
    /// The firm would have no administrator left.
    #[error("this would take the role admin from the last who has it")]
    LastAdministrator,
    /// The person is on the other side.
    #[error("a person of the other side: {0}")]
    WrongSide(&'static str),
    /// What is stored cannot be read.
    #[error("a stored value cannot be read: {0}")]
    Unreadable(String),
}

impl From<ParseIdError> for TenancyError {
    /// An id that is none belongs to nothing.
    fn from(_: ParseIdError) -> Self {
        Self::NotFound
    }
}

impl From<sqlx::Error> for TenancyError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl ServiceError for TenancyError {
    fn problem(&self) -> Problem {
        let at = |code, reason: &str, field: &str, text: String| {
            Problem::new(code, reason, text.clone()).with_field(field, text)
        };
        match self {
            Self::Store(error) => error.problem(),
            Self::Peer(problem) | Self::Invalid(problem) => problem.clone(),
            Self::NotFound => Problem::not_found(),
            Self::SlugTaken => at(
                ErrorCode::AlreadyExists,
                "slug_taken",
                "slug",
                "Another firm has this address already. Choose another one.".to_owned(),
            ),
            Self::HostTaken(host) => at(
                ErrorCode::AlreadyExists,
                "host_taken",
                "hosts",
                format!("The host {host} leads to another firm already. Leave it out or choose another one."),
            ),
            Self::Stale => Problem::new(
                ErrorCode::Conflict,
                "stale",
                "Somebody else has changed this in the meantime. Reload and try again.",
            ),
            Self::Published { newest } => at(
                ErrorCode::Conflict,
                "published_meanwhile",
                "base_version",
                format!("Version {newest} has been published in the meantime. Start from that one."),
            ),
            Self::LastAdministrator => Problem::new(
                ErrorCode::FailedPrecondition,
                "last_administrator",
                "The firm needs at least one administrator. Make somebody else one first.",
            ),
            Self::WrongSide(text) => {
                at(ErrorCode::FailedPrecondition, "wrong_side", "person_id", (*text).to_owned())
            }
            Self::Unreadable(_) => Problem::internal(self),
        }
    }
}
