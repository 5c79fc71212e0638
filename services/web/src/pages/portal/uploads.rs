//! Resumable uploads (tus 1.0): passed through to documents, whose protocol it is. Without scripts the forms serve.

use axum::{
    extract::{Path, Request},
    response::Response,
};
use portico_core::VersionId;

use crate::{
    ask::{Ask, not_here},
    error::PageError,
    passing::pass,
};

/// Begins an upload, or says what the protocol can do here.
pub(super) async fn all(ask: Ask, request: Request) -> Result<Response, PageError> {
    let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
    pass(ask.files("documents"), &format!("/uploads{query}"), &[], request).await
}

/// Goes on with an upload, looks where it stands, or gives it up.
pub(super) async fn one(
    ask: Ask,
    Path(upload): Path<String>,
    request: Request,
) -> Result<Response, PageError> {
    upload.parse::<VersionId>().map_err(|_| not_here())?;
    pass(ask.files("documents"), &format!("/uploads/{upload}"), &[], request).await
}
