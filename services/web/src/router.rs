//! All pages as one router: the table, and the layers in their order.

use std::any::Any;

use axum::{
    Router,
    middleware::{from_fn, from_fn_with_state},
    response::{IntoResponse as _, Response},
};
use portico_core::Problem;
use tower_http::catch_panic::CatchPanicLayer;

use crate::{
    ask::not_here,
    csrf,
    enter::enter,
    error::{PageError, dress},
    pages,
    render::{let_forms_end_at_firms, secure},
    site::stop_in_trouble,
    web::Web,
};

/// The pages. The edge puts [`crate::site::Site`], [`crate::site::SignedIn`], [`crate::csrf::FormToken`] and
/// [`crate::error::Reference`] into the extensions of each request before it comes here.
pub fn router(web: Web) -> Router {
    let table = pages::all().fold(Router::new(), |router, entry| router.route(entry.path, (entry.mount)()));
    table
        .fallback(|| async { not_here() })
        .layer(CatchPanicLayer::custom(|panic: Box<dyn Any + Send>| -> Response {
            after_panic(panic.as_ref())
        }))
        .layer(from_fn(stop_in_trouble))
        .layer(from_fn(csrf::guard))
        .layer(from_fn(dress))
        .layer(from_fn_with_state(web.clone(), enter))
        .layer(from_fn_with_state(web.clone(), let_forms_end_at_firms))
        .layer(from_fn(secure))
        .with_state(web)
}

fn after_panic(panic: &(dyn Any + Send)) -> Response {
    let cause = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without words".to_owned());
    PageError(Problem::internal(format!("a page panicked: {cause}"))).into_response()
}
