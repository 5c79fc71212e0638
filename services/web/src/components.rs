//! The small parts that pages are made of, as data. Their looks are in `templates/components/`.

use std::fmt;

/// What a tag's colour says. The words beside it say the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Nothing to note; most tags.
    Neutral,
    /// Settled plainly, without a box: "Completed". Makes what is left stand out.
    Plain,
    /// Good.
    Ok,
    /// Needs somebody soon.
    Warn,
    /// Late or refused.
    Bad,
    /// On its way.
    Info,
}

impl Tone {
    /// The class in the style sheet.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Neutral => "neutral",
            Self::Plain => "plain",
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Bad => "bad",
            Self::Info => "info",
        }
    }
}

/// One state in a word or two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// Its colour.
    pub tone: Tone,
    /// Its words.
    pub text: String,
}

impl Tag {
    /// A tag.
    pub fn new(tone: Tone, text: impl Into<String>) -> Self {
        Self { tone, text: text.into() }
    }
}

/// One row of a list of things to do or look at: the link begins with a verb, the meta line says whose and by when,
/// and there is at most one tag.
#[derive(Debug, Clone)]
pub struct Row {
    /// "Upload your current system documentation"
    pub text: String,
    /// Where to do it.
    pub href: String,
    /// "3 of 5 · due tomorrow"; may be empty.
    pub meta: String,
    /// Its state.
    pub tag: Option<Tag>,
    /// Whether it is overdue: a mark at the edge, besides the words.
    pub urgent: bool,
    /// Whether it is finished and steps back.
    pub done: bool,
}

impl Row {
    /// A row that is neither urgent nor done.
    pub fn new(text: impl Into<String>, href: impl Into<String>, meta: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            href: href.into(),
            meta: meta.into(),
            tag: None,
            urgent: false,
            done: false,
        }
    }

    /// The same row with a tag.
    #[must_use]
    pub fn tagged(mut self, tone: Tone, text: impl Into<String>) -> Self {
        self.tag = Some(Tag::new(tone, text));
        self
    }

    /// The same row, marked as overdue.
    #[must_use]
    pub fn urgent(mut self, urgent: bool) -> Self {
        self.urgent = urgent;
        self
    }

    /// The same row, stepping back because it is finished.
    #[must_use]
    pub fn done(mut self) -> Self {
        self.done = true;
        self
    }
}

/// One of several answers to a question.
#[derive(Debug, Clone)]
pub struct Choice {
    /// What the form sends.
    pub value: String,
    /// What the reader sees.
    pub label: String,
    /// A line below it; may be empty.
    pub hint: String,
    /// Whether it is chosen.
    pub chosen: bool,
}

impl Choice {
    /// A choice without a hint, chosen where its value is the `current` one.
    pub fn new(value: impl Into<String>, label: impl Into<String>, current: &str) -> Self {
        let value = value.into();
        let chosen = value == current;
        Self { value, label: label.into(), hint: String::new(), chosen }
    }

    /// The same choice with a line below it.
    #[must_use]
    pub fn hinted(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }
}

/// Up to two letters for a name: "Ana Maria Souza" is "AS", "northwind" is "N".
pub fn initials(name: &str) -> String {
    let mut words = name.split_whitespace().filter_map(|word| word.chars().find(|c| c.is_alphanumeric()));
    let first = words.next();
    first.into_iter().chain(words.next_back()).flat_map(char::to_uppercase).take(2).collect()
}

/// A drawing of 24 × 24 that takes its colour from the text around it. It says nothing to a screen reader: words
/// stand beside it. Use as `{{ crate::components::icon("home")|safe }}`.
#[derive(Debug, Clone, Copy)]
pub struct Icon(&'static str);

impl fmt::Display for Icon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "<svg class=\"icon\" viewBox=\"0 0 24 24\" aria-hidden=\"true\"><path d=\"{}\"/></svg>",
            self.0
        )
    }
}

/// The icon called `name`: home, tasks, files, messages, invoices, calendar, people, accounts, board, portal, audit,
/// settings, search, check, alert, info, lock, upload, download, more, back, next, bell, clock, sign, company. Any
/// other name gives a dot.
pub fn icon(name: &str) -> Icon {
    Icon(match name {
        "home" => "M3 11l9-8 9 8M5 9.5V20h5v-6h4v6h5V9.5",
        "tasks" => "M9 6h12M9 12h12M9 18h12M3 6l1.2 1.2L6.5 5M3 12l1.2 1.2L6.5 11M3 18l1.2 1.2L6.5 17",
        "files" => "M14 3H6v18h12V7zM14 3v4h4M9 12h6M9 16h6",
        "messages" => "M4 5h16v11H10l-4 4v-4H4z",
        "invoices" => "M6 3h12v18l-3-2-3 2-3-2-3 2zM9 8h6M9 12h6",
        "calendar" => "M4 6h16v14H4zM4 10h16M8 3v4M16 3v4",
        "people" => {
            "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM3 20c0-3.5 2.5-6 6-6s6 2.5 6 6M16 4.3a3.5 3.5 0 0 1 0 6.4M17.5 14.5c2.2.8 3.5 2.8 3.5 5.5"
        }
        "accounts" | "company" => "M4 21V4h10v17M14 9h6v12M3 21h18M7.5 8h3M7.5 12h3M7.5 16h3M17 13v0M17 17v0",
        "board" => "M4 4h4v16H4zM10 4h4v10h-4zM16 4h4v13h-4z",
        "portal" => "M3 5h18v14H3zM3 9h18M9 9v10",
        "audit" => "M12 3l8 3v6c0 4.5-3.3 7.5-8 9-4.7-1.5-8-4.5-8-9V6zM9 12l2.2 2.2L15.5 10",
        "settings" => "M4 7h10M18 7h2M4 17h2M10 17h10M16 5v4M8 15v4",
        "search" => "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM16 16l5 5",
        "check" => "M4 12.5l5 5L20 6.5",
        "alert" => "M12 4l9 16H3zM12 10v4M12 17v0",
        "info" => "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 11v5M12 8v0",
        "lock" => "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
        "upload" => "M12 16V4M7 9l5-5 5 5M4 16v4h16v-4",
        "download" => "M12 4v12M7 11l5 5 5-5M4 16v4h16v-4",
        "more" => "M5 12v0M12 12v0M19 12v0",
        "back" => "M15 5l-7 7 7 7",
        "next" => "M9 5l7 7-7 7",
        "bell" => "M6 16V11a6 6 0 0 1 12 0v5l2 2H4zM10 21h4",
        "clock" => "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5l3 2",
        "sign" => "M4 20h16M5 16c3-9 6-12 7.5-11s-1 6-3 9 3-3 4.5-2 .5 2 2 2 2-1 3-1",
        _ => "M12 12v0",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_are_first_and_last() {
        assert_eq!(initials("Ana Maria Souza"), "AS");
        assert_eq!(initials("northwind"), "N");
        assert_eq!(initials("  \"Öz\" & Co. "), "ÖC");
        assert_eq!(initials("ß"), "SS");
        assert_eq!(initials(""), "");
    }

    #[test]
    fn icons_are_silent() {
        assert!(icon("home").to_string().contains("aria-hidden"));
        assert_ne!(icon("home").to_string(), icon("no such").to_string());
    }
}
