//! The headers that a call carries between services, and how their values are written.

use std::{net::IpAddr, time::Duration};

use http::{HeaderMap, HeaderName, HeaderValue};
use portico_core::EventId;

/// Where the request came from, for the audit.
pub(crate) const ADDRESS: HeaderName = HeaderName::from_static("x-portico-address");
/// The event that the answer must already know: type and id.
pub(crate) const AFTER: HeaderName = HeaderName::from_static("x-portico-after");
/// The time left for the call.
pub(crate) const GRPC_TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");

const BEARER: &str = "Bearer ";

/// The token in the `authorization` header.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(http::header::AUTHORIZATION)?.to_str().ok()?.strip_prefix(BEARER)
}

/// The `authorization` header for `token`; none where the text cannot stand in a header.
pub(crate) fn authorization(token: &str) -> Option<HeaderValue> {
    let mut text = String::with_capacity(BEARER.len() + token.len());
    text.push_str(BEARER);
    text.push_str(token);
    let mut value = HeaderValue::from_maybe_shared(bytes_of(text)).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn bytes_of(text: String) -> axum::body::Bytes {
    axum::body::Bytes::from(text)
}

/// The caller's address, where it is one.
pub(crate) fn address(headers: &HeaderMap) -> Option<&str> {
    headers.get(&ADDRESS)?.to_str().ok().filter(|text| text.parse::<IpAddr>().is_ok())
}

/// The event that the caller has just caused: its type and its id.
pub(crate) fn after(headers: &HeaderMap) -> Option<(&str, EventId)> {
    let (event_type, id) = headers.get(&AFTER)?.to_str().ok()?.split_once(';')?;
    Some((event_type, id.parse().ok()?))
}

/// The header that names an event; none where the type cannot stand in a header.
pub(crate) fn after_value(event_type: &str, event: EventId) -> Option<HeaderValue> {
    HeaderValue::from_str(&format!("{event_type};{event}")).ok()
}

/// Writes a deadline as gRPC does: at most eight digits and a unit.
pub(crate) fn timeout_value(time: Duration) -> HeaderValue {
    const MOST: u128 = 99_999_999;
    let text = match time.as_micros() {
        micros if micros <= MOST => format!("{}u", micros.max(1)),
        micros if micros / 1000 <= MOST => format!("{}m", micros / 1000),
        _ => format!("{}S", u128::from(time.as_secs()).min(MOST)),
    };
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static("10S"))
}

/// Reads gRPC's deadline; none where it is absent or malformed.
pub(crate) fn timeout(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(&GRPC_TIMEOUT)?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(number * 3600)),
        "M" => Some(Duration::from_secs(number * 60)),
        "S" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_millis(number)),
        "u" => Some(Duration::from_micros(number)),
        "n" => Some(Duration::from_nanos(number)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Duration> {
        timeout(&HeaderMap::from_iter([(GRPC_TIMEOUT, HeaderValue::from_str(text).unwrap())]))
    }

    #[test]
    fn deadlines_read_back() {
        for time in [Duration::from_micros(250), Duration::from_secs(10), Duration::from_secs(3600)] {
            assert_eq!(read(timeout_value(time).to_str().unwrap()), Some(time));
        }
        assert_eq!(read("2H"), Some(Duration::from_secs(7200)));
        for text in ["", "S", "10", "-1S", "123456789S", "1 S", "10s", "+1S"] {
            assert_eq!(read(text), None, "{text:?}");
        }
    }

    #[test]
    fn only_an_address_is_an_address() {
        let with = |text| HeaderMap::from_iter([(ADDRESS, HeaderValue::from_static(text))]);
        assert_eq!(address(&with("203.0.113.7")), Some("203.0.113.7"));
        assert_eq!(address(&with("2001:db8::1")), Some("2001:db8::1"));
        assert_eq!(address(&with("<script>")), None);
    }
}
