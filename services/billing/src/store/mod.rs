//! SQL, and nothing but SQL: one file a family of tables.

pub(crate) mod buyers;
pub(crate) mod checkouts;
pub(crate) mod documents;
pub(crate) mod estimates;
pub(crate) mod ledger;
pub(crate) mod legal_entities;
pub(crate) mod lines;
pub(crate) mod papers;
pub(crate) mod payments;
pub(crate) mod provider_refunds;
pub(crate) mod reminders;

use portico_core::{AccountId, AccountScope};
use portico_db::{StoreError, Tx};
use uuid::Uuid;

/// The caller's accounts by id; none where they reach all.
fn reach(tx: &Tx) -> Option<Vec<Uuid>> {
    match &tx.ctx().actor.accounts {
        AccountScope::All => None,
        AccountScope::Listed(accounts) => Some(accounts.iter().map(|id| id.0).collect()),
    }
}

/// Holds an account's money until the transaction ends: whatever is booked for it is booked one after the other.
pub(crate) async fn hold_account(tx: &mut Tx, account: AccountId) -> Result<(), StoreError> {
    let key = format!("billing:{}:{account}", tx.ctx().tenant);
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended($1, 0))", key).execute(tx.conn()).await?;
    Ok(())
}
