//! Databases cloned per test, a clock that obeys, canaries. A dev-dependency only.
//!
//! ```no_run
//! # async fn example() -> anyhow::Result<()> {
//! let database = portico_testkit::database().await?;
//! let ctx = portico_testkit::staff(database.tenant(), &["admin"]);
//! let tx = database.store("documents").begin(&ctx).await?;
//! # drop(tx);
//! # Ok(())
//! # }
//! ```
//!
//! `#[sqlx::test]` would hand out the superuser's pool, which looks past row-level security, and would migrate one crate
//! only. Here a template database with every service's schema is made once for each state of the migrations; each test
//! gets a clone of it and connects with the roles that the services have in production.

mod canary;
mod cluster;
mod context;
mod database;
mod template;

pub use canary::Canaries;
pub use context::{client, staff, system};
pub use database::{TestDatabase, database, database_on};
