//! A database of its own for each test.

use anyhow::{Context as _, Result};
use chrono::DateTime;
use portico_core::{
    AccountId, Clock as _, Entropy as _, MockClock, OsEntropy, SharedEntropy, SystemClock, TenantId,
};
use portico_db::{DatabaseConfig, SERVICES, Store};
use sqlx::{AssertSqlSafe, Connection as _, PgPool, postgres::PgPoolOptions};

use crate::{
    cluster,
    template::{Template, drop_database},
};

/// 2027-01-15 09:00:00 UTC, a Friday: the moment at which every test's clock starts.
const START: i64 = 1_800_003_600;

/// The SQLSTATE of a database that is not there.
const NO_SUCH_DATABASE: &str = "3D000";

/// A clone of the template, with a clock and randomness to go with it. Dropped with everything in it at the end of the test.
pub struct TestDatabase {
    cluster: String,
    config: DatabaseConfig,
    name: String,
    admin: PgPool,
    /// Stands still until the test moves it.
    pub clock: MockClock,
    /// The operating system's randomness: ids of different tests never meet.
    pub entropy: SharedEntropy,
}

/// A fresh database with the schemas of all services.
///
/// # Errors
/// `PORTICO_TEST_DATABASE_URL` is not set or does not answer, or a migration fails; the error says which.
pub async fn database() -> Result<TestDatabase> {
    database_on(&cluster::shared()?).await
}

/// The same in the Postgres at `cluster`, a superuser's address: for tests that stop and start a server of their own.
///
/// # Errors
/// The server does not answer, or a migration fails; the error says which.
pub async fn database_on(cluster: &str) -> Result<TestDatabase> {
    let config = cluster::config(cluster)?;
    let name = clone_template(&config).await?;
    let config = config.with_database(&name);
    let admin =
        PgPoolOptions::new().max_connections(2).min_connections(0).connect_lazy_with(config.admin_options());
    let start = DateTime::from_timestamp(START, 0).context("the start of the test's clock")?;
    Ok(TestDatabase {
        cluster: cluster.to_owned(),
        config,
        name,
        admin,
        clock: MockClock::at(start),
        entropy: std::sync::Arc::new(OsEntropy),
    })
}

impl TestDatabase {
    /// The store of a service, connected with the service's own roles.
    pub fn store(&self, service: &'static str) -> Store {
        Store::connect(&self.config, service)
    }

    /// Where this test's database is.
    pub fn config(&self) -> DatabaseConfig {
        self.config.clone()
    }

    /// The superuser's address of this test's database, for what reads an address.
    pub fn url(&self) -> String {
        cluster::url_of(&self.cluster, &self.name)
    }

    /// The password of the services' roles.
    pub fn role_password(&self) -> &'static str {
        cluster::password()
    }

    /// The superuser's pool, which sees past row-level security: for arranging and asserting only.
    pub fn admin(&self) -> &PgPool {
        &self.admin
    }

    /// The id of a firm that is new to this database.
    pub fn tenant(&self) -> TenantId {
        TenantId::new(self.clock.now(), &*self.entropy)
    }

    /// The id of an account that is new to this database.
    pub fn account(&self) -> AccountId {
        AccountId::new(self.clock.now(), &*self.entropy)
    }
}

impl Drop for TestDatabase {
    /// Drops the database on a thread of its own, since a drop cannot wait, and waits for it, since the process may end next.
    fn drop(&mut self) {
        let (Ok(config), name) = (cluster::config(&self.cluster), self.name.clone()) else { return };
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let mut admin = cluster::connect(&config).await?;
                drop_database(&mut admin, &name).await?;
                anyhow::Ok(admin.close().await?)
            })
        });
        // What could not be dropped is swept away by the next template.
        let _ = dropped.join();
    }
}

/// Clones the template, making it first where it is not there. The clone's name tells its age to whoever sweeps.
async fn clone_template(config: &DatabaseConfig) -> Result<String> {
    let mut admin = cluster::connect(config).await?;
    let name = format!("portico_test_{}_{}", SystemClock.now().timestamp(), &OsEntropy.secret()[..12]);
    loop {
        let template = Template::current()?;
        let statement = format!("create database {name} template {} strategy file_copy", template.name);
        match sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut admin).await {
            Ok(_) => break,
            Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some(NO_SUCH_DATABASE) => {
                template.make(config).await?;
            }
            Err(error) => return Err(error).context("cloning the template database"),
        }
    }
    sqlx::raw_sql(AssertSqlSafe(grants(&name)))
        .execute(&mut admin)
        .await
        .context("granting access to the clone")?;
    admin.close().await?;
    Ok(name)
}

/// What the bootstrap grants on the database itself, which a clone does not inherit.
fn grants(database: &str) -> String {
    let roles: Vec<String> = SERVICES
        .iter()
        .map(|service| format!("portico_{service}, portico_{service}_relay, portico_{service}_migrate"))
        .collect();
    format!(
        "revoke all on database {database} from public; grant connect on database {database} to {}",
        roles.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_test_has_a_database_of_its_own_that_vanishes_with_it() {
        let (first, second) = (database().await.unwrap(), database().await.unwrap());
        assert_ne!(first.name, second.name);
        let name = first.name.clone();
        let there = async |name: &str| {
            sqlx::query_scalar::<_, bool>("select exists (select from pg_database where datname = $1)")
                .bind(name)
                .fetch_one(second.admin())
                .await
                .unwrap()
        };
        assert!(there(&name).await);
        drop(first);
        assert!(!there(&name).await);
    }

    #[tokio::test]
    async fn every_store_connects_with_roles_that_cannot_look_past_the_floor() {
        let database = database().await.unwrap();
        for service in SERVICES {
            let store = database.store(service);
            store.refuse_mighty_role().await.unwrap();
            let ctx = crate::staff(database.tenant(), &["admin"]);
            let mut tx = store.begin(&ctx).await.unwrap();
            let user: String =
                sqlx::query_scalar("select current_user::text").fetch_one(tx.conn()).await.unwrap();
            assert_eq!(user, format!("portico_{service}"));
        }
    }
}
