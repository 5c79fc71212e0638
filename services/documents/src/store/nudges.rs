//! What the clock does next about those whose turn it is.

use chrono::{DateTime, Utc};
use portico_core::{EnvelopeId, TenantId};
use portico_db::{Store, Tx};
use uuid::Uuid;

use crate::{
    domain::{
        nudge::Nudge,
        signature::{Envelope, Signer},
    },
    error::DocumentsError,
};

/// Somebody about whom something is due.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DueNudge {
    pub(crate) tenant: TenantId,
    pub(crate) envelope: EnvelopeId,
    pub(crate) signer: Uuid,
}

/// Begins anew for somebody who is asked now, or has another end now. Nothing is kept where nothing is ever due.
pub(crate) async fn begin(tx: &mut Tx, envelope: &Envelope, signer: &Signer) -> Result<(), DocumentsError> {
    let Some(since) = signer.sent_at else { return Ok(()) };
    put(tx, envelope, signer, &Nudge::begin(since, envelope.times.remind_every, signer.expires_at)).await
}

/// Writes how the reminders of a signer stand, and when to look again.
pub(crate) async fn put(
    tx: &mut Tx,
    envelope: &Envelope,
    signer: &Signer,
    nudge: &Nudge,
) -> Result<(), DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let Some((due_at, _)) = nudge.next() else { return remove(tx, signer.id).await };
    sqlx::query!(
        "insert into documents.nudges
           (tenant_id, signer_id, account_id, envelope_id, due_at, since, reminded, expiry_told)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (tenant_id, signer_id) do update
         set due_at = excluded.due_at, since = excluded.since, reminded = excluded.reminded,
           expiry_told = excluded.expiry_told",
        tenant,
        signer.id,
        envelope.account_id.0,
        envelope.id.0,
        due_at,
        nudge.since,
        nudge.reminded,
        nudge.expiry_told
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// How the reminders of a signer stand; nothing where nothing is due any more.
pub(crate) async fn read(
    tx: &mut Tx,
    envelope: &Envelope,
    signer: &Signer,
) -> Result<Option<Nudge>, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let row = sqlx::query!(
        "select since, reminded, expiry_told from documents.nudges where tenant_id = $1 and signer_id = $2 for update",
        tenant,
        signer.id
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| Nudge {
        since: row.since,
        reminded: row.reminded,
        every: envelope.times.remind_every,
        expires_at: signer.expires_at,
        expiry_told: row.expiry_told,
    }))
}

/// Nothing is due any more about a signer.
pub(crate) async fn remove(tx: &mut Tx, signer: Uuid) -> Result<(), DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!("delete from documents.nudges where tenant_id = $1 and signer_id = $2", tenant, signer)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Nothing is due any more about anybody of an envelope.
pub(crate) async fn end(tx: &mut Tx, envelope: EnvelopeId) -> Result<(), DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "delete from documents.nudges where tenant_id = $1 and envelope_id = $2",
        tenant,
        envelope.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Has somebody looked at again later.
pub(crate) async fn postpone(tx: &mut Tx, signer: Uuid, until: DateTime<Utc>) -> Result<(), DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "update documents.nudges set due_at = $3 where tenant_id = $1 and signer_id = $2",
        tenant,
        signer,
        until
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Those about whom something is due, over all firms.
pub(crate) async fn due(
    store: &Store,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<DueNudge>, DocumentsError> {
    let mut connection = store.plumbing().await?;
    let rows = sqlx::query!(
        "select tenant_id, envelope_id, signer_id from documents.nudges where due_at <= $1 order by due_at limit $2",
        now,
        limit
    )
    .fetch_all(&mut *connection)
    .await?;
    let due = rows.into_iter().map(|row| DueNudge {
        tenant: row.tenant_id.into(),
        envelope: row.envelope_id.into(),
        signer: row.signer_id,
    });
    Ok(due.collect())
}

/// When something is due next, over all firms.
pub(crate) async fn next(store: &Store) -> Result<Option<DateTime<Utc>>, DocumentsError> {
    let mut connection = store.plumbing().await?;
    let next = sqlx::query_scalar!("select min(due_at) from documents.nudges");
    Ok(next.fetch_one(&mut *connection).await?)
}
