//! What the service does by the clock. A job finds its work anew in the database, so that a restart loses nothing, and several
//! processes may run the same one.

mod remind;

use std::sync::Arc;

use portico_rpc::ServiceError as _;
use portico_service::Job;
use tokio::sync::Notify;

use crate::service::SharedService;

/// Every job of the service.
pub(crate) fn all(service: &SharedService) -> Vec<Job> {
    let service = Arc::clone(service);
    let remind = move || {
        let service = Arc::clone(&service);
        async move { remind::run(&service).await.map_err(|error| error.problem()) }
    };
    vec![Job::new("billing.remind", Arc::new(Notify::new()), remind)]
}
