//! Types and rules of documents; pure.

pub(crate) mod comment;
pub(crate) mod document;
pub(crate) mod drop_link;
pub mod envelope;
pub(crate) mod envelope_chain;
pub(crate) mod idempotency;
pub(crate) mod library;
pub(crate) mod nudge;
pub(crate) mod packing;
pub(crate) mod paper_template;
pub(crate) mod placement;
pub(crate) mod reading;
pub(crate) mod request;
pub(crate) mod request_template;
pub(crate) mod retention;
pub(crate) mod sending;
pub(crate) mod sighting;
pub(crate) mod signature;
pub(crate) mod signed_file;
pub(crate) mod upload;
