//! Cookies: the session's, and a visitor's own token for forms before anybody is signed in.

use axum_extra::extract::CookieJar;
use http::{HeaderMap, HeaderValue};
use portico_core::Entropy;

/// The session's cookie. `__Host-` binds it to the host, to the path `/` and to a secure connection.
pub(crate) const SESSION_COOKIE: &str = portico_web::session::SESSION_COOKIE;
/// A visitor's form token.
const VISITOR_COOKIE: &str = "__Host-visitor";

/// The session secret that a request carries: 64 hexadecimal digits, anything else is none.
pub(crate) fn session_secret(headers: &HeaderMap) -> Option<String> {
    secret(headers, SESSION_COOKIE)
}

/// A visitor's form token, and the cookie to set where they have none yet.
pub(crate) fn visitor_token(headers: &HeaderMap, entropy: &dyn Entropy) -> (String, Option<HeaderValue>) {
    if let Some(token) = secret(headers, VISITOR_COOKIE) {
        return (token, None);
    }
    let token = entropy.secret();
    let cookie = format!("{VISITOR_COOKIE}={token}; Path=/; Secure; HttpOnly; SameSite=Lax");
    (token, HeaderValue::from_str(&cookie).ok())
}

fn secret(headers: &HeaderMap, name: &str) -> Option<String> {
    let jar = CookieJar::from_headers(headers);
    let value = jar.get(name)?.value();
    (value.len() == 64 && value.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| value.to_owned())
}
