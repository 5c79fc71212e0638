//! Forms come from our own pages or not at all.
//!
//! The session has one random token ([`FormToken`], put into the request's extensions by whoever resolves the
//! session; a visitor has one in a cookie of their own). Pages carry it in a hidden `_csrf` field and in a meta
//! element for scripts; [`guard`] compares in constant time and checks where the browser says the request comes from.

use std::time::Duration;

use axum::{
    body::{Body, to_bytes},
    extract::{FromRequest, Multipart, Request},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{
    Extensions, HeaderMap, Method,
    header::{CONTENT_TYPE, HOST, ORIGIN},
};
use portico_core::ErrorCode;
use subtle::ConstantTimeEq as _;
use tokio::time::timeout;

use crate::{
    doors::admit,
    error::{FORM_EXPIRED, FORM_TOO_LARGE, PageError, told},
};

/// The largest form without files, in bytes.
pub const MAX_FORM_BYTES: usize = 1024 * 1024;

/// How long a form without files may take to arrive.
const LONGEST_READ: Duration = Duration::from_secs(30);

/// The token of the request's session.
#[derive(Clone)]
pub struct FormToken(pub String);

/// Noted on a multipart request whose body has not been looked into.
#[derive(Clone)]
struct Unread;

/// A layer (`axum::middleware::from_fn`) around all pages: every request that changes something must come from our
/// own origin and carry the session's token, in `X-CSRF-Token` or in the form's `_csrf` field. Multipart bodies are
/// streams: their handlers take [`FileForm`], which reads the token from the first part.
pub async fn guard(request: Request, next: Next) -> Response {
    match check(request).await {
        Ok(request) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

async fn check(request: Request) -> Result<Request, PageError> {
    if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return Ok(request);
    }
    let mut request = match admit(request).await {
        Ok(request) => return Ok(request),
        Err(request) => request,
    };
    let Some(FormToken(token)) = request.extensions().get::<FormToken>().cloned() else {
        return Err(expired(request.extensions()));
    };
    if !from_our_origin(request.headers()) {
        return Err(expired(request.extensions()));
    }
    if let Some(sent) = request.headers().get("x-csrf-token") {
        return if same(sent.as_bytes(), &token) { Ok(request) } else { Err(expired(request.extensions())) };
    }
    let kind = request.headers().get(CONTENT_TYPE).map(|kind| kind.as_bytes().to_vec()).unwrap_or_default();
    if kind.starts_with(b"multipart/form-data") {
        request.extensions_mut().insert(Unread);
        return Ok(request);
    }
    if !kind.starts_with(b"application/x-www-form-urlencoded") {
        return Err(expired(request.extensions()));
    }
    let (parts, body) = request.into_parts();
    let read = timeout(LONGEST_READ, to_bytes(body, MAX_FORM_BYTES));
    let bytes = match read.await {
        Ok(Ok(bytes)) => bytes,
        // A connection that broke is told the same: nobody is there to read it.
        Ok(Err(_)) => return Err(too_large(&parts.extensions)),
        Err(_) => {
            return Err(told(&parts.extensions, ErrorCode::InvalidArgument, "form_too_slow", "upload-cut"));
        }
    };
    let sent = url::form_urlencoded::parse(&bytes).find(|(name, _)| name == "_csrf");
    match sent {
        Some((_, sent)) if same(sent.as_bytes(), &token) => Ok(Request::from_parts(parts, Body::from(bytes))),
        _ => Err(expired(&parts.extensions)),
    }
}

/// The parts of a form with files, as [`FileForm`] hands them out.
pub type FileParts = Multipart;

/// A form with files whose token has been checked: the only way to a multipart body.
///
/// Without `X-CSRF-Token` the form's first part must be `_csrf`, as `forms::token` writes it.
#[derive(Debug)]
pub struct FileForm(pub Multipart);

impl<S: Send + Sync> FromRequest<S> for FileForm {
    type Rejection = PageError;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        let unread = request.extensions().get::<Unread>().is_some();
        let token = request.extensions().get::<FormToken>().cloned();
        let extensions = request.extensions().clone();
        let mut parts = Multipart::from_request(request, state)
            .await
            .map_err(|_| told(&extensions, ErrorCode::InvalidArgument, "not_a_form", "form-unreadable"))?;
        if unread {
            let first = parts.next_field().await.ok().flatten().filter(|field| field.name() == Some("_csrf"));
            let mut sent = Vec::new();
            if let Some(mut field) = first {
                while let Ok(Some(chunk)) = field.chunk().await {
                    if sent.len() + chunk.len() > 256 {
                        return Err(expired(&extensions));
                    }
                    sent.extend_from_slice(&chunk);
                }
            }
            if !token.is_some_and(|token| same(&sent, &token.0)) {
                return Err(expired(&extensions));
            }
        }
        Ok(Self(parts))
    }
}

fn same(sent: &[u8], token: &str) -> bool {
    !token.is_empty() && bool::from(sent.ct_eq(token.as_bytes()))
}

/// Whether the browser says that one of our own pages sent this. A client that says nothing at all is left to the
/// token.
fn from_our_origin(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("unreadable"));
    match text("sec-fetch-site") {
        Some("same-origin") => true,
        Some(_) => false,
        None => match (text(ORIGIN.as_str()), text(HOST.as_str())) {
            (None, _) => true,
            (Some(origin), Some(host)) => origin.split_once("://").is_some_and(|(_, sender)| sender == host),
            (Some(_), None) => false,
        },
    }
}

fn expired(extensions: &Extensions) -> PageError {
    told(extensions, ErrorCode::PermissionDenied, FORM_EXPIRED, "expired-text")
}

fn too_large(extensions: &Extensions) -> PageError {
    told(extensions, ErrorCode::ResourceExhausted, FORM_TOO_LARGE, "form-too-large")
}

#[cfg(test)]
mod tests {
    use axum::{Form, Router, middleware::from_fn, routing::post};
    use http::StatusCode;
    use tower::ServiceExt as _;

    use super::*;

    async fn files(FileForm(mut parts): FileForm) -> String {
        parts.next_field().await.unwrap().unwrap().text().await.unwrap()
    }

    async fn send(kind: &str, body: &str, headers: &[(&str, &str)]) -> StatusCode {
        let app = Router::new()
            .route(
                "/form",
                post(|Form(pairs): Form<Vec<(String, String)>>| async move { format!("{pairs:?}") }),
            )
            .route("/files", post(files))
            .layer(from_fn(guard));
        let path = if kind.starts_with("multipart") { "/files" } else { "/form" };
        let mut request = Request::post(path).header(CONTENT_TYPE, kind).header(HOST, "acme.example");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(Body::from(body.to_owned())).unwrap();
        request.extensions_mut().insert(FormToken("right".to_owned()));
        app.oneshot(request).await.unwrap().status()
    }

    const FORM: &str = "application/x-www-form-urlencoded";

    #[tokio::test]
    async fn only_the_sessions_own_token_opens() {
        assert_eq!(send(FORM, "a=1&_csrf=right", &[]).await, StatusCode::OK);
        assert_eq!(send(FORM, "a=1", &[("x-csrf-token", "right")]).await, StatusCode::OK);
        for body in ["a=1", "a=1&_csrf=", "a=1&_csrf=wrong", "_csrf=wrong&_csrf=right"] {
            assert_eq!(send(FORM, body, &[]).await, StatusCode::FORBIDDEN, "{body}");
        }
        assert_eq!(send(FORM, "_csrf=right", &[("x-csrf-token", "wrong")]).await, StatusCode::FORBIDDEN);
        assert_eq!(send("application/json", "{\"_csrf\":\"right\"}", &[]).await, StatusCode::FORBIDDEN);
    }

    #[tokio::test]
    async fn the_right_token_from_another_site_does_not() {
        let right = "_csrf=right";
        assert_eq!(send(FORM, right, &[("sec-fetch-site", "same-origin")]).await, StatusCode::OK);
        assert_eq!(send(FORM, right, &[("origin", "https://acme.example")]).await, StatusCode::OK);
        for header in [
            ("sec-fetch-site", "same-site"),
            ("sec-fetch-site", "cross-site"),
            ("origin", "https://evil.example"),
            ("origin", "null"),
            ("origin", "https://acme.example.evil.example"),
        ] {
            assert_eq!(send(FORM, right, &[header]).await, StatusCode::FORBIDDEN, "{header:?}");
        }
    }

    #[tokio::test]
    async fn files_need_the_token_in_their_first_part() {
        let part = |name: &str, value: &str| {
            format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        let kind = "multipart/form-data; boundary=x";
        let end = "--x--\r\n";
        let good = format!("{}{}{end}", part("_csrf", "right"), part("note", "hello"));
        assert_eq!(send(kind, &good, &[]).await, StatusCode::OK);
        for bad in [
            format!("{}{end}", part("note", "hello")),
            format!("{}{}{end}", part("note", "hello"), part("_csrf", "right")),
            format!("{}{}{end}", part("_csrf", &"r".repeat(9999)), part("note", "hello")),
        ] {
            assert_eq!(send(kind, &bad, &[]).await, StatusCode::FORBIDDEN);
        }
        assert_eq!(
            send(kind, &format!("{}{end}", part("note", "a")), &[("x-csrf-token", "right")]).await,
            StatusCode::OK
        );
    }

    #[tokio::test]
    async fn an_oversized_form_is_refused() {
        let body = format!("a={}&_csrf=right", "x".repeat(MAX_FORM_BYTES));
        assert_eq!(send(FORM, &body, &[]).await, StatusCode::TOO_MANY_REQUESTS);
    }
}
