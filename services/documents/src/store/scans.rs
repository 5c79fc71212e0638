//! Versions that wait for the scanner. Due ones are found by the plumbing role, over all firms; each is taken within its firm.

use chrono::{DateTime, Utc};
use portico_core::{TenantId, VersionId};
use portico_db::{Store, Tx};

use crate::error::DocumentsError;

/// A version whose scan is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DueScan {
    pub(crate) tenant: TenantId,
    pub(crate) version: VersionId,
}

/// Lets the scanner look at a version.
pub(crate) async fn enqueue(
    tx: &mut Tx,
    version: VersionId,
    due_at: DateTime<Utc>,
) -> Result<(), DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "insert into documents.scans (tenant_id, version_id, due_at) values ($1, $2, $3)",
        tenant,
        version.0,
        due_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The scans that are due, oldest first.
pub(crate) async fn due(
    store: &Store,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<DueScan>, DocumentsError> {
    let mut connection = store.plumbing().await?;
    let rows = sqlx::query!(
        "select tenant_id, version_id from documents.scans where due_at <= $1 order by due_at limit $2",
        now,
        limit
    )
    .fetch_all(&mut *connection)
    .await?;
    let due = rows.into_iter();
    Ok(due.map(|row| DueScan { tenant: row.tenant_id.into(), version: row.version_id.into() }).collect())
}

/// The moment of the next scan.
pub(crate) async fn next(store: &Store) -> Result<Option<DateTime<Utc>>, DocumentsError> {
    let mut connection = store.plumbing().await?;
    let next = sqlx::query_scalar!("select min(due_at) from documents.scans");
    Ok(next.fetch_one(&mut *connection).await?)
}

/// Takes a due scan until `until` and answers how often it was taken; nothing where somebody else has it.
pub(crate) async fn take(
    tx: &mut Tx,
    version: VersionId,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Option<i32>, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let taken = sqlx::query_scalar!(
        "update documents.scans set due_at = $4, attempts = attempts + 1
         where tenant_id = $1 and version_id = $2 and due_at <= $3 returning attempts",
        tenant,
        version.0,
        now,
        until
    );
    Ok(taken.fetch_optional(tx.conn()).await?)
}

/// Has a scan tried again at `due_at`; `attempt` is the taker's own, and one that was overtaken changes nothing.
pub(crate) async fn postpone(
    tx: &mut Tx,
    version: VersionId,
    attempt: i32,
    due_at: DateTime<Utc>,
) -> Result<bool, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let postponed = sqlx::query!(
        "update documents.scans set due_at = $4 where tenant_id = $1 and version_id = $2 and attempts = $3",
        tenant,
        version.0,
        attempt,
        due_at
    );
    Ok(postponed.execute(tx.conn()).await?.rows_affected() == 1)
}

/// Takes a version off the list, once its verdict is there; `false` where somebody else did, or the version is gone.
pub(crate) async fn finish(tx: &mut Tx, version: VersionId, attempt: i32) -> Result<bool, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let finished = sqlx::query!(
        "delete from documents.scans where tenant_id = $1 and version_id = $2 and attempts = $3",
        tenant,
        version.0,
        attempt
    );
    Ok(finished.execute(tx.conn()).await?.rows_affected() == 1)
}
