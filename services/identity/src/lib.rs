//! The identity service: people, credentials, links and sessions, and the actor tokens that all services trust.

mod config;
mod convert;
mod domain;
mod error;
mod events;
mod hasher;
mod issue;
mod jobs;
mod open;
mod pace;
mod peers;
mod rpc;
mod service;
mod store;
#[cfg(test)]
mod testing;

use std::sync::Arc;

use portico_proto::identity::v1::identity_server::IdentityServer;
use portico_service::{Kit, ServiceParts};
use sqlx::migrate::Migrator;
use tonic::service::Routes;

pub use config::{IdentityConfig, PasswordHashing};

use crate::{rpc::Rpc, service::Service};

/// The migrations of the schema `identity`.
pub static MIGRATOR: Migrator = sqlx::migrate!();

/// Builds the service. Nothing is read or written yet.
///
/// # Errors
/// A setting of `config` does not hold.
pub async fn build(config: IdentityConfig, kit: Kit) -> anyhow::Result<ServiceParts> {
    let service = Arc::new(Service::new(config, kit)?);
    Ok(ServiceParts {
        name: "identity",
        grpc: Routes::new(IdentityServer::new(Rpc::new(Arc::clone(&service)))),
        http: axum::Router::new(),
        subscriptions: events::subscriptions(&service),
        jobs: jobs::all(&service),
        migrator: &MIGRATOR,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_migrations_are_those_of_the_schema() {
        let here =
            std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations/identity")).unwrap();
        assert_eq!(MIGRATOR.iter().count(), here.count());
        assert_eq!(MIGRATOR.table_name, "identity._sqlx_migrations");
    }
}
