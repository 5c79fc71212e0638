//! Estimates as the sum of their versions, and what clients decided.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use portico_core::AccountId;
use portico_db::{StoreError, Tx};
use uuid::Uuid;

use crate::domain::estimate::Decision;

/// An estimate.
#[derive(Debug, Clone)]
pub(crate) struct Estimate {
    pub(crate) id: Uuid,
    pub(crate) account_id: AccountId,
    pub(crate) legal_entity_id: Uuid,
    /// Empty until the first version was sent.
    pub(crate) number: String,
}

/// Adds an estimate that only the firm sees.
pub(crate) async fn insert(tx: &mut Tx, estimate: &Estimate, now: DateTime<Utc>) -> Result<(), StoreError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "insert into billing.estimates (tenant_id, id, account_id, internal, legal_entity_id, created_at)
         values ($1, $2, $3, true, $4, $5)",
        tenant,
        estimate.id,
        estimate.account_id.0,
        estimate.legal_entity_id,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Removes an estimate that has no version any more.
pub(crate) async fn delete_empty(tx: &mut Tx, id: Uuid) -> Result<(), StoreError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "delete from billing.estimates e where e.tenant_id = $1 and e.id = $2 and e.number = ''
           and not exists (select from billing.documents d where d.tenant_id = e.tenant_id and d.estimate_id = e.id)",
        tenant,
        id
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// An estimate, held until the transaction ends: versions and decisions follow one another.
pub(crate) async fn hold(tx: &mut Tx, id: Uuid) -> Result<Option<Estimate>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let row = sqlx::query!(
        "select id, account_id, legal_entity_id, number from billing.estimates where tenant_id = $1 and id = $2 for update",
        tenant,
        id
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| Estimate {
        id: row.id,
        account_id: row.account_id.into(),
        legal_entity_id: row.legal_entity_id,
        number: row.number,
    }))
}

/// Shows an estimate to the client under its number.
pub(crate) async fn publish(tx: &mut Tx, id: Uuid, number: &str) -> Result<(), StoreError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "update billing.estimates set internal = false, number = $3 where tenant_id = $1 and id = $2",
        tenant,
        id,
        number
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Keeps what a client decided about a version.
pub(crate) async fn decide(
    tx: &mut Tx,
    estimate: &Estimate,
    hash: &str,
    decision: &Decision,
) -> Result<(), StoreError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "insert into billing.decisions
           (tenant_id, document_id, account_id, estimate_id, accepted, hash, person_id, person_name, reason, decided_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        tenant,
        decision.document_id,
        estimate.account_id.0,
        estimate.id,
        decision.accepted,
        hash,
        decision.person_id.0,
        decision.person_name,
        decision.reason,
        decision.decided_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What was decided about any version of these estimates.
pub(crate) async fn decisions(tx: &mut Tx, estimates: &[Uuid]) -> Result<Vec<Decision>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let rows = sqlx::query!(
        "select document_id, accepted, person_id, person_name, reason, decided_at from billing.decisions
         where tenant_id = $1 and estimate_id = any ($2)",
        tenant,
        estimates
    )
    .fetch_all(tx.conn())
    .await?;
    let decision = rows.into_iter().map(|row| Decision {
        document_id: row.document_id,
        accepted: row.accepted,
        person_id: row.person_id.into(),
        person_name: row.person_name,
        reason: row.reason,
        decided_at: row.decided_at,
    });
    Ok(decision.collect())
}

/// The newest version that was sent of each of these estimates.
pub(crate) async fn newest(tx: &mut Tx, estimates: &[Uuid]) -> Result<HashMap<Uuid, Uuid>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let rows = sqlx::query!(
        "select distinct on (estimate_id) estimate_id as \"estimate_id!\", id from billing.documents
         where tenant_id = $1 and estimate_id = any ($2) and kind = 'estimate' and not internal
         order by estimate_id, estimate_version desc",
        tenant,
        estimates
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.estimate_id, row.id)).collect())
}
