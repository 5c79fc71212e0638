//! What the service does by the clock.

#[cfg(test)]
mod calendar_tests;
pub(crate) mod fire_timers;
pub(crate) mod free_times;
mod learn_rows;
pub(crate) mod read_calendars;

use std::sync::Arc;

use portico_rpc::ServiceError as _;
use portico_service::Job;

use crate::service::SharedService;

/// Every job of the service.
pub(crate) fn jobs(service: &SharedService) -> Vec<Job> {
    let wake = Arc::clone(&service.timers);
    let (timers, calendars) = (Arc::clone(service), Arc::clone(service));
    let fire = move || {
        let service = Arc::clone(&timers);
        async move { fire_timers::run(&service).await.map_err(|error| error.problem()) }
    };
    let read = move || {
        let service = Arc::clone(&calendars);
        async move { read_calendars::run(&service).await.map_err(|error| error.problem()) }
    };
    vec![Job::new("workflow.timers", wake, fire), Job::new("workflow.calendars", Arc::default(), read)]
}
