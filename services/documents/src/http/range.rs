//! The header `Range` (RFC 9110): one part of a file.

use crate::vault::ByteRange;

/// What a caller asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// The whole file: no range, or one that is not understood, which the RFC lets us ignore.
    Whole,
    /// This part.
    Part(ByteRange),
    /// A part that the file does not have.
    Outside,
}

/// Reads the header's value for a file of `size` bytes.
pub(super) fn wanted(header: Option<&str>, size: u64) -> Wanted {
    let Some((first, last)) = header.and_then(|text| text.strip_prefix("bytes=")?.trim().split_once('-'))
    else {
        return Wanted::Whole;
    };
    let number = |text: &str| {
        text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u64>().ok()).flatten()
    };
    let (start, end) = match (first, last, number(first), number(last)) {
        ("", _, _, Some(suffix)) => (size.saturating_sub(suffix), size),
        (_, "", Some(start), _) => (start, size),
        (_, _, Some(start), Some(last)) if start <= last => (start, last.saturating_add(1).min(size)),
        _ => return Wanted::Whole,
    };
    if start >= end { Wanted::Outside } else { Wanted::Part(ByteRange { start, end }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_is_understood() {
        let part = |start, end| Wanted::Part(ByteRange { start, end });
        for (header, expected) in [
            ("bytes=0-0", part(0, 1)),
            ("bytes=10-19", part(10, 20)),
            ("bytes=10-", part(10, 100)),
            ("bytes=-5", part(95, 100)),
            ("bytes=-500", part(0, 100)),
            ("bytes=90-500", part(90, 100)),
            ("bytes=100-", Wanted::Outside),
            ("bytes=-0", Wanted::Outside),
            ("bytes=9-3", Wanted::Whole),
            ("bytes=0-1,5-6", Wanted::Whole),
            ("items=0-1", Wanted::Whole),
            ("bytes=+1-2", Wanted::Whole),
            ("bytes=-", Wanted::Whole),
        ] {
            assert_eq!(wanted(Some(header), 100), expected, "{header}");
        }
        assert_eq!(wanted(None, 100), Wanted::Whole);
        assert_eq!(wanted(Some("bytes=0-"), 0), Wanted::Outside);
    }
}
