//! Whom threads concern, and what they have not read. Every change happens under the lock of the thread.

use chrono::{DateTime, Utc};
use portico_core::{PersonId, ThreadId};
use portico_db::{StoreError, Tx};
use uuid::Uuid;

use crate::domain::thread::{Message, Thread};

/// How far a person has read.
#[derive(Debug, Default, Clone)]
pub(crate) struct Marker {
    pub(crate) message_id: Option<Uuid>,
    pub(crate) unread: i32,
}

/// The caller's marker in a thread.
pub(crate) async fn marker(tx: &mut Tx, thread: ThreadId) -> Result<Marker, StoreError> {
    let (tenant, person) = (tx.ctx().tenant.0, tx.ctx().actor.person.map(|id| id.0));
    let row = sqlx::query_as!(
        Marker,
        "select read_message_id as message_id, unread from messaging.participants
         where tenant_id = $1 and thread_id = $2 and person_id = $3",
        tenant,
        thread.0,
        person
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.unwrap_or_default())
}

/// Counts a new message as unread for everybody whom the thread concerns and who may see it; its author has read it.
pub(crate) async fn count_message(tx: &mut Tx, message: &Message) -> Result<(), StoreError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "update messaging.participants set unread = unread + 1
         where tenant_id = $1 and thread_id = $2 and person_id <> $3 and (staff or not $4)",
        tenant,
        message.thread_id.0,
        message.author.id.0,
        message.internal
    )
    .execute(tx.conn())
    .await?;
    mark_read(tx, message, message.author.id, message.author.staff).await?;
    Ok(())
}

/// Marks the thread as read up to `message` for `person`, who takes part in it from now on. Answers whether the marker moved; it
/// never moves back.
pub(crate) async fn mark_read(
    tx: &mut Tx,
    message: &Message,
    person: PersonId,
    staff: bool,
) -> Result<bool, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let moved = sqlx::query!(
        "insert into messaging.participants
           (tenant_id, thread_id, person_id, account_id, staff, read_message_id, read_until, unread)
         select $1, $2, $3, $4, $5, $6, $7,
                (select count(*)::int from messaging.messages m
                 where m.tenant_id = $1 and m.thread_id = $2 and m.posted_at > $7 and m.author_id <> $3
                   and ($5 or not m.internal))
         on conflict (tenant_id, thread_id, person_id) do update
           set read_message_id = excluded.read_message_id, read_until = excluded.read_until, unread = excluded.unread
           where messaging.participants.read_until is null or messaging.participants.read_until < excluded.read_until",
        tenant,
        message.thread_id.0,
        person.0,
        message.account_id.0,
        staff,
        message.id.0,
        message.posted_at
    )
    .execute(tx.conn())
    .await?;
    Ok(moved.rows_affected() == 1)
}

/// Takes a person in whom the thread concerns from the start; somebody who takes part already stays as they are.
pub(crate) async fn add(
    tx: &mut Tx,
    thread: &Thread,
    person: PersonId,
    staff: bool,
) -> Result<(), StoreError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "insert into messaging.participants (tenant_id, thread_id, person_id, account_id, staff, unread)
         select $1, $2, $3, $4, $5,
                (select count(*)::int from messaging.messages m
                 where m.tenant_id = $1 and m.thread_id = $2 and m.author_id <> $3 and ($5 or not m.internal))
         on conflict (tenant_id, thread_id, person_id) do nothing",
        tenant,
        thread.id.0,
        person.0,
        thread.account_id.0,
        staff
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The members of staff whom the thread concerns.
pub(crate) async fn staff_of(tx: &mut Tx, thread: ThreadId) -> Result<Vec<PersonId>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let rows = sqlx::query_scalar!(
        "select person_id from messaging.participants where tenant_id = $1 and thread_id = $2 and staff order by person_id",
        tenant,
        thread.0
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(PersonId).collect())
}

/// When the latest mail about the thread was written to the person, and how many messages they have not read.
pub(crate) async fn mail_state(
    tx: &mut Tx,
    thread: ThreadId,
    person: PersonId,
) -> Result<Option<(Option<DateTime<Utc>>, i32)>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let row = sqlx::query!(
        "select mailed_at, unread from messaging.participants
         where tenant_id = $1 and thread_id = $2 and person_id = $3",
        tenant,
        thread.0,
        person.0
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| (row.mailed_at, row.unread)))
}

/// Whether a member of staff has not read a note for staff in the thread.
pub(crate) async fn has_unread_note(
    tx: &mut Tx,
    thread: ThreadId,
    person: PersonId,
) -> Result<bool, StoreError> {
    let tenant = tx.ctx().tenant.0;
    Ok(sqlx::query_scalar!(
        "select exists (
           select from messaging.participants p
           join messaging.messages m on m.tenant_id = p.tenant_id and m.thread_id = p.thread_id
           where p.tenant_id = $1 and p.thread_id = $2 and p.person_id = $3 and p.staff and m.internal
             and m.author_id <> p.person_id and (p.read_until is null or m.posted_at > p.read_until)
         ) as \"found!\"",
        tenant,
        thread.0,
        person.0
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Notes for when the latest mail about the thread to the person is planned.
pub(crate) async fn set_mailed(
    tx: &mut Tx,
    thread: ThreadId,
    person: PersonId,
    at: DateTime<Utc>,
) -> Result<(), StoreError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "update messaging.participants set mailed_at = $4 where tenant_id = $1 and thread_id = $2 and person_id = $3",
        tenant,
        thread.0,
        person.0,
        at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
