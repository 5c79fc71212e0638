//! What a page of billing says after an act: the word stands in the address as `done`, so that it works without scripts.

use askama::Template;
use serde::Deserialize;

use crate::{layout::Shell, render::Page};

/// The words that pages may be asked to say; each has its sentence `billing-done-<word>`.
const WORDS: [&str; 12] = [
    "saved",
    "sent",
    "issued",
    "discarded",
    "credited",
    "used",
    "written-off",
    "buyer-saved",
    "payment-recorded",
    "refunded",
    "refund-pending",
    "company-saved",
];

/// The query of a page that one comes to after an act.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Said {
    #[serde(default)]
    done: String,
}

impl Said {
    /// The page with the sentence above it, where the address asks for one there is.
    pub(super) fn above<T: Template>(&self, page: Page<T>, s: &Shell) -> Page<T> {
        if WORDS.contains(&self.done.as_str()) {
            page.notice(s.t(&format!("billing-done-{}", self.done)))
        } else {
            page
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Locale, Texts};

    #[test]
    fn every_word_has_its_sentence() {
        for locale in Locale::ALL {
            for word in WORDS {
                let key = format!("billing-done-{word}");
                assert_ne!(Texts::new(locale).t(&key), key);
            }
        }
    }
}
