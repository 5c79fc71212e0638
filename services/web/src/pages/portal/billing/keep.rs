//! What people keep: documents and statements as files. Staff download them at the same addresses.

use axum::{
    extract::{Path, Query},
    response::Response,
};

use super::statement::Period;
use crate::{
    ask::{Ask, not_here},
    error::PageError,
    pages::portal::bytes,
};

/// A document as a file in one of its forms. An id that is none is refused here, so that it never becomes part of another address.
async fn document(ask: &Ask, id: &str, form: &str) -> Result<Response, PageError> {
    let id: uuid::Uuid = id.parse().map_err(|_| not_here())?;
    bytes::pass_from(ask, "billing", &format!("/papers/{id}/{form}")).await
}

pub(super) async fn pdf(ask: Ask, Path(id): Path<String>) -> Result<Response, PageError> {
    document(&ask, &id, "pdf").await
}

pub(super) async fn ubl(ask: Ask, Path(id): Path<String>) -> Result<Response, PageError> {
    document(&ask, &id, "ubl").await
}

pub(super) async fn cii(ask: Ask, Path(id): Path<String>) -> Result<Response, PageError> {
    document(&ask, &id, "cii").await
}

pub(super) async fn receipt(ask: Ask, Path(id): Path<String>) -> Result<Response, PageError> {
    let id: uuid::Uuid = id.parse().map_err(|_| not_here())?;
    bytes::pass_from(&ask, "billing", &format!("/receipts/{id}")).await
}

pub(super) async fn statement(ask: Ask, Query(period): Query<Period>) -> Result<Response, PageError> {
    bytes::pass_from(&ask, "billing", &format!("/statement?{}", period.query())).await
}
