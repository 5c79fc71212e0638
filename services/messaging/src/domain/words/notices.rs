//! The words around notices: what is said where nothing may be said, the digest, and how to get less.

use super::Words;

impl Words {
    /// The subject of a mail of a firm that wants no contents in mail.
    pub(crate) fn something_new_subject(self, firm: &str) -> String {
        match self {
            Self::English => format!("Something new in the portal of {firm}"),
            Self::German => format!("Neuigkeit im Portal von {firm}"),
        }
    }

    /// That there is something new of this kind, and nothing about it.
    pub(crate) fn something_new(self, kind: &str) -> &'static str {
        match (self, kind) {
            (Self::English, "task") => "A task in the portal waits for you.",
            (Self::English, "reminder") => "A task in the portal is still open.",
            (Self::English, "escalation") => "A task in the portal needs your attention.",
            (Self::English, "meeting") => "There is news of a meeting in the portal.",
            (Self::English, "message") => "A new message waits for you in the portal.",
            (Self::English, _) => "There is something new for you in the portal.",
            (Self::German, "task") => "Im Portal wartet eine Aufgabe auf Sie.",
            (Self::German, "reminder") => "Im Portal ist eine Aufgabe noch offen.",
            (Self::German, "escalation") => "Eine Aufgabe im Portal braucht Ihre Aufmerksamkeit.",
            (Self::German, "meeting") => "Im Portal gibt es Neues zu einem Termin.",
            (Self::German, "message") => "Im Portal wartet eine neue Nachricht auf Sie.",
            (Self::German, _) => "Im Portal gibt es etwas Neues für Sie.",
        }
    }

    /// Why a mail says so little.
    pub(crate) const fn contents_stay_inside(self) -> &'static str {
        match self {
            Self::English => "What it is about is read in the portal, so that it stays there.",
            Self::German => "Worum es geht, lesen Sie im Portal, damit es dort bleibt.",
        }
    }

    /// The subject of a digest.
    pub(crate) fn digest_subject(self, firm: &str, count: usize) -> String {
        match (self, count) {
            (Self::English, 1) => format!("{firm}: one thing is new"),
            (Self::English, _) => format!("{firm}: {count} things are new"),
            (Self::German, 1) => format!("{firm}: eine Neuigkeit"),
            (Self::German, _) => format!("{firm}: {count} Neuigkeiten"),
        }
    }

    /// What stands above the lines of a digest.
    pub(crate) const fn digest_begins(self) -> &'static str {
        match self {
            Self::English => "This is new since your last summary:",
            Self::German => "Das ist neu seit Ihrer letzten Zusammenfassung:",
        }
    }

    /// The link to the choice of what one is mailed.
    pub(crate) const fn choose_mails(self) -> &'static str {
        match self {
            Self::English => "Choose what you are mailed, and when",
            Self::German => "Auswählen, was Sie wann per Mail erhalten",
        }
    }

    /// The link that switches mails of this kind off.
    pub(crate) fn stop_mails(self, kind: &str) -> &'static str {
        match (self, kind) {
            (Self::English, "task") => "No more mails about new tasks",
            (Self::English, "reminder") => "No more reminders by mail",
            (Self::English, "escalation") => "No more mails about delays",
            (Self::English, "meeting") => "No more mails about meetings",
            (Self::English, "message") => "No more mails about messages",
            (Self::English, _) => "No more mails about such news",
            (Self::German, "task") => "Keine Mails mehr zu neuen Aufgaben",
            (Self::German, "reminder") => "Keine Erinnerungen mehr per Mail",
            (Self::German, "escalation") => "Keine Mails mehr zu Verzögerungen",
            (Self::German, "meeting") => "Keine Mails mehr zu Terminen",
            (Self::German, "message") => "Keine Mails mehr zu Nachrichten",
            (Self::German, _) => "Keine Mails mehr zu solchen Neuigkeiten",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::preferences::KINDS;

    #[test]
    fn every_kind_has_words_of_its_own_in_every_language() {
        for words in [Words::English, Words::German] {
            for said in [Words::something_new, Words::stop_mails] {
                let mut sentences: Vec<_> = KINDS.iter().map(|kind| said(words, kind)).collect();
                sentences.sort_unstable();
                sentences.dedup();
                assert_eq!(sentences.len(), KINDS.len());
            }
        }
    }
}
