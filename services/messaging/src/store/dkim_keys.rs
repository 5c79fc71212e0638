//! Keys that sign mail.

use chrono::{DateTime, Utc};
use portico_db::{StoreError, Tx};
use uuid::Uuid;

use crate::domain::dkim::{Algorithm, DkimKey, KeyState};

struct Row {
    id: Uuid,
    domain: String,
    selector: String,
    algorithm: String,
    public_key: String,
    private_key: Option<Vec<u8>>,
    state: String,
    created_at: DateTime<Utc>,
    activated_at: Option<DateTime<Utc>>,
    retired_at: Option<DateTime<Utc>>,
}

impl From<Row> for DkimKey {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            domain: row.domain,
            selector: row.selector,
            // The columns allow no other words.
            algorithm: Algorithm::from_word(&row.algorithm).unwrap_or(Algorithm::Rsa),
            public_key: row.public_key,
            private_key: row.private_key,
            state: KeyState::from_word(&row.state).unwrap_or(KeyState::Retired),
            created_at: row.created_at,
            activated_at: row.activated_at,
            retired_at: row.retired_at,
        }
    }
}

/// Adds a key. `false` where the domain has one that waits already.
pub(crate) async fn insert(tx: &mut Tx, key: &DkimKey) -> Result<bool, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let inserted = sqlx::query!(
        "insert into messaging.dkim_keys
           (tenant_id, id, domain, selector, algorithm, public_key, private_key, state, created_at, activated_at, retired_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict do nothing",
        tenant,
        key.id,
        key.domain,
        key.selector,
        key.algorithm.as_str(),
        key.public_key,
        key.private_key.as_deref(),
        key.state.as_str(),
        key.created_at,
        key.activated_at,
        key.retired_at
    )
    .execute(tx.conn())
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// A key, locked until the transaction ends.
pub(crate) async fn lock(tx: &mut Tx, id: Uuid) -> Result<Option<DkimKey>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let row = sqlx::query_as!(
        Row,
        "select id, domain, selector, algorithm, public_key, private_key, state, created_at, activated_at, retired_at
         from messaging.dkim_keys where tenant_id = $1 and id = $2 for update",
        tenant,
        id
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(DkimKey::from))
}

/// The key that signs for a domain.
pub(crate) async fn active(tx: &mut Tx, domain: &str) -> Result<Option<DkimKey>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let row = sqlx::query_as!(
        Row,
        "select id, domain, selector, algorithm, public_key, private_key, state, created_at, activated_at, retired_at
         from messaging.dkim_keys where tenant_id = $1 and domain = $2 and state = 'active'",
        tenant,
        domain
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(DkimKey::from))
}

/// All keys but those that retired before `since`, the newest first.
pub(crate) async fn list(tx: &mut Tx, since: DateTime<Utc>) -> Result<Vec<DkimKey>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let rows = sqlx::query_as!(
        Row,
        "select id, domain, selector, algorithm, public_key, private_key, state, created_at, activated_at, retired_at
         from messaging.dkim_keys
         where tenant_id = $1 and (retired_at is null or retired_at >= $2)
         order by created_at desc, id desc",
        tenant,
        since
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(DkimKey::from).collect())
}

/// The names that a domain's keys have ever had.
pub(crate) async fn selectors(tx: &mut Tx, domain: &str) -> Result<Vec<String>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    Ok(sqlx::query_scalar!(
        "select selector from messaging.dkim_keys where tenant_id = $1 and domain = $2",
        tenant,
        domain
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Lets a key sign from now on.
pub(crate) async fn activate(tx: &mut Tx, id: Uuid, now: DateTime<Utc>) -> Result<(), StoreError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "update messaging.dkim_keys set state = 'active', activated_at = $3 where tenant_id = $1 and id = $2",
        tenant,
        id,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes a key out of use and forgets its private half.
pub(crate) async fn retire(tx: &mut Tx, id: Uuid, now: DateTime<Utc>) -> Result<(), StoreError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "update messaging.dkim_keys set state = 'retired', private_key = null, retired_at = $3
         where tenant_id = $1 and id = $2",
        tenant,
        id,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
