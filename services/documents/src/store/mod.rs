//! The SQL. Each function runs within a transaction that carries its caller's context.

pub(crate) mod blobs;
pub(crate) mod comments;
pub(crate) mod deliverables;
pub(crate) mod documents;
pub(crate) mod drawings;
pub(crate) mod drop_links;
pub(crate) mod envelope_events;
pub(crate) mod envelopes;
pub(crate) mod filed;
pub(crate) mod folders;
pub(crate) mod nudges;
pub(crate) mod paper_templates;
pub(crate) mod placements;
pub(crate) mod queue;
pub(crate) mod readings;
pub(crate) mod renditions;
pub(crate) mod request_templates;
pub(crate) mod requests;
pub(crate) mod scans;
pub(crate) mod seals;
pub(crate) mod sendings;
pub(crate) mod sharings;
pub(crate) mod sightings;
pub(crate) mod signing_drafts;
pub(crate) mod templates;
pub(crate) mod uploads;
pub(crate) mod versions;

use portico_core::AccountScope;
use portico_db::Tx;
use uuid::Uuid;

use crate::{domain::document::FileFacts, error::DocumentsError, vault::WrappedKey};

/// The caller's accounts by id; none where they reach all.
fn reach(tx: &Tx) -> Option<Vec<Uuid>> {
    match &tx.ctx().actor.accounts {
        AccountScope::All => None,
        AccountScope::Listed(accounts) => Some(accounts.iter().map(|id| id.0).collect()),
    }
}

/// A word that the database's own checks let through.
fn known<T>(value: Option<T>, word: &str) -> Result<T, DocumentsError> {
    value.ok_or_else(|| DocumentsError::Unreadable(format!("a stored word is unknown: {word}")))
}

fn hash(text: &str) -> Result<[u8; 32], DocumentsError> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes)
        .map_err(|_| DocumentsError::Unreadable("a stored hash is none".to_owned()))?;
    Ok(bytes)
}

/// The facts of a PDF whose row says nothing of its kind, since it can be no other.
fn stored_pdf(
    name: String,
    (size, pages): (i64, i32),
    sha256: &str,
    key: WrappedKey,
) -> Result<FileFacts, DocumentsError> {
    Ok(FileFacts {
        name,
        media_type: "application/pdf".to_owned(),
        kind: "pdf".to_owned(),
        size: u64::try_from(size).unwrap_or_default(),
        sha256: hash(sha256)?,
        pages,
        key,
        // A paper with anything that acts is never kept.
        active: Vec::new(),
    })
}

fn stored_size(bytes: u64) -> i64 {
    // No file is larger than the vault's limit, which fits.
    i64::try_from(bytes).unwrap_or(i64::MAX)
}
