//! When to remind of invoices that are not paid.

use chrono::{DateTime, Utc};
use portico_core::{AccountId, TenantId};
use portico_db::{Store, StoreError, Tx};
use uuid::Uuid;

/// A reminder that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Due {
    pub(crate) tenant: TenantId,
    pub(crate) account: AccountId,
    pub(crate) invoice: Uuid,
}

/// Plans the first reminder of an invoice.
pub(crate) async fn plan(
    tx: &mut Tx,
    invoice: Uuid,
    account: AccountId,
    at: DateTime<Utc>,
) -> Result<(), StoreError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "insert into billing.reminders (tenant_id, invoice_id, account_id, next_at, sent) values ($1, $2, $3, $4, 0)
         on conflict (tenant_id, invoice_id) do nothing",
        tenant,
        invoice,
        account.0,
        at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Reminders of any firm that are due, the longest due first.
pub(crate) async fn due(store: &Store, now: DateTime<Utc>, limit: i64) -> Result<Vec<Due>, StoreError> {
    let mut plumbing = store.plumbing().await?;
    let rows = sqlx::query!(
        "select tenant_id, account_id, invoice_id from billing.reminders where next_at <= $1 order by next_at limit $2",
        now,
        limit
    )
    .fetch_all(&mut *plumbing)
    .await?;
    let due = rows.into_iter().map(|row| Due {
        tenant: row.tenant_id.into(),
        account: row.account_id.into(),
        invoice: row.invoice_id,
    });
    Ok(due.collect())
}

/// Takes a reminder that is still due, unless another process has it; answers how many were sent before.
pub(crate) async fn take(tx: &mut Tx, invoice: Uuid, now: DateTime<Utc>) -> Result<Option<i32>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    Ok(sqlx::query_scalar!(
        "select sent from billing.reminders where tenant_id = $1 and invoice_id = $2 and next_at <= $3 for update skip locked",
        tenant,
        invoice,
        now
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Notes how many were sent, and plans the next.
pub(crate) async fn plan_next(
    tx: &mut Tx,
    invoice: Uuid,
    sent: i32,
    at: DateTime<Utc>,
) -> Result<(), StoreError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "update billing.reminders set sent = $3, next_at = $4 where tenant_id = $1 and invoice_id = $2",
        tenant,
        invoice,
        sent,
        at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Says nothing more of an invoice.
pub(crate) async fn stop(tx: &mut Tx, invoice: Uuid) -> Result<(), StoreError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!("delete from billing.reminders where tenant_id = $1 and invoice_id = $2", tenant, invoice)
        .execute(tx.conn())
        .await?;
    Ok(())
}
