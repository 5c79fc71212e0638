//! What the service does by the clock.

mod prune;

use portico_service::Job;

use crate::service::SharedService;

/// All jobs of the service.
pub(crate) fn all(service: &SharedService) -> Vec<Job> {
    vec![prune::job(service)]
}
