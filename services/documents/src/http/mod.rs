//! The bytes of files, over plain HTTP.

mod attachments;
mod deliverable_versions;
mod document_versions;
mod download;
mod drops;
mod folder_archive;
mod folder_files;
mod item_files;
mod pages;
mod paper_templates;
mod range;
mod receive;
mod record_files;
mod target;
mod templates;
mod uploads;

use std::sync::Arc;

use axum::{
    Json, Router,
    response::{IntoResponse, Response},
    routing::{get, post, put},
};
use http::StatusCode;
use portico_rpc::answer;
use serde::Serialize;
use tonic::Status;

use crate::{
    domain::{
        document::{Document, Version},
        upload::Target,
    },
    error::DocumentsError,
    service::SharedService,
    vault::VaultError,
};

pub(crate) use document_versions::may_add;
pub(crate) use receive::discard;

/// The file routes of the service.
pub(crate) fn routes(service: &SharedService) -> Router {
    Router::new()
        .route("/items/{item_id}/files", target::route(Target::Item))
        .route("/deliverables/{step_id}/versions", target::route(Target::Deliverable))
        .route("/folders/{folder_id}/files", target::route(Target::Folder))
        .route("/folders/{folder_id}/archive", get(folder_archive::get))
        .route("/documents/{document_id}/versions", target::route(Target::Document))
        .route("/attachments", post(attachments::post))
        .route("/record-files", post(record_files::post))
        .route("/templates/{*path}", put(templates::put))
        .route("/paper-templates", post(paper_templates::post))
        .route("/paper-templates/{id}/pages/{number}", get(paper_templates::page))
        .route("/versions/{id}", get(download::get))
        .route("/versions/{id}/pages/{number}", get(pages::get))
        .merge(uploads::routes())
        .with_state(Arc::clone(service))
        .merge(drops::routes(service))
}

/// A refusal as an RPC would make it, so that the caller's half of the stack reads both alike. That a body is too large is said
/// in plain HTTP as well, for whatever stands in between.
struct Refusal {
    status: Status,
    too_large: bool,
}

impl From<DocumentsError> for Refusal {
    fn from(error: DocumentsError) -> Self {
        let too_large = matches!(error, DocumentsError::Vault(VaultError::TooLarge { .. }));
        Self { status: answer(error), too_large }
    }
}

impl From<Status> for Refusal {
    fn from(status: Status) -> Self {
        Self { status, too_large: false }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = self.status.into_http();
        if self.too_large {
            *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
        }
        response
    }
}

/// What an upload answers.
#[derive(Debug, Serialize)]
struct Uploaded {
    document_id: String,
    version_id: String,
    file_name: String,
    size: u64,
    media_type: String,
    event: String,
}

impl Uploaded {
    fn new(document: &Document, version: &Version, event: String) -> Self {
        Self {
            document_id: document.id.to_string(),
            version_id: version.id.to_string(),
            file_name: version.file.name.clone(),
            size: version.file.size,
            media_type: version.file.media_type.clone(),
            event,
        }
    }
}

impl IntoResponse for Uploaded {
    fn into_response(self) -> Response {
        (StatusCode::CREATED, Json(self)).into_response()
    }
}
