//! What signers have typed and drawn before they sign, sealed; each row is one person's alone.

use chrono::{DateTime, Utc};
use portico_core::{EnvelopeId, PersonId};
use portico_db::Tx;
use uuid::Uuid;

use crate::{
    domain::signature::{Envelope, Signer},
    error::DocumentsError,
};

/// Writes a draft in the place of what was there before. Only while the envelope is locked.
pub(crate) async fn put(
    tx: &mut Tx,
    envelope: &Envelope,
    signer: &Signer,
    (person, sealed): (PersonId, &[u8]),
    now: DateTime<Utc>,
) -> Result<(), DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "insert into documents.signing_drafts
           (tenant_id, signer_id, account_id, envelope_id, person_id, sealed, saved_at)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (tenant_id, signer_id, person_id) do update
         set sealed = excluded.sealed, saved_at = excluded.saved_at",
        tenant,
        signer.id,
        envelope.account_id.0,
        envelope.id.0,
        person.0,
        sealed,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The draft of this person in this place, with when it was saved.
pub(crate) async fn read(
    tx: &mut Tx,
    signer: Uuid,
    person: PersonId,
) -> Result<Option<(Vec<u8>, DateTime<Utc>)>, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let row = sqlx::query!(
        "select sealed, saved_at from documents.signing_drafts
         where tenant_id = $1 and signer_id = $2 and person_id = $3",
        tenant,
        signer,
        person.0
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| (row.sealed, row.saved_at)))
}

/// Removes what was begun in a place, by whomever.
pub(crate) async fn remove(tx: &mut Tx, signer: Uuid) -> Result<(), DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "delete from documents.signing_drafts where tenant_id = $1 and signer_id = $2",
        tenant,
        signer
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Removes all that was begun in an envelope.
pub(crate) async fn end(tx: &mut Tx, envelope: EnvelopeId) -> Result<(), DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "delete from documents.signing_drafts where tenant_id = $1 and envelope_id = $2",
        tenant,
        envelope.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
