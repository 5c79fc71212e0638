//! `/healthz` says that the process lives, `/readyz` whether it wants work.

use axum::{Json, Router, extract::State, routing::get};
use http::StatusCode;
use portico_telemetry::{Health, HealthReport};

pub(crate) fn routes<S: Clone + Send + Sync + 'static>(health: Health) -> Router<S> {
    Router::new()
        .route("/healthz", get(|| async { "alive" }))
        .route("/readyz", get(readyz))
        .with_state(health)
}

async fn readyz(State(health): State<Health>) -> (StatusCode, Json<HealthReport>) {
    let report = health.report();
    let status = if report.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(report))
}
