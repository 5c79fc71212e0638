//! Names of accounts.

use portico_core::AccountId;
use portico_db::{StoreError, Tx};

/// Keeps the account's present name.
pub(crate) async fn upsert(tx: &mut Tx, account: AccountId, name: &str) -> Result<(), StoreError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "insert into workflow.accounts (tenant_id, account_id, name) values ($1, $2, $3)
         on conflict (tenant_id, account_id) do update set name = excluded.name",
        tenant,
        account.0,
        name
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
