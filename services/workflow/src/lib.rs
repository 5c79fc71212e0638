//! Records, runs, steps, forms, approvals, meetings and timers, as the portals' definitions declare them.
//!
//! Nothing about any one portal stands in this crate: the definition alone drives. The engine in `domain::engine` is pure;
//! `advance` carries out what it decides, in one transaction that holds the record and its runs.

mod advance;
mod calendars;
mod config;
mod convert;
mod domain;
mod error;
mod events;
mod jobs;
mod peers;
mod reach;
mod rpc;
mod service;
mod store;
#[cfg(test)]
mod testing;

use std::sync::Arc;

use portico_proto::workflow::v1::workflow_server::WorkflowServer;
use portico_service::{Kit, ServiceParts};
use sqlx::migrate::Migrator;
use tonic::service::Routes;

pub use config::WorkflowConfig;

use crate::{rpc::Rpc, service::Service};

/// The migrations of the schema `workflow`.
pub static MIGRATOR: Migrator = sqlx::migrate!();

/// The longest request: a definition of one mebibyte with room for its envelope.
const MAX_REQUEST_BYTES: usize = portico_definition::MAX_BYTES + 64 * 1024;

/// Builds the service. Nothing is read or written yet.
///
/// # Errors
/// A setting of `config` does not hold.
pub async fn build(config: WorkflowConfig, kit: Kit) -> anyhow::Result<ServiceParts> {
    config.validate()?;
    let service = Arc::new(Service::new(config, kit));
    let server =
        WorkflowServer::new(Rpc::new(Arc::clone(&service))).max_decoding_message_size(MAX_REQUEST_BYTES);
    Ok(ServiceParts {
        name: "workflow",
        grpc: Routes::new(server),
        http: axum::Router::new(),
        subscriptions: events::subscriptions(&service),
        jobs: jobs::jobs(&service),
        migrator: &MIGRATOR,
    })
}
