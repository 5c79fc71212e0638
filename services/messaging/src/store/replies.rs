//! Addresses for answers by mail: one a person and thread.

use chrono::{DateTime, Utc};
use portico_core::{PersonId, ThreadId};
use portico_db::{StoreError, Tx};
use uuid::Uuid;

/// An address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ReplyAddress {
    pub(crate) person_id: PersonId,
    pub(crate) thread_id: ThreadId,
    /// Whether it was neither revoked nor has expired.
    pub(crate) live: bool,
}

/// What became of a proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Receipt {
    /// It came for the first time, or again with the very mail that it came with.
    Good,
    /// It came before, with another mail.
    Replayed,
}

/// The address of a person in a thread: the one there is, lasting until `expires_at` from now on, or a fresh one called `fresh` where
/// there is none or the last has expired.
pub(crate) async fn ensure(
    tx: &mut Tx,
    person: PersonId,
    thread: ThreadId,
    fresh: Uuid,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Result<Uuid, StoreError> {
    let tenant = tx.ctx().tenant.0;
    // What has expired never lives again.
    sqlx::query!(
        "update messaging.reply_addresses set revoked_at = $4
         where tenant_id = $1 and person_id = $2 and thread_id = $3 and revoked_at is null and expires_at <= $4",
        tenant,
        person.0,
        thread.0,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(sqlx::query_scalar!(
        "insert into messaging.reply_addresses (tenant_id, id, person_id, thread_id, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (tenant_id, person_id, thread_id) where revoked_at is null do update set expires_at = excluded.expires_at
         returning id",
        tenant,
        fresh,
        person.0,
        thread.0,
        now,
        expires_at
    )
    .fetch_one(tx.conn())
    .await?)
}

/// An address, also one that has ended.
pub(crate) async fn read(
    tx: &mut Tx,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<ReplyAddress>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let row = sqlx::query!(
        "select person_id, thread_id, revoked_at is null and expires_at > $3 as \"live!\" from messaging.reply_addresses
         where tenant_id = $1 and id = $2",
        tenant,
        id,
        now
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| ReplyAddress {
        person_id: row.person_id.into(),
        thread_id: row.thread_id.into(),
        live: row.live,
    }))
}

/// Notes what has proved an answer, and says whether it has proved another one before.
pub(crate) async fn receive(
    tx: &mut Tx,
    address: Uuid,
    proof: &[u8],
    message: &[u8],
    now: DateTime<Utc>,
) -> Result<Receipt, StoreError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "insert into messaging.reply_receipts (tenant_id, proof, message, address_id, received_at) values ($1, $2, $3, $4, $5)
         on conflict (tenant_id, proof) do nothing",
        tenant,
        proof,
        message,
        address,
        now
    )
    .execute(tx.conn())
    .await?;
    let first = sqlx::query!(
        "select message, address_id from messaging.reply_receipts where tenant_id = $1 and proof = $2",
        tenant,
        proof
    )
    .fetch_one(tx.conn())
    .await?;
    let same = first.message == message && first.address_id == address;
    Ok(if same { Receipt::Good } else { Receipt::Replayed })
}

/// The document that a file of an answer became, where it was taken in before.
pub(crate) async fn file(tx: &mut Tx, token: &[u8]) -> Result<Option<String>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    Ok(sqlx::query_scalar!(
        "select document_id from messaging.reply_files where tenant_id = $1 and token = $2",
        tenant,
        token
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Keeps which document a file of an answer to `address` became.
pub(crate) async fn keep_file(
    tx: &mut Tx,
    address: Uuid,
    token: &[u8],
    document: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "insert into messaging.reply_files (tenant_id, token, address_id, document_id, taken_at) values ($1, $2, $3, $4, $5)
         on conflict (tenant_id, token) do nothing",
        tenant,
        token,
        address,
        document,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Revokes all addresses of a person. Answers how many there were.
pub(crate) async fn revoke(tx: &mut Tx, person: PersonId, now: DateTime<Utc>) -> Result<u64, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let revoked = sqlx::query!(
        "update messaging.reply_addresses set revoked_at = $3
         where tenant_id = $1 and person_id = $2 and revoked_at is null",
        tenant,
        person.0,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(revoked.rows_affected())
}
