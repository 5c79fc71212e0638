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

#[cfg(test)]
mod tests {
    use portico_core::{ErrorCode, Problem};
    use portico_proto::documents::v1::GetDocumentRequest;

    use crate::{preview::scan, testing::Fixture};

    #[tokio::test]
    async fn a_scan_in_tiff_is_shown_page_by_page() {
        let fixture = Fixture::new().await;
        let client = fixture.client("client");
        let path = format!("/attachments?record_id={}", fixture.record);
        let uploaded = fixture.upload(&client, &path, "scan.tif", &scan()).await.unwrap();
        let id = |name: &str| uploaded[name].as_str().unwrap().to_owned();
        let asked = GetDocumentRequest { document_id: id("document_id"), ..Default::default() };
        let found = fixture.documents(&client).get_document(asked).await.unwrap().into_inner();
        assert_eq!((found.versions[0].pages, found.versions[0].media_type.as_str()), (2, "image/tiff"));
        let page = |number: u32| format!("/versions/{}/pages/{number}", id("version_id"));
        for number in [1, 2] {
            let picture = fixture.get(&client, &page(number)).await.unwrap();
            assert_eq!(picture.headers()["content-type"], "image/jpeg");
        }
        let beyond = fixture.get(&client, &page(3)).await.unwrap_err();
        assert_eq!((beyond.code, beyond.reason.as_str()), (ErrorCode::NotFound, "no_such_page"));
        for stranger in fixture.strangers() {
            assert_eq!(fixture.get(&stranger, &page(1)).await.unwrap_err(), Problem::not_found());
        }
    }
}
