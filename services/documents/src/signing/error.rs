//! Why a signed document could not be made.

use super::drawn::DrawnError;
use crate::content::PdfError;

/// Why a signed document could not be made.
#[derive(Debug, thiserror::Error)]
pub enum SigningError {
    /// The original cannot be read or changed.
    #[error(transparent)]
    Pdf(#[from] PdfError),
    /// The original carries a cryptographic signature.
    #[error("This PDF already carries a digital signature, which adding anything would void.")]
    Sealed,
    /// A field names a page that the original does not have, or a box outside its page.
    #[error("the field {field} does not lie on one of the document's {pages} pages")]
    OffPage {
        /// The field.
        field: String,
        /// Pages of the original.
        pages: usize,
    },
    /// A text is longer than its field takes.
    #[error("The text for {field} is too long for its place. Please shorten it.")]
    DoesNotFit {
        /// The field.
        field: String,
    },
    /// A text has characters that none of the installed fonts has.
    #[error(
        "These characters cannot be printed: {characters}. Please keep the name as it is and draw your signature, or write \
         the name in another script."
    )]
    Unprintable {
        /// The characters, at most ten.
        characters: String,
    },
    /// A drawn signature cannot be used.
    #[error(transparent)]
    Drawn(#[from] DrawnError),
    /// A font is not installed, or is none.
    #[error(transparent)]
    Font(#[from] portico_paper::PaperError),
    /// The document could not be written; a defect of ours or an original beyond the ordinary.
    #[error("the signed document could not be written")]
    Writing(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl SigningError {
    /// A failure while writing, with its cause.
    pub(super) fn writing(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Writing(cause.into())
    }
}
