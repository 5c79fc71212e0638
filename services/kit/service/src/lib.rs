//! What every service is given ([`Kit`]) and what it hands back ([`ServiceParts`]).
//!
//! The parts are the same for every service, so the binary is a loop over the services it was told to host and knows nothing
//! about any of them.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::future::BoxFuture;
use portico_core::{Problem, SharedClock, SharedEntropy};
use portico_db::Store;
use portico_events::Subscription;
use portico_rpc::Peers;
use sqlx::migrate::Migrator;
use tokio::{sync::Notify, time::Instant};
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

    /// A job that has time: it calls `run` soon after the start and then once every `period`, or again at once where `run` answers that
    /// there is more to do. A run that fails is repeated like that of any job.
    pub fn seldom<F>(
        name: &'static str,
        period: Duration,
        run: impl Fn() -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<bool, Problem>> + Send + 'static,
    {
        let last: Arc<Mutex<Option<Instant>>> = Arc::default();
        Self::new(name, Arc::default(), move || {
            let rest = last
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .map_or(Duration::ZERO, |last| period.saturating_sub(last.elapsed()));
            let (work, last) = (rest.is_zero().then(&run), Arc::clone(&last));
            async move {
                let Some(work) = work else { return Ok(rest) };
                if work.await? {
                    return Ok(Duration::ZERO);
                }
                *last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
                Ok(period)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn a_seldom_job_rests_for_its_period_and_not_while_there_is_more() {
        let runs = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&runs);
        let job = Job::seldom("test.seldom", Duration::from_secs(3600), move || {
            let number = counted.fetch_add(1, Ordering::SeqCst);
            async move {
                match number {
                    0 => Err(Problem::internal("not yet")),
                    1 => Ok(true),
                    _ => Ok(false),
                }
            }
        });
        assert!((job.run)().await.is_err());
        assert_eq!((job.run)().await.unwrap(), Duration::ZERO);
        assert_eq!((job.run)().await.unwrap(), Duration::from_secs(3600));
        let rest = (job.run)().await.unwrap();
        assert!(!rest.is_zero() && rest <= Duration::from_secs(3600), "{rest:?}");
        assert_eq!(runs.load(Ordering::SeqCst), 3, "the runner calls more often than the job has work");
    }
}
