//! Signed documents: what signers entered, drawn into the pages, with a page that records who signed.
//!
//! The original is read afresh each time and everything entered so far is drawn into it, so the result depends on its
//! inputs only. Appearances become part of the page (not annotations that a reader could drag away), turned and placed
//! as the page is shown. The file is not sealed cryptographically, and the certificate page says so.

mod canvas;
mod certificate;
mod compose;
mod drawn;
mod error;
mod fonts;
mod place;
mod stamp;

pub use certificate::{CLAIM, Certificate, CertifiedEvent, CertifiedSigner};
pub use compose::{FieldValue, Filled, compose};
pub use drawn::{DrawnError, DrawnSignature};
pub use error::SigningError;
pub use fonts::{FontConfig, Fonts};

#[cfg(test)]
mod tests;
