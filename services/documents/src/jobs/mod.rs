//! What the service does by the clock.

use std::{sync::Arc, time::Duration};

use portico_core::Problem;
use portico_service::Job;
use tokio::sync::Notify;

use crate::service::SharedService;

/// Beyond the longest upload: what is older belongs to a process that is gone.
const ABANDONED: Duration = Duration::from_secs(24 * 3600);

/// Every job of the service.
pub(crate) fn all(service: &SharedService) -> Vec<Job> {
    let service = Arc::clone(service);
    let sweep = move || {
        let service = Arc::clone(&service);
        async move {
            let removed = service.blobs.sweep(ABANDONED).await.map_err(Problem::internal)?;
            if removed > 0 {
                tracing::info!(removed, "removed uploads that were never finished");
            }
            Ok(Duration::from_secs(30))
        }
    };
    vec![Job::new("documents.sweep_uploads", Arc::new(Notify::new()), sweep)]
}
