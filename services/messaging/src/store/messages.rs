//! Messages and their files.

use chrono::{DateTime, Utc};
use portico_core::{MessageId, ThreadId};
use portico_db::{StoreError, Tx};
use uuid::Uuid;

use crate::domain::thread::{Attachment, Author, Message};

struct Row {
    id: Uuid,
    thread_id: Uuid,
    account_id: Uuid,
    author_id: Uuid,
    author_name: String,
    author_kind: String,
    body: String,
    internal: bool,
    posted_at: DateTime<Utc>,
}

impl From<Row> for Message {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.into(),
            thread_id: row.thread_id.into(),
            account_id: row.account_id.into(),
            author: Author {
                id: row.author_id.into(),
                name: row.author_name,
                staff: row.author_kind == "staff",
            },
            body: row.body,
            internal: row.internal,
            posted_at: row.posted_at,
            attachments: Vec::new(),
        }
    }
}

/// Adds a message with its files; `false` where its author has used the key before.
pub(crate) async fn insert(tx: &mut Tx, message: &Message, key: Option<&str>) -> Result<bool, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let inserted = sqlx::query!(
        "insert into messaging.messages
           (tenant_id, id, account_id, thread_id, internal, author_id, author_name, author_kind, body, idempotency_key, posted_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         on conflict (tenant_id, author_id, idempotency_key) do nothing",
        tenant,
        message.id.0,
        message.account_id.0,
        message.thread_id.0,
        message.internal,
        message.author.id.0,
        message.author.name,
        message.author.kind(),
        message.body,
        key,
        message.posted_at
    )
    .execute(tx.conn())
    .await?;
    if inserted.rows_affected() == 0 {
        return Ok(false);
    }
    for (place, file) in (0_i16..).zip(&message.attachments) {
        sqlx::query!(
            "insert into messaging.attachments
               (tenant_id, document_id, account_id, message_id, internal, place, version_id, file_name, size)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            tenant,
            file.document_id.0,
            message.account_id.0,
            message.id.0,
            message.internal,
            place,
            file.version_id.0,
            file.file_name,
            file.size
        )
        .execute(tx.conn())
        .await?;
    }
    Ok(true)
}

/// The message that the caller has posted with this key.
pub(crate) async fn by_key(tx: &mut Tx, key: &str) -> Result<Option<Message>, StoreError> {
    let (tenant, author) = (tx.ctx().tenant.0, tx.ctx().actor.person.map(|id| id.0));
    let row = sqlx::query_as!(
        Row,
        "select id, thread_id, account_id, author_id, author_name, author_kind, body, internal, posted_at
         from messaging.messages where tenant_id = $1 and author_id = $2 and idempotency_key = $3",
        tenant,
        author,
        key
    )
    .fetch_optional(tx.conn())
    .await?;
    with_files_of_one(tx, row).await
}

/// A message that the caller may see.
pub(crate) async fn read(tx: &mut Tx, id: MessageId) -> Result<Option<Message>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let row = sqlx::query_as!(
        Row,
        "select id, thread_id, account_id, author_id, author_name, author_kind, body, internal, posted_at
         from messaging.messages where tenant_id = $1 and id = $2",
        tenant,
        id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    with_files_of_one(tx, row).await
}

/// The newest messages of a thread that the caller may see, newest first, before the one with this key.
pub(crate) async fn list(
    tx: &mut Tx,
    thread: ThreadId,
    before: Option<(DateTime<Utc>, Uuid)>,
    most: i64,
) -> Result<Vec<Message>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let (before_at, before_id) = before.unzip();
    let rows = sqlx::query_as!(
        Row,
        "select id, thread_id, account_id, author_id, author_name, author_kind, body, internal, posted_at
         from messaging.messages
         where tenant_id = $1 and thread_id = $2 and ($3::timestamptz is null or (posted_at, id) < ($3, $4::uuid))
         order by posted_at desc, id desc limit $5",
        tenant,
        thread.0,
        before_at,
        before_id,
        most
    )
    .fetch_all(tx.conn())
    .await?;
    let mut messages: Vec<Message> = rows.into_iter().map(Message::from).collect();
    add_files(tx, &mut messages).await?;
    Ok(messages)
}

async fn with_files_of_one(tx: &mut Tx, row: Option<Row>) -> Result<Option<Message>, StoreError> {
    let mut messages: Vec<Message> = row.into_iter().map(Message::from).collect();
    add_files(tx, &mut messages).await?;
    Ok(messages.pop())
}

async fn add_files(tx: &mut Tx, messages: &mut [Message]) -> Result<(), StoreError> {
    let tenant = tx.ctx().tenant.0;
    let ids: Vec<Uuid> = messages.iter().map(|message| message.id.0).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let rows = sqlx::query!(
        "select message_id, document_id, version_id, file_name, size from messaging.attachments
         where tenant_id = $1 and message_id = any ($2) order by message_id, place",
        tenant,
        &ids
    )
    .fetch_all(tx.conn())
    .await?;
    for row in rows {
        if let Some(message) = messages.iter_mut().find(|message| message.id.0 == row.message_id) {
            message.attachments.push(Attachment {
                document_id: row.document_id.into(),
                version_id: row.version_id.into(),
                file_name: row.file_name,
                size: row.size,
            });
        }
    }
    Ok(())
}
