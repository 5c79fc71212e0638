//! Accounts.

use chrono::{DateTime, Utc};
use portico_core::AccountId;
use portico_db::{StoreError, Tx};
use uuid::Uuid;

use crate::domain::account::Account;

struct Row {
    id: Uuid,
    name: String,
    kind: String,
    created_at: DateTime<Utc>,
    version: i32,
}

impl From<Row> for Account {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.into(),
            name: row.name,
            kind: row.kind,
            created_at: row.created_at,
            version: row.version,
        }
    }
}

/// An account within the caller's reach.
pub(crate) async fn read(tx: &mut Tx, id: AccountId) -> Result<Option<Account>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let row = sqlx::query_as!(
        Row,
        "select id, name, kind, created_at, version from tenancy.accounts where tenant_id = $1 and id = $2",
        tenant,
        id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(Account::from))
}

/// The account that was made with this key.
pub(crate) async fn find_by_key(tx: &mut Tx, idempotency_key: &str) -> Result<Option<Account>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let row = sqlx::query_as!(
        Row,
        "select id, name, kind, created_at, version from tenancy.accounts where tenant_id = $1 and idempotency_key = $2",
        tenant,
        idempotency_key
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(Account::from))
}

/// Adds an account; `false` where one was made with the same key.
pub(crate) async fn insert(
    tx: &mut Tx,
    account: &Account,
    idempotency_key: Option<&str>,
) -> Result<bool, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let inserted = sqlx::query!(
        "insert into tenancy.accounts
           (tenant_id, id, account_id, name, kind, idempotency_key, version, created_at, updated_at)
         values ($1, $2, $2, $3, $4, $5, $6, $7, $7)
         on conflict (tenant_id, idempotency_key) do nothing",
        tenant,
        account.id.0,
        account.name,
        account.kind,
        idempotency_key,
        account.version,
        account.created_at
    )
    .execute(tx.conn())
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Renames an account if `version` is still its present one; answers whether it was.
pub(crate) async fn rename(
    tx: &mut Tx,
    id: AccountId,
    name: &str,
    version: i32,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let updated = sqlx::query!(
        "update tenancy.accounts set name = $3, version = version + 1, updated_at = $5
         where tenant_id = $1 and id = $2 and version = $4",
        tenant,
        id.0,
        name,
        version,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(updated.rows_affected() == 1)
}

/// Accounts within the caller's reach whose name holds `part`, by name, after the one with this key.
pub(crate) async fn list(
    tx: &mut Tx,
    part: &str,
    after: Option<(String, Uuid)>,
    limit: i64,
) -> Result<Vec<Account>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let reach: Option<Vec<Uuid>> = reach(tx);
    let (after_name, after_id) = after.unzip();
    let rows = sqlx::query_as!(
        Row,
        "select id, name, kind, created_at, version from tenancy.accounts
         where tenant_id = $1 and ($2::uuid[] is null or id = any ($2))
           and ($3 = '' or strpos(lower(name), lower($3)) > 0)
           and ($4::text is null or (lower(name), id) > ($4, $5::uuid))
         order by lower(name), id limit $6",
        tenant,
        reach.as_deref(),
        part,
        after_name,
        after_id,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(Account::from).collect())
}

/// The caller's accounts by id; none where they reach all.
pub(super) fn reach(tx: &Tx) -> Option<Vec<Uuid>> {
    match &tx.ctx().actor.accounts {
        portico_core::AccountScope::All => None,
        portico_core::AccountScope::Listed(accounts) => Some(accounts.iter().map(|id| id.0).collect()),
    }
}
