//! The messaging service: threads, notifications, mail and live updates.

mod config;
mod convert;
mod domain;
mod error;
mod events;
mod http;
mod inbound;
mod jobs;
mod live;
mod mail;
mod mailbox;
mod peers;
mod rpc;
mod service;
mod store;
#[cfg(test)]
mod testing;

use std::sync::Arc;

use portico_proto::messaging::v1::{mailing_server::MailingServer, messaging_server::MessagingServer};
use portico_service::{Kit, ServiceParts};
use sqlx::migrate::Migrator;
use tonic::service::Routes;

pub use config::MessagingConfig;

use crate::{rpc::Rpc, service::Service};

/// The migrations of the schema `messaging`.
pub static MIGRATOR: Migrator = sqlx::migrate!();

/// Builds the service. Nothing is read, written or sent yet.
///
/// # Errors
/// A setting of `config` does not hold.
pub async fn build(config: MessagingConfig, kit: Kit) -> anyhow::Result<ServiceParts> {
    config.validate()?;
    let service = Arc::new(Service::new(config, kit)?);
    Ok(ServiceParts {
        name: "messaging",
        grpc: Routes::new(MessagingServer::new(Rpc::new(Arc::clone(&service))))
            .add_service(MailingServer::new(Rpc::new(Arc::clone(&service)))),
        http: http::routes(&service),
        subscriptions: events::subscriptions(&service),
        jobs: jobs::all(&service),
        migrator: &MIGRATOR,
    })
}
