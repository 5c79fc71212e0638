//! Threads and their heads.

use chrono::{DateTime, Utc};
use portico_core::{AccountId, RecordId, ThreadId};
use portico_db::{StoreError, Tx};
use uuid::Uuid;

use crate::domain::thread::{Listed, Thread, excerpt};

struct Row {
    id: Uuid,
    account_id: Uuid,
    record_id: Uuid,
    title: String,
    account_name: String,
}

impl From<Row> for Thread {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.into(),
            account_id: row.account_id.into(),
            record_id: row.record_id.into(),
            title: row.title,
            account_name: row.account_name,
        }
    }
}

/// The thread of a record, if anybody has written into it.
pub(crate) async fn of_record(tx: &mut Tx, record: RecordId) -> Result<Option<Thread>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let row = sqlx::query_as!(
        Row,
        "select id, account_id, record_id, title, account_name from messaging.threads
         where tenant_id = $1 and record_id = $2",
        tenant,
        record.0
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(Thread::from))
}

/// A thread, locked until the transaction ends: what is counted and published about it has one order.
pub(crate) async fn lock(tx: &mut Tx, id: ThreadId) -> Result<Option<Thread>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let row = sqlx::query_as!(
        Row,
        "select id, account_id, record_id, title, account_name from messaging.threads
         where tenant_id = $1 and id = $2 for update",
        tenant,
        id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(Thread::from))
}

/// A thread as it is.
pub(crate) async fn read(tx: &mut Tx, id: ThreadId) -> Result<Option<Thread>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let row = sqlx::query_as!(
        Row,
        "select id, account_id, record_id, title, account_name from messaging.threads where tenant_id = $1 and id = $2",
        tenant,
        id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(Thread::from))
}

/// Makes the thread unless its record has one, brings its names up to date, and locks it. None where the record's thread belongs to
/// an account that is out of reach.
pub(crate) async fn open(
    tx: &mut Tx,
    thread: &Thread,
    now: DateTime<Utc>,
) -> Result<Option<Thread>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "insert into messaging.threads (tenant_id, id, account_id, record_id, title, account_name, created_at)
         values ($1, $2, $3, $4, $5, $6, $7) on conflict (tenant_id, record_id) do nothing",
        tenant,
        thread.id.0,
        thread.account_id.0,
        thread.record_id.0,
        thread.title,
        thread.account_name,
        now
    )
    .execute(tx.conn())
    .await?;
    let row = sqlx::query_as!(
        Row,
        "update messaging.threads set title = $3, account_name = $4
         where tenant_id = $1 and record_id = $2 and account_id = $5
         returning id, account_id, record_id, title, account_name",
        tenant,
        thread.record_id.0,
        thread.title,
        thread.account_name,
        thread.account_id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(Thread::from))
}

/// Moves a head of the thread to a new message.
pub(crate) async fn move_head(
    tx: &mut Tx,
    thread: &Thread,
    internal: bool,
    at: DateTime<Utc>,
) -> Result<(), StoreError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "insert into messaging.thread_heads (tenant_id, thread_id, internal, account_id, last_at)
         values ($1, $2, $3, $4, $5)
         on conflict (tenant_id, thread_id, internal) do update set last_at = excluded.last_at",
        tenant,
        thread.id.0,
        internal,
        thread.account_id.0,
        at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// When the newest message that the caller may see was written.
pub(crate) async fn last_at(tx: &mut Tx, thread: ThreadId) -> Result<Option<DateTime<Utc>>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    Ok(sqlx::query_scalar!(
        "select max(last_at) from messaging.thread_heads where tenant_id = $1 and thread_id = $2",
        tenant,
        thread.0
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Threads within the caller's reach, the newest message first.
pub(crate) async fn list(
    tx: &mut Tx,
    account: Option<AccountId>,
    most: i64,
) -> Result<Vec<Listed>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let person = tx.ctx().actor.person.map(|id| id.0);
    // A thread has at most two heads, so that twice as many heads give enough threads.
    let rows = sqlx::query!(
        r#"select t.id, t.account_id, t.record_id, t.title, t.account_name, h.last_at as "last_at!",
                  m.body as "body?", coalesce(p.unread, 0) as "unread!"
           from (select thread_id, max(last_at) as last_at
                 from (select thread_id, last_at from messaging.thread_heads
                       where tenant_id = $1 and ($2::uuid is null or account_id = $2)
                       order by last_at desc limit $3::bigint * 2) newest
                 group by thread_id order by 2 desc limit $3::bigint) h
           join messaging.threads t on t.tenant_id = $1 and t.id = h.thread_id
           left join lateral (select body from messaging.messages
                              where tenant_id = $1 and thread_id = t.id order by posted_at desc, id desc limit 1) m on true
           left join messaging.participants p on p.tenant_id = $1 and p.thread_id = t.id and p.person_id = $4
           order by h.last_at desc, t.id"#,
        tenant,
        account.map(|id| id.0),
        most,
        person
    )
    .fetch_all(tx.conn())
    .await?;
    let listed = rows.into_iter().map(|row| Listed {
        thread: Thread {
            id: row.id.into(),
            account_id: row.account_id.into(),
            record_id: row.record_id.into(),
            title: row.title,
            account_name: row.account_name,
        },
        unread: row.unread,
        last_at: Some(row.last_at),
        last_text: excerpt(row.body.as_deref().unwrap_or_default()),
    });
    Ok(listed.collect())
}
