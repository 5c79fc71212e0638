//! How things may be called.

use super::Checker;

/// The longest name, in bytes.
const MAX_NAME: usize = 63;
/// The longest title, in characters.
const MAX_TITLE: usize = 160;

impl Checker<'_> {
    /// A name inside the definition: lower-case letters, digits and underscores.
    pub(super) fn name(&mut self, path: &str, name: &str) {
        let starts = name.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
        let fits =
            name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        if !starts || !fits || name.len() > MAX_NAME {
            self.report_with(
                path,
                format!("`{name}` cannot be a name"),
                Some("use lower-case letters, digits and underscores, a letter first, at most 63".to_owned()),
            );
        }
    }

    /// A name that becomes part of an address: lower-case letters, digits and hyphens.
    pub(super) fn address_name(&mut self, path: &str, name: &str) {
        let starts = name.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
        let fits =
            name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if !starts || !fits || name.ends_with('-') || name.len() > MAX_NAME {
            self.report_with(
                path,
                format!("`{name}` cannot be the portal's name"),
                Some("use lower-case letters, digits and hyphens, a letter first, at most 63".to_owned()),
            );
        }
    }

    /// A text of one line that people read.
    pub(super) fn title(&mut self, path: &str, title: &str) {
        if title.trim().is_empty() {
            self.report(path, "this is what people read; it cannot be empty");
        } else if title.chars().count() > MAX_TITLE {
            self.report(path, format!("this is longer than {MAX_TITLE} characters"));
        } else if title.chars().any(char::is_control) {
            self.report(path, "this must be one line of plain text");
        }
    }

    pub(super) fn optional_title(&mut self, path: &str, title: Option<&String>) {
        if let Some(title) = title {
            self.title(&format!("{path}.title"), title);
        }
    }
}
