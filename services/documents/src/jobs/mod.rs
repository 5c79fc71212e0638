//! What the service does by the clock. Every job finds its work anew in the database and on the disk, so that a restart
//! loses nothing, and several processes may run the same one.

mod draw_office;
mod expire_uploads;
mod purge_trash;
mod remind_signers;
mod remove_orphans;
mod remove_unbound;
mod rounds;
mod scan_versions;
mod sweep_unfinished;

use std::{sync::Arc, time::Duration};

use portico_rpc::ServiceError as _;
use portico_service::Job;
use tokio::sync::Notify;

use self::{rounds::Rounds, sweep_unfinished::Sweeps};
use crate::{error::DocumentsError, service::SharedService};

/// The longest time between two looks.
const REST: Duration = Duration::from_secs(30);
/// The time between two steps of work that is not done yet.
const BREATH: Duration = Duration::from_millis(50);

/// Every job of the service.
pub(crate) fn all(service: &SharedService) -> Vec<Job> {
    let sweep = {
        let (service, sweeps) = (Arc::clone(service), Arc::<Sweeps>::default());
        move || {
            let (service, sweeps) = (Arc::clone(&service), Arc::clone(&sweeps));
            async move { answer(sweep_unfinished::run(&service, &sweeps).await) }
        }
    };
    let unbound = {
        let (service, rounds) = (Arc::clone(service), Arc::new(Rounds::new(remove_unbound::EVERY)));
        move || {
            let (service, rounds) = (Arc::clone(&service), Arc::clone(&rounds));
            async move { answer(remove_unbound::run(&service, &rounds).await) }
        }
    };
    let orphans = {
        let (service, rounds) = (Arc::clone(service), Arc::new(Rounds::new(remove_orphans::EVERY)));
        move || {
            let (service, rounds) = (Arc::clone(&service), Arc::clone(&rounds));
            async move { answer(remove_orphans::run(&service, &rounds).await) }
        }
    };
    let trash = {
        let (service, rounds) = (Arc::clone(service), Arc::new(Rounds::new(purge_trash::EVERY)));
        move || {
            let (service, rounds) = (Arc::clone(&service), Arc::clone(&rounds));
            async move { answer(purge_trash::run(&service, &rounds).await) }
        }
    };
    let scans = {
        let service = Arc::clone(service);
        move || {
            let service = Arc::clone(&service);
            async move { answer(scan_versions::run(&service).await) }
        }
    };
    let drawings = {
        let service = Arc::clone(service);
        move || {
            let service = Arc::clone(&service);
            async move { answer(draw_office::run(&service).await) }
        }
    };
    let uploads = {
        let service = Arc::clone(service);
        move || {
            let service = Arc::clone(&service);
            async move { answer(expire_uploads::run(&service).await) }
        }
    };
    let nudges = {
        let service = Arc::clone(service);
        move || {
            let service = Arc::clone(&service);
            async move { answer(remind_signers::run(&service).await) }
        }
    };
    vec![
        Job::new("documents.expire_uploads", Arc::new(Notify::new()), uploads),
        Job::new("documents.remind_signers", Arc::clone(&service.nudges), nudges),
        Job::new("documents.scan_versions", Arc::clone(&service.scans), scans),
        Job::new("documents.draw_office", Arc::clone(&service.drawings), drawings),
        Job::new("documents.sweep_unfinished", Arc::new(Notify::new()), sweep),
        Job::new("documents.purge_trash", Arc::new(Notify::new()), trash),
        Job::new("documents.remove_unbound", Arc::new(Notify::new()), unbound),
        Job::new("documents.remove_orphans", Arc::new(Notify::new()), orphans),
    ]
}

fn answer(outcome: Result<Duration, DocumentsError>) -> Result<Duration, portico_core::Problem> {
    outcome.map_err(|error| error.problem())
}
