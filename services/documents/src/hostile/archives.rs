//! Archives that unpack to more than there is, or to places where they should not.

use super::{
    Fate::{self, Either, Harmless, Refused},
    Hostile,
};
use crate::content::archive;

/// An archive whose list says of each entry how large it is, packed and unpacked.
fn listed(entries: &[(&str, u32, u32)]) -> Vec<u8> {
    let (mut bytes, mut list) = (Vec::new(), Vec::new());
    for (name, packed, unpacked) in entries {
        let length = u16::try_from(name.len()).unwrap_or(u16::MAX).to_le_bytes();
        let place = u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes();
        bytes.extend_from_slice(b"PK\x03\x04\x14\0\0\0\x08\0\0\0\0\0\0\0\0\0");
        bytes.extend_from_slice(&packed.to_le_bytes());
        bytes.extend_from_slice(&unpacked.to_le_bytes());
        bytes.extend_from_slice(&length);
        bytes.extend_from_slice(&[0; 2]);
        bytes.extend_from_slice(name.as_bytes());
        list.extend_from_slice(b"PK\x01\x02\x14\0\x14\0\0\0\x08\0\0\0\0\0\0\0\0\0");
        list.extend_from_slice(&packed.to_le_bytes());
        list.extend_from_slice(&unpacked.to_le_bytes());
        list.extend_from_slice(&length);
        list.extend_from_slice(&[0; 12]);
        list.extend_from_slice(&place);
        list.extend_from_slice(name.as_bytes());
    }
    let count = u16::try_from(entries.len()).unwrap_or(u16::MAX).to_le_bytes();
    let (size, place) = (u32::try_from(list.len()).unwrap_or(0), u32::try_from(bytes.len()).unwrap_or(0));
    bytes.extend_from_slice(&list);
    bytes.extend_from_slice(b"PK\x05\x06\0\0\0\0");
    bytes.extend_from_slice(&count);
    bytes.extend_from_slice(&count);
    bytes.extend_from_slice(&size.to_le_bytes());
    bytes.extend_from_slice(&place.to_le_bytes());
    bytes.extend_from_slice(&[0; 2]);
    bytes
}

pub(super) fn all() -> Vec<Hostile> {
    let mut files = Vec::new();
    let mut add = |what: &str, name: &str, bytes: Vec<u8>, fate: Fate| {
        files.push(Hostile::new(what, name, bytes, fate))
    };
    for count in [1, 2, 16, 300] {
        let entries = vec![("zeros.bin", 4_000_u32, 4_200_000_000_u32); count];
        add(
            &format!("{count} entries of four gigabytes each"),
            "bomb.zip",
            listed(&entries),
            Refused("unpacks"),
        );
    }
    let office = [
        ("[Content_Types].xml", 300, 1_000),
        ("word/document.xml", 9_000, 4_200_000_000),
        ("word/a.xml", 9, 4_200_000_000),
    ];
    add("a Word document of eight gigabytes", "letter.docx", listed(&office), Refused("unpacks"));
    let fair = [("photos/1.jpg", 900_000, 910_000), ("notes.txt", 400, 9_000)];
    add("an archive that is what it says", "photos.zip", listed(&fair), Harmless);
    for name in [
        "../../etc/passwd",
        "/etc/passwd",
        "C:\\Windows\\a.exe",
        "a/../../b",
        "con",
        "a\0b",
        "\u{202e}gpj.exe",
    ] {
        add(&format!("an entry named {name:?}"), "names.zip", archive(&[name]), Harmless);
    }
    add("thousands of entries", "many.zip", archive(&vec!["a.txt"; 20_000]), Harmless);
    add(
        "macros",
        "macros.docm",
        archive(&["[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"]),
        Harmless,
    );
    add(
        "an archive in an archive",
        "nested.zip",
        [archive(&["inner.zip"]), archive(&["a.txt"])].concat(),
        Harmless,
    );
    let whole = listed(&fair);
    for part in 1..8 {
        add(
            &format!("an archive cut after {part} of 8 parts"),
            "cut.zip",
            whole[..whole.len() * part / 8].to_vec(),
            Either,
        );
    }
    let mut lying = whole.clone();
    let end = lying.len();
    lying[end - 12..end - 4].fill(0xff);
    add("a list that is nowhere", "lost.zip", lying, Harmless);
    for (what, name, head) in [
        ("gzip", "a.gz", &b"\x1f\x8b\x08\0\0\0\0\0\0\x03"[..]),
        ("bzip2", "a.bz2", b"BZh91AY&SY"),
        ("xz", "a.xz", b"\xfd7zXZ\0\0\x04"),
        ("7z", "a.7z", b"7z\xbc\xaf\x27\x1c\0\x04"),
        ("RAR", "a.rar", b"Rar!\x1a\x07\x01\0"),
        ("an old Office file", "a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0"),
    ] {
        let mut bytes = head.to_vec();
        bytes.resize(600, 0x41);
        add(&format!("the beginning of {what} and junk"), name, bytes, Harmless);
    }
    files
}
