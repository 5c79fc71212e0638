//! XML as text: elements, attributes and their texts, nothing more.

/// An XML document in the making.
pub(super) struct Xml {
    text: String,
    open: Vec<&'static str>,
}

impl Xml {
    /// Begins a document with its root, whose attributes are names of spaces.
    pub(super) fn new(root: &'static str, spaces: &[(&str, &str)]) -> Self {
        let mut xml =
            Self { text: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned(), open: Vec::new() };
        xml.tag(root, spaces);
        xml.open.push(root);
        xml
    }

    fn tag(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.text.push('<');
        self.text.push_str(name);
        for (name, value) in attributes {
            self.text.push(' ');
            self.text.push_str(name);
            self.text.push_str("=\"");
            escape(&mut self.text, value);
            self.text.push('"');
        }
        self.text.push('>');
    }

    /// An element with others in it, which `inside` writes.
    pub(super) fn within(&mut self, name: &'static str, inside: impl FnOnce(&mut Self)) {
        self.tag(name, &[]);
        inside(self);
        self.end(name);
    }

    /// An element with a text.
    pub(super) fn put(&mut self, name: &str, text: &str) {
        self.with(name, &[], text);
    }

    /// An element with a text, left out where there is none.
    pub(super) fn some(&mut self, name: &str, text: &str) {
        if !text.is_empty() {
            self.put(name, text);
        }
    }

    /// An element with attributes and a text.
    pub(super) fn with(&mut self, name: &str, attributes: &[(&str, &str)], text: &str) {
        self.tag(name, attributes);
        escape(&mut self.text, text);
        self.end(name);
    }

    fn end(&mut self, name: &str) {
        self.text.push_str("</");
        self.text.push_str(name);
        self.text.push('>');
    }

    /// The whole document.
    pub(super) fn finish(mut self) -> Vec<u8> {
        while let Some(name) = self.open.pop() {
            self.end(name);
        }
        self.text.into_bytes()
    }
}

/// Characters that XML cannot hold are left out.
fn escape(into: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => into.push_str("&amp;"),
            '<' => into.push_str("&lt;"),
            '>' => into.push_str("&gt;"),
            '"' => into.push_str("&quot;"),
            '\n' | '\t' => into.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => into.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_stays_text() {
        let mut xml = Xml::new("a", &[("xmlns", "urn:a")]);
        xml.within("b", |xml| {
            xml.with("c", &[("d", "\"&")], "<x> & \u{1}\u{fffe}]]>");
            xml.some("e", "");
        });
        let text = String::from_utf8(xml.finish()).unwrap();
        assert_eq!(
            text.lines().nth(1).unwrap(),
            "<a xmlns=\"urn:a\"><b><c d=\"&quot;&amp;\">&lt;x&gt; &amp; ]]&gt;</c></b></a>"
        );
    }
}
