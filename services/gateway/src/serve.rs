//! The whole edge as one router, and the server around it.

use std::{net::SocketAddr, sync::Arc};

use axum::{Router, middleware::from_fn_with_state, routing::get};
use portico_core::{SharedClock, SharedEntropy};
use portico_rpc::Peers;
use portico_telemetry::Health;
use portico_web::Web;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{GatewayConfig, Revisions, caches::Caches, enter::enter, health, limit::Limit, live::live};

/// What the edge needs.
pub struct Gateway {
    /// Settings.
    pub config: GatewayConfig,
    /// The way to the services.
    pub peers: Peers,
    /// The pages.
    pub web: Web,
    /// The present.
    pub clock: SharedClock,
    /// Randomness.
    pub entropy: SharedEntropy,
    /// The health of the process.
    pub health: Health,
    /// Told of changes in rights.
    pub revisions: Revisions,
}

/// The part of [`Gateway`] that every request reaches.
#[derive(Clone)]
pub(crate) struct Edge {
    pub(crate) config: Arc<GatewayConfig>,
    pub(crate) peers: Peers,
    pub(crate) entropy: SharedEntropy,
    pub(crate) caches: Caches,
    pub(crate) limit: Limit,
    pub(crate) revisions: Revisions,
}

impl Gateway {
    /// The router of the edge: pages, live stream, assets and health.
    pub fn router(self) -> Router {
        let edge = Edge {
            limit: Limit::new(self.config.requests_per_minute, Arc::clone(&self.clock)),
            caches: Caches::new(self.peers.clone(), &self.revisions),
            config: Arc::new(self.config),
            peers: self.peers,
            entropy: self.entropy,
            revisions: self.revisions,
        };
        let pages = portico_web::router(self.web);
        Router::new()
            .route("/live", get(live).with_state(edge.clone()))
            .merge(pages)
            .layer(from_fn_with_state(edge, enter))
            .merge(portico_web::assets::routes())
            .merge(health::routes(self.health))
    }
}

/// Serves `router` until `shutdown`, then finishes the requests in hand.
///
/// # Errors
/// The listener's error.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: CancellationToken,
) -> std::io::Result<()> {
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service).with_graceful_shutdown(async move { shutdown.cancelled().await }).await
}
