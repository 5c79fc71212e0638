//! Texts with `{{…}}`: values are put in as they are and never read again.

use portico_definition::placeholders;

/// The text with every placeholder replaced by what `value` says. Links travel beside a text, not in it, so that `run.link` and
/// its like leave nothing behind.
pub(crate) fn render(text: &str, value: impl Fn(&str) -> String) -> String {
    let mut rendered = String::with_capacity(text.len());
    let mut from = 0;
    for placeholder in placeholders(text) {
        rendered.push_str(&text[from..placeholder.start]);
        if !placeholder.name.ends_with(".link") {
            rendered.push_str(&value(placeholder.name));
        }
        from = placeholder.end;
    }
    rendered.push_str(&text[from..]);
    rendered.trim().to_owned()
}

/// A subject: one line, whatever the values hold.
pub(crate) fn render_line(text: &str, value: impl Fn(&str) -> String) -> String {
    render(text, value)
        .split(|c: char| c.is_control())
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_not_read_again_and_subjects_stay_one_line() {
        let value = |name: &str| match name {
            "account.name" => "{{record.fee}}\r\nBcc: eve@evil.example".to_owned(),
            _ => String::new(),
        };
        assert_eq!(
            render_line("{{account.name}}: ready", value),
            "{{record.fee}} Bcc: eve@evil.example: ready"
        );
        assert_eq!(render("All done. {{run.link}}", value), "All done.");
    }
}
