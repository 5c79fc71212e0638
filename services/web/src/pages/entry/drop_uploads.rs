//! Files by a drop link in several goes, for whoever has the link and, beside it, the secret of the upload: that is part of the upload's
//! address and of nothing else. Without scripts the form of the page serves.

use axum::{
    extract::{Path, Request},
    response::Response,
};
use http::{HeaderMap, HeaderValue, header::LOCATION};
use portico_rpc::CallerChannel;

use crate::{
    ask::{Visit, not_here},
    error::PageError,
    passing::pass,
};

/// What a sender calls themselves, as the browser encodes it.
const SENDER: [&str; 2] = ["x-sender-name", "x-sender-email"];
/// The longest of these that is passed on, in bytes; more than any that is taken.
const LONGEST: usize = 2000;
/// The header of documents with an upload's secret.
const SECRET: &str = "upload-secret";

/// Begins an upload.
pub(super) async fn all(
    visit: Visit,
    Path(token): Path<String>,
    request: Request,
) -> Result<Response, PageError> {
    let sender = SENDER.map(|name| text(request.headers(), name).to_owned());
    if !is_secret(&token) || sender.iter().any(|text| text.len() > LONGEST) {
        return Err(not_here());
    }
    let further = [("x-drop-token", token.as_str()), (SENDER[0], &sender[0]), (SENDER[1], &sender[1])];
    let mut response = pass(documents(&visit), "/drops/uploads", &further, request).await?;
    place(&token, response.headers_mut());
    Ok(response)
}

/// Goes on with an upload, looks where it stands, or gives it up.
pub(super) async fn one(
    visit: Visit,
    Path((token, secret)): Path<(String, String)>,
    request: Request,
) -> Result<Response, PageError> {
    if !is_secret(&token) || !is_secret(&secret) {
        return Err(not_here());
    }
    let further = [("x-drop-token", token.as_str()), ("x-upload-secret", secret.as_str())];
    pass(documents(&visit), "/drops/upload", &further, request).await
}

/// Turns the secret that documents tells into the address of the upload.
fn place(token: &str, headers: &mut HeaderMap) {
    let Some(secret) = headers.remove(SECRET) else { return };
    let secret = secret.to_str().unwrap_or_default();
    if let Ok(location) = HeaderValue::from_str(&format!("/drop/{token}/uploads/{secret}")) {
        headers.insert(LOCATION, location);
    }
}

fn documents(visit: &Visit) -> CallerChannel {
    visit.web.channel("documents", visit.system("web.drop")).without_deadline()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// Whether a part of an address looks like what Portico makes; anything else need not be asked for.
fn is_secret(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_stands_in_the_address_alone() {
        let (token, secret) = ("a".repeat(64), "b".repeat(64));
        let mut headers = HeaderMap::new();
        headers.insert(SECRET, secret.parse().unwrap());
        place(&token, &mut headers);
        assert_eq!(headers[LOCATION].to_str().unwrap(), format!("/drop/{token}/uploads/{secret}"));
        assert!(!headers.contains_key(SECRET));
        place(&token, &mut HeaderMap::new());
    }

    #[test]
    fn only_what_could_be_a_secret_is_asked_for() {
        assert!(is_secret(&"0f".repeat(32)));
        for wrong in ["", "0f", &"0g".repeat(32), &"0f".repeat(33), &format!("{}/../x", "0".repeat(59))] {
            assert!(!is_secret(wrong), "{wrong}");
        }
    }
}
