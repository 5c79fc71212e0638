//! The billing service: estimates, invoices, credit notes and payments, over a double-entry ledger.

mod config;
mod convert;
mod domain;
mod einvoice;
mod error;
mod events;
#[cfg(test)]
mod fake_stripe;
mod http;
mod issuing;
mod jobs;
#[cfg(test)]
mod ledger_properties;
mod paper;
mod paying;
mod peers;
mod providers;
mod receipt;
mod refunding;
mod rpc;
mod service;
mod settling;
mod statement;
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

pub use config::BillingConfig;

use crate::{rpc::Rpc, service::Service};

/// The migrations of the schema `billing`.
pub static MIGRATOR: Migrator = sqlx::migrate!();

/// Builds the service. No data is read or written yet.
///
/// # Errors
/// The file with the keys of payment providers cannot be read.
pub async fn build(config: BillingConfig, kit: Kit) -> anyhow::Result<ServiceParts> {
    let service = Arc::new(Service::new(config, kit)?);
    Ok(ServiceParts {
        name: "billing",
        grpc: Routes::new(BillingServer::new(Rpc::new(Arc::clone(&service)))),
        http: http::routes(&service),
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
