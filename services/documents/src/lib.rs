//! The documents service: files and their versions, requests for documents, deliverables, and envelopes to sign.
//!
//! The bytes of files travel over plain HTTP routes beside the RPCs and rest in the [`vault`].

mod access;
mod archive;
mod audience;
mod config;
pub mod content;
mod convert;
pub mod domain;
mod error;
mod events;
#[cfg(test)]
mod hostile;
mod http;
mod inbox;
mod jobs;
mod looking;
mod peers;
pub mod preview;
mod previews;
mod progress;
mod rpc;
mod scan;
pub mod seal;
mod service;
pub mod signing;
mod store;
#[cfg(test)]
mod testing;
pub mod vault;

use std::{path::Path, sync::Arc};

use portico_proto::documents::v1::{
    comments_server::CommentsServer, documents_server::DocumentsServer, drops_server::DropsServer,
    library_server::LibraryServer, paper_sendings_server::PaperSendingsServer,
    paper_templates_server::PaperTemplatesServer, request_templates_server::RequestTemplatesServer,
};
use portico_service::{Kit, ServiceParts};
use sqlx::migrate::Migrator;
use tonic::service::Routes;

pub use config::DocumentsConfig;
pub use scan::ScannerAddress;
pub use seal::{KmsAddress, KmsConfig, KmsKeys, SealConfig};
pub use vault::{S3Address, S3Config, S3Keys};

use crate::{
    rpc::Rpc,
    service::Service,
    vault::{BlobStore, DiskBlobs, S3Blobs},
};

/// The migrations of the schema `documents`.
pub static MIGRATOR: Migrator = sqlx::migrate!();

/// The agreement that the shipped onboarding definition has signed, for firms that start with it.
pub const DATA_AGREEMENT: &[u8] =
    include_bytes!("../../kit/definition/definitions/templates/data-agreement.pdf");

/// How long before its end a certificate is complained about.
const NEARLY_OVER: chrono::TimeDelta = chrono::TimeDelta::days(30);

/// Reads the seal's key once at the start, so that a wrong setting is not found by somebody who signs.
async fn check_seal(service: &Service) -> anyhow::Result<()> {
    let key = service.sealer.key().await?;
    let (certificate, now) = (key.certificate(), service.clock.now());
    if let Err(error) = certificate.check(now) {
        tracing::error!("no document can be signed to its end: {error}");
    } else if certificate.until - now < NEARLY_OVER {
        tracing::warn!("the certificate of the seal ({}) ends at {}", certificate.subject, certificate.until);
    }
    Ok(())
}

/// Where stored bytes lie. A bucket is looked at once, so that a wrong setting is not found by somebody who uploads.
async fn blobs(config: &DocumentsConfig, home: &Path) -> anyhow::Result<Arc<dyn BlobStore>> {
    let Some(files) = &config.files else { return Ok(Arc::new(DiskBlobs::new(home.join("blobs")))) };
    let blobs = S3Blobs::new(files, config.largest_file)?;
    blobs.check().await?;
    Ok(Arc::new(blobs))
}

/// Builds the service over the files in the kit's home, or in a bucket. Nothing is written yet. Programs and fonts that are missing are
/// named when they are needed.
///
/// # Errors
/// A setting of `config` does not hold.
pub async fn build(config: DocumentsConfig, kit: Kit) -> anyhow::Result<ServiceParts> {
    config.validate()?;
    let blobs = blobs(&config, &kit.home).await?;
    let service = Arc::new(Service::new(config, kit, blobs));
    if let Err(missing) = service.previews.worker() {
        tracing::warn!("pages of documents cannot be shown: {missing}");
    }
    if service.config.seal.key.is_some() {
        check_seal(&service).await?;
    }
    if let Err(missing) = service.fonts() {
        tracing::warn!("documents cannot be signed: {missing}");
    }
    Ok(ServiceParts {
        name: "documents",
        grpc: Routes::new(DocumentsServer::new(Rpc::new(Arc::clone(&service))))
            .add_service(LibraryServer::new(Rpc::new(Arc::clone(&service))))
            .add_service(CommentsServer::new(Rpc::new(Arc::clone(&service))))
            .add_service(DropsServer::new(Rpc::new(Arc::clone(&service))))
            .add_service(RequestTemplatesServer::new(Rpc::new(Arc::clone(&service))))
            .add_service(PaperTemplatesServer::new(Rpc::new(Arc::clone(&service))))
            .add_service(PaperSendingsServer::new(Rpc::new(Arc::clone(&service)))),
        http: http::routes(&service).merge(seal::routes(&service)),
        subscriptions: events::subscriptions(&service),
        jobs: jobs::all(&service),
        migrator: &MIGRATOR,
    })
}
