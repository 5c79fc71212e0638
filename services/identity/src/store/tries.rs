//! Counters that outlive the process.

use chrono::{DateTime, Utc};
use portico_db::{StoreError, Tx};
use uuid::Uuid;

use crate::domain::throttle::{self, Tried};

/// The tries of a subject within the window, oldest first. Whoever else counts the same subject waits until the
/// transaction ends, so that tries at once are counted one by one.
pub(crate) async fn hold(
    tx: &mut Tx,
    tried: Tried,
    subject: &[u8; 32],
    now: DateTime<Utc>,
) -> Result<Vec<DateTime<Utc>>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let lock = format!("identity.tries:{tenant}:{}:{subject:?}", tried.as_str());
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended($1, 0))", lock).execute(tx.conn()).await?;
    let since = now - throttle::window();
    // Sweeps what no longer counts, whoever's it is, without waiting for others who do the same.
    sqlx::query!(
        "delete from identity.tries where tenant_id = $1 and id in (
           select id from identity.tries where tenant_id = $1 and at <= $2 order by at limit 100 for update skip locked)",
        tenant,
        since
    )
    .execute(tx.conn())
    .await?;
    Ok(sqlx::query_scalar!(
        "select at from identity.tries
         where tenant_id = $1 and kind = $2 and subject_hash = $3 and at > $4 order by at",
        tenant,
        tried.as_str(),
        subject,
        since
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Counts one more try.
pub(crate) async fn insert(
    tx: &mut Tx,
    id: Uuid,
    tried: Tried,
    subject: &[u8; 32],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "insert into identity.tries (tenant_id, id, kind, subject_hash, at) values ($1, $2, $3, $4, $5)",
        tenant,
        id,
        tried.as_str(),
        subject,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes one counted try back, since it succeeded.
pub(crate) async fn forget(tx: &mut Tx, id: Uuid) -> Result<(), StoreError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!("delete from identity.tries where tenant_id = $1 and id = $2", tenant, id)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Takes all counted tries of a subject back.
pub(crate) async fn clear(tx: &mut Tx, tried: Tried, subject: &[u8; 32]) -> Result<(), StoreError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "delete from identity.tries where tenant_id = $1 and kind = $2 and subject_hash = $3",
        tenant,
        tried.as_str(),
        subject
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
