//! Notifications, what is unread, and whom a notice has reached. Every query names the person: a notification is one person's.

use chrono::{DateTime, Utc};
use portico_core::{NotificationId, PersonId, ThreadId};
use portico_db::{StoreError, Tx};

use crate::domain::notification::Notification;

/// Adds a notification.
pub(crate) async fn insert(tx: &mut Tx, notification: &Notification) -> Result<(), StoreError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "insert into messaging.notifications
           (tenant_id, id, person_id, account_id, thread_id, subject, body, link, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        tenant,
        notification.id.0,
        notification.person_id.0,
        notification.account_id.map(|id| id.0),
        notification.thread_id.map(|id| id.0),
        notification.subject,
        notification.body,
        notification.link,
        notification.created_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The caller's notifications, newest first; without those of accounts that are out of reach by now.
pub(crate) async fn list(tx: &mut Tx, most: i64) -> Result<Vec<Notification>, StoreError> {
    let (tenant, person) = (tx.ctx().tenant.0, tx.ctx().actor.person.map(|id| id.0));
    let rows = sqlx::query!(
        "select id, person_id, account_id, thread_id, subject, body, link, created_at, read_at
         from messaging.notifications
         where tenant_id = $1 and person_id = $2
           and (account_id is null or (select portico.all_accounts()) or account_id = any ((select portico.accounts())::uuid[]))
         order by created_at desc, id desc limit $3",
        tenant,
        person,
        most
    )
    .fetch_all(tx.conn())
    .await?;
    let notifications = rows.into_iter().map(|row| Notification {
        id: row.id.into(),
        person_id: row.person_id.into(),
        account_id: row.account_id.map(Into::into),
        thread_id: row.thread_id.map(Into::into),
        subject: row.subject,
        body: row.body,
        link: row.link,
        created_at: row.created_at,
        read: row.read_at.is_some(),
    });
    Ok(notifications.collect())
}

/// Marks the caller's notifications as read: those of one thread, or all. Answers how many were unread.
pub(crate) async fn mark_read(
    tx: &mut Tx,
    thread: Option<ThreadId>,
    now: DateTime<Utc>,
) -> Result<u64, StoreError> {
    let (tenant, person) = (tx.ctx().tenant.0, tx.ctx().actor.person.map(|id| id.0));
    let updated = sqlx::query!(
        "update messaging.notifications set read_at = $4
         where tenant_id = $1 and person_id = $2 and read_at is null and ($3::uuid is null or thread_id = $3)",
        tenant,
        person,
        thread.map(|id| id.0),
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(updated.rows_affected())
}

/// Marks what the caller was told about any of these pages as read. Answers how many were unread.
pub(crate) async fn mark_links_read(
    tx: &mut Tx,
    links: &[String],
    now: DateTime<Utc>,
) -> Result<u64, StoreError> {
    let (tenant, person) = (tx.ctx().tenant.0, tx.ctx().actor.person.map(|id| id.0));
    let updated = sqlx::query!(
        "update messaging.notifications set read_at = $4
         where tenant_id = $1 and person_id = $2 and read_at is null and link = any ($3)",
        tenant,
        person,
        links,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(updated.rows_affected())
}

/// Whether its person has read a notification.
pub(crate) async fn is_read(tx: &mut Tx, id: NotificationId) -> Result<bool, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let read = sqlx::query_scalar!(
        r#"select read_at is not null as "read!" from messaging.notifications where tenant_id = $1 and id = $2"#,
        tenant,
        id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(read.unwrap_or_default())
}

/// What the caller has not read: messages in threads, and notifications, of which more than 999 count as 999.
pub(crate) async fn count_unread(tx: &mut Tx) -> Result<(i32, i32), StoreError> {
    let (tenant, person) = (tx.ctx().tenant.0, tx.ctx().actor.person.map(|id| id.0));
    let row = sqlx::query!(
        r#"select
             (select coalesce(sum(unread), 0)::int from messaging.participants
              where tenant_id = $1 and person_id = $2 and unread > 0) as "messages!",
             (select count(*)::int from (
                select from messaging.notifications
                where tenant_id = $1 and person_id = $2 and read_at is null
                  and (account_id is null or (select portico.all_accounts())
                       or account_id = any ((select portico.accounts())::uuid[]))
                limit 999) unread) as "notifications!""#,
        tenant,
        person
    )
    .fetch_one(tx.conn())
    .await?;
    Ok((row.messages, row.notifications))
}

/// Notes that the notice reaches the person; `false` where it has before.
pub(crate) async fn tell_once(
    tx: &mut Tx,
    dedupe_key: &str,
    person: PersonId,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let inserted = sqlx::query!(
        "insert into messaging.told (tenant_id, dedupe_key, person_id, told_at) values ($1, $2, $3, $4)
         on conflict (tenant_id, dedupe_key, person_id) do nothing",
        tenant,
        dedupe_key,
        person.0,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(inserted.rows_affected() == 1)
}
