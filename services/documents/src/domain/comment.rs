//! Comments on documents of the library.

use chrono::{DateTime, Utc};
use portico_core::{AccountId, CommentId, DocumentId, PersonId, VersionId};

use crate::{content::is_unseen, error::DocumentsError};

/// The longest comment, in characters.
const LONGEST: usize = 4000;
/// Comments on one document.
pub(crate) const MOST: i64 = 500;
/// People whom one comment mentions.
pub(crate) const MOST_MENTIONED: usize = 20;
/// Pages are counted up to here.
const LAST_PAGE: i32 = 100_000;

/// A place on a page, in parts of its width and height from the upper left corner.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Place {
    pub(crate) page: i32,
    /// Left, top, width, height.
    pub(crate) area: [f64; 4],
}

impl Place {
    /// A place that lies on its page.
    ///
    /// # Errors
    /// One that does not.
    pub(crate) fn checked(page: i32, area: [f64; 4]) -> Result<Self, DocumentsError> {
        if !(1..=LAST_PAGE).contains(&page) {
            return Err(DocumentsError::invalid("page", "Enter the number of a page."));
        }
        let [left, top, width, height] = area;
        // A hair over the edge is a rounding of the pointer's.
        let fits = |from: f64, size: f64| from >= 0.0 && size > 0.0 && from + size <= 1.001;
        if !fits(left, width) || !fits(top, height) {
            return Err(DocumentsError::invalid("place", "Choose a place on the page."));
        }
        Ok(Self { page, area })
    }
}

/// A comment.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Comment {
    pub(crate) id: CommentId,
    pub(crate) account_id: AccountId,
    /// For the firm's side only.
    pub(crate) internal: bool,
    pub(crate) document_id: DocumentId,
    pub(crate) version_id: VersionId,
    /// The number of that version.
    pub(crate) number: i32,
    /// The comment that began its thread; none for that one itself.
    pub(crate) thread_id: Option<CommentId>,
    pub(crate) place: Option<Place>,
    pub(crate) text: String,
    pub(crate) mentions: Vec<PersonId>,
    /// Their names as they were.
    pub(crate) mentioned: Vec<String>,
    pub(crate) author_id: PersonId,
    pub(crate) author_name: String,
    pub(crate) by_staff: bool,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) settled_at: Option<DateTime<Utc>>,
    pub(crate) settled_by: String,
    pub(crate) removed_at: Option<DateTime<Utc>>,
}

impl Comment {
    /// The comment that began its thread.
    pub(crate) fn beginning(&self) -> CommentId {
        self.thread_id.unwrap_or(self.id)
    }

    /// Whether this person may take it back: whoever wrote it, once.
    pub(crate) fn removable_by(&self, person: PersonId) -> bool {
        self.author_id == person && self.removed_at.is_none()
    }

    /// Whether this person may settle the thread that it began: whoever did, and the firm's people.
    pub(crate) fn settled_for(&self, person: PersonId, staff: bool) -> bool {
        self.thread_id.is_none() && (staff || self.author_id == person)
    }
}

/// What is written, without what cannot be seen. Line breaks stay.
///
/// # Errors
/// Nothing, or more than 4,000 characters.
pub(crate) fn text(written: &str) -> Result<String, DocumentsError> {
    let seen: String = written
        .replace("\r\n", "\n")
        .chars()
        .filter(|c| *c == '\n' || *c == '\t' || !is_unseen(*c))
        .collect();
    let text = seen.trim();
    if text.is_empty() {
        return Err(DocumentsError::invalid("text", "Write your comment."));
    }
    if text.chars().count() > LONGEST {
        return Err(DocumentsError::invalid(
            "text",
            "This comment is too long. Use at most 4,000 characters.",
        ));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_says_something_and_not_too_much() {
        assert_eq!(text("  One\r\nTwo\u{202e}\u{0} ").unwrap(), "One\nTwo");
        assert!(text(&"x".repeat(4000)).is_ok());
        for wrong in ["", " \n ", "\u{200b}", &"ä".repeat(4001)] {
            assert!(text(wrong).is_err(), "{}", wrong.len());
        }
    }

    #[test]
    fn a_place_lies_on_its_page() {
        assert!(Place::checked(1, [0.0, 0.0, 1.0, 1.0]).is_ok());
        assert!(Place::checked(3, [0.66, 0.66, 0.34, 0.34]).is_ok());
        let wrong = [
            (0, [0.0, 0.0, 1.0, 1.0]),
            (100_001, [0.0, 0.0, 1.0, 1.0]),
            (1, [-0.1, 0.0, 0.5, 0.5]),
            (1, [0.9, 0.0, 0.2, 0.5]),
            (1, [0.0, 0.0, 0.0, 0.5]),
            (1, [0.0, f64::NAN, 0.5, 0.5]),
            (1, [0.0, 0.0, f64::INFINITY, 0.5]),
        ];
        for (page, area) in wrong {
            assert!(Place::checked(page, area).is_err(), "{page} {area:?}");
        }
    }
}
