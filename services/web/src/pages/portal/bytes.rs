//! The bytes of a version, and the pictures of its pages: passed through, never kept here.

use axum::{
    body::Body,
    extract::{Path, RawQuery},
    response::{IntoResponse as _, Response},
};
use http::{
    HeaderMap, HeaderName, HeaderValue, Request, StatusCode,
    header::{
        ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE,
        CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_RANGE, RANGE,
    },
};
use portico_core::{DocumentId, ErrorCode, FolderId, Problem, VersionId};

use crate::{
    ask::{Ask, not_here},
    error::PageError,
};

/// What documents may say about the bytes; anything else stays behind.
const PASSED: [HeaderName; 6] =
    [CONTENT_TYPE, CONTENT_LENGTH, CONTENT_RANGE, ACCEPT_RANGES, CONTENT_DISPOSITION, ETAG];
/// Somebody else's file runs nothing and reads nothing, wherever it is opened.
const POLICY: &str = "default-src 'none'; sandbox";
/// What pages are drawn as.
const PICTURES: [&str; 3] = ["image/png", "image/jpeg", "image/webp"];

pub(super) async fn download(ask: Ask, Path(version): Path<String>) -> Result<Response, PageError> {
    version.parse::<VersionId>().map_err(|_| not_here())?;
    let mut response = pass(&ask, &format!("/versions/{version}")).await?;
    let headers = response.headers_mut();
    headers.entry(CONTENT_DISPOSITION).or_insert(HeaderValue::from_static("attachment"));
    Ok(response)
}

/// A folder as a ZIP, or the documents of it that are chosen in the address.
pub(super) async fn archive(
    ask: Ask,
    Path(folder): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    folder.parse::<FolderId>().map_err(|_| not_here())?;
    pass(&ask, &format!("/folders/{folder}/archive?documents={}", chosen(&query.unwrap_or_default()))).await
}

/// The ids of the documents that are ticked, parted by commas; what is no id is left out.
fn chosen(query: &str) -> String {
    let pairs = url::form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "document");
    let ids: Vec<String> =
        pairs.filter_map(|(_, id)| Some(id.parse::<DocumentId>().ok()?.to_string())).collect();
    ids.join(",")
}

pub(super) async fn page(
    ask: Ask,
    Path((version, page)): Path<(String, u32)>,
) -> Result<Response, PageError> {
    version.parse::<VersionId>().map_err(|_| not_here())?;
    picture(&ask, &format!("/versions/{version}/pages/{page}")).await
}

/// What documents draws at this path, as long as it is a picture.
pub(in crate::pages) async fn picture(ask: &Ask, path: &str) -> Result<Response, PageError> {
    let response = pass(ask, path).await?;
    let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if PICTURES.contains(&kind) { Ok(response) } else { Err(not_here()) }
}

async fn pass(ask: &Ask, path: &str) -> Result<Response, PageError> {
    pass_from(ask, "documents", path).await
}

/// What a service answers to a plain request for bytes, in the reader's name.
///
/// # Errors
/// The page of what is not here, whatever the refusal; that the bytes are away where the service failed.
pub(in crate::pages) async fn pass_from(ask: &Ask, service: &str, path: &str) -> Result<Response, PageError> {
    let mut request = Request::get(path)
        .body(tonic::body::Body::empty())
        .map_err(|error| PageError(Problem::internal(error)))?;
    for name in [RANGE, IF_RANGE] {
        if let Some(value) = ask.headers.get(&name) {
            request.headers_mut().insert(name, value.clone());
        }
    }
    let (parts, body) = ask.files(service).send(request).await?.into_parts();
    answer(parts.status, &parts.headers, Body::new(body))
}

/// The part of an answer that a browser gets.
fn answer(status: StatusCode, said: &HeaderMap, body: Body) -> Result<Response, PageError> {
    if status.is_server_error() {
        return Err(PageError(Problem::new(ErrorCode::Unavailable, "file_away", "")));
    }
    if !(status.is_success() || status == StatusCode::RANGE_NOT_SATISFIABLE) {
        return Err(not_here());
    }
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.remove(CONTENT_TYPE);
    for name in PASSED {
        if let Some(value) = said.get(&name) {
            headers.insert(name, value.clone());
        }
    }
    headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/octet-stream"));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_of_an_archive_are_named_by_their_ids_alone() {
        let id = "01890000-0000-7000-8000-000000000001";
        assert_eq!(
            chosen(&format!("document={id}&document=x%26y&after=1&document={id}")),
            format!("{id},{id}")
        );
        assert_eq!(chosen(""), "");
    }

    #[test]
    fn only_what_is_about_the_bytes_is_passed_on() {
        let mut said = HeaderMap::new();
        for (name, value) in [
            ("content-type", "text/html"),
            ("content-range", "bytes 0-9/100"),
            ("set-cookie", "a=b"),
            ("content-security-policy", "script-src *"),
        ] {
            said.insert(name, value.parse().unwrap());
        }
        let response = answer(StatusCode::PARTIAL_CONTENT, &said, Body::empty()).unwrap();
        assert_eq!(response.status(), StatusCode::PARTIAL_CONTENT);
        assert_eq!(response.headers()[CONTENT_RANGE], "bytes 0-9/100");
        assert_eq!(response.headers()[CONTENT_SECURITY_POLICY], POLICY);
        assert!(!response.headers().contains_key("set-cookie"));
        let refused = |status| answer(status, &said, Body::empty()).unwrap_err().0.code;
        assert_eq!(refused(StatusCode::BAD_GATEWAY), ErrorCode::Unavailable);
        assert_eq!(refused(StatusCode::FORBIDDEN), ErrorCode::NotFound, "who may not see it learns nothing");
    }
}
