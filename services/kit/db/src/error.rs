//! What can go wrong between a store and Postgres, sorted by what the caller can do about it.

use std::time::Duration;

use portico_core::{ErrorCode, Problem};

/// An error of the database, sorted by its remedy.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The server is away, starting, out of connections, or did not answer in time: the same call may succeed later.
    #[error("the database is away: {0}")]
    Unavailable(sqlx::Error),
    /// A unique constraint says that this is there already.
    #[error("a row with this value is there already ({constraint})")]
    Duplicate {
        /// The constraint's name, so that a service can tell which field is at fault.
        constraint: String,
    },
    /// A foreign key points nowhere. What it should point at does not exist *for this caller*.
    #[error("a row refers to something that is not there ({constraint})")]
    Dangling {
        /// The constraint's name.
        constraint: String,
    },
    /// A check constraint or the isolation floor refused the row.
    #[error("the database refused the row: {0}")]
    Refused(sqlx::Error),
    /// Two transactions stood in each other's way; a repeat may succeed.
    #[error("two changes stood in each other's way")]
    Conflict,
    /// A defect: wrong SQL, a type that does not fit, a missing privilege.
    #[error("the database answered with an error: {0}")]
    Defect(sqlx::Error),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::BeginFailed => Self::Unavailable(error),
            sqlx::Error::Database(database) => {
                let constraint = || database.constraint().unwrap_or("unnamed").to_owned();
                match database.code().as_deref() {
                    Some("23505") => Self::Duplicate { constraint: constraint() },
                    Some("23503") => Self::Dangling { constraint: constraint() },
                    Some("40001" | "40P01") => Self::Conflict,
                    Some("42501" | "23514" | "23502") => Self::Refused(error),
                    // 57P: the server is going down or coming up; 08: the connection broke; 53: out of resources;
                    // 57014: the statement ran into its time limit.
                    Some(code)
                        if code.starts_with("57P")
                            || code.starts_with("08")
                            || code.starts_with("53")
                            || code == "57014" =>
                    {
                        Self::Unavailable(error)
                    }
                    _ => Self::Defect(error),
                }
            }
            _ => Self::Defect(error),
        }
    }
}

impl StoreError {
    /// The kind of refusal that a caller gets to see.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Unavailable(_) => ErrorCode::Unavailable,
            Self::Duplicate { .. } => ErrorCode::AlreadyExists,
            Self::Dangling { .. } => ErrorCode::NotFound,
            Self::Conflict => ErrorCode::Conflict,
            Self::Refused(_) | Self::Defect(_) => ErrorCode::Internal,
        }
    }

    /// The error as it leaves the service.
    pub fn problem(&self) -> Problem {
        match self {
            Self::Unavailable(_) => Problem::new(
                ErrorCode::Unavailable,
                "database_unavailable",
                "This is briefly not available. Please try again.",
            )
            .with_retry_after(Duration::from_secs(2))
            .with_cause(self),
            Self::Duplicate { .. } => {
                Problem::new(ErrorCode::AlreadyExists, "already_exists", "This is there already.")
                    .with_cause(self)
            }
            Self::Dangling { .. } => Problem::not_found().with_cause(self),
            Self::Conflict => Problem::new(
                ErrorCode::Conflict,
                "conflict",
                "Somebody changed this at the same moment. Please try again.",
            ),
            Self::Refused(_) | Self::Defect(_) => Problem::internal(self),
        }
    }
}
