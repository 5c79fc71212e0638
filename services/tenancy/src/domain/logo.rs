//! Logos: what a picture is by its bytes, and how wide.

use portico_service::Fields;
use sha2::{Digest, Sha256};

use super::tenant::MAX_LOGO_BYTES;

/// The widest logo, in pixels.
const MAX_WIDTH: u32 = 2000;

/// A picture that may stand in the head of every page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Logo {
    pub(crate) media_type: &'static str,
    pub(crate) hash: String,
    pub(crate) bytes: Vec<u8>,
}

impl Logo {
    /// The logo in `bytes`; none where there are none, or where a rule is broken, which is noted.
    pub(crate) fn check(bytes: Vec<u8>, fields: &mut Fields) -> Option<Self> {
        if bytes.is_empty() {
            return None;
        }
        if bytes.len() > MAX_LOGO_BYTES {
            fields.refuse("logo", "Use a logo of at most 512 KiB.");
            return None;
        }
        match measure(&bytes) {
            None => fields.refuse("logo", "Use a PNG, JPEG or WebP picture."),
            Some((_, width)) if width == 0 || width > MAX_WIDTH => {
                fields.refuse("logo", format!("Use a logo of at most {MAX_WIDTH} pixels in width."));
            }
            Some((media_type, _)) => {
                return Some(Self { media_type, hash: hex::encode(Sha256::digest(&bytes)), bytes });
            }
        }
        None
    }
}

/// What the picture is and its width, read from its header alone.
fn measure(bytes: &[u8]) -> Option<(&'static str, u32)> {
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        let header = bytes.get(8..24)?;
        return (&header[4..8] == b"IHDR").then(|| ("image/png", big_endian(&header[8..12])));
    }
    if bytes.starts_with(&[0xff, 0xd8, 0xff]) {
        return Some(("image/jpeg", jpeg_width(bytes)?));
    }
    if bytes.starts_with(b"RIFF") && bytes.get(8..12)? == b"WEBP" {
        return Some(("image/webp", webp_width(bytes)?));
    }
    None
}

fn big_endian(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte))
}

/// Walks the segments to the frame header (ITU T.81, B.2.2).
fn jpeg_width(bytes: &[u8]) -> Option<u32> {
    let mut at = 2;
    loop {
        let marker = bytes.get(at..at + 2)?;
        if marker[0] != 0xff {
            return None;
        }
        match marker[1] {
            0xff => at += 1,
            0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => {
                return Some(big_endian(bytes.get(at + 7..at + 9)?));
            }
            0x01 | 0xd0..=0xd8 => at += 2,
            0xd9 | 0xda => return None,
            _ => at += 2 + usize::try_from(big_endian(bytes.get(at + 2..at + 4)?)).ok()?,
        }
    }
}

/// The width in the first chunk of a WebP file (RFC 9649).
fn webp_width(bytes: &[u8]) -> Option<u32> {
    let little_endian = |from: usize, to: usize| {
        Some(bytes.get(from..to)?.iter().rev().fold(0, |number: u32, byte| number << 8 | u32::from(*byte)))
    };
    match bytes.get(12..16)? {
        b"VP8X" => Some(little_endian(24, 27)? + 1),
        b"VP8 " => (bytes.get(23..26)? == [0x9d, 0x01, 0x2a])
            .then(|| little_endian(26, 28))
            .flatten()
            .map(|w| w & 0x3fff),
        b"VP8L" => {
            (bytes.get(20)? == &0x2f).then(|| little_endian(21, 23)).flatten().map(|w| (w & 0x3fff) + 1)
        }
        _ => None,
    }
}

/// The smallest pictures of each kind, with a width of one's choice.
#[cfg(test)]
pub(crate) mod samples {
    /// A PNG as far as its header.
    pub(crate) fn png(width: u32) -> Vec<u8> {
        let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        bytes.extend(width.to_be_bytes());
        bytes.extend([0, 0, 0, 1, 8, 2, 0, 0, 0]);
        bytes
    }

    /// A JPEG with an application segment before its frame.
    pub(crate) fn jpeg(width: u16) -> Vec<u8> {
        let mut bytes = vec![0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff, 0xc2, 0, 11, 8, 0, 1];
        bytes.extend(width.to_be_bytes());
        bytes.extend([1, 1, 0x11, 0]);
        bytes
    }

    /// A lossless WebP as far as its dimensions.
    pub(crate) fn webp(width: u16) -> Vec<u8> {
        let mut bytes = b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f".to_vec();
        bytes.extend((width - 1).to_le_bytes());
        bytes.extend([0, 0]);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: Vec<u8>) -> Result<Option<Logo>, String> {
        let mut fields = Fields::default();
        let logo = Logo::check(bytes, &mut fields);
        fields.check().map(|()| logo).map_err(|problem| problem.fields[0].description.clone())
    }

    #[test]
    fn a_logo_is_what_its_bytes_say() {
        assert_eq!(check(Vec::new()), Ok(None));
        for (bytes, media_type) in [
            (samples::png(2000), "image/png"),
            (samples::jpeg(640), "image/jpeg"),
            (samples::webp(320), "image/webp"),
        ] {
            let logo = check(bytes.clone()).unwrap().unwrap();
            assert_eq!((logo.media_type, logo.hash.len(), logo.bytes), (media_type, 64, bytes));
        }
    }

    #[test]
    fn what_is_too_wide_too_large_or_no_picture_is_refused() {
        for wide in [samples::png(2001), samples::jpeg(2001), samples::webp(2001), samples::png(0)] {
            assert!(check(wide).unwrap_err().contains("2000 pixels"));
        }
        let mut large = samples::png(10);
        large.resize(MAX_LOGO_BYTES + 1, 0);
        assert!(check(large).unwrap_err().contains("512 KiB"));
        for wrong in [
            b"<svg onload='x'/>".to_vec(),
            b"GIF89a".to_vec(),
            samples::png(10)[..20].to_vec(),
            samples::jpeg(9)[..12].to_vec(),
        ] {
            assert!(check(wrong).unwrap_err().contains("PNG, JPEG or WebP"));
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(kind in 0..4_usize, tail in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..64)) {
            let heads: [&[u8]; 4] = [b"", b"\x89PNG\r\n\x1a\n", &[0xff, 0xd8, 0xff], b"RIFF\0\0\0\0WEBP"];
            let _ = measure(&[heads[kind], &tail].concat());
        }
    }
}
