//! A page of a version, as a picture.

use axum::{
    body::Body,
    extract::{Path, State},
    response::Response,
};
use http::{HeaderValue, header};
use portico_core::VersionId;
use portico_rpc::Incoming;
use serde_json::json;

use super::{Refusal, download::protect};
use crate::{
    access,
    domain::sighting::Way,
    error::DocumentsError,
    events::publish,
    service::{Call, SharedService},
};

pub(super) async fn get(
    State(service): State<SharedService>,
    Path((id, number)): Path<(String, String)>,
    incoming: Incoming,
) -> Result<Response, Refusal> {
    let call = Call::of(&incoming)?;
    let id: VersionId = id.parse().map_err(DocumentsError::from)?;
    let number: u32 = number.parse().map_err(|_| DocumentsError::NotFound)?;
    let (document, version, right) = access::openable(&service, &call, id).await?;
    let (file, stored) = access::shown(&service, &call.ctx, &version).await?;
    let page = if right.watermark {
        let words = access::address(&service, &call).await?;
        let fonts = service.fonts().map_err(DocumentsError::from)?;
        service.previews.marked_page(&service.vault, (&file, &stored), number, fonts, &words).await?
    } else {
        service.previews.page(&service.vault, &file, &stored, number).await?
    };
    let mut tx = service.store.begin(&call.ctx).await.map_err(DocumentsError::from)?;
    let details = json!({ "page": number });
    publish::version_seen(&service, &mut tx, Way::Viewed, &document, &version, details).await?;
    tx.commit().await.map_err(DocumentsError::from)?;

    let mut response = Response::new(Body::from(page.bytes));
    protect(response.headers_mut());
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(page.mime));
    Ok(response)
}
