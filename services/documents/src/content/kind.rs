//! Telling a file's type by its bytes.

use std::fmt;

use super::zip;

/// Image formats that people upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ImageFormat {
    /// Portable Network Graphics.
    Png,
    /// JPEG, what most cameras make.
    Jpeg,
    /// HEIC, what iPhones make.
    Heic,
    /// WebP.
    Webp,
    /// GIF.
    Gif,
    /// TIFF, what scanners make.
    Tiff,
}

/// Office formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OfficeFormat {
    /// Word, since 2007.
    Docx,
    /// Excel, since 2007.
    Xlsx,
    /// PowerPoint, since 2007.
    Pptx,
    /// OpenDocument text, sheet or slides.
    OpenDocument,
    /// Word, Excel or PowerPoint before 2007, or another file in Microsoft's old container.
    Legacy,
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A PDF, whole or not.
    Pdf,
    /// An image in a format that is shown.
    Image(ImageFormat),
    /// A document of an office suite.
    Office(OfficeFormat),
    /// A ZIP archive that is no office document.
    Zip,
    /// Plain text, with CSV among it.
    Text,
    /// A web page. Never shown inside the portal: it could act there.
    Html,
    /// A drawing that may carry scripts. Never shown inside the portal.
    Svg,
    /// A program for Windows, Linux or macOS, or a script that starts with `#!`.
    Program,
    /// Anything else.
    Other,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pdf => "a PDF",
            Self::Image(ImageFormat::Png) => "a PNG image",
            Self::Image(ImageFormat::Jpeg) => "a JPEG photo",
            Self::Image(ImageFormat::Heic) => "a HEIC photo",
            Self::Image(ImageFormat::Webp) => "a WebP image",
            Self::Image(ImageFormat::Gif) => "a GIF image",
            Self::Image(ImageFormat::Tiff) => "a TIFF image",
            Self::Office(OfficeFormat::Docx) => "a Word document",
            Self::Office(OfficeFormat::Xlsx) => "an Excel sheet",
            Self::Office(OfficeFormat::Pptx) => "a PowerPoint presentation",
            Self::Office(OfficeFormat::OpenDocument) => "an OpenDocument file",
            Self::Office(OfficeFormat::Legacy) => "an older Office document",
            Self::Zip => "a ZIP archive",
            Self::Text => "a text file",
            Self::Html => "a web page",
            Self::Svg => "an SVG drawing",
            Self::Program => "a program",
            Self::Other => "a file of an unknown type",
        })
    }
}

/// What the bytes say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sniffed {
    /// The kind of file.
    pub kind: Kind,
    /// The media type to serve it under; `application/octet-stream` where it is unknown or must not be shown.
    pub mime: &'static str,
    /// What people call it, such as `a Windows program` or `a PDF`.
    pub called: String,
    /// Whether it has no bytes at all.
    pub empty: bool,
}

/// Tells a file's type from its first bytes (64 KiB are plenty) and its last ones (for archives, whose list of
/// contents stands at the end).
pub fn sniff(head: &[u8], tail: &[u8]) -> Sniffed {
    let (kind, mime) = recognise(head, tail);
    Sniffed { kind, mime, called: called(kind, head), empty: head.is_empty() }
}

const OCTETS: &str = "application/octet-stream";

fn recognise(head: &[u8], tail: &[u8]) -> (Kind, &'static str) {
    // A PDF may be preceded by up to a kilobyte of anything; everything else begins at the first byte.
    if is_program(head) {
        return (Kind::Program, OCTETS);
    }
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        return zip::recognise(head, tail)
            .map_or((Kind::Zip, "application/zip"), |(format, mime)| (Kind::Office(format), mime));
    }
    if let Some(found) = infer::get(head) {
        match found.mime_type() {
            "image/png" => return (Kind::Image(ImageFormat::Png), "image/png"),
            "image/jpeg" => return (Kind::Image(ImageFormat::Jpeg), "image/jpeg"),
            "image/heif" | "image/heic" => return (Kind::Image(ImageFormat::Heic), "image/heic"),
            "image/webp" => return (Kind::Image(ImageFormat::Webp), "image/webp"),
            "image/gif" => return (Kind::Image(ImageFormat::Gif), "image/gif"),
            "image/tiff" => return (Kind::Image(ImageFormat::Tiff), "image/tiff"),
            _ => {}
        }
    }
    if head.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
        return (Kind::Office(OfficeFormat::Legacy), "application/x-ole-storage");
    }
    if head.get(..head.len().min(1024)).is_some_and(|start| start.windows(5).any(|bytes| bytes == b"%PDF-")) {
        return (Kind::Pdf, "application/pdf");
    }
    text(head)
}

fn is_program(head: &[u8]) -> bool {
    head.starts_with(b"#!")
        || head.starts_with(b"\x7fELF")
        || (head.starts_with(b"MZ") && head.len() >= 64 && !is_text(head))
        || [
            b"\xfe\xed\xfa\xce",
            b"\xfe\xed\xfa\xcf",
            b"\xce\xfa\xed\xfe",
            b"\xcf\xfa\xed\xfe",
            b"\xca\xfe\xba\xbe",
        ]
        .iter()
        .any(|magic| head.starts_with(*magic))
}

/// Text of the web is told apart from other text, since a browser would run it.
fn text(head: &[u8]) -> (Kind, &'static str) {
    if head.is_empty() || !is_text(head) {
        return (Kind::Other, OCTETS);
    }
    let start: Vec<u8> = match head {
        [0xff, 0xfe, rest @ ..] => rest.iter().step_by(2).copied().take(4096).collect(),
        [0xfe, 0xff, rest @ ..] => rest.iter().skip(1).step_by(2).copied().take(4096).collect(),
        _ => head.iter().copied().take(4096).collect(),
    };
    let start = String::from_utf8_lossy(&start).to_ascii_lowercase();
    let markup = start.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    // Markup that stands far into a text is found as well: browsers that guess look there too.
    let has = |tag: &str| {
        start.match_indices(tag).any(|(at, _)| {
            start[at + tag.len()..]
                .chars()
                .next()
                .is_none_or(|next| next.is_whitespace() || matches!(next, '>' | '/'))
        })
    };
    if has("<svg") && !has("<html") {
        return (Kind::Svg, OCTETS);
    }
    if markup.starts_with("<!doctype html")
        || ["<html", "<head", "<body", "<script", "<iframe"].into_iter().any(has)
    {
        return (Kind::Html, OCTETS);
    }
    (Kind::Text, "text/plain; charset=utf-8")
}

/// Whether the bytes are text: UTF-8, UTF-16 with its mark, or an older single-byte encoding without control bytes.
fn is_text(head: &[u8]) -> bool {
    if head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]) {
        return true;
    }
    let control = |byte: u8| byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c | 0x1b);
    !head.iter().any(|byte| control(*byte) || *byte == 0x7f)
}

fn called(kind: Kind, head: &[u8]) -> String {
    match kind {
        Kind::Program if head.starts_with(b"MZ") => "a Windows program".into(),
        Kind::Program if head.starts_with(b"#!") => "a script".into(),
        Kind::Other if head.is_empty() => "an empty file".into(),
        Kind::Other => match infer::get(head).map(|found| found.matcher_type()) {
            Some(infer::MatcherType::Audio) => "a sound recording".into(),
            Some(infer::MatcherType::Video) => "a video".into(),
            Some(infer::MatcherType::Archive) => "an archive".into(),
            Some(infer::MatcherType::Font) => "a font".into(),
            _ => kind.to_string(),
        },
        _ => kind.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(head: &[u8]) -> Kind {
        sniff(head, head).kind
    }

    #[test]
    fn bytes_say_what_a_file_is() {
        assert_eq!(kind(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"), Kind::Pdf);
        assert_eq!(kind(b"\r\n\r\n%PDF-1.4\n"), Kind::Pdf);
        assert_eq!(kind(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), Kind::Image(ImageFormat::Png));
        assert_eq!(kind(b"\xff\xd8\xff\xe0\0\x10JFIF"), Kind::Image(ImageFormat::Jpeg));
        assert_eq!(kind(b"GIF89a\x01\0\x01\0"), Kind::Image(ImageFormat::Gif));
        assert_eq!(kind(b"RIFF\x10\0\0\0WEBPVP8 "), Kind::Image(ImageFormat::Webp));
        assert_eq!(kind(b"II*\0\x08\0\0\0\x0e\0\xfe\0\x04\0"), Kind::Image(ImageFormat::Tiff));
        assert_eq!(kind(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"), Kind::Image(ImageFormat::Heic));
        assert_eq!(kind(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0"), Kind::Office(OfficeFormat::Legacy));
        assert_eq!(kind(b"name;amount\nAcme;12\n"), Kind::Text);
        assert_eq!(kind("Grüße\n".as_bytes()), Kind::Text);
        assert_eq!(kind(b"\0\x01\x02\x03"), Kind::Other);
        assert_eq!(kind(b""), Kind::Other);
    }

    #[test]
    fn what_a_browser_would_run_is_never_taken_for_text() {
        assert_eq!(kind(b"  <!DOCTYPE html><p>hello"), Kind::Html);
        assert_eq!(kind(b"name,amount\n<SCRIPT>alert(1)</script>"), Kind::Html);
        assert_eq!(kind(b"<?xml version=\"1.0\"?>\n<svg xmlns=\"x\" onload=\"x()\"/>"), Kind::Svg);
        assert_eq!(kind("\u{feff}<svg>".as_bytes()), Kind::Svg);
        assert_eq!(kind(b"\xff\xfe<\0h\0t\0m\0l\0>\0"), Kind::Html);
        for refused in [sniff(b"<html>", b""), sniff(b"<svg>", b"")] {
            assert_eq!(refused.mime, OCTETS);
        }
    }

    #[test]
    fn programs_are_named_as_such() {
        let mut windows = b"MZ\x90\0\x03".to_vec();
        windows.resize(128, 0);
        assert_eq!(sniff(&windows, b"").called, "a Windows program");
        assert_eq!(kind(b"\x7fELF\x02\x01\x01"), Kind::Program);
        assert_eq!(sniff(b"#!/bin/sh\nrm -rf /", b"").called, "a script");
        assert_eq!(
            kind(b"MZ is how this perfectly ordinary letter begins, and it goes on for quite a few words."),
            Kind::Text
        );
    }
}
