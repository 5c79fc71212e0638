//! What every service is given ([`Kit`]) and what it hands back ([`ServiceParts`]).
//!
//! The parts are the same for every service, so the binary is a loop over the services it was told to host and knows nothing
//! about any of them.

use std::{path::PathBuf, sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use portico_core::{Problem, SharedClock, SharedEntropy};
use portico_db::Store;
use portico_events::Subscription;
use portico_rpc::Peers;
use sqlx::migrate::Migrator;
use tokio::sync::Notify;
use tonic::service::Routes;

mod fields;
pub mod page;

pub use fields::Fields;

/// What a service stands on.
#[derive(Clone)]
pub struct Kit {
    /// Its own schema.
    pub store: Store,
    /// The way to the other services.
    pub peers: Peers,
    /// The present.
    pub clock: SharedClock,
    /// Randomness.
    pub entropy: SharedEntropy,
    /// Where the process keeps files of its own: keys, the keyring, stored bytes.
    pub home: PathBuf,
}

/// What a service consists of.
pub struct ServiceParts {
    /// The service's name: that of its schema, its role and its proto package.
    pub name: &'static str,
    /// Its RPCs.
    pub grpc: Routes,
    /// Its plain HTTP routes for file bytes; empty for most.
    pub http: axum::Router,
    /// What it listens to.
    pub subscriptions: Vec<Subscription>,
    /// What it does by the clock.
    pub jobs: Vec<Job>,
    /// The migrations of its schema.
    pub migrator: &'static Migrator,
}

/// The work of one run of a job; it answers how long to wait until the next run.
pub type JobRun = Arc<dyn Fn() -> BoxFuture<'static, Result<Duration, Problem>> + Send + Sync>;

/// Something a service does by the clock. Jobs tolerate running in several processes at once: they claim their work in the database.
#[derive(Clone)]
pub struct Job {
    /// The job's name, for the log.
    pub name: &'static str,
    /// Does what is due and says when to look again, at most 30 seconds later.
    pub run: JobRun,
    /// Wakes the job before its time, when new work was just written.
    pub wake: Arc<Notify>,
}

impl Job {
    /// A job that calls `run`; `wake` runs it at once.
    pub fn new<F>(name: &'static str, wake: Arc<Notify>, run: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Duration, Problem>> + Send + 'static,
    {
        Self { name, wake, run: Arc::new(move || Box::pin(run())) }
    }
}
