//! The seal on a signed file, and what is true of a file that somebody brings.
//!
//! A signed file gets one seal, after the last signature: PAdES baseline B-B, or B-T where a timestamp authority is set and
//! answers. The seal is the installation's, not the signers': the signatures below it are simple electronic signatures, and
//! neither pages nor files claim more.
//!
//! Sealing comes before the last signature is written down. Where it fails (a certificate that has run out, a key that cannot
//! be read), the last signer is told that the file cannot be finished now and nothing of theirs is kept; those who signed
//! before stay signed, and the last signer signs again once the key is mended, without a restart.

mod cms;
mod development;
mod error;
mod facts;
mod file;
mod http;
mod key;
mod kms;
mod pdf;
mod sealer;
#[cfg(test)]
mod tests;
mod timestamp;
mod verify;

pub use development::{Made, NAME as DEVELOPMENT_NAME, make as make_development_seal};
pub use error::SealError;
pub use facts::{EventFacts, FORMAT, Facts, PaperFacts, PersonFacts, chained};
pub use file::FileKey;
pub use key::{SealAlgorithm, SealCertificate, SealKey};
pub use kms::{KmsAddress, KmsConfig, KmsKey, KmsKeys};
pub use sealer::{Draft, Level, SealConfig, Sealed, Sealer, seal_with};
pub use verify::{Finding, Found, examine, judge};

pub(crate) use http::routes;
#[cfg(test)]
pub(crate) use pdf::{Caption, prepare};
