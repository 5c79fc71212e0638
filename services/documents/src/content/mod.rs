//! What a file is, what it may be called, and whether it may be opened.
//!
//! A name and a declared type are claims of whoever uploads; only the bytes say what a file is. Everything here is a
//! pure rule over the first and last bytes of a file, so that it holds for an upload of any size.

mod accept;
mod active;
mod kind;
mod name;
mod pdf;
mod scan;
mod unpack;
mod zip;

pub use accept::{Accept, Refusal, accepts};
pub use active::{Active, active_in_old_office, active_in_pdf, active_words};
pub use kind::{ImageFormat, Kind, OfficeFormat, Sniffed, sniff};
pub(crate) use name::is_unseen;
pub use name::{Disposition, MAX_NAME, content_disposition, safe_file_name};
pub use pdf::{PdfError, PdfFacts, check_pdf};
pub(crate) use pdf::{is_sealed, load as load_pdf};
pub use scan::{Opening, ScanPolicy, ScanState, Unscanned, may_open};
pub use unpack::{Trap, believable, list_place, parts as archive_parts, unpack};
#[cfg(test)]
pub(crate) use zip::tests::archive;
pub use zip::unpacks_to_too_much;
