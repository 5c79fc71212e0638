//! Resumable uploads (tus 1.0) on their way through: the protocol is documents' own.

use axum::{
    body::Body,
    extract::Request,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use portico_core::{ErrorCode, Problem};
use portico_rpc::CallerChannel;

use crate::{
    ask::{not_here, remember},
    error::PageError,
};

/// What a browser may say.
const SENT: [&str; 8] = [
    "tus-resumable",
    "upload-length",
    "upload-defer-length",
    "upload-metadata",
    "upload-offset",
    "upload-checksum",
    "content-type",
    "content-length",
];
/// What documents may answer; anything else stays behind.
const TOLD: [&str; 16] = [
    "tus-resumable",
    "tus-version",
    "tus-extension",
    "tus-checksum-algorithm",
    "tus-max-size",
    "upload-offset",
    "upload-length",
    "upload-expires",
    "upload-document",
    "upload-version",
    "upload-refused",
    "upload-secret",
    "location",
    "retry-after",
    "content-type",
    "cache-control",
];

/// Passes a request on to `path` of documents, with `further` headers, and its answer back.
pub(crate) async fn pass(
    channel: CallerChannel,
    path: &str,
    further: &[(&'static str, &str)],
    request: Request,
) -> Result<Response, PageError> {
    let (parts, body) = request.into_parts();
    let empty = matches!(parts.method, Method::HEAD | Method::OPTIONS | Method::DELETE);
    let body = if empty { tonic::body::Body::empty() } else { tonic::body::Body::new(body) };
    let mut sent = http::Request::builder()
        .method(parts.method)
        .uri(path)
        .body(body)
        .map_err(|error| PageError(Problem::internal(error)))?;
    copy(&SENT, &parts.headers, sent.headers_mut());
    for (name, text) in further {
        let value = HeaderValue::from_str(text).map_err(|_| not_here())?;
        sent.headers_mut().insert(HeaderName::from_static(name), value);
    }
    let (told, body) = channel.send(sent).await?.into_parts();
    answer(told.status, &told.headers, Body::new(body))
}

/// The part of an answer that a browser gets.
fn answer(status: StatusCode, said: &HeaderMap, body: Body) -> Result<Response, PageError> {
    if status.is_server_error() {
        return Err(PageError(Problem::new(ErrorCode::Unavailable, "upload_away", "")));
    }
    let mut response = (status, body).into_response();
    response.headers_mut().remove(header::CONTENT_TYPE);
    copy(&TOLD, said, response.headers_mut());
    if let Some(event) = said.get("upload-event").and_then(|event| event.to_str().ok()) {
        remember(&mut response, event);
    }
    Ok(response)
}

fn copy(names: &[&'static str], from: &HeaderMap, to: &mut HeaderMap) {
    for name in names {
        if let Some(value) = from.get(*name) {
            to.insert(HeaderName::from_static(name), value.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_protocols_own_words_pass_and_nothing_else() {
        let mut said = HeaderMap::new();
        for (name, value) in [
            ("upload-offset", "70"),
            ("location", "/uploads/1"),
            ("set-cookie", "a=b"),
            ("upload-event", "portico.a.B;01890000-0000-7000-8000-000000000001"),
        ] {
            said.insert(name, value.parse().unwrap());
        }
        let response = answer(StatusCode::from_u16(460).unwrap(), &said, Body::empty()).unwrap();
        assert_eq!(
            (response.status().as_u16(), response.headers()["upload-offset"].as_bytes()),
            (460, &b"70"[..])
        );
        let cookie = response.headers()[header::SET_COOKIE].to_str().unwrap();
        assert!(cookie.starts_with("after=portico.a.B"), "the next page shows what has arrived: {cookie}");
        assert!(!response.headers().contains_key("upload-event"));
        let away = answer(StatusCode::BAD_GATEWAY, &said, Body::empty()).unwrap_err();
        assert_eq!(away.0.code, ErrorCode::Unavailable);
    }
}
