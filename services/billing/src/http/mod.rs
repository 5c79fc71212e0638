//! Plain HTTP: messages of payment providers as they arrived, and what people download.

mod paper;
mod receipt;
mod statement;
mod webhook;

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::DefaultBodyLimit,
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};

use crate::service::SharedService;

/// The largest message of a provider.
const LARGEST: usize = 512 * 1024;

/// The routes of the service. The edge alone calls `/providers/webhook`, in Portico's own name for the firm of the host.
pub(crate) fn routes(service: &SharedService) -> Router {
    Router::new()
        .route("/providers/webhook", post(webhook::hear))
        .layer(DefaultBodyLimit::max(LARGEST))
        .route("/papers/{document}/{form}", get(paper::download))
        .route("/receipts/{payment}", get(receipt::download))
        .route("/statement", get(statement::download))
        .with_state(Arc::clone(service))
}

/// A file to keep. Letters that a name of a file had better not have become hyphens.
fn file(name: &str, ending: &str, kind: &'static str, bytes: Vec<u8>) -> Response {
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' };
    let name: String = name.chars().map(plain).collect();
    let disposition = format!("attachment; filename=\"{name}.{ending}\"");
    ([(CONTENT_TYPE, kind.to_owned()), (CONTENT_DISPOSITION, disposition)], Body::from(bytes)).into_response()
}
