//! Whether a PDF can be read: whole, broken, or locked.

use lopdf::{Document, LoadOptions};

/// The largest PDF whose structure is read in this process, in bytes. Larger ones go through the preview worker.
const LARGEST: usize = 64 * 1024 * 1024;
/// The most that one compressed part may unfold to while the structure is read, in bytes.
const LARGEST_PART: usize = 32 * 1024 * 1024;

/// Why a PDF cannot be used; the texts are for the person who chose it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PdfError {
    /// It is cut, damaged, or no PDF at all.
    #[error(
        "This PDF is broken and cannot be opened. Please export or scan it again and upload the new file."
    )]
    Broken,
    /// It asks for a password, or forbids being changed.
    #[error("This PDF is locked with a password. Please save a copy without a password and upload that.")]
    Locked,
    /// It is too large, or unfolds to too much.
    #[error("This PDF is too large or too complicated to be opened here. Please upload a smaller one.")]
    TooLarge,
}

/// What the structure of a readable PDF says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PdfFacts {
    /// Pages, at least one.
    pub pages: usize,
    /// Whether somebody has signed it cryptographically; adding anything would void that signature.
    pub sealed: bool,
}

/// Reads a PDF's structure, with bounds on what it may cost.
///
/// # Errors
/// [`PdfError`], told apart for the person who uploads.
pub fn check_pdf(bytes: &[u8]) -> Result<PdfFacts, PdfError> {
    let document = load(bytes)?;
    Ok(PdfFacts { pages: document.page_iter().count(), sealed: is_sealed(&document) })
}

/// Reads a PDF for changing it.
///
/// # Errors
/// As for [`check_pdf`].
pub(crate) fn load(bytes: &[u8]) -> Result<Document, PdfError> {
    if bytes.len() > LARGEST {
        return Err(PdfError::TooLarge);
    }
    // A lenient reader rebuilds what a cut file lost and shows fewer pages than were sent: whoever reads or signs
    // them would not know. So the end must be there.
    let end = &bytes[bytes.len().saturating_sub(2048)..];
    if !end.windows(5).any(|window| window == b"%%EOF") {
        return Err(PdfError::Broken);
    }
    // A lock that this reader does not know is one all the same.
    let locked = end.windows(8).any(|window| window == b"/Encrypt");
    let unreadable = if locked { PdfError::Locked } else { PdfError::Broken };
    let options = LoadOptions { max_decompressed_size: Some(LARGEST_PART), ..LoadOptions::default() };
    let document = Document::load_mem_with_options(bytes, options).map_err(|error| match error {
        lopdf::Error::InvalidPassword | lopdf::Error::Decryption(_) => PdfError::Locked,
        lopdf::Error::Decompress(lopdf::DecompressError::MemoryLimitExceeded { .. }) => PdfError::TooLarge,
        _ => unreadable,
    })?;
    if document.is_encrypted() || document.was_encrypted() {
        return Err(PdfError::Locked);
    }
    if document.page_iter().next().is_none() {
        return Err(unreadable);
    }
    Ok(document)
}

/// Whether somebody has signed it cryptographically.
pub(crate) fn is_sealed(document: &Document) -> bool {
    document.objects.values().any(|object| {
        object.as_dict().is_ok_and(|dict| {
            dict.has(b"ByteRange") && dict.has(b"Contents")
                || dict.get(b"FT").and_then(lopdf::Object::as_name).is_ok_and(|name| name == b"Sig")
                    && dict.has(b"V")
        })
    })
}
