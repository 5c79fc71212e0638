//! The session's cookie, set by the pages that sign somebody in or out.

use axum::response::Response;
use http::{HeaderValue, header::SET_COOKIE};

/// The cookie's name. `__Host-` binds it to the host, to the path `/` and to a secure connection.
pub const SESSION_COOKIE: &str = "__Host-session";

/// How long a browser keeps the cookie, in seconds; identity ends the session itself earlier where it is idle.
const KEPT_FOR: u32 = 14 * 24 * 3600;

/// Gives the browser the session that was just opened.
pub fn open(mut response: Response, secret: &str) -> Response {
    let cookie =
        format!("{SESSION_COOKIE}={secret}; Path=/; Max-Age={KEPT_FOR}; Secure; HttpOnly; SameSite=Lax");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

/// Takes the session from the browser.
pub fn close(mut response: Response) -> Response {
    let cookie =
        HeaderValue::from_static("__Host-session=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax");
    response.headers_mut().append(SET_COOKIE, cookie);
    response
}
