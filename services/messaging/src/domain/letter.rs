//! What a mail says, apart from how it is marked up.

/// What a mail says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Letter {
    /// `en` or `de`.
    pub(crate) language: &'static str,
    /// The firm, as the sender and at the head.
    pub(crate) firm: String,
    pub(crate) subject: String,
    /// The line that addresses the person.
    pub(crate) greeting: String,
    pub(crate) paragraphs: Vec<String>,
    /// The one thing to do.
    pub(crate) action: Option<Action>,
    /// Said after the action, in small print.
    pub(crate) notes: Vec<String>,
    /// Several things, each with its address: the lines of a digest.
    pub(crate) lines: Vec<Line>,
    /// Where one gets less of this, at the very end.
    pub(crate) footer: Vec<Line>,
}

/// A few words that lead somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) text: String,
    /// Empty where it leads nowhere.
    pub(crate) url: String,
}

/// The one thing to do in a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Action {
    pub(crate) label: String,
    pub(crate) url: String,
    /// What to do where the button does nothing.
    pub(crate) otherwise: &'static str,
}

impl Letter {
    /// The plain part.
    pub(crate) fn text(&self) -> String {
        let mut blocks = vec![self.greeting.clone()];
        blocks.extend(self.paragraphs.iter().cloned());
        blocks.extend(self.lines.iter().map(|line| {
            if line.url.is_empty() {
                format!("- {}", line.text)
            } else {
                format!("- {}\n  {}", line.text, line.url)
            }
        }));
        if let Some(action) = &self.action {
            blocks.push(format!("{}:\n{}", action.label, action.url));
        }
        blocks.extend(self.notes.iter().cloned());
        // The line that begins with two hyphens and a space is where mail programs take the signature to begin.
        let mut end = format!("-- \n{}", self.firm);
        for line in &self.footer {
            end.push_str(&format!("\n{}: {}", line.text, line.url));
        }
        blocks.push(end);
        let mut text = blocks.join("\n\n");
        text.push('\n');
        text
    }
}

/// The paragraphs of a finished text: blank lines part them.
pub(crate) fn paragraphs(body: &str) -> Vec<String> {
    let body = body.replace("\r\n", "\n");
    let mut found = Vec::new();
    let mut lines: Vec<&str> = Vec::new();
    for line in body.lines().chain([""]) {
        if !line.trim().is_empty() {
            lines.push(line.trim_end());
        } else if !lines.is_empty() {
            found.push(lines.join("\n"));
            lines.clear();
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_lines_part_paragraphs() {
        assert_eq!(paragraphs("One\r\ntwo\n \n\n\nThree\n"), ["One\ntwo", "Three"]);
        assert!(paragraphs(" \n").is_empty());
    }

    #[test]
    fn the_plain_part_is_whole_without_the_other() {
        let letter = Letter {
            language: "en",
            firm: "Northwind".to_owned(),
            subject: String::new(),
            greeting: "Hello Ana,".to_owned(),
            paragraphs: vec!["All is ready.".to_owned()],
            action: Some(Action {
                label: "Open".to_owned(),
                url: "https://northwind.example/runs/1".to_owned(),
                otherwise: "",
            }),
            notes: vec!["Until Friday.".to_owned()],
            ..Letter::default()
        };
        assert_eq!(
            letter.text(),
            "Hello Ana,\n\nAll is ready.\n\nOpen:\nhttps://northwind.example/runs/1\n\nUntil Friday.\n\n-- \nNorthwind\n"
        );
        let line = |text: &str, url: &str| Line { text: text.to_owned(), url: url.to_owned() };
        let digest = Letter {
            lines: vec![line("A task", "https://n.example/tasks/1"), line("News", "")],
            action: None,
            notes: Vec::new(),
            footer: vec![line("Less", "https://n.example/me/mail")],
            ..letter
        };
        assert_eq!(
            digest.text(),
            "Hello Ana,\n\nAll is ready.\n\n- A task\n  https://n.example/tasks/1\n\n- News\n\n\
             -- \nNorthwind\nLess: https://n.example/me/mail\n"
        );
    }
}
