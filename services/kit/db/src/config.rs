//! Where the database is, and as whom to connect.

use std::{str::FromStr, time::Duration};

use sqlx::postgres::PgConnectOptions;

/// The services that own a schema, in the order in which they are migrated.
pub const SERVICES: [&str; 6] = ["identity", "tenancy", "documents", "workflow", "messaging", "billing"];

/// A database address that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("DATABASE_URL is not a Postgres address such as postgres://user@host:5432/portico: {0}")]
pub struct InvalidDatabaseUrl(String);

/// The roles of one service. None of them owns a table at run time and none may bypass row-level security.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Serves requests and handles events, always with a context.
    App,
    /// Reads and moves the plumbing: outbox, cursors, token hashes, due timers.
    Relay,
    /// Runs migrations as the schema's owner. Never used at run time.
    Migrate,
}

/// The database as all services see it. Each service connects with roles of its own.
#[derive(Debug, Clone)]
pub struct DatabaseConfig {
    base: PgConnectOptions,
    role_password: Option<String>,
    /// Connections that a service holds at most, for requests.
    pub max_connections: u32,
    /// The longest that one statement may take.
    pub statement_timeout: Duration,
}

impl DatabaseConfig {
    /// Reads `url`; its user and password are replaced by those of a service's role.
    ///
    /// # Errors
    /// [`InvalidDatabaseUrl`] where the address cannot be read.
    pub fn new(url: &str, role_password: Option<String>) -> Result<Self, InvalidDatabaseUrl> {
        let base = PgConnectOptions::from_str(url).map_err(|error| InvalidDatabaseUrl(error.to_string()))?;
        Ok(Self { base, role_password, max_connections: 12, statement_timeout: Duration::from_secs(15) })
    }

    /// The options for a role of `service`.
    pub fn options(&self, service: &str, role: Role) -> PgConnectOptions {
        let suffix = match role {
            Role::App => "",
            Role::Relay => "_relay",
            Role::Migrate => "_migrate",
        };
        let mut options = self
            .base
            .clone()
            .username(&format!("portico_{service}{suffix}"))
            .application_name(&format!("portico {service}{suffix}"));
        if let Some(password) = &self.role_password {
            options = options.password(password);
        }
        if role == Role::Migrate {
            // A migration may run long, but must never wait long for a lock while others queue behind it.
            return options.options([("lock_timeout", "5s")]);
        }
        options.options([
            ("statement_timeout", format!("{}ms", self.statement_timeout.as_millis())),
            ("idle_in_transaction_session_timeout", "5s".to_owned()),
        ])
    }

    /// The options of the address as given: the superuser that runs the bootstrap.
    pub fn admin_options(&self) -> PgConnectOptions {
        self.base.clone()
    }

    /// The same server and roles, another database.
    #[must_use]
    pub fn with_database(mut self, name: &str) -> Self {
        self.base = self.base.database(name);
        self
    }
}
