//! `{{…}}` in texts.

/// One `{{…}}` in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placeholder<'a> {
    /// What stands between the braces, without spaces around it: `record.amount`.
    pub name: &'a str,
    /// Where it begins in the text, in bytes.
    pub start: usize,
    /// Where it ends in the text, in bytes, behind the braces.
    pub end: usize,
}

/// Every `{{…}}` in a text, in order. Braces that are not closed are text.
#[must_use]
pub fn placeholders(text: &str) -> Vec<Placeholder<'_>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(start) = text[from..].find("{{").map(|place| from + place) {
        let Some(length) = text[start..].find("}}") else { break };
        let end = start + length + 2;
        found.push(Placeholder { name: text[start + 2..end - 2].trim(), start, end });
        from = end;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_found_with_their_places() {
        let text = "Invoice {{record.no}}: {{ record.state }} {{open";
        let found = placeholders(text);
        assert_eq!(found.iter().map(|one| one.name).collect::<Vec<_>>(), ["record.no", "record.state"]);
        assert_eq!(&text[found[1].start..found[1].end], "{{ record.state }}");
    }
}
