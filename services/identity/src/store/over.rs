//! What is over: found over all firms by the plumbing role, which sees times alone, and taken away firm by firm.

use chrono::{DateTime, Utc};
use portico_core::TenantId;
use portico_db::{Store, StoreError, Tx};

/// What came to its end before these moments may go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Horizons {
    /// Sessions that were ended.
    pub(crate) sessions_ended: DateTime<Utc>,
    /// Sessions by their last use.
    pub(crate) sessions_used: DateTime<Utc>,
    /// Sessions by their beginning.
    pub(crate) sessions_opened: DateTime<Utc>,
    /// Sign-in links by their end.
    pub(crate) sign_in_links: DateTime<Utc>,
    /// Invitations by their end: their secrets go.
    pub(crate) invitations: DateTime<Utc>,
    /// Tries.
    pub(crate) tries: DateTime<Utc>,
}

/// The firms that have something that is over.
pub(crate) async fn firms(store: &Store, horizons: &Horizons) -> Result<Vec<TenantId>, StoreError> {
    let ids = sqlx::query_scalar!(
        r#"select tenant_id as "tenant_id!" from identity.sessions
           where ended_at < $1 or last_used_at < $2 or created_at < $3
           union select tenant_id from identity.links
           where purpose = 'sign_in' and expires_at < $4 or purpose = 'invitation' and expires_at < $5
           union select tenant_id from identity.tries where at <= $6"#,
        horizons.sessions_ended,
        horizons.sessions_used,
        horizons.sessions_opened,
        horizons.sign_in_links,
        horizons.invitations,
        horizons.tries
    )
    .fetch_all(&mut *store.plumbing().await?)
    .await?;
    Ok(ids.into_iter().map(TenantId).collect())
}

/// Takes away up to `most` rows of each kind of the context's firm; answers how many of the most frequent kind.
pub(crate) async fn take_away(tx: &mut Tx, horizons: &Horizons, most: i64) -> Result<u64, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let sessions = sqlx::query!(
        "delete from identity.sessions where tenant_id = $1 and id in (
           select id from identity.sessions
           where tenant_id = $1 and (ended_at < $2 or last_used_at < $3 or created_at < $4) limit $5)",
        tenant,
        horizons.sessions_ended,
        horizons.sessions_used,
        horizons.sessions_opened,
        most
    )
    .execute(tx.conn())
    .await?;
    let links = sqlx::query!(
        "delete from identity.links where tenant_id = $1 and id in (
           select id from identity.links
           where tenant_id = $1 and purpose = 'sign_in' and expires_at < $2 limit $3)",
        tenant,
        horizons.sign_in_links,
        most
    )
    .execute(tx.conn())
    .await?;
    let secrets = sqlx::query!(
        "update identity.links set secret_hash = null where tenant_id = $1 and id in (
           select id from identity.links
           where tenant_id = $1 and purpose = 'invitation' and expires_at < $2 and secret_hash is not null limit $3)",
        tenant,
        horizons.invitations,
        most
    )
    .execute(tx.conn())
    .await?;
    let tries = sqlx::query!(
        "delete from identity.tries where tenant_id = $1 and id in (
           select id from identity.tries where tenant_id = $1 and at <= $2 order by at limit $3)",
        tenant,
        horizons.tries,
        most
    )
    .execute(tx.conn())
    .await?;
    let counts = [sessions, links, secrets, tries].map(|done| done.rows_affected());
    Ok(counts.into_iter().max().unwrap_or_default())
}
