//! Files on their way from a browser to documents: streamed, in constant memory, never kept here.

use std::io;

use axum::extract::multipart::Field;
use bytes::Bytes;
use http::{HeaderValue, Method, Request};
use http_body_util::{BodyExt as _, Limited};
use portico_core::{ErrorCode, Problem};
use portico_rpc::{CallerChannel, problem_from};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::body::Body;

use crate::{
    ask::{Ask, Visit},
    layout::Shell,
};

/// Pieces that may wait between the two connections.
const IN_BETWEEN: usize = 4;
/// What documents answers about a file is names and numbers, at most those of a long certificate.
const LONGEST_ANSWER: usize = 512 * 1024;
/// The longest text field that is read from a form with files, in bytes: more than a message may hold.
const LONGEST_FIELD: usize = 64 * 1024;

/// Sends one part of a form to a route of documents and answers what it says, as JSON; null where it says nothing.
///
/// # Errors
/// The refusal of documents; UNAVAILABLE where the browser's connection was cut.
pub(crate) async fn send_file(ask: &Ask, path: &str, field: Field<'_>) -> Result<Value, Problem> {
    send_file_by(Method::POST, ask, path, field).await
}

/// The same with another method: a file with a name of its own is put there.
///
/// # Errors
/// As [`send_file`].
pub(crate) async fn send_file_by(
    method: Method,
    ask: &Ask,
    path: &str,
    field: Field<'_>,
) -> Result<Value, Problem> {
    send(method, ask.files("documents"), &ask.shell, path, &[], field).await
}

/// Puts a file that ships with Portico where documents keeps the templates of definitions.
///
/// # Errors
/// The refusal of documents.
pub(crate) async fn put_template(ask: &Ask, path: &str, bytes: &'static [u8]) -> Result<(), Problem> {
    let parts: Vec<_> = path.split('/').map(percent_encoded).collect();
    let request = Request::builder()
        .method(Method::PUT)
        .uri(format!("/templates/{}", parts.join("/")))
        .header(http::header::CONTENT_TYPE, "application/pdf")
        .body(Body::new(axum::body::Body::from(bytes)))
        .map_err(Problem::internal)?;
    let answer = ask.files("documents").send(request).await.map_err(|status| problem_from(&status))?;
    if answer.status().is_success() {
        return Ok(());
    }
    Err(Problem::new(ErrorCode::Unavailable, "upload_not_stored", ask.shell.t("upload-not-stored")))
}

/// A file that a visitor brings, sent to a route of documents in Portico's own name; `name` says for what.
///
/// # Errors
/// As [`send_file`].
pub(crate) async fn send_file_of_visitor(
    visit: &Visit,
    name: &'static str,
    path: &str,
    field: Field<'_>,
) -> Result<Value, Problem> {
    send_file_with(visit, name, path, &[], field).await
}

/// The same, with further headers: their names, and texts that are encoded as they need to be.
///
/// # Errors
/// As [`send_file`].
pub(crate) async fn send_file_with(
    visit: &Visit,
    name: &'static str,
    path: &str,
    headers: &[(&'static str, &str)],
    field: Field<'_>,
) -> Result<Value, Problem> {
    let channel = visit.web.channel("documents", visit.system(name)).without_deadline();
    send(Method::POST, channel, &visit.shell, path, headers, field).await
}

async fn send(
    method: Method,
    channel: CallerChannel,
    s: &Shell,
    path: &str,
    headers: &[(&'static str, &str)],
    mut field: Field<'_>,
) -> Result<Value, Problem> {
    let name = field.file_name().unwrap_or_default().to_owned();
    let (sender, receiver) = mpsc::channel::<Result<Bytes, io::Error>>(IN_BETWEEN);
    let body = axum::body::Body::from_stream(ReceiverStream::new(receiver));
    let mut request = Request::builder().method(method).uri(path);
    for (header, text) in headers.iter().copied().chain([("x-file-name", name.as_str())]) {
        let encoded = HeaderValue::from_str(&percent_encoded(text)).map_err(Problem::internal)?;
        request = request.header(header, encoded);
    }
    let request = request.body(Body::new(body)).map_err(Problem::internal)?;
    let pump = async {
        let mut sender = Some(sender);
        loop {
            let piece = match field.chunk().await {
                Ok(Some(piece)) => Ok(piece),
                Ok(None) => break,
                Err(error) => Err(io::Error::other(error)),
            };
            let cut = piece.is_err();
            // After a refusal the rest is read and dropped, so that the browser hears the answer.
            if let Some(open) = &sender
                && open.send(piece).await.is_err()
            {
                sender = None;
            }
            if cut {
                break;
            }
        }
    };
    let (answer, ()) = tokio::join!(channel.send(request), pump);
    let answer = answer.map_err(|status| problem_from(&status))?;
    if !answer.status().is_success() {
        let told = s.t("upload-not-stored");
        return Err(Problem::new(ErrorCode::Unavailable, "upload_not_stored", told));
    }
    let bytes = Limited::new(answer.into_body(), LONGEST_ANSWER)
        .collect()
        .await
        .map_err(Problem::internal)?
        .to_bytes();
    Ok(serde_json::from_slice(&bytes).unwrap_or_default())
}

/// A browser's connection that ended before the form did.
pub(crate) fn cut(s: &Shell) -> Problem {
    Problem::new(ErrorCode::Unavailable, "upload_cut", s.t("upload-cut"))
}

/// Why a text field of a form with files was not read.
#[derive(Debug)]
pub(crate) enum Unread {
    /// The connection was lost.
    Cut,
    /// It is longer than any field may be.
    TooLong,
}

impl Unread {
    /// The refusal, told at `field`.
    pub(crate) fn at(self, field: &str, s: &Shell) -> Problem {
        match self {
            Self::Cut => cut(s),
            Self::TooLong => Problem::invalid(field, s.t("thread-too-long")),
        }
    }
}

/// A text field of a form with files, with plain line ends.
pub(crate) async fn read_text(field: &mut Field<'_>) -> Result<String, Unread> {
    let mut text = Vec::new();
    while let Some(piece) = field.chunk().await.map_err(|_| Unread::Cut)? {
        if text.len() + piece.len() > LONGEST_FIELD {
            return Err(Unread::TooLong);
        }
        text.extend_from_slice(&piece);
    }
    Ok(String::from_utf8_lossy(&text).replace("\r\n", "\n"))
}

/// A text of an answer of documents; empty where it has none of this name.
pub(crate) fn text_of<'a>(answer: &'a Value, name: &str) -> &'a str {
    answer.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// UTF-8, with everything but letters, digits and `-._~` as `%XX`.
pub(crate) fn percent_encoded(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_travels_in_a_header_whatever_it_holds() {
        assert_eq!(percent_encoded("Übersicht 1.pdf"), "%C3%9Cbersicht%201.pdf");
        assert_eq!(percent_encoded("a\r\nb"), "a%0D%0Ab");
    }
}
