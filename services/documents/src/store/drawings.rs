//! Office files that wait to be drawn as PDF. Due ones are found by the plumbing role, over all firms; each is taken within its firm.

use chrono::{DateTime, Utc};
use portico_core::{TenantId, VersionId};
use portico_db::{Store, Tx};

use crate::error::DocumentsError;

/// A version that is due to be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DueDrawing {
    pub(crate) tenant: TenantId,
    pub(crate) version: VersionId,
}

/// Has a version drawn.
pub(crate) async fn enqueue(
    tx: &mut Tx,
    version: VersionId,
    due_at: DateTime<Utc>,
) -> Result<(), DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "insert into documents.drawings (tenant_id, version_id, due_at) values ($1, $2, $3)",
        tenant,
        version.0,
        due_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The drawings that are due, oldest first.
pub(crate) async fn due(
    store: &Store,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<DueDrawing>, DocumentsError> {
    let mut connection = store.plumbing().await?;
    let rows = sqlx::query!(
        "select tenant_id, version_id from documents.drawings where due_at <= $1 order by due_at limit $2",
        now,
        limit
    )
    .fetch_all(&mut *connection)
    .await?;
    let due = rows.into_iter();
    Ok(due.map(|row| DueDrawing { tenant: row.tenant_id.into(), version: row.version_id.into() }).collect())
}

/// The moment of the next drawing.
pub(crate) async fn next(store: &Store) -> Result<Option<DateTime<Utc>>, DocumentsError> {
    let mut connection = store.plumbing().await?;
    let next = sqlx::query_scalar!("select min(due_at) from documents.drawings");
    Ok(next.fetch_one(&mut *connection).await?)
}

/// Takes a due drawing until `until` and answers how often it was taken; nothing where somebody else has it.
pub(crate) async fn take(
    tx: &mut Tx,
    version: VersionId,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Option<i32>, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let taken = sqlx::query_scalar!(
        "update documents.drawings set due_at = $4, attempts = attempts + 1
         where tenant_id = $1 and version_id = $2 and due_at <= $3 returning attempts",
        tenant,
        version.0,
        now,
        until
    );
    Ok(taken.fetch_optional(tx.conn()).await?)
}

/// Has a drawing tried again at `due_at`; `attempts` are then those that count, and a taker who was overtaken changes nothing.
pub(crate) async fn postpone(
    tx: &mut Tx,
    version: VersionId,
    attempt: i32,
    (attempts, due_at): (i32, DateTime<Utc>),
) -> Result<bool, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let postponed = sqlx::query!(
        "update documents.drawings set due_at = $5, attempts = $4
         where tenant_id = $1 and version_id = $2 and attempts = $3",
        tenant,
        version.0,
        attempt,
        attempts,
        due_at
    );
    Ok(postponed.execute(tx.conn()).await?.rows_affected() == 1)
}

/// Takes a version off the list; `false` where somebody else did, or the version is gone.
pub(crate) async fn finish(tx: &mut Tx, version: VersionId, attempt: i32) -> Result<bool, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let finished = sqlx::query!(
        "delete from documents.drawings where tenant_id = $1 and version_id = $2 and attempts = $3",
        tenant,
        version.0,
        attempt
    );
    Ok(finished.execute(tx.conn()).await?.rows_affected() == 1)
}
