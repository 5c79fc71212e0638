//! The bytes of a version, whole or in part.

use axum::{
    body::Body,
    extract::{Path, Query, State},
    response::Response,
};
use futures_util::TryStreamExt as _;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use portico_core::VersionId;
use portico_rpc::Incoming;
use serde::Deserialize;
use serde_json::json;

use super::{
    Refusal,
    range::{Wanted, wanted},
};
use crate::{
    access,
    content::{Disposition, content_disposition},
    domain::{
        document::{Document, Version},
        sighting::Way,
    },
    error::DocumentsError,
    events::publish,
    peers,
    service::{Call, Service, SharedService},
    signing::{Imprint, SigningError, mark_copy},
};

#[derive(Deserialize)]
pub(super) struct How {
    /// `1` shows the file in the browser, where that is safe.
    #[serde(default)]
    inline: String,
}

pub(super) async fn get(
    State(service): State<SharedService>,
    Path(id): Path<String>,
    Query(how): Query<How>,
    incoming: Incoming,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let call = Call::of(&incoming)?;
    let id: VersionId = id.parse().map_err(DocumentsError::from)?;
    let (document, version, right) = access::bytes(&service, &call, id).await?;
    if right.watermark {
        return Ok(marked_copy(&service, &call, &document, &version).await?);
    }
    let size = version.file.size;
    // A part is of use only to whoever has the rest of the same file.
    let same =
        headers.get(header::IF_RANGE).is_none_or(|known| known.as_bytes() == etag(&version).as_bytes());
    let asked = headers.get(header::RANGE).filter(|_| same).and_then(|value| value.to_str().ok());
    let range = match wanted(asked, size) {
        Wanted::Whole => None,
        Wanted::Part(range) => Some(range),
        Wanted::Outside => return Ok(outside(size)),
    };
    let bytes =
        service.vault.read(&version.stored(call.ctx.tenant), range).await.map_err(DocumentsError::from)?;
    let inline = how.inline == "1" && version.file.is_shown_inline();
    let details = json!({ "inline": inline, "from": range.map(|range| range.start), "to": range.map(|range| range.end) });
    let mut tx = service.store.begin(&call.ctx).await.map_err(DocumentsError::from)?;
    let way = if inline { Way::Shown } else { Way::Downloaded };
    publish::version_seen(&service, &mut tx, way, &document, &version, details).await?;
    tx.commit().await.map_err(DocumentsError::from)?;

    let disposition = if inline { Disposition::Inline } else { Disposition::Attachment };
    let mut response = Response::new(Body::from_stream(bytes.map_err(std::io::Error::other)));
    let length = range.map_or(size, |range| range.end - range.start);
    let fields = response.headers_mut();
    protect(fields);
    set(fields, header::CONTENT_TYPE, &version.file.media_type);
    set(fields, header::CONTENT_LENGTH, &length.to_string());
    set(fields, header::ETAG, &etag(&version));
    set(fields, header::CONTENT_DISPOSITION, &content_disposition(disposition, &version.file.name));
    fields.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if let Some(range) = range {
        set(fields, header::CONTENT_RANGE, &format!("bytes {}-{}/{size}", range.start, range.end - 1));
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    Ok(response)
}

/// A copy of a PDF with the caller's address across its pages. What cannot be marked is for the screen only: other files, and what
/// somebody has signed, which stays as it is.
async fn marked_copy(
    service: &Service,
    call: &Call,
    document: &Document,
    version: &Version,
) -> Result<Response, DocumentsError> {
    if version.file.kind != "pdf" || version.file.size > service.config.checked_here {
        return Err(DocumentsError::ViewOnly);
    }
    let words = access::address(service, call).await?;
    let firm = peers::firm(service, &call.ctx).await?;
    let fonts = service.fonts()?;
    let _place =
        service.composing.acquire().await.map_err(|error| DocumentsError::Unreadable(error.to_string()))?;
    let original =
        service.vault.read_all(&version.stored(call.ctx.tenant), service.config.checked_here).await?;
    let imprint =
        Imprint { firm: firm.firm.name.clone(), title: document.title.clone(), made_at: service.clock.now() };
    let made = tokio::task::spawn_blocking(move || mark_copy(&fonts, &original, &words, &imprint)).await;
    let copy = match made.map_err(|error| DocumentsError::Unreadable(error.to_string()))? {
        Err(SigningError::Sealed | SigningError::Pdf(_)) => return Err(DocumentsError::ViewOnly),
        made => made?,
    };
    let mut tx = service.store.begin(&call.ctx).await?;
    let details = json!({ "watermark": true });
    publish::version_seen(service, &mut tx, Way::Downloaded, document, version, details).await?;
    tx.commit().await?;
    let mut response = Response::new(Body::from(copy));
    let fields = response.headers_mut();
    protect(fields);
    set(fields, header::CONTENT_TYPE, &version.file.media_type);
    set(
        fields,
        header::CONTENT_DISPOSITION,
        &content_disposition(Disposition::Attachment, &version.file.name),
    );
    Ok(response)
}

fn etag(version: &Version) -> String {
    format!("\"{}\"", version.file.sha256_text())
}

fn outside(size: u64) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::RANGE_NOT_SATISFIABLE;
    protect(response.headers_mut());
    set(response.headers_mut(), header::CONTENT_RANGE, &format!("bytes */{size}"));
    response
}

/// What keeps a stranger's file from acting in the portal, and from staying in a shared cache.
pub(super) fn protect(headers: &mut HeaderMap) {
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; sandbox"),
    );
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
}

fn set(headers: &mut HeaderMap, name: header::HeaderName, text: &str) {
    if let Ok(value) = HeaderValue::from_str(text) {
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use portico_core::{Ctx, ErrorCode, Impersonator, Problem};
    use portico_proto::documents::v1::{GetDocumentRequest, GetPageTextRequest, GetRequestRequest};

    use crate::{
        DATA_AGREEMENT,
        domain::sighting::ONE_LOOK,
        testing::{Fixture, refused},
    };

    async fn stored(fixture: &Fixture) -> (String, String) {
        let step = fixture.activate("sysdocs").await;
        let client = fixture.client("client");
        let request =
            fixture.documents(&client).get_request(GetRequestRequest { step_id: step }).await.unwrap();
        let item = request.into_inner().request.unwrap().items[0].id.clone();
        let path = format!("/items/{item}/files");
        let answer = fixture.upload(&client, &path, "R%C3%A9sum%C3%A9.pdf", DATA_AGREEMENT).await.unwrap();
        let text = |key: &str| answer[key].as_str().unwrap().to_owned();
        (text("version_id"), text("document_id"))
    }

    #[tokio::test]
    async fn a_file_comes_back_whole_and_in_part() {
        let fixture = Fixture::new().await;
        let (version, _) = stored(&fixture).await;
        let manager = fixture.manager();
        let path = format!("/versions/{version}");
        let whole = fixture.get(&manager, &path).await.unwrap();
        assert_eq!(whole.body().as_slice(), DATA_AGREEMENT);
        let header = |name: &str| whole.headers()[name].to_str().unwrap().to_owned();
        assert!(header("content-disposition").starts_with("attachment; "));
        assert!(header("content-disposition").contains("R%C3%A9sum%C3%A9.pdf"));
        assert!(header("content-security-policy").contains("sandbox"));
        assert_eq!(
            (header("x-content-type-options").as_str(), header("cache-control").as_str()),
            ("nosniff", "private, no-store")
        );
        assert_eq!(header("etag").len(), 66);
        let part = async |range: &str| {
            let request =
                http::Request::get(&path).header("range", range).body(axum::body::Body::empty()).unwrap();
            fixture.send(&manager, request).await.unwrap()
        };
        let some = part("bytes=100-199").await;
        assert_eq!((some.status().as_u16(), some.body().as_slice()), (206, &DATA_AGREEMENT[100..200]));
        assert_eq!(some.headers()["content-range"], format!("bytes 100-199/{}", DATA_AGREEMENT.len()));
        let conditional = async |etag: &str| {
            let request = http::Request::get(&path).header("range", "bytes=100-199").header("if-range", etag);
            let answer =
                fixture.send(&manager, request.body(axum::body::Body::empty()).unwrap()).await.unwrap();
            (answer.status().as_u16(), answer.body().len())
        };
        assert_eq!(conditional(&header("etag")).await, (206, 100));
        assert_eq!(conditional("\"another file\"").await, (200, DATA_AGREEMENT.len()));
        assert_eq!(header("cross-origin-resource-policy"), "same-origin");
        let beyond = part("bytes=9999999-").await;
        assert_eq!((beyond.status().as_u16(), beyond.body().len()), (416, 0));
        let inline = fixture.get(&manager, &format!("{path}?inline=1")).await.unwrap();
        assert!(inline.headers()["content-disposition"].to_str().unwrap().starts_with("inline; "));
    }

    #[tokio::test]
    async fn one_look_is_one_entry_however_many_pages_and_ranges_it_takes() {
        let fixture = Fixture::new().await;
        let (version, _) = stored(&fixture).await;
        let (manager, other) = (fixture.manager(), fixture.manager());
        let path = format!("/versions/{version}");
        let entries =
            async |action: &str| fixture.audited().await.iter().filter(|entry| *entry == action).count();
        let part = async |ctx: &Ctx, range: &str| {
            let request =
                http::Request::get(&path).header("range", range).body(axum::body::Body::empty()).unwrap();
            fixture.send(ctx, request).await.unwrap()
        };
        // Four connections of one download, in the same moment.
        let ranges = ["bytes=0-99", "bytes=100-199", "bytes=200-299", "bytes=300-"];
        let answers = futures_util::future::join_all(ranges.map(|range| part(&manager, range))).await;
        assert!(answers.iter().all(|answer| answer.status().as_u16() == 206));
        fixture.get(&manager, &path).await.unwrap();
        assert_eq!(entries("document.downloaded").await, 1);
        part(&other, "bytes=0-9").await;
        assert_eq!(entries("document.downloaded").await, 2, "another person");
        for _ in 0..2 {
            fixture.get(&manager, &format!("{path}/pages/1")).await.unwrap();
            let text = GetPageTextRequest { version_id: version.clone(), page: 2 };
            fixture.documents(&manager).get_page_text(text).await.unwrap();
        }
        assert_eq!(entries("document.viewed").await, 1);
        fixture.get(&manager, &format!("{path}?inline=1")).await.unwrap();
        assert_eq!(entries("document.downloaded").await, 3, "shown is not saved");

        let (second, _) = stored(&fixture).await;
        fixture.get(&manager, &format!("/versions/{second}")).await.unwrap();
        assert_eq!(entries("document.downloaded").await, 4, "another file");
        fixture.database.clock.advance(ONE_LOOK - TimeDelta::seconds(1));
        fixture.get(&manager, &path).await.unwrap();
        assert_eq!(entries("document.downloaded").await, 4);
        fixture.database.clock.advance(TimeDelta::seconds(1));
        part(&manager, "bytes=0-9").await;
        part(&manager, "bytes=10-19").await;
        assert_eq!(entries("document.downloaded").await, 5, "a new look");
    }

    #[tokio::test]
    async fn who_looks_as_somebody_else_has_entries_of_their_own() {
        let fixture = Fixture::new().await;
        let (version, _) = stored(&fixture).await;
        let client = fixture.client("client");
        let mut as_client = client.clone();
        as_client.actor.impersonator = Some(Impersonator {
            person: fixture.manager().actor.person.unwrap(),
            reason: "asked".to_owned(),
        });
        for reader in [&client, &as_client, &client, &as_client] {
            fixture.get(reader, &format!("/versions/{version}")).await.unwrap();
        }
        let audited = fixture.audited().await;
        assert_eq!(audited.iter().filter(|action| *action == "document.downloaded").count(), 2);
    }

    #[tokio::test]
    async fn old_looks_are_forgotten() {
        let fixture = Fixture::new().await;
        let (version, _) = stored(&fixture).await;
        fixture.get(&fixture.manager(), &format!("/versions/{version}")).await.unwrap();
        fixture.work("documents.remove_unbound").await;
        assert_eq!(fixture.rows("sightings").await, 1);
        fixture.database.clock.advance(TimeDelta::hours(2));
        fixture.work("documents.remove_unbound").await;
        assert_eq!(fixture.rows("sightings").await, 0);
    }

    #[tokio::test]
    async fn i24_pages_texts_and_versions_share_their_documents_denial() {
        let fixture = Fixture::new().await;
        let (version, document) = stored(&fixture).await;
        let page =
            fixture.get(&fixture.client("client"), &format!("/versions/{version}/pages/1")).await.unwrap();
        assert!(page.body().starts_with(b"\x89PNG"));
        for stranger in fixture.strangers() {
            for path in [format!("/versions/{version}"), format!("/versions/{version}/pages/1")] {
                assert_eq!(fixture.get(&stranger, &path).await.unwrap_err(), Problem::not_found(), "{path}");
            }
            let absent = fixture.get(&stranger, &format!("/versions/{document}")).await.unwrap_err();
            assert_eq!(absent, Problem::not_found());
            let text = GetPageTextRequest { version_id: version.clone(), page: 1 };
            assert_eq!(refused(fixture.documents(&stranger).get_page_text(text).await), Problem::not_found());
            let get = GetDocumentRequest { document_id: document.clone(), ..Default::default() };
            assert_eq!(refused(fixture.documents(&stranger).get_document(get).await), Problem::not_found());
        }
        let text = GetPageTextRequest { version_id: version.clone(), page: 1 };
        let text = fixture.documents(&fixture.manager()).get_page_text(text).await.unwrap().into_inner().text;
        assert!(text.to_lowercase().contains("agreement"), "{text}");
        let none =
            fixture.get(&fixture.manager(), &format!("/versions/{version}/pages/99")).await.unwrap_err();
        assert_eq!((none.code, none.reason.as_str()), (ErrorCode::NotFound, "no_such_page"));
    }

    #[tokio::test]
    async fn a_firm_that_opens_scanned_files_only_opens_none_yet() {
        let fixture = Fixture::new().await;
        fixture.world.lock().unwrap().scanned_only = true;
        let (version, document) = stored(&fixture).await;
        let problem = fixture.get(&fixture.manager(), &format!("/versions/{version}")).await.unwrap_err();
        assert_eq!((problem.code, problem.reason.as_str()), (ErrorCode::FailedPrecondition, "awaits_scan"));
        let get = GetDocumentRequest { document_id: document, ..Default::default() };
        let read = fixture.documents(&fixture.manager()).get_document(get).await.unwrap().into_inner();
        assert!(!read.versions[0].openable);
    }
}
