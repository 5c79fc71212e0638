//! The way to the data: a pool that hands out nothing but transactions that carry the caller's context.
//!
//! Row-level security in Postgres is the floor of isolation. [`Store::begin`] puts the firm, the person and the accounts of a
//! [`Ctx`](portico_core::Ctx) into the transaction in the same wait as `BEGIN`; a connection without context sees no row.
//! What must be read before a firm is known (token hashes, hosts, due timers, the outbox) is read by a second role through
//! [`Store::plumbing`].

mod bootstrap;
mod config;
mod error;
mod floor;
mod migrate;
mod store;

pub use bootstrap::{BootstrapError, bootstrap};
pub use config::{DatabaseConfig, InvalidDatabaseUrl, Role, SERVICES};
pub use error::StoreError;
pub use floor::floor_offences;
pub use migrate::{MigrateError, migrate};
pub use store::{Store, Tx};
