//! The billing service: estimates, invoices, credit notes and payments, over a double-entry ledger.

mod convert;
mod domain;
mod error;
mod events;
mod issuing;
mod jobs;
mod peers;
mod rpc;
mod service;
mod settling;
mod store;
#[cfg(test)]
mod testing;
mod view;
mod words;

use std::sync::Arc;

use portico_proto::billing::v1::billing_server::BillingServer;
use portico_service::{Kit, ServiceParts};
use sqlx::migrate::Migrator;
use tonic::service::Routes;

use crate::{rpc::Rpc, service::Service};

/// The migrations of the schema `billing`.
pub static MIGRATOR: Migrator = sqlx::migrate!();

/// Builds the service. Nothing is read or written yet.
///
/// # Errors
/// None so far; the signature is that of every service.
pub async fn build(kit: Kit) -> anyhow::Result<ServiceParts> {
    let service = Arc::new(Service::new(kit));
    Ok(ServiceParts {
        name: "billing",
        grpc: Routes::new(BillingServer::new(Rpc::new(Arc::clone(&service)))),
        http: axum::Router::new(),
        subscriptions: Vec::new(),
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
            std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations/billing")).unwrap();
        assert_eq!(MIGRATOR.iter().count(), here.count());
        assert_eq!(MIGRATOR.table_name, "billing._sqlx_migrations");
    }
}
