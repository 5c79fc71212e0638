//! What the page after an act says: the word stands in the address as `done`, so that it works without scripts.

use askama::Template;
use serde::Deserialize;

use crate::{layout::Shell, render::Page};

/// The words that pages may be asked to say; each has its sentence `console-done-<word>`.
const WORDS: &[&str] = &[
    "account-created",
    "account-renamed",
    "person-added",
    "invited",
    "invitation-revoked",
    "roles-saved",
    "member-removed",
    "record-created",
    "record-saved",
    "record-moved",
    "step-reminded",
    "step-reminded-lately",
    "step-not-waiting",
    "step-remind-failed",
    "step-waived",
    "step-moved",
    "step-assigned",
    "task-added",
    "run-paused",
    "run-resumed",
    "run-cancelled",
    "item-accepted",
    "item-returned",
    "version-added",
    "times-offered",
    "published",
    "mail-queued",
    "settings-saved",
    "template-saved",
    "deactivated",
    "reactivated",
    "hours-saved",
    "calendar-connected",
    "calendar-disconnected",
    "mailbox-connected",
    "mailbox-called",
    "mailbox-disconnected",
    "stand-in-set",
    "stand-in-ended",
    "dates-moved",
    "folder-created",
    "folder-renamed",
    "folder-moved",
    "folder-removed",
    "sharing-saved",
    "file-added",
    "document-filed",
    "document-trashed",
    "document-restored",
    "time-given",
    "signer-named",
    "fields-placed",
    "drop-link-ended",
    "request-template-saved",
    "request-template-removed",
    "paper-kept",
    "paper-saved",
    "paper-used",
    "paper-archived",
    "paper-restored",
    "paper-removed",
    "paper-sent",
];

/// The query of a page that one comes to after an act.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Done {
    #[serde(default)]
    done: String,
    /// The first page that a board of fields shows, where its papers have more than it shows at once.
    #[serde(default)]
    from: String,
}

impl Done {
    /// Nothing to say, on a board that shows pages from this one on.
    pub(super) fn at(from: i32) -> Self {
        Self { from: from.to_string(), ..Self::default() }
    }

    /// The first page that a board shows; 1 where the address says nothing that can be read.
    pub(super) fn from(&self) -> i32 {
        self.from.parse().unwrap_or(1)
    }

    /// The sentence, where the address asks for one there is.
    fn sentence(&self, s: &Shell) -> Option<String> {
        WORDS.contains(&self.done.as_str()).then(|| s.t(&format!("console-done-{}", self.done)))
    }

    /// The page with the sentence above it.
    pub(super) fn above<T: Template>(&self, page: Page<T>, s: &Shell) -> Page<T> {
        match self.sentence(s) {
            Some(sentence) => page.notice(sentence),
            None => page,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{layout::Area, text::Locale};

    #[test]
    fn every_word_has_its_sentence_and_nothing_else_is_said() {
        let s = crate::walk::shell(Area::Console, Locale::En);
        for word in WORDS {
            let sentence = Done { done: (*word).to_owned(), ..Done::default() }.sentence(&s).unwrap();
            assert!(!sentence.starts_with("console-"), "{word} has no sentence");
        }
        assert_eq!(Done { done: "<b>anything</b>".to_owned(), ..Done::default() }.sentence(&s), None);
    }
}
