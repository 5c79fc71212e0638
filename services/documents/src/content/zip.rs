//! Telling office documents from other ZIP archives, by the names of what they contain.
//!
//! Names stand in each entry's own header and again in the directory at the archive's end. The first bytes name the
//! first entries, the last bytes the directory's last part; one of the two tells in practice. Nothing is unpacked.

use super::kind::OfficeFormat;

const LOCAL: &[u8] = b"PK\x03\x04";
const DIRECTORY: &[u8] = b"PK\x01\x02";
/// Names looked at, so that a made-up archive costs no more than a real one.
const MOST_NAMES: usize = 4096;

/// The office format of an archive, and its media type; nothing where it is none.
pub(super) fn recognise(head: &[u8], tail: &[u8]) -> Option<(OfficeFormat, &'static str)> {
    if let Some(mime) = open_document(head) {
        return Some((OfficeFormat::OpenDocument, mime));
    }
    let names = || names(head, LOCAL, 26, 30).chain(names(tail, DIRECTORY, 28, 46)).take(MOST_NAMES);
    // A list of content types is what makes a ZIP archive an office document; its folder says which.
    if !names().any(|name| name == b"[Content_Types].xml") {
        return None;
    }
    names().find_map(|name| {
        let starts = |folder: &[u8]| name.starts_with(folder);
        if starts(b"word/") {
            Some((
                OfficeFormat::Docx,
                "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            ))
        } else if starts(b"xl/") {
            Some((OfficeFormat::Xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))
        } else if starts(b"ppt/") {
            Some((
                OfficeFormat::Pptx,
                "application/vnd.openxmlformats-officedocument.presentationml.presentation",
            ))
        } else {
            None
        }
    })
}

/// OpenDocument's first entry is an uncompressed `mimetype`.
fn open_document(head: &[u8]) -> Option<&'static str> {
    let rest = head.get(30..)?.strip_prefix(b"mimetype")?;
    [
        "application/vnd.oasis.opendocument.text",
        "application/vnd.oasis.opendocument.spreadsheet",
        "application/vnd.oasis.opendocument.presentation",
    ]
    .into_iter()
    .find(|mime| rest.starts_with(mime.as_bytes()))
}

/// The names after each `marker`, whose length stands `length_at` bytes and whose text `name_at` bytes behind it.
fn names<'a>(
    bytes: &'a [u8],
    marker: &'static [u8],
    length_at: usize,
    name_at: usize,
) -> impl Iterator<Item = &'a [u8]> {
    bytes.windows(4).enumerate().filter(move |(_, window)| *window == marker).filter_map(move |(at, _)| {
        let length = u16::from_le_bytes([*bytes.get(at + length_at)?, *bytes.get(at + length_at + 1)?]);
        bytes.get(at + name_at..at + name_at + usize::from(length))
    })
}

/// An archive may unpack to this many bytes, however small it is.
pub(super) const FAIR: u64 = 1024 * 1024 * 1024;
/// Beyond that, to this many times its own size. Texts shrink to a twentieth, tables to a hundredth.
pub(super) const MOST_TIMES: u64 = 200;

/// What an archive says that it unpacks to, in bytes, where that is far more than anything real of its size: it is made to fill the
/// disk of whoever opens it. Only the list at its end is read, and nothing is unpacked.
pub fn unpacks_to_too_much(tail: &[u8], size: u64) -> Option<u64> {
    let number = |at: usize| Some(u64::from(u32::from_le_bytes(tail.get(at..at + 4)?.try_into().ok()?)));
    let entries = tail.windows(4).enumerate().filter(|(_, window)| *window == DIRECTORY);
    let unpacked: u64 = entries.filter_map(|(at, _)| number(at + 24)).sum();
    (unpacked > FAIR && unpacked / MOST_TIMES > size).then_some(unpacked)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// An archive of empty entries with these names: enough for everything that looks at names only.
    pub(crate) fn archive(names: &[&str]) -> Vec<u8> {
        let (mut bytes, mut directory) = (Vec::new(), Vec::new());
        for name in names {
            let length = (name.len() as u16).to_le_bytes();
            let offset = (bytes.len() as u32).to_le_bytes();
            bytes.extend_from_slice(LOCAL);
            bytes.extend_from_slice(&[0; 22]);
            bytes.extend_from_slice(&length);
            bytes.extend_from_slice(&[0; 2]);
            bytes.extend_from_slice(name.as_bytes());
            directory.extend_from_slice(DIRECTORY);
            directory.extend_from_slice(&[0; 24]);
            directory.extend_from_slice(&length);
            directory.extend_from_slice(&[0; 12]);
            directory.extend_from_slice(&offset);
            directory.extend_from_slice(name.as_bytes());
        }
        bytes.extend_from_slice(&directory);
        bytes.extend_from_slice(b"PK\x05\x06");
        bytes.extend_from_slice(&[0; 18]);
        bytes
    }

    #[test]
    fn office_documents_are_told_from_other_archives() {
        let told = |names: &[&str]| {
            let bytes = archive(names);
            recognise(&bytes, &bytes).map(|(format, _)| format)
        };
        assert_eq!(
            told(&["[Content_Types].xml", "_rels/.rels", "word/document.xml"]),
            Some(OfficeFormat::Docx)
        );
        assert_eq!(
            told(&["docProps/app.xml", "xl/workbook.xml", "[Content_Types].xml"]),
            Some(OfficeFormat::Xlsx)
        );
        assert_eq!(told(&["[Content_Types].xml", "ppt/presentation.xml"]), Some(OfficeFormat::Pptx));
        assert_eq!(
            told(&["word/holiday.jpg", "notes.txt"]),
            None,
            "a folder's name alone makes no Word document"
        );
        assert_eq!(told(&["photos/1.jpg"]), None);
    }

    #[test]
    fn the_directory_at_the_end_tells_where_the_beginning_does_not() {
        let bytes = archive(&["docProps/thumbnail.jpeg", "[Content_Types].xml", "word/document.xml"]);
        let found = recognise(&bytes[..60], &bytes[100..]);
        assert_eq!(found.map(|(format, _)| format), Some(OfficeFormat::Docx));
        assert_eq!(recognise(&bytes[..60], &bytes[..60]), None);
    }

    #[test]
    fn lengths_that_point_beyond_the_end_are_ignored() {
        let mut bytes = archive(&["[Content_Types].xml"]);
        bytes[26] = 0xff;
        bytes[27] = 0xff;
        assert_eq!(recognise(&bytes[..40], &[]), None);
        assert_eq!(recognise(b"PK\x03\x04", b"PK\x01\x02"), None);
    }
}
