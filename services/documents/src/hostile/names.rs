//! Names that lead elsewhere, hide something, or break a header.

use super::{Fate::Harmless, Hostile};

pub(super) fn all() -> Vec<Hostile> {
    let long = format!("{}.txt", "very long ".repeat(400));
    let stacked = format!("a{}.txt", "\u{301}".repeat(500));
    [
        "../../../etc/passwd",
        "..\\..\\windows\\system32\\a.txt",
        "/absolute/a.txt",
        "C:\\a.txt",
        "a.txt\0.exe",
        "a\r\nSet-Cookie: a=b\r\n.txt",
        "a\".txt\"; filename=\"b.exe",
        "invoice\u{202e}txt.exe",
        "\u{2066}a\u{2069}.txt",
        "zero\u{200b}width\u{feff}.txt",
        "soft\u{ad}hyphen.txt",
        "tags\u{e0041}\u{e0042}.txt",
        "con.txt",
        "LPT1",
        ".",
        "..",
        " . . ",
        ".htaccess",
        "a.txt. . .",
        "%2e%2e%2f%2e%2e%2fa",
        "<script>alert(1)</script>.txt",
        "a;b|c&d$(e)`f`.txt",
        "😀👩‍👩‍👧.txt",
        "файл.txt",
        long.as_str(),
        stacked.as_str(),
    ]
    .into_iter()
    .map(|name| Hostile::new("a name", name, "harmless words", Harmless))
    .collect()
}
