//! What the service does by the clock. A job finds its work anew in the database, so that a restart loses nothing, and several
//! processes may run the same one.

mod reconcile;
mod remind;

use std::{sync::Arc, time::Duration};

use portico_rpc::ServiceError as _;
use portico_service::Job;
use tokio::sync::Notify;

use crate::service::SharedService;

/// The time between two looks at what providers have. In tests, every call is another night.
const NIGHTLY: Duration = if cfg!(test) { Duration::ZERO } else { Duration::from_secs(24 * 60 * 60) };

/// Every job of the service.
pub(crate) fn all(service: &SharedService) -> Vec<Job> {
    let remind = {
        let service = Arc::clone(service);
        move || {
            let service = Arc::clone(&service);
            async move { remind::run(&service).await.map_err(|error| error.problem()) }
        }
    };
    let reconcile = {
        let service = Arc::clone(service);
        move || {
            let service = Arc::clone(&service);
            async move { reconcile::run(&service).await.map_err(|error| error.problem()) }
        }
    };
    vec![
        Job::new("billing.remind", Arc::new(Notify::new()), remind),
        Job::seldom("billing.reconcile", NIGHTLY, reconcile),
    ]
}
