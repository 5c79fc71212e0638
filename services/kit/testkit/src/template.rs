//! The template database: made once for each state of the migrations, then cloned.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use portico_core::{Clock as _, SystemClock};
use portico_db::{DatabaseConfig, SERVICES, bootstrap, migrate};
use sha2::{Digest as _, Sha256};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, migrate::Migrator};

use crate::cluster;

/// Serialises the making of templates over all test processes of a cluster.
const LOCK: i64 = 0x0070_6f72_7469_636f;
/// A clone of this age belongs to a test that was killed.
const LEFTOVER_AGE: Duration = Duration::from_secs(3600);

/// The folder of migrations and the name of the template for its present state.
pub(crate) struct Template {
    folder: PathBuf,
    pub(crate) name: String,
}

impl Template {
    /// Reads the migrations as they are now.
    pub(crate) fn current() -> Result<Self> {
        let folder = migrations_folder()?;
        let mut digest = Sha256::new();
        for path in migration_files(&folder)? {
            digest.update(path.strip_prefix(&folder)?.to_string_lossy().as_bytes());
            digest.update(fs::read(&path).with_context(|| format!("reading {}", path.display()))?);
        }
        let name = format!("portico_template_{}", &hex::encode(digest.finalize())[..16]);
        Ok(Self { folder, name })
    }

    /// Makes the template unless it is there; on the way it drops what older test runs left behind.
    pub(crate) async fn make(&self, config: &DatabaseConfig) -> Result<()> {
        let mut admin = cluster::connect(config).await?;
        sqlx::query("select pg_advisory_lock($1)").bind(LOCK).execute(&mut admin).await?;
        let there =
            sqlx::query_scalar::<_, bool>("select exists (select from pg_database where datname = $1)")
                .bind(&self.name)
                .fetch_one(&mut admin)
                .await?;
        if !there {
            sweep(&mut admin).await?;
            self.build(config, &mut admin).await?;
        }
        // Closing the connection releases the lock.
        Ok(admin.close().await?)
    }

    /// Builds under another name and renames at the end, so that a half-made template is never cloned.
    async fn build(&self, config: &DatabaseConfig, admin: &mut PgConnection) -> Result<()> {
        let draft = format!("{}_draft", self.name);
        drop_database(admin, &draft).await?;
        sqlx::raw_sql(AssertSqlSafe(format!("create database {draft} template template0")))
            .execute(&mut *admin)
            .await?;
        let config = config.clone().with_database(&draft);
        bootstrap(&config, cluster::password()).await?;
        for service in SERVICES {
            let folder = self.folder.join(service);
            if !folder.is_dir() || fs::read_dir(&folder)?.next().is_none() {
                continue;
            }
            let mut migrator = Migrator::new(folder.as_path())
                .await
                .with_context(|| format!("reading the migrations of {service}"))?;
            migrator.dangerous_set_table_name(format!("{service}._sqlx_migrations"));
            migrate(&config, service, &migrator).await?;
        }
        sqlx::raw_sql(AssertSqlSafe(format!(
            "alter database {draft} with allow_connections false; alter database {draft} rename to {}",
            self.name
        )))
        .execute(&mut *admin)
        .await
        .context("finishing the template database")?;
        Ok(())
    }
}

/// Drops templates of other states of the migrations, and clones whose test is long gone.
async fn sweep(admin: &mut PgConnection) -> Result<()> {
    let names = sqlx::query_scalar::<_, String>(
        r"select datname::text from pg_database where datname like 'portico\_te%'",
    )
    .fetch_all(&mut *admin)
    .await?;
    let now = SystemClock.now().timestamp();
    for name in names {
        let expired = match name.strip_prefix("portico_test_").and_then(|rest| rest.split('_').next()) {
            Some(made) => {
                made.parse::<i64>().is_ok_and(|made| now - made > LEFTOVER_AGE.as_secs().cast_signed())
            }
            None => name.starts_with("portico_template_"),
        };
        if expired {
            drop_database(admin, &name).await?;
        }
    }
    Ok(())
}

/// Drops a database of ours together with whoever is still connected.
pub(crate) async fn drop_database(admin: &mut PgConnection, name: &str) -> Result<()> {
    sqlx::raw_sql(AssertSqlSafe(format!("drop database if exists {name} with (force)")))
        .execute(admin)
        .await
        .with_context(|| format!("dropping the database {name}"))?;
    Ok(())
}

fn migrations_folder() -> Result<PathBuf> {
    let start = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_else(|_| env!("CARGO_MANIFEST_DIR").to_owned());
    for folder in Path::new(&start).ancestors() {
        let migrations = folder.join("migrations");
        if migrations.join("bootstrap.sql").is_file() {
            return Ok(migrations);
        }
    }
    bail!("no folder above {start} holds migrations/bootstrap.sql")
}

/// The bootstrap and every service's migrations, in a fixed order.
fn migration_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = vec![folder.join("bootstrap.sql")];
    for service in SERVICES {
        let Ok(entries) = fs::read_dir(folder.join(service)) else { continue };
        for entry in entries {
            files.push(entry?.path());
        }
    }
    files.retain(|path| path.extension().is_some_and(|extension| extension == "sql"));
    files.sort();
    Ok(files)
}
