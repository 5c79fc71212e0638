//! The documents service: files and their versions, requests for documents, deliverables, and envelopes to sign.
//!
//! The bytes of files travel over plain HTTP routes beside the RPCs and rest in the [`vault`].

mod access;
mod config;
pub mod content;
mod convert;
pub mod domain;
mod error;
mod events;
mod http;
mod jobs;
mod peers;
pub mod preview;
mod previews;
mod progress;
mod rpc;
mod scan;
mod service;
pub mod signing;
mod store;
#[cfg(test)]
mod testing;
pub mod vault;

use std::sync::Arc;

use portico_proto::documents::v1::documents_server::DocumentsServer;
use portico_service::{Kit, ServiceParts};
use sqlx::migrate::Migrator;
use tonic::service::Routes;

pub use config::DocumentsConfig;
pub use scan::ScannerAddress;

use crate::{rpc::Rpc, service::Service};

/// The migrations of the schema `documents`.
pub static MIGRATOR: Migrator = sqlx::migrate!();

/// The agreement that the shipped onboarding definition has signed, for firms that start with it.
pub const DATA_AGREEMENT: &[u8] = include_bytes!("../templates/data-agreement.pdf");

/// Builds the service over the files in the kit's home. Nothing is read or written yet. Programs and fonts that are missing are
/// named when they are needed.
///
/// # Errors
/// A setting of `config` does not hold.
pub async fn build(config: DocumentsConfig, kit: Kit) -> anyhow::Result<ServiceParts> {
    config.validate()?;
    let service = Arc::new(Service::new(config, kit));
    if let Err(missing) = service.previews.worker() {
        tracing::warn!("pages of documents cannot be shown: {missing}");
    }
    if let Err(missing) = service.fonts() {
        tracing::warn!("documents cannot be signed: {missing}");
    }
    Ok(ServiceParts {
        name: "documents",
        grpc: Routes::new(DocumentsServer::new(Rpc::new(Arc::clone(&service)))),
        http: http::routes(&service),
        subscriptions: events::subscriptions(&service),
        jobs: jobs::all(&service),
        migrator: &MIGRATOR,
    })
}
