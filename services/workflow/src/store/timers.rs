//! Durable timers. Due ones are found by the plumbing role, over all firms; each is then taken within its firm.

use chrono::{DateTime, Utc};
use portico_core::{RunId, StepId, TenantId};
use portico_db::{Store, StoreError, Tx};
use uuid::Uuid;

use super::runs::Run;

/// A timer whose moment has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DueTimer {
    pub(crate) tenant: TenantId,
    pub(crate) run: RunId,
    pub(crate) step: StepId,
    pub(crate) kind: String,
}

/// The timers that are due and that nobody is firing, oldest first.
pub(crate) async fn due(store: &Store, now: DateTime<Utc>, limit: i64) -> Result<Vec<DueTimer>, StoreError> {
    let mut connection = store.plumbing().await?;
    let rows = sqlx::query!(
        "select tenant_id, run_id, step_id, kind from workflow.timers
         where due_at <= $1 and (locked_until is null or locked_until <= $1) order by due_at limit $2",
        now,
        limit
    )
    .fetch_all(&mut *connection)
    .await?;
    let due = rows.into_iter().map(|row| DueTimer {
        tenant: row.tenant_id.into(),
        run: row.run_id.into(),
        step: row.step_id.into(),
        kind: row.kind,
    });
    Ok(due.collect())
}

/// The moment of the next timer.
pub(crate) async fn next(store: &Store) -> Result<Option<DateTime<Utc>>, StoreError> {
    let mut connection = store.plumbing().await?;
    Ok(sqlx::query_scalar!("select min(due_at) from workflow.timers where locked_until is null")
        .fetch_one(&mut *connection)
        .await?)
}

/// Takes a due timer until `until`; the fence is the taker's own. Nothing where somebody else has it or it is no longer due.
pub(crate) async fn lease(
    tx: &mut Tx,
    timer: &DueTimer,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Option<i64>, StoreError> {
    Ok(sqlx::query_scalar!(
        "update workflow.timers set locked_until = $4, fence = fence + 1
         where tenant_id = $1 and step_id = $2 and kind = $3 and due_at <= $5
           and (locked_until is null or locked_until <= $5)
         returning fence",
        timer.tenant.0,
        timer.step.0,
        timer.kind,
        until,
        now
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Whether the taker with this fence still has the timer; holds it until the transaction ends.
pub(crate) async fn holds(tx: &mut Tx, timer: &DueTimer, fence: i64) -> Result<bool, StoreError> {
    let found = sqlx::query_scalar!(
        "select fence from workflow.timers where tenant_id = $1 and step_id = $2 and kind = $3 for update",
        timer.tenant.0,
        timer.step.0,
        timer.kind
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(found == Some(fence))
}

/// Sets a timer, or moves it; nobody holds it then.
pub(crate) async fn set(
    tx: &mut Tx,
    run: &Run,
    step: StepId,
    kind: &str,
    at: DateTime<Utc>,
) -> Result<(), StoreError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "insert into workflow.timers (tenant_id, step_id, kind, run_id, account_id, due_at) values ($1, $2, $3, $4, $5, $6)
         on conflict (tenant_id, step_id, kind) do update set due_at = excluded.due_at, locked_until = null,
           fence = timers.fence + 1",
        tenant,
        step.0,
        kind,
        run.id.0,
        run.account.0,
        at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Removes a timer.
pub(crate) async fn clear(tx: &mut Tx, step: StepId, kind: &str) -> Result<(), StoreError> {
    let tenant = tx.ctx().tenant.0;
    let step: Uuid = step.0;
    sqlx::query!(
        "delete from workflow.timers where tenant_id = $1 and step_id = $2 and kind = $3",
        tenant,
        step,
        kind
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
