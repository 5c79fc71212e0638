//! Signed documents: what signers entered, drawn into the pages, and pages that record who signed.
//!
//! The original is read afresh each time and everything entered so far is drawn into it, so the result depends on its
//! inputs only. Appearances become part of the page (not annotations that a reader could drag away), turned and placed
//! as the page is shown. [`crate::seal`] puts document and certificate together, under one seal.

mod canvas;
mod certificate;
mod compose;
mod drawn;
mod error;
mod fonts;
mod place;
mod room;
mod stamp;
mod watermark;

pub use certificate::{
    Certificate, CertifiedEvent, CertifiedSeal, CertifiedSigner, DEVELOPMENT_CLAIM, SEAL_CLAIM,
};
pub use compose::{FieldValue, Filled, Imprint, certify, check_printable, enter};
pub use drawn::{DrawnError, DrawnSignature};
pub use error::SigningError;
pub use fonts::{FontConfig, Fonts};
pub(crate) use room::{Room, longest_day, page_sizes, room};
pub(crate) use stamp::day_text;
pub(crate) use watermark::{mark_copy, mark_picture};

#[cfg(test)]
mod tests;
