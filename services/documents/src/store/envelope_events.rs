//! What happened to envelopes.

use portico_core::{AccountId, EnvelopeId};
use portico_db::Tx;

use crate::{
    domain::envelope_chain::{Chain, Entry},
    error::DocumentsError,
};

/// Everything that happened to an envelope so far.
pub(crate) async fn chain(tx: &mut Tx, envelope: EnvelopeId) -> Result<Chain, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let rows = sqlx::query!(
        "select number, at, kind, text, person_id, sha256 from documents.envelope_events
         where tenant_id = $1 and envelope_id = $2 order by number",
        tenant,
        envelope.0
    )
    .fetch_all(tx.conn())
    .await?;
    let entries = rows.into_iter().map(|row| Entry {
        number: row.number,
        at: row.at,
        kind: row.kind,
        text: row.text,
        person: row.person_id.map(Into::into),
        sha256: row.sha256,
    });
    Ok(Chain::of(entries.collect()))
}

/// Writes down the new entries of a chain. Only while the envelope is locked, for each stands on the one before.
pub(crate) async fn append(
    tx: &mut Tx,
    envelope: EnvelopeId,
    account: AccountId,
    chain: &Chain,
) -> Result<(), DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    for entry in chain.new_entries() {
        sqlx::query!(
            "insert into documents.envelope_events
               (tenant_id, account_id, envelope_id, number, at, kind, text, person_id, sha256)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            tenant,
            account.0,
            envelope.0,
            entry.number,
            entry.at,
            entry.kind,
            entry.text,
            entry.person.map(|id| id.0),
            entry.sha256
        )
        .execute(tx.conn())
        .await?;
    }
    Ok(())
}
