//! Requests that come from machines and carry no form token, because they open by something else.
//!
//! A browser that somebody else's page misleads can send neither: the code of one's own mails is not known there, and a browser adds no
//! `Authorization` of its own to a request.

use axum::{
    body::{Body, to_bytes},
    extract::Request,
};
use http::{Method, header::AUTHORIZATION};

/// The address under a mail; its last part is a signed code.
const UNSUBSCRIBE: &str = "/mail/unsubscribe/";
/// Where mail servers hand mail over, with the firm's secret.
const INTAKE: &str = "/mail/intake";
/// Where a payment provider tells what happened, signed with the firm's secret.
const PAYMENTS: &str = "/webhooks/stripe";
/// The most bytes of a mail program's one click.
const MOST: usize = 4 * 1024;

/// A request to one of these doors that has its key in hand, whole; the request itself otherwise.
pub(crate) async fn admit(request: Request) -> Result<Request, Request> {
    if *request.method() != Method::POST {
        return Err(request);
    }
    let path = request.uri().path();
    if path == INTAKE {
        let bears =
            request.headers().get(AUTHORIZATION).is_some_and(|value| value.as_bytes().starts_with(b"Bearer"));
        return if bears { Ok(request) } else { Err(request) };
    }
    if path == PAYMENTS {
        // A page of somebody else's cannot have a browser send this header.
        let signed = request.headers().contains_key("stripe-signature");
        return if signed { Ok(request) } else { Err(request) };
    }
    let code = path.strip_prefix(UNSUBSCRIBE).unwrap_or_default();
    if code.is_empty() || code.contains('/') {
        return Err(request);
    }
    let length = request
        .headers()
        .get(http::header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse().ok());
    if length.is_none_or(|length: usize| length > MOST) {
        return Err(request);
    }
    let (parts, body) = request.into_parts();
    let bytes = to_bytes(body, MOST).await.unwrap_or_default();
    let clicked = is_one_click(&bytes);
    let request = Request::from_parts(parts, Body::from(bytes));
    if clicked { Ok(request) } else { Err(request) }
}

/// Whether a body says what mail programs say for one click (RFC 8058), in either of the two forms that it may take.
pub(crate) fn is_one_click(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body);
    text.trim() == "List-Unsubscribe=One-Click"
        || (text.contains("name=\"List-Unsubscribe\"") && text.lines().any(|line| line.trim() == "One-Click"))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn admitted(method: &str, path: &str, body: &str, headers: &[(&str, &str)]) -> bool {
        let mut request =
            Request::builder().method(method).uri(path).header("content-length", body.len().to_string());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        admit(request.body(Body::from(body.to_owned())).unwrap()).await.is_ok()
    }

    #[tokio::test]
    async fn a_door_opens_to_its_key_alone() {
        let click = "List-Unsubscribe=One-Click";
        let parts =
            "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n";
        for body in [click, parts] {
            assert!(admitted("POST", "/mail/unsubscribe/abc", body, &[]).await, "{body}");
        }
        for (method, path, body) in [
            ("GET", "/mail/unsubscribe/abc", click),
            ("PUT", "/mail/unsubscribe/abc", click),
            ("POST", "/mail/unsubscribe/", click),
            ("POST", "/mail/unsubscribe/abc/undo", click),
            ("POST", "/me/mail", click),
            ("POST", "/mail/unsubscribe/abc", ""),
            ("POST", "/mail/unsubscribe/abc", "_csrf=x&List-Unsubscribe=One-Click"),
            ("POST", "/mail/unsubscribe/abc", &click.repeat(1000)),
        ] {
            assert!(!admitted(method, path, body, &[]).await, "{method} {path}");
        }
        assert!(admitted("POST", "/mail/intake", "mail", &[("authorization", "Bearer x")]).await);
        assert!(!admitted("POST", "/mail/intake", "mail", &[]).await);
        assert!(!admitted("POST", "/mail/intake", "mail", &[("authorization", "Basic x")]).await);
        assert!(!admitted("POST", "/me/mail", "mail", &[("authorization", "Bearer x")]).await);
        assert!(admitted("POST", "/webhooks/stripe", "{}", &[("stripe-signature", "t=1")]).await);
        assert!(!admitted("POST", "/webhooks/stripe", "{}", &[]).await);
        assert!(!admitted("POST", "/invoices", "{}", &[("stripe-signature", "t=1")]).await);
    }
}
