//! Removes what processes that are gone left half-done: uploads in the making, and files laid ready for their pages.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::Mutex;

use super::REST;
use crate::{error::DocumentsError, preview, service::Service, vault::VaultError};

/// Beyond the longest pause within an upload.
const ABANDONED: Duration = Duration::from_secs(24 * 3600);
/// The time from one look at the store to the next: a bucket is asked over the network, and asking costs money.
const EVERY: TimeDelta = TimeDelta::hours(1);

/// When the store is looked at next; a process that starts looks at once.
#[derive(Default)]
pub(super) struct Sweeps(Mutex<Option<DateTime<Utc>>>);

impl Sweeps {
    async fn are_due(&self, now: DateTime<Utc>) -> bool {
        let mut next = self.0.lock().await;
        let due = next.is_none_or(|next| next <= now);
        if due {
            *next = Some(now + EVERY);
        }
        due
    }
}

pub(super) async fn run(service: &Service, sweeps: &Sweeps) -> Result<Duration, DocumentsError> {
    let sources = preview::sweep(&service.config.preview).await?;
    let uploads = if sweeps.are_due(service.clock.now()).await {
        service.blobs.sweep(ABANDONED).await.map_err(VaultError::from)?
    } else {
        0
    };
    if uploads + sources > 0 {
        tracing::info!(uploads, sources, "removed what interrupted processes left behind");
    }
    Ok(REST)
}
