//! Names of files that come from outside, and how they leave again.

/// The longest name kept, in bytes of UTF-8.
pub const MAX_NAME: usize = 180;

/// A name that is safe to keep, show and save: the last part of a path, without control or direction-changing
/// characters or any that a file system refuses, at most [`MAX_NAME`] bytes with its extension kept.
///
/// Never fails: where nothing usable is left, the answer is `file`.
pub fn safe_file_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let mut cleaned = String::with_capacity(last.len());
    for c in last.chars() {
        let c = match c {
            c if is_unseen(c) => continue,
            ':' | '*' | '?' | '"' | '<' | '>' | '|' => '_',
            c if c.is_whitespace() => ' ',
            c => c,
        };
        if !(c == ' ' && cleaned.ends_with(' ')) {
            cleaned.push(c);
        }
    }
    // Windows drops dots and spaces at the end, and a dot at the start hides a file elsewhere.
    let cleaned = cleaned.trim_matches([' ', '.']);
    if cleaned.is_empty() {
        return "file".into();
    }
    let shortened = shorten(cleaned);
    if is_reserved(&shortened) { format!("_{shortened}") } else { shortened }
}

/// Control characters, and those that reorder or hide what stands beside them.
pub(crate) fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Names that Windows keeps for devices.
fn is_reserved(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_ascii_uppercase();
    matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL")
        || matches!(stem.as_bytes(), [b'C', b'O', b'M', b'1'..=b'9'] | [b'L', b'P', b'T', b'1'..=b'9'])
}

fn shorten(name: &str) -> String {
    // One byte is left for the underscore of a reserved name.
    if name.len() < MAX_NAME {
        return name.to_owned();
    }
    let extension =
        name.rfind('.').map(|at| &name[at..]).filter(|extension| extension.len() <= 16).unwrap_or_default();
    let mut end = MAX_NAME - 1 - extension.len();
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{extension}", name[..end].trim_end_matches([' ', '.']))
}

/// Whether a browser should show a file or save it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// Show it in the page or tab.
    Inline,
    /// Save it.
    Attachment,
}

/// The value of a `Content-Disposition` header (RFC 6266) for this name, made safe first: an ASCII name for old
/// programs and the true one in the encoding of RFC 8187. Always plain ASCII without line breaks.
pub fn content_disposition(disposition: Disposition, name: &str) -> String {
    use std::fmt::Write;
    let name = safe_file_name(name);
    let word = match disposition {
        Disposition::Inline => "inline",
        Disposition::Attachment => "attachment",
    };
    let plain: String = name
        .chars()
        .map(|c| if c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '%') || c == ' ' { c } else { '_' })
        .collect();
    let mut value = format!("{word}; filename=\"{plain}\"");
    if plain != name {
        value.push_str("; filename*=UTF-8''");
        for byte in name.bytes() {
            if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
                value.push(char::from(byte));
            } else {
                // Writing to a string cannot fail.
                let _ = write!(value, "%{byte:02X}");
            }
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn paths_and_tricks_do_not_survive() {
        assert_eq!(safe_file_name("../../etc/passwd"), "passwd");
        assert_eq!(safe_file_name("C:\\Users\\Ana\\Scan 1.pdf"), "Scan 1.pdf");
        assert_eq!(safe_file_name("invoice\u{202e}fdp.exe"), "invoicefdp.exe");
        assert_eq!(safe_file_name("a\r\nSet-Cookie: x.pdf"), "aSet-Cookie_ x.pdf");
        assert_eq!(safe_file_name(" .. "), "file");
        assert_eq!(safe_file_name("con.txt"), "_con.txt");
        assert_eq!(safe_file_name("Übersicht  März.pdf"), "Übersicht März.pdf");
    }

    #[test]
    fn a_long_name_keeps_its_extension() {
        let name = safe_file_name(&format!("{}.docx", "ä".repeat(300)));
        assert!(name.len() <= MAX_NAME && name.ends_with("ä.docx"), "{name}");
    }

    #[test]
    fn other_scripts_travel_in_the_extended_form() {
        assert_eq!(
            content_disposition(Disposition::Attachment, "plan.pdf"),
            "attachment; filename=\"plan.pdf\""
        );
        assert_eq!(
            content_disposition(Disposition::Inline, "план (1).pdf"),
            "inline; filename=\"____ (1).pdf\"; filename*=UTF-8''%D0%BF%D0%BB%D0%B0%D0%BD%20%281%29.pdf"
        );
    }

    proptest! {
        #[test]
        fn any_name_becomes_a_safe_one(name in "\\PC{0,300}|[\\x00-\\x7f]{0,300}") {
            let safe = safe_file_name(&name);
            prop_assert!(!safe.is_empty() && safe.len() <= MAX_NAME);
            prop_assert!(!safe.contains(['/', '\\', '\0', '\n', '\r', '"']));
            prop_assert_eq!(safe_file_name(&safe), safe.clone());
            let header = content_disposition(Disposition::Attachment, &name);
            prop_assert!(header.bytes().all(|byte| (0x20..0x7f).contains(&byte)));
            prop_assert_eq!(header.matches('"').count(), 2);
        }
    }
}
