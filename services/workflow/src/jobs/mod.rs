//! What the service does by the clock.

#[cfg(test)]
mod calendar_tests;
pub(crate) mod fire_timers;
pub(crate) mod free_times;
mod learn_rows;

use std::sync::Arc;

use portico_rpc::ServiceError as _;
use portico_service::Job;

use crate::service::SharedService;

/// Every job of the service.
pub(crate) fn jobs(service: &SharedService) -> Vec<Job> {
    let wake = Arc::clone(&service.timers);
    let service = Arc::clone(service);
    let run = move || {
        let service = Arc::clone(&service);
        async move { fire_timers::run(&service).await.map_err(|error| error.problem()) }
    };
    vec![Job::new("workflow.timers", wake, run)]
}
