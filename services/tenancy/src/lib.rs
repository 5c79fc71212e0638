//! The tenancy service: firms, accounts, memberships, roles, portals and the audit log.

mod config;
mod convert;
mod domain;
mod error;
mod events;
mod peers;
mod rpc;
mod service;
mod store;
#[cfg(test)]
mod testing;

use std::sync::Arc;

use portico_proto::tenancy::v1::tenancy_server::TenancyServer;
use portico_service::{Kit, ServiceParts};
use sqlx::migrate::Migrator;
use tonic::service::Routes;

pub use config::TenancyConfig;

use crate::{domain::tenant::MAX_LOGO_BYTES, rpc::Rpc, service::Service};

/// The migrations of the schema `tenancy`.
pub static MIGRATOR: Migrator = sqlx::migrate!();

/// The longest request: a definition of one mebibyte with room for its envelope, or a logo.
const MAX_REQUEST_BYTES: usize = portico_definition::MAX_BYTES + MAX_LOGO_BYTES;

/// Builds the service. Nothing is read or written yet.
///
/// # Errors
/// A setting of `config` does not hold.
pub async fn build(config: TenancyConfig, kit: Kit) -> anyhow::Result<ServiceParts> {
    config.validate()?;
    let service = Arc::new(Service::new(config, kit));
    let server =
        TenancyServer::new(Rpc::new(Arc::clone(&service))).max_decoding_message_size(MAX_REQUEST_BYTES);
    Ok(ServiceParts {
        name: "tenancy",
        grpc: Routes::new(server),
        http: axum::Router::new(),
        subscriptions: events::subscriptions(&service),
        jobs: Vec::new(),
        migrator: &MIGRATOR,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_migrations_are_those_of_the_schema() {
        let here =
            std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations/tenancy")).unwrap();
        assert_eq!(MIGRATOR.iter().count(), here.count());
        assert_eq!(MIGRATOR.table_name, "tenancy._sqlx_migrations");
    }
}
