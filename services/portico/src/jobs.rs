//! Runs what services do by the clock.

use std::time::Duration;

use portico_service::Job;
use tokio::{task::JoinSet, time::timeout};
use tokio_util::sync::CancellationToken;

/// How long to wait after a run that failed.
const AFTER_FAILURE: Duration = Duration::from_secs(5);
/// The longest rest of a job: work that nobody woke it for is found by then.
const LONGEST_REST: Duration = Duration::from_secs(30);

/// Runs `jobs` until `shutdown`; a run in hand is finished.
pub(crate) fn spawn(jobs: Vec<Job>, shutdown: &CancellationToken, tasks: &mut JoinSet<()>) {
    for job in jobs {
        tasks.spawn(keep_running(job, shutdown.clone()));
    }
}

async fn keep_running(job: Job, shutdown: CancellationToken) {
    loop {
        let run = tokio::spawn((job.run)());
        let rest = match run.await {
            Ok(Ok(rest)) => rest.min(LONGEST_REST),
            Ok(Err(problem)) => {
                tracing::warn!(job = job.name, reason = %problem.reason, cause = problem.cause, "a job failed and will run again");
                AFTER_FAILURE
            }
            Err(panic) => {
                tracing::error!(job = job.name, %panic, "a job panicked and will run again");
                AFTER_FAILURE
            }
        };
        tokio::select! {
            () = shutdown.cancelled() => return,
            // Woken or rested: either way it is time to look.
            _ = timeout(rest, job.wake.notified()) => {}
        }
    }
}
