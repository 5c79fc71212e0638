//! Comments on documents.

use chrono::{DateTime, Utc};
use portico_core::{CommentId, DocumentId, PersonId};
use portico_db::Tx;
use uuid::Uuid;

use crate::{
    domain::comment::{Comment, Place},
    error::DocumentsError,
};

struct Row {
    id: Uuid,
    account_id: Uuid,
    internal: bool,
    document_id: Uuid,
    version_id: Uuid,
    number: i32,
    thread_id: Option<Uuid>,
    page: Option<i32>,
    area: Option<Vec<f64>>,
    text: String,
    mentions: Vec<Uuid>,
    mentioned: Vec<String>,
    author_id: Uuid,
    author_name: String,
    by_staff: bool,
    created_at: DateTime<Utc>,
    settled_at: Option<DateTime<Utc>>,
    settled_by_name: String,
    removed_at: Option<DateTime<Utc>>,
}

impl From<Row> for Comment {
    fn from(row: Row) -> Self {
        let area = row.area.and_then(|area| <[f64; 4]>::try_from(area).ok());
        Self {
            id: row.id.into(),
            account_id: row.account_id.into(),
            internal: row.internal,
            document_id: row.document_id.into(),
            version_id: row.version_id.into(),
            number: row.number,
            thread_id: row.thread_id.map(Into::into),
            place: row.page.zip(area).map(|(page, area)| Place { page, area }),
            text: row.text,
            mentions: row.mentions.into_iter().map(PersonId).collect(),
            mentioned: row.mentioned,
            author_id: PersonId(row.author_id),
            author_name: row.author_name,
            by_staff: row.by_staff,
            created_at: row.created_at,
            settled_at: row.settled_at,
            settled_by: row.settled_by_name,
            removed_at: row.removed_at,
        }
    }
}

/// Adds a comment.
pub(crate) async fn insert(tx: &mut Tx, comment: &Comment, key: &str) -> Result<(), DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let mentions: Vec<Uuid> = comment.mentions.iter().map(|person| person.0).collect();
    let area = comment.place.map(|place| place.area);
    sqlx::query!(
        "insert into documents.comments
           (tenant_id, id, account_id, internal, document_id, version_id, thread_id, page, area, text, mentions, mentioned,
            idempotency_key, author_id, author_name, by_staff, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
        tenant,
        comment.id.0,
        comment.account_id.0,
        comment.internal,
        comment.document_id.0,
        comment.version_id.0,
        comment.thread_id.map(|id| id.0),
        comment.place.map(|place| place.page),
        area.as_ref().map(|area| &area[..]),
        comment.text,
        &mentions,
        &comment.mentioned,
        key,
        comment.author_id.0,
        comment.author_name,
        comment.by_staff,
        comment.created_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A comment within the caller's reach.
pub(crate) async fn read(tx: &mut Tx, id: CommentId) -> Result<Option<Comment>, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let row = sqlx::query_as!(
        Row,
        "select c.id, c.account_id, c.internal, c.document_id, c.version_id, v.number, c.thread_id, c.page, c.area, c.text,
           c.mentions, c.mentioned, c.author_id, c.author_name, c.by_staff, c.created_at, c.settled_at, c.settled_by_name,
           c.removed_at
         from documents.comments c join documents.versions v on v.tenant_id = $1 and v.id = c.version_id
         where c.tenant_id = $1 and c.id = $2",
        tenant,
        id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(Into::into))
}

/// What the context's person wrote with this key before.
pub(crate) async fn find_by_key(
    tx: &mut Tx,
    document: DocumentId,
    author: PersonId,
    key: &str,
) -> Result<Option<CommentId>, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let found = sqlx::query_scalar!(
        "select id from documents.comments
         where tenant_id = $1 and author_id = $2 and document_id = $3 and idempotency_key = $4 and idempotency_key <> ''",
        tenant,
        author.0,
        document.0,
        key
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(found.map(Into::into))
}

/// How many comments on a document are within the caller's reach.
pub(crate) async fn count(tx: &mut Tx, document: DocumentId) -> Result<i64, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from documents.comments where tenant_id = $1 and document_id = $2"#,
        tenant,
        document.0
    )
    .fetch_one(tx.conn())
    .await?)
}

/// The comments on a document: threads by their beginning, each with its answers.
pub(crate) async fn list(
    tx: &mut Tx,
    document: DocumentId,
    limit: i64,
) -> Result<Vec<Comment>, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let rows = sqlx::query_as!(
        Row,
        "select c.id, c.account_id, c.internal, c.document_id, c.version_id, v.number, c.thread_id, c.page, c.area, c.text,
           c.mentions, c.mentioned, c.author_id, c.author_name, c.by_staff, c.created_at, c.settled_at, c.settled_by_name,
           c.removed_at
         from documents.comments c
         join documents.versions v on v.tenant_id = $1 and v.id = c.version_id
         left join documents.comments t on t.tenant_id = $1 and t.id = c.thread_id
         where c.tenant_id = $1 and c.document_id = $2
         order by coalesce(t.created_at, c.created_at), coalesce(t.id, c.id), c.thread_id nulls first, c.created_at, c.id
         limit $3",
        tenant,
        document.0,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// Whoever wrote in a thread and has not taken it back.
pub(crate) async fn authors(tx: &mut Tx, thread: CommentId) -> Result<Vec<PersonId>, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let ids = sqlx::query_scalar!(
        "select distinct author_id from documents.comments
         where tenant_id = $1 and (id = $2 or thread_id = $2) and removed_at is null",
        tenant,
        thread.0
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.into_iter().map(PersonId).collect())
}

/// Settles the thread that a comment began, or opens it again; `false` where it was so already.
pub(crate) async fn settle(
    tx: &mut Tx,
    id: CommentId,
    at: Option<DateTime<Utc>>,
    by: &str,
) -> Result<bool, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let done = sqlx::query!(
        "update documents.comments set settled_at = $3, settled_by_name = $4
         where tenant_id = $1 and id = $2 and thread_id is null and (settled_at is null) <> ($3::timestamptz is null)",
        tenant,
        id.0,
        at,
        by
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Takes back what a comment said; `false` where that was done already.
pub(crate) async fn remove(tx: &mut Tx, id: CommentId, at: DateTime<Utc>) -> Result<bool, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let done = sqlx::query!(
        "update documents.comments set text = '', mentions = '{}', mentioned = '{}', removed_at = $3
         where tenant_id = $1 and id = $2 and removed_at is null",
        tenant,
        id.0,
        at
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}
