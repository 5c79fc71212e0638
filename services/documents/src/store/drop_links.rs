//! Drop links. Their secrets are kept as hashes, and sealed for whoever repeats the form that made one.

use chrono::{DateTime, Utc};
use portico_core::{DropLinkId, FolderId};
use portico_db::Tx;
use uuid::Uuid;

use crate::{domain::drop_link::DropLink, error::DocumentsError};

struct Row {
    id: Uuid,
    account_id: Uuid,
    folder_id: Uuid,
    title: String,
    note: String,
    most_files: i32,
    files: i32,
    expires_at: DateTime<Utc>,
    revoked_at: Option<DateTime<Utc>>,
    created_by: Uuid,
    created_by_name: String,
    created_at: DateTime<Utc>,
    last_at: Option<DateTime<Utc>>,
}

impl From<Row> for DropLink {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.into(),
            account_id: row.account_id.into(),
            folder_id: row.folder_id.into(),
            title: row.title,
            note: row.note,
            most_files: row.most_files,
            files: row.files,
            expires_at: row.expires_at,
            revoked_at: row.revoked_at,
            created_by: row.created_by.into(),
            created_by_name: row.created_by_name,
            created_at: row.created_at,
            last_at: row.last_at,
        }
    }
}

/// Adds a link under the hash of its secret, which is kept `sealed` where a repeat may ask for it.
pub(crate) async fn insert(
    tx: &mut Tx,
    link: &DropLink,
    token_hash: [u8; 32],
    key: &str,
    sealed: Option<&[u8]>,
) -> Result<(), DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "insert into documents.drop_links
           (tenant_id, id, account_id, folder_id, token_hash, idempotency_key, title, note, most_files, expires_at, created_by,
            created_by_name, created_at, sealed_token)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        tenant,
        link.id.0,
        link.account_id.0,
        link.folder_id.0,
        &token_hash[..],
        key,
        link.title,
        link.note,
        link.most_files,
        link.expires_at,
        link.created_by.0,
        link.created_by_name,
        link.created_at,
        sealed
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A link within the caller's reach.
pub(crate) async fn read(tx: &mut Tx, id: DropLinkId) -> Result<Option<DropLink>, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let row = sqlx::query_as!(
        Row,
        "select id, account_id, folder_id, title, note, most_files, files, expires_at, revoked_at, created_by, created_by_name,
           created_at, last_at
         from documents.drop_links where tenant_id = $1 and id = $2",
        tenant,
        id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(Into::into))
}

/// The link of this secret.
pub(crate) async fn by_token(tx: &mut Tx, token_hash: [u8; 32]) -> Result<Option<DropLink>, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let row = sqlx::query_as!(
        Row,
        "select id, account_id, folder_id, title, note, most_files, files, expires_at, revoked_at, created_by, created_by_name,
           created_at, last_at
         from documents.drop_links where tenant_id = $1 and token_hash = $2",
        tenant,
        &token_hash[..]
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(Into::into))
}

/// What the context's person made with this key before, for whichever folder, with its secret as it is sealed.
pub(crate) async fn by_key(
    tx: &mut Tx,
    key: &str,
) -> Result<Option<(DropLink, Option<Vec<u8>>)>, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let person = tx.ctx().actor.person.ok_or(DocumentsError::Forbidden)?;
    let row = sqlx::query!(
        "select id, sealed_token from documents.drop_links
         where tenant_id = $1 and created_by = $2 and idempotency_key = $3 and idempotency_key <> ''
         order by created_at limit 1",
        tenant,
        person.0,
        key
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(read(tx, row.id.into()).await?.map(|link| (link, row.sealed_token)))
}

/// The links to a folder, the newest first, after the one with this key.
pub(crate) async fn list(
    tx: &mut Tx,
    folder: FolderId,
    after: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<DropLink>, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let (after_at, after_id) = after.unzip();
    let rows = sqlx::query_as!(
        Row,
        "select id, account_id, folder_id, title, note, most_files, files, expires_at, revoked_at, created_by, created_by_name,
           created_at, last_at
         from documents.drop_links
         where tenant_id = $1 and folder_id = $2
           and ($3::timestamptz is null or (created_at, id) < ($3, $4::uuid))
         order by created_at desc, id desc limit $5",
        tenant,
        folder.0,
        after_at,
        after_id,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// How many links to a folder take files now.
pub(crate) async fn count_open(
    tx: &mut Tx,
    folder: FolderId,
    now: DateTime<Utc>,
) -> Result<i64, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from documents.drop_links
           where tenant_id = $1 and folder_id = $2 and revoked_at is null and expires_at > $3 and files < most_files"#,
        tenant,
        folder.0,
        now
    );
    Ok(count.fetch_one(tx.conn()).await?)
}

/// Ends a link; `false` where it was ended before.
pub(crate) async fn revoke(tx: &mut Tx, id: DropLinkId, at: DateTime<Utc>) -> Result<bool, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let done = sqlx::query!(
        "update documents.drop_links set revoked_at = $3 where tenant_id = $1 and id = $2 and revoked_at is null",
        tenant,
        id.0,
        at
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Counts a file that came by a link; `false` where the link takes none any more. Holds the link until the transaction ends, so
/// that of two last files at once one comes too late.
pub(crate) async fn count_file(
    tx: &mut Tx,
    id: DropLinkId,
    at: DateTime<Utc>,
) -> Result<bool, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let done = sqlx::query!(
        "update documents.drop_links set files = files + 1, last_at = $3
         where tenant_id = $1 and id = $2 and revoked_at is null and expires_at > $3 and files < most_files",
        tenant,
        id.0,
        at
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}
