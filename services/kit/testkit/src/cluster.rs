//! The throw-away cluster that tests run on.

use anyhow::{Context as _, Result};
use portico_db::DatabaseConfig;
use sqlx::{ConnectOptions as _, PgConnection};
use url::Url;

/// The setting that names the cluster.
const SETTING: &str = "PORTICO_TEST_DATABASE_URL";

/// Enough for two requests at once in each of six services; many tests share one cluster.
const CONNECTIONS_PER_SERVICE: u32 = 6;

/// The superuser's address of the cluster that tests share.
pub(crate) fn shared() -> Result<String> {
    std::env::var(SETTING).ok().filter(|url| !url.is_empty()).with_context(|| {
        format!(
            "{SETTING} is not set: run the tests through ./scripts/test, or set it to the superuser's address of a \
             throw-away Postgres such as postgres://postgres@127.0.0.1:5432/postgres"
        )
    })
}

/// The cluster at `url` as a superuser sees it.
pub(crate) fn config(url: &str) -> Result<DatabaseConfig> {
    let mut config = DatabaseConfig::new(url, Some(password().to_owned()))
        .context("reading the address of the tests' Postgres")?;
    config.max_connections = CONNECTIONS_PER_SERVICE;
    Ok(config)
}

/// The superuser's address of the database `name` in the cluster at `url`; empty where that is no address.
pub(crate) fn url_of(url: &str, name: &str) -> String {
    let Ok(mut url) = Url::parse(url) else { return String::new() };
    url.set_path(name);
    url.into()
}

/// The password of the services' roles in the throw-away cluster.
pub(crate) fn password() -> &'static str {
    "portico-test"
}

/// A connection of the superuser to the cluster's own database.
pub(crate) async fn connect(config: &DatabaseConfig) -> Result<PgConnection> {
    config.admin_options().connect().await.context("connecting to the tests' Postgres")
}
