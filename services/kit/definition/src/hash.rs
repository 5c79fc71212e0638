//! What tells two versions of a definition apart.

use sha2::{Digest, Sha256};

use crate::Definition;

/// The SHA-256 of the definition's JSON, in hexadecimal.
///
/// Comments, spacing, quoting and defaults written out make no difference; the order of fields, questions and
/// steps does, since people see it.
#[must_use]
pub fn content_hash(definition: &Definition) -> String {
    // A definition has no maps with keys other than texts and no value JSON cannot hold.
    let canonical = serde_json::to_vec(definition).unwrap_or_default();
    hex::encode(Sha256::digest(canonical))
}
