//! What approval steps are about.

use chrono::{DateTime, Utc};
use portico_core::{AccountId, DocumentId, RecordId, RunId, StepId};
use portico_db::Tx;

use crate::error::DocumentsError;

/// What the firm hands over for one approval step, version by version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Deliverable {
    pub(crate) account_id: AccountId,
    pub(crate) step_id: StepId,
    pub(crate) run_id: RunId,
    pub(crate) attempt: i32,
    pub(crate) record_id: RecordId,
    pub(crate) title: String,
    /// Absent before the first version.
    pub(crate) document_id: Option<DocumentId>,
    pub(crate) withdrawn: bool,
}

/// The deliverable of a step.
pub(crate) async fn read(tx: &mut Tx, step: StepId) -> Result<Option<Deliverable>, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let row = sqlx::query!(
        "select account_id, run_id, attempt, record_id, title, document_id, state
         from documents.deliverables where tenant_id = $1 and step_id = $2",
        tenant,
        step.0
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| Deliverable {
        account_id: row.account_id.into(),
        step_id: step,
        run_id: row.run_id.into(),
        attempt: row.attempt,
        record_id: row.record_id.into(),
        title: row.title,
        document_id: row.document_id.map(Into::into),
        withdrawn: row.state == "withdrawn",
    }))
}

/// The deliverable, which nobody else changes before this transaction ends.
pub(crate) async fn lock(tx: &mut Tx, step: StepId) -> Result<Option<Deliverable>, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query_scalar!(
        "select step_id from documents.deliverables where tenant_id = $1 and step_id = $2 for update",
        tenant,
        step.0
    )
    .fetch_optional(tx.conn())
    .await?;
    read(tx, step).await
}

/// Adds the deliverable of a step, or opens it again for a later attempt.
pub(crate) async fn open(
    tx: &mut Tx,
    deliverable: &Deliverable,
    now: DateTime<Utc>,
) -> Result<(), DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "insert into documents.deliverables
           (tenant_id, account_id, step_id, run_id, attempt, record_id, title, state, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, 'open', $8)
         on conflict (tenant_id, step_id) do update set attempt = excluded.attempt, state = 'open'
           where deliverables.attempt < excluded.attempt",
        tenant,
        deliverable.account_id.0,
        deliverable.step_id.0,
        deliverable.run_id.0,
        deliverable.attempt,
        deliverable.record_id.0,
        deliverable.title,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Names the document that holds the versions.
pub(crate) async fn set_document(
    tx: &mut Tx,
    step: StepId,
    document: DocumentId,
) -> Result<(), DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "update documents.deliverables set document_id = $3 where tenant_id = $1 and step_id = $2",
        tenant,
        step.0,
        document.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Closes the deliverable of a step that ended without it.
pub(crate) async fn withdraw(tx: &mut Tx, step: StepId, attempt: i32) -> Result<(), DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "update documents.deliverables set state = 'withdrawn' where tenant_id = $1 and step_id = $2 and attempt <= $3",
        tenant,
        step.0,
        attempt
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
