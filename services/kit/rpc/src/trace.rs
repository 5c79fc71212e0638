//! The trace that joins everything one request caused (W3C Trace Context).

use http::{HeaderMap, HeaderName, HeaderValue};
use portico_core::Entropy;

pub(crate) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// A fresh trace: 32 hexadecimal digits.
pub fn new_trace(entropy: &dyn Entropy) -> String {
    let mut bytes = [0_u8; 16];
    entropy.fill(&mut bytes);
    hex::encode(bytes)
}

/// The trace of a request, where it has a well-formed one.
pub(crate) fn trace_of(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get(&TRACEPARENT)?.to_str().ok()?;
    let (version, rest) = text.split_once('-')?;
    let (trace, rest) = rest.split_once('-')?;
    let (span, rest) = rest.split_once('-')?;
    let flags = rest.get(..2)?;
    // A later version may append fields; version 00 must end here.
    let ends = if version == "00" { rest.len() == 2 } else { rest.len() == 2 || rest.as_bytes()[2] == b'-' };
    let well_formed = is_hex(version, 2)
        && version != "ff"
        && is_trace(trace)
        && is_hex(span, 16)
        && is_hex(flags, 2)
        && ends
        && span.bytes().any(|digit| digit != b'0');
    well_formed.then_some(trace)
}

/// The header that carries `trace` onward, with a span of its own for this call.
pub(crate) fn traceparent(trace: &str, entropy: &dyn Entropy) -> Option<HeaderValue> {
    if !is_trace(trace) {
        return None;
    }
    let mut span = [0_u8; 8];
    entropy.fill(&mut span);
    // An all-zero span id is invalid.
    span[7] |= 1;
    let mut text = *b"00-00000000000000000000000000000000-0000000000000000-01";
    text[3..35].copy_from_slice(trace.as_bytes());
    hex::encode_to_slice(span, &mut text[36..52]).ok()?;
    HeaderValue::from_bytes(&text).ok()
}

/// Whether `text` can be a trace: 32 hexadecimal digits, not all of them zero.
pub(crate) fn is_trace(text: &str) -> bool {
    is_hex(text, 32) && text.bytes().any(|digit| digit != b'0')
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use portico_core::SeededEntropy;

    use super::*;

    fn read(text: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(TRACEPARENT, HeaderValue::from_str(text).unwrap());
        trace_of(&headers).map(str::to_owned)
    }

    #[test]
    fn what_is_sent_is_read() {
        let entropy = SeededEntropy::new(1);
        let trace = new_trace(&entropy);
        let header = traceparent(&trace, &entropy).unwrap();
        assert_eq!(read(header.to_str().unwrap()), Some(trace.clone()));
        assert_ne!(header, traceparent(&trace, &entropy).unwrap(), "each call has a span of its own");
    }

    #[test]
    fn what_is_malformed_is_no_trace() {
        let trace = "0af7651916cd43dd8448eb211c80319c";
        assert_eq!(read(&format!("00-{trace}-b7ad6b7169203331-01")).as_deref(), Some(trace));
        assert_eq!(read(&format!("01-{trace}-b7ad6b7169203331-01-later")).as_deref(), Some(trace));
        for text in [
            "",
            "00",
            &format!("00-{trace}-b7ad6b7169203331"),
            &format!("00-{trace}-b7ad6b7169203331-01-more"),
            &format!("ff-{trace}-b7ad6b7169203331-01"),
            &format!("00-{}-b7ad6b7169203331-01", trace.to_uppercase()),
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            &format!("00-{trace}-0000000000000000-01"),
        ] {
            assert_eq!(read(text), None, "{text:?}");
        }
        assert_eq!(traceparent("short", &SeededEntropy::new(1)), None);
    }
}
