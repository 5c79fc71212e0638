//! Accounts as buyers.

use chrono::{DateTime, Utc};
use portico_core::AccountId;
use portico_db::{StoreError, Tx};
use sqlx::types::Json;

use crate::domain::party::{AccountBuyer, Buyer};

/// What is stored of an account.
pub(crate) async fn read(tx: &mut Tx, account: AccountId) -> Result<Option<AccountBuyer>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let row = sqlx::query!(
        "select buyer as \"buyer: Json<Buyer>\", version from billing.buyers where tenant_id = $1 and account_id = $2",
        tenant,
        account.0
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| AccountBuyer { account_id: account, buyer: row.buyer.0, version: row.version }))
}

/// Stores what an account's version is still `buyer.version` of, or what is new at version 0; answers whether it was.
pub(crate) async fn set(tx: &mut Tx, buyer: &AccountBuyer, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let written = sqlx::query!(
        "insert into billing.buyers as b (tenant_id, account_id, buyer, version, updated_at)
         select $1::uuid, $2::uuid, $3::jsonb, 1, $5::timestamptz where $4::integer = 0 or exists (select from billing.buyers where tenant_id = $1 and account_id = $2)
         on conflict (tenant_id, account_id) do update set buyer = excluded.buyer, version = b.version + 1, updated_at = excluded.updated_at
         where b.version = $4",
        tenant,
        buyer.account_id.0,
        Json(&buyer.buyer) as _,
        buyer.version,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(written.rows_affected() == 1)
}
