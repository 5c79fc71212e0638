//! The protocol's headers, and answers in its own words.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::json;

use crate::{
    domain::upload::{Outcome, Upload},
    error::DocumentsError,
    http::{Refusal, receive::percent_encoded},
    service::SharedService,
};

/// The version that is spoken here.
const VERSION: &str = "1.0.0";
const EXTENSIONS: &str = "creation,creation-with-upload,checksum,expiration,termination";
/// What a body of file bytes is called.
pub(super) const OFFSETS: &str = "application/offset+octet-stream";
/// 460 of the checksum extension.
const MISMATCH: u16 = 460;

/// Why a request of the protocol is refused.
pub(in crate::http) enum Not {
    /// As any other route would.
    Allowed(Box<DocumentsError>),
    /// In the protocol's own way: a status and a sentence.
    Now(StatusCode, String),
    /// Another go is under way.
    Locked,
    /// What is there ends elsewhere than the sender thinks.
    AtOffset(u64),
    /// The bytes are not those that were summed up.
    Mismatch,
}

impl<E: Into<DocumentsError>> From<E> for Not {
    fn from(error: E) -> Self {
        Self::Allowed(Box::new(error.into()))
    }
}

impl Not {
    pub(super) fn request(text: &str) -> Self {
        Self::Now(StatusCode::BAD_REQUEST, text.to_owned())
    }
}

impl IntoResponse for Not {
    fn into_response(self) -> Response {
        let (status, text, offset) = match self {
            Self::Allowed(error) => {
                let mut response = Refusal::from(*error).into_response();
                speak(response.headers_mut());
                return response;
            }
            Self::Now(status, text) => (status, text, None),
            Self::Locked => {
                let text = "This upload is being sent already. Try again in a moment.".to_owned();
                (StatusCode::LOCKED, text, None)
            }
            Self::AtOffset(offset) => {
                let text =
                    format!("This upload goes on at byte {offset}. Ask where it stands, then send the rest.");
                (StatusCode::CONFLICT, text, Some(offset))
            }
            Self::Mismatch => {
                let text =
                    "These bytes were altered on their way. Nothing of them was kept; send them again.";
                let status = StatusCode::from_u16(MISMATCH).unwrap_or(StatusCode::BAD_REQUEST);
                (status, text.to_owned(), None)
            }
        };
        let refused = (status == StatusCode::GONE).then(|| percent_encoded(&text));
        let mut response = (status, Json(json!({ "message": text }))).into_response();
        let headers = response.headers_mut();
        speak(headers);
        if let Some(offset) = offset {
            headers.insert("upload-offset", HeaderValue::from(offset));
        }
        if let Some(refused) = refused {
            set(headers, "upload-refused", &refused);
        }
        if status == StatusCode::LOCKED {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
        }
        if status == StatusCode::PRECONDITION_FAILED {
            headers.insert("tus-version", HeaderValue::from_static(VERSION));
        }
        response
    }
}

/// Refuses whoever speaks another version.
pub(in crate::http) fn check_version(headers: &HeaderMap) -> Result<(), Not> {
    if headers.get("tus-resumable").is_some_and(|version| version == VERSION) {
        return Ok(());
    }
    let text = format!("Send the header Tus-Resumable: {VERSION}.");
    Err(Not::Now(StatusCode::PRECONDITION_FAILED, text))
}

/// A header that is a whole number.
pub(super) fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    let text = headers.get(name)?.to_str().ok()?;
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// Whether the body holds file bytes, as the protocol calls them.
pub(super) fn holds_bytes(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == OFFSETS)
}

/// Says that this is the protocol, and that nobody may keep the answer.
pub(super) fn speak(headers: &mut HeaderMap) {
    headers.insert("tus-resumable", HeaderValue::from_static(VERSION));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
}

/// Says how far an upload is, and what came of it.
pub(in crate::http) fn tell(headers: &mut HeaderMap, upload: &Upload, offset: u64) {
    speak(headers);
    headers.insert("upload-offset", HeaderValue::from(offset));
    set(headers, "upload-expires", &http_date(upload.expires_at));
    match &upload.outcome {
        Some(Outcome::Landed(answer)) => {
            for (name, field) in [
                ("upload-document", "document_id"),
                ("upload-version", "version_id"),
                ("upload-event", "event"),
            ] {
                // Whoever sends by a link is told of nothing by which the file could be found.
                if let Some(text) = answer.get(field).and_then(|value| value.as_str()) {
                    set(headers, name, text);
                }
            }
        }
        Some(Outcome::Refused(text)) => set(headers, "upload-refused", &percent_encoded(text)),
        None => {}
    }
}

fn set(headers: &mut HeaderMap, name: &'static str, text: &str) {
    if let Ok(value) = HeaderValue::from_str(text) {
        headers.insert(name, value);
    }
}

/// A moment as HTTP writes it (RFC 9110): `Sun, 06 Nov 1994 08:49:37 GMT`.
fn http_date(at: DateTime<Utc>) -> String {
    at.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// What this server can do.
pub(super) async fn options(State(service): State<SharedService>) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    speak(headers);
    headers.insert("tus-version", HeaderValue::from_static(VERSION));
    headers.insert("tus-extension", HeaderValue::from_static(EXTENSIONS));
    headers.insert("tus-checksum-algorithm", HeaderValue::from_static("sha1,sha256"));
    headers.insert("tus-max-size", HeaderValue::from(service.config.largest_file));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_as_http_has_it() {
        let at = DateTime::from_timestamp(784_111_777, 0).unwrap();
        assert_eq!(http_date(at), "Sun, 06 Nov 1994 08:49:37 GMT");
    }

    #[test]
    fn only_plain_numbers_are_numbers() {
        let mut headers = HeaderMap::new();
        for (text, expected) in
            [("0", Some(0)), ("70", Some(70)), ("-1", None), ("+1", None), ("1e3", None), ("", None)]
        {
            headers.insert("upload-offset", text.parse().unwrap());
            assert_eq!(number(&headers, "upload-offset"), expected, "{text:?}");
        }
    }
}
