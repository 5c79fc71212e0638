//! Uploads that come in several goes. Only their owner finds them.

use chrono::{DateTime, Utc};
use portico_core::{TenantId, VersionId};
use portico_db::{Store, Tx};
use serde_json::Value;
use uuid::Uuid;

use super::{known, stored_size};
use crate::{
    domain::{
        document::wrapped,
        upload::{Outcome, Target, Upload, owner},
    },
    error::DocumentsError,
};

/// An upload that nobody has gone on with in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Expired {
    pub(crate) tenant: TenantId,
    pub(crate) id: VersionId,
}

/// Adds an upload that the context's person begins.
pub(crate) async fn insert(tx: &mut Tx, upload: &Upload) -> Result<(), DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let (person, impersonator) = owner(tx.ctx()).ok_or(DocumentsError::Forbidden)?;
    let (target, target_id) = upload.target.words();
    sqlx::query!(
        "insert into documents.uploads
           (tenant_id, id, account_id, person_id, impersonator_id, target, target_id, document_id, file_name, size, key_id,
            wrapped_key, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        tenant,
        upload.id.0,
        upload.account_id.0,
        person.0,
        impersonator,
        target,
        target_id,
        upload.document_id.0,
        upload.file_name,
        stored_size(upload.size),
        upload.key.key_id.0,
        upload.key.bytes,
        upload.created_at,
        upload.expires_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// How many uploads the context's person has under way.
pub(crate) async fn count_open(tx: &mut Tx) -> Result<i64, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let (person, _) = owner(tx.ctx()).ok_or(DocumentsError::Forbidden)?;
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from documents.uploads
           where tenant_id = $1 and person_id = $2 and answer is null and refusal is null"#,
        tenant,
        person.0
    );
    Ok(count.fetch_one(tx.conn()).await?)
}

/// An upload of the context's person that has not expired.
pub(crate) async fn read(
    tx: &mut Tx,
    id: VersionId,
    now: DateTime<Utc>,
) -> Result<Option<Upload>, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let Some((person, impersonator)) = owner(tx.ctx()) else { return Ok(None) };
    let row = sqlx::query!(
        r#"select account_id, target, target_id, document_id, file_name, size, received, key_id, wrapped_key, created_at,
             expires_at, coalesce(held_until > $5, false) as "held!", answer as "answer: Value", refusal
           from documents.uploads
           where tenant_id = $1 and id = $2 and person_id = $3 and impersonator_id = $4 and expires_at > $5"#,
        tenant,
        id.0,
        person.0,
        impersonator,
        now
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(|row| {
        Ok(Upload {
            id,
            account_id: row.account_id.into(),
            person,
            target: known(Target::of(&row.target, row.target_id), &row.target)?,
            document_id: row.document_id.into(),
            file_name: row.file_name,
            size: u64::try_from(row.size).unwrap_or_default(),
            received: u64::try_from(row.received).unwrap_or_default(),
            key: wrapped(row.key_id, row.wrapped_key),
            created_at: row.created_at,
            expires_at: row.expires_at,
            held: row.held,
            outcome: row.answer.map(Outcome::Landed).or(row.refusal.map(Outcome::Refused)),
        })
    })
    .transpose()
}

/// Takes an upload for one go; `false` where another is under way.
pub(crate) async fn hold(
    tx: &mut Tx,
    id: VersionId,
    holder: Uuid,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<bool, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let held = sqlx::query!(
        "update documents.uploads set holder = $3, held_until = $5
         where tenant_id = $1 and id = $2 and (held_until is null or held_until <= $4 or holder = $3)",
        tenant,
        id.0,
        holder,
        now,
        until
    );
    Ok(held.execute(tx.conn()).await?.rows_affected() == 1)
}

/// Says that a go is still alive; `false` where another has taken over, or the upload is gone.
pub(crate) async fn renew(
    tx: &mut Tx,
    id: VersionId,
    holder: Uuid,
    until: DateTime<Utc>,
) -> Result<bool, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let renewed = sqlx::query!(
        "update documents.uploads set held_until = $4 where tenant_id = $1 and id = $2 and holder = $3",
        tenant,
        id.0,
        holder,
        until
    );
    Ok(renewed.execute(tx.conn()).await?.rows_affected() == 1)
}

/// Notes how much has come, and lets the next go begin.
pub(crate) async fn release(
    tx: &mut Tx,
    id: VersionId,
    holder: Uuid,
    received: u64,
    expires_at: DateTime<Utc>,
) -> Result<(), DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "update documents.uploads set holder = null, held_until = null, received = $4, expires_at = $5
         where tenant_id = $1 and id = $2 and holder = $3",
        tenant,
        id.0,
        holder,
        stored_size(received),
        expires_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes what came of an upload; `false` where that is known already, or the upload is gone.
pub(crate) async fn conclude(tx: &mut Tx, id: VersionId, outcome: &Outcome) -> Result<bool, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let (answer, refusal) = match outcome {
        Outcome::Landed(answer) => (Some(answer), None),
        Outcome::Refused(text) => (None, Some(text)),
    };
    let concluded = sqlx::query!(
        "update documents.uploads set answer = $3, refusal = $4, received = size
         where tenant_id = $1 and id = $2 and answer is null and refusal is null",
        tenant,
        id.0,
        answer,
        refusal
    );
    Ok(concluded.execute(tx.conn()).await?.rows_affected() == 1)
}

/// Removes an upload; `false` where it is gone already or a go is under way.
pub(crate) async fn delete(tx: &mut Tx, id: VersionId, now: DateTime<Utc>) -> Result<bool, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let deleted = sqlx::query!(
        "delete from documents.uploads
         where tenant_id = $1 and id = $2 and (held_until is null or held_until <= $3)",
        tenant,
        id.0,
        now
    );
    Ok(deleted.execute(tx.conn()).await?.rows_affected() == 1)
}

/// Removes an upload that has expired and still has; `false` where it is gone already, or somebody has gone on with it.
pub(crate) async fn delete_expired(
    tx: &mut Tx,
    id: VersionId,
    now: DateTime<Utc>,
) -> Result<bool, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let deleted = sqlx::query!(
        "delete from documents.uploads
         where tenant_id = $1 and id = $2 and expires_at <= $3 and (held_until is null or held_until <= $3)",
        tenant,
        id.0,
        now
    );
    Ok(deleted.execute(tx.conn()).await?.rows_affected() == 1)
}

/// The uploads that have expired, over all firms.
pub(crate) async fn expired(
    store: &Store,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<Expired>, DocumentsError> {
    let mut connection = store.plumbing().await?;
    let rows = sqlx::query!(
        "select tenant_id, id from documents.uploads where expires_at <= $1 order by expires_at limit $2",
        now,
        limit
    )
    .fetch_all(&mut *connection)
    .await?;
    Ok(rows.into_iter().map(|row| Expired { tenant: row.tenant_id.into(), id: row.id.into() }).collect())
}
