//! What happens to the database before services start: roles, schemas, migrations.

use portico_db::{DatabaseConfig, bootstrap, migrate};
use sqlx::migrate::Migrator;

/// The migrations of every service, in the order in which they run.
pub const MIGRATORS: [(&str, &Migrator); 6] = [
    ("identity", &portico_identity::MIGRATOR),
    ("tenancy", &portico_tenancy::MIGRATOR),
    ("documents", &portico_documents::MIGRATOR),
    ("workflow", &portico_workflow::MIGRATOR),
    ("messaging", &portico_messaging::MIGRATOR),
    ("billing", &portico_billing::MIGRATOR),
];

/// Creates roles, schemas and context functions as the administrator of the database.
///
/// # Errors
/// Says whether connecting or creating failed.
pub async fn create_roles(database: &DatabaseConfig, role_password: &str) -> anyhow::Result<()> {
    Ok(bootstrap(database, role_password).await?)
}

/// Brings every schema up to date, each as its own owner.
///
/// # Errors
/// Names the schema and the migration that failed.
pub async fn migrate_all(database: &DatabaseConfig) -> anyhow::Result<()> {
    for (service, migrator) in MIGRATORS {
        migrate(database, service, migrator).await?;
    }
    Ok(())
}
