//! Running a service's migrations as the owner of its schema.

use sqlx::{ConnectOptions as _, Connection as _, migrate::Migrator};

use crate::{DatabaseConfig, Role};

/// Why a schema could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The role that migrates cannot connect: the bootstrap has not run, or the password differs.
    #[error("cannot connect to migrate the schema {service}: {source}")]
    Connect {
        /// The service whose schema it is.
        service: String,
        /// What the driver says.
        source: sqlx::Error,
    },
    /// A migration failed; everything of that migration is rolled back.
    #[error("cannot migrate the schema {service}: {source}")]
    Run {
        /// The service whose schema it is.
        service: String,
        /// Which migration and why.
        source: sqlx::migrate::MigrateError,
    },
}

/// Brings the schema of `service` up to date. Several processes may try at once: one does it, the others wait.
///
/// # Errors
/// [`MigrateError`] names the schema and what failed.
pub async fn migrate(
    config: &DatabaseConfig,
    service: &str,
    migrator: &Migrator,
) -> Result<(), MigrateError> {
    let connect = |source| MigrateError::Connect { service: service.to_owned(), source };
    let run = |source| MigrateError::Run { service: service.to_owned(), source };
    let mut connection = config.options(service, Role::Migrate).connect().await.map_err(connect)?;
    migrator.run(&mut connection).await.map_err(run)?;
    connection.close().await.map_err(connect)
}
