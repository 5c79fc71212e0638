//! Raw mails, over plain HTTP.

mod intake;

use std::sync::Arc;

use axum::{Router, routing::post};

use crate::service::SharedService;

/// The routes of the service.
pub(crate) fn routes(service: &SharedService) -> Router {
    Router::new().route("/intake", post(intake::post)).with_state(Arc::clone(service))
}
