//! What a signer has typed and drawn so far: kept for whoever signs in again, and for nobody else.

pub(super) mod get_signing_draft;
pub(super) mod save_signing_draft;

#[cfg(test)]
mod tests;

use portico_core::PersonId;

use crate::{error::DocumentsError, service::Call};

/// What drafts are sealed for.
const DRAFT: &str = "documents.signing_draft";

/// Whose draft it is. Somebody who looks at the portal as somebody else has none, and sees none of theirs.
fn own(call: &Call) -> Option<PersonId> {
    call.ctx.actor.person.filter(|_| call.ctx.actor.impersonator.is_none())
}

/// The same for saving.
fn owner(call: &Call) -> Result<PersonId, DocumentsError> {
    own(call).ok_or(DocumentsError::Forbidden)
}
