//! Issued documents as PDF, as they were first handed out.

use chrono::{DateTime, Utc};
use portico_core::AccountId;
use portico_db::{StoreError, Tx};
use uuid::Uuid;

/// The PDF of a document; nothing where it was never handed out.
pub(crate) async fn read(tx: &mut Tx, document: Uuid) -> Result<Option<Vec<u8>>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let pdf = sqlx::query_scalar!(
        "select pdf from billing.papers where tenant_id = $1 and document_id = $2",
        tenant,
        document
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(pdf)
}

/// Keeps the PDF of a document unless there is one already; answers the one that is kept.
pub(crate) async fn keep(
    tx: &mut Tx,
    document: Uuid,
    account: AccountId,
    pdf: Vec<u8>,
    now: DateTime<Utc>,
) -> Result<Vec<u8>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "insert into billing.papers (tenant_id, document_id, account_id, pdf, created_at) values ($1, $2, $3, $4, $5)
         on conflict (tenant_id, document_id) do nothing",
        tenant,
        document,
        account.0,
        pdf,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(read(tx, document).await?.unwrap_or(pdf))
}
