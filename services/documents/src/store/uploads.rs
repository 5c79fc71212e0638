//! Uploads that come in several goes. Only whoever can claim one finds it.

use chrono::{DateTime, Utc};
use portico_core::{DropLinkId, TenantId, VersionId};
use portico_db::{Store, Tx};
use serde_json::Value;
use uuid::Uuid;

use super::{known, stored_size};
use crate::{
    domain::{
        document::wrapped,
        drop_link::Sender,
        upload::{Claim, Outcome, Target, Upload},
    },
    error::DocumentsError,
};

/// An upload that nobody has gone on with in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Expired {
    pub(crate) tenant: TenantId,
    pub(crate) id: VersionId,
}

/// How a claim stands in a row: the person and who really acts, or nobody and the hash of the secret.
struct Claimed {
    person: Uuid,
    impersonator: Uuid,
    secret: Option<[u8; 32]>,
    link: Option<Uuid>,
}

impl From<Claim> for Claimed {
    fn from(claim: Claim) -> Self {
        match claim {
            Claim::Person(person, impersonator) => {
                Self { person: person.0, impersonator, secret: None, link: None }
            }
            Claim::Secret(link, secret) => Self {
                person: Uuid::nil(),
                impersonator: Uuid::nil(),
                secret: Some(secret),
                link: Some(link.0),
            },
        }
    }
}

/// Adds an upload that its claim's holder begins.
pub(crate) async fn insert(tx: &mut Tx, upload: &Upload) -> Result<(), DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let claimed = Claimed::from(upload.claim);
    let (target, target_id) = upload.target.words();
    sqlx::query!(
        "insert into documents.uploads
           (tenant_id, id, account_id, person_id, impersonator_id, target, target_id, document_id, file_name, size, key_id,
            wrapped_key, created_at, expires_at, secret_hash, sender_name, sender_email)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
        tenant,
        upload.id.0,
        upload.account_id.0,
        claimed.person,
        claimed.impersonator,
        target,
        target_id,
        upload.document_id.0,
        upload.file_name,
        stored_size(upload.size),
        upload.key.key_id.0,
        upload.key.bytes,
        upload.created_at,
        upload.expires_at,
        claimed.secret.as_ref().map(|secret| &secret[..]),
        upload.sender.as_ref().map(|sender| sender.name.as_str()),
        upload.sender.as_ref().map(|sender| sender.email.as_str())
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Holds the places of a person or a link until the transaction ends, so that those who begin side by side count one another.
pub(crate) async fn hold_places(tx: &mut Tx, claim: Claim) -> Result<(), DocumentsError> {
    let claimed = Claimed::from(claim);
    let holder = claimed.link.unwrap_or(claimed.person);
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended($1::text, 0))", holder.to_string())
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// How many uploads the claim's person has under way, or how many there are by its link.
pub(crate) async fn count_open(tx: &mut Tx, claim: Claim) -> Result<i64, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let claimed = Claimed::from(claim);
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from documents.uploads
           where tenant_id = $1 and person_id = $2 and ($3::uuid is null or target_id = $3)
             and answer is null and refusal is null"#,
        tenant,
        claimed.person,
        claimed.link
    );
    Ok(count.fetch_one(tx.conn()).await?)
}

/// The upload of this link whose secret has this hash.
pub(crate) async fn by_secret(
    tx: &mut Tx,
    link: DropLinkId,
    secret: [u8; 32],
) -> Result<Option<VersionId>, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let id = sqlx::query_scalar!(
        "select id from documents.uploads
         where tenant_id = $1 and target = 'drop' and target_id = $2 and secret_hash = $3",
        tenant,
        link.0,
        &secret[..]
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(id.map(Into::into))
}

/// An upload that has not expired, for whoever can claim it.
pub(crate) async fn read(
    tx: &mut Tx,
    id: VersionId,
    claim: Claim,
    now: DateTime<Utc>,
) -> Result<Option<Upload>, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let claimed = Claimed::from(claim);
    let row = sqlx::query!(
        r#"select account_id, target, target_id, document_id, file_name, size, received, key_id, wrapped_key, created_at,
             expires_at, coalesce(held_until > $5, false) as "held!", answer as "answer: Value", refusal, sender_name, sender_email
           from documents.uploads
           where tenant_id = $1 and id = $2 and person_id = $3 and impersonator_id = $4 and expires_at > $5
             and secret_hash is not distinct from $6 and ($7::uuid is null or target_id = $7)"#,
        tenant,
        id.0,
        claimed.person,
        claimed.impersonator,
        now,
        claimed.secret.as_ref().map(|secret| &secret[..]),
        claimed.link
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(|row| {
        Ok(Upload {
            id,
            account_id: row.account_id.into(),
            claim,
            sender: sender(row.sender_name, row.sender_email)?,
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

/// Who says that they send it.
fn sender(name: Option<String>, email: Option<String>) -> Result<Option<Sender>, DocumentsError> {
    let (Some(name), Some(email)) = (name, email) else { return Ok(None) };
    let email =
        email.parse().map_err(|_| DocumentsError::Unreadable("the sender of an upload".to_owned()))?;
    Ok(Some(Sender { name, email }))
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
