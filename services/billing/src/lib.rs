//! Money: an empty room so far, with its schema, its roles and its health, so that it can be filled without moving walls.

use portico_proto::billing::v1::{
    GetStatusRequest, GetStatusResponse,
    billing_server::{Billing, BillingServer},
};
use portico_service::{Kit, ServiceParts};
use sqlx::migrate::Migrator;
use tonic::{Request, Response, Status, service::Routes};

/// The migrations of the schema `billing`.
pub static MIGRATOR: Migrator = sqlx::migrate!();

/// Builds the service.
///
/// # Errors
/// None so far; the signature is that of every service.
pub async fn build(_kit: Kit) -> anyhow::Result<ServiceParts> {
    Ok(ServiceParts {
        name: "billing",
        grpc: Routes::new(BillingServer::new(Rpc)),
        http: axum::Router::new(),
        subscriptions: Vec::new(),
        jobs: Vec::new(),
        migrator: &MIGRATOR,
    })
}

struct Rpc;

#[tonic::async_trait]
impl Billing for Rpc {
    async fn get_status(
        &self,
        request: Request<GetStatusRequest>,
    ) -> Result<Response<GetStatusResponse>, Status> {
        portico_rpc::ctx(&request)?;
        Ok(Response::new(GetStatusResponse { enabled: false }))
    }
}
