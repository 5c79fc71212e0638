//! Roles, schemas and context functions, made by a superuser before the first migration.

use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};

use crate::DatabaseConfig;

/// Why the roles and schemas could not be made.
#[derive(Debug, thiserror::Error)]
pub enum BootstrapError {
    /// The server does not answer at the given address, or refuses the user.
    #[error("cannot connect to the database as the administrator: {0}")]
    Connect(sqlx::Error),
    /// The user may not create roles, or the script is at odds with what is there.
    #[error("cannot create Portico's roles and schemas: {0}")]
    Run(sqlx::Error),
}

const SCRIPT: &str = include_str!("../../../../migrations/bootstrap.sql");

/// Creates or refreshes roles, schemas and context functions. May be repeated.
///
/// # Errors
/// [`BootstrapError`] says whether connecting or running failed.
pub async fn bootstrap(config: &DatabaseConfig, role_password: &str) -> Result<(), BootstrapError> {
    let mut connection = config.admin_options().connect().await.map_err(BootstrapError::Connect)?;
    let mut tx = connection.begin().await.map_err(BootstrapError::Run)?;
    sqlx::query("select set_config('portico.bootstrap_password', $1, true)")
        .bind(role_password)
        .execute(&mut *tx)
        .await
        .map_err(BootstrapError::Run)?;
    sqlx::raw_sql(AssertSqlSafe(SCRIPT)).execute(&mut *tx).await.map_err(BootstrapError::Run)?;
    tx.commit().await.map_err(BootstrapError::Run)?;
    connection.close().await.map_err(BootstrapError::Run)
}
