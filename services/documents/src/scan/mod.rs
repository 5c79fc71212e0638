//! Virus scanning: bytes are streamed out of the vault to clamd, and what it says becomes the state of the version.

mod address;
mod clamd;
mod reply;

pub use address::ScannerAddress;
pub(crate) use clamd::{Clamd, ScanError};
pub(crate) use reply::Verdict;

#[cfg(test)]
pub(crate) mod stand_in;
