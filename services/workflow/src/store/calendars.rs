//! Calendars that staff keep elsewhere, when each is read next, and the busy times that were read.

use chrono::{DateTime, Utc};
use portico_core::{PersonId, StepId, TenantId};
use portico_db::{Store, StoreError, Tx};
use uuid::Uuid;

use crate::{calendars::Trouble, domain::availability::Stretch};

/// A calendar that somebody has connected.
#[derive(Clone)]
pub(crate) struct Calendar {
    pub(crate) address: String,
    pub(crate) user_name: String,
    /// The sealed password.
    pub(crate) secret: Vec<u8>,
    /// The addresses of the calendars that are read.
    pub(crate) collections: Vec<String>,
    pub(crate) read_at: DateTime<Utc>,
    pub(crate) not_understood: i32,
    /// Why the latest reading failed, and since when none has succeeded.
    pub(crate) trouble: Option<(Trouble, DateTime<Utc>)>,
}

/// A calendar whose time to be read has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DueReading {
    pub(crate) tenant: TenantId,
    pub(crate) person: PersonId,
}

/// Somebody's calendar.
pub(crate) async fn read(tx: &mut Tx, person: PersonId) -> Result<Option<Calendar>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let row = sqlx::query!(
        "select address, user_name, secret, collections, read_at, not_understood, trouble, failing_since
         from workflow.calendars where tenant_id = $1 and person_id = $2",
        tenant,
        person.0
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| Calendar {
        address: row.address,
        user_name: row.user_name,
        secret: row.secret,
        collections: row.collections,
        read_at: row.read_at,
        not_understood: row.not_understood,
        trouble: Trouble::from_word(&row.trouble).zip(row.failing_since),
    }))
}

/// Holds somebody's calendar until the transaction ends. Whoever changes what belongs to one takes it first, as connecting and forgetting
/// do by themselves, so that two changes never wait for each other in a circle. `false` where there is none.
pub(crate) async fn lock(tx: &mut Tx, person: PersonId) -> Result<bool, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let held = sqlx::query!(
        "select 1 as one from workflow.calendars where tenant_id = $1 and person_id = $2 for update",
        tenant,
        person.0
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(held.is_some())
}

/// Connects a calendar in place of the one before. Whoever is reading that one finds another fence.
pub(crate) async fn connect(
    tx: &mut Tx,
    person: PersonId,
    calendar: &Calendar,
    next: DateTime<Utc>,
) -> Result<(), StoreError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "insert into workflow.calendars
           (tenant_id, person_id, address, user_name, secret, collections, connected_at, read_at, not_understood)
         values ($1, $2, $3, $4, $5, $6, $7, $7, $8)
         on conflict (tenant_id, person_id) do update set address = excluded.address, user_name = excluded.user_name,
           secret = excluded.secret, collections = excluded.collections, connected_at = excluded.connected_at,
           read_at = excluded.read_at, not_understood = excluded.not_understood, trouble = '', failing_since = null",
        tenant,
        person.0,
        calendar.address,
        calendar.user_name,
        calendar.secret,
        &calendar.collections,
        calendar.read_at,
        calendar.not_understood
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "insert into workflow.calendar_readings (tenant_id, person_id, due_at) values ($1, $2, $3)
         on conflict (tenant_id, person_id) do update set due_at = excluded.due_at, locked_until = null,
           fence = calendar_readings.fence + 1",
        tenant,
        person.0,
        next
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Keeps what was read in place of what was read before.
pub(crate) async fn keep(
    tx: &mut Tx,
    person: PersonId,
    stretches: &[Stretch],
    counts_until: DateTime<Utc>,
) -> Result<(), StoreError> {
    let tenant = tx.ctx().tenant.0;
    let starts: Vec<DateTime<Utc>> = stretches.iter().map(|(starts_at, _)| *starts_at).collect();
    let ends: Vec<DateTime<Utc>> = stretches.iter().map(|(_, ends_at)| *ends_at).collect();
    sqlx::query!("delete from workflow.busy_times where tenant_id = $1 and person_id = $2", tenant, person.0)
        .execute(tx.conn())
        .await?;
    sqlx::query!(
        "insert into workflow.busy_times (tenant_id, person_id, starts_at, ends_at, counts_until)
         select $1, $2, busy.starts_at, busy.ends_at, $5
         from unnest($3::timestamptz[], $4::timestamptz[]) as busy (starts_at, ends_at)",
        tenant,
        person.0,
        &starts,
        &ends,
        counts_until
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes that a calendar was read.
pub(crate) async fn succeeded(
    tx: &mut Tx,
    person: PersonId,
    not_understood: i32,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "update workflow.calendars set read_at = $3, not_understood = $4, trouble = '', failing_since = null
         where tenant_id = $1 and person_id = $2",
        tenant,
        person.0,
        now,
        not_understood
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes that a calendar could not be read, and since when that is so.
pub(crate) async fn failed(
    tx: &mut Tx,
    person: PersonId,
    trouble: Trouble,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "update workflow.calendars set trouble = $3, failing_since = coalesce(failing_since, $4)
         where tenant_id = $1 and person_id = $2",
        tenant,
        person.0,
        trouble.as_str(),
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Forgets a calendar with everything that was read in it. `false` where there is none.
pub(crate) async fn forget(tx: &mut Tx, person: PersonId) -> Result<bool, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let deleted = sqlx::query!(
        "delete from workflow.calendars where tenant_id = $1 and person_id = $2",
        tenant,
        person.0
    )
    .execute(tx.conn())
    .await?;
    Ok(deleted.rows_affected() == 1)
}

/// How many stretches are busy from now on.
pub(crate) async fn count(tx: &mut Tx, person: PersonId, now: DateTime<Utc>) -> Result<i64, StoreError> {
    let tenant = tx.ctx().tenant.0;
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from workflow.busy_times
           where tenant_id = $1 and person_id = $2 and ends_at > $3 and counts_until > $3"#,
        tenant,
        person.0,
        now
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Those of these steps that are the firm's own and whose meetings take no time of somebody's calendar beside what is booked here:
/// all but those that are booked with somebody else, to which this person comes as a guest.
pub(crate) async fn own_steps(
    tx: &mut Tx,
    person: PersonId,
    steps: &[StepId],
) -> Result<Vec<StepId>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let ids: Vec<Uuid> = steps.iter().map(|step| step.0).collect();
    let own = sqlx::query_scalar!(
        "select s.id from workflow.run_steps s where s.tenant_id = $1 and s.id = any ($2) and not exists (
           select from workflow.bookings b where b.tenant_id = $1 and b.step_id = s.id and b.host_id <> $3)",
        tenant,
        &ids,
        person.0
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(own.into_iter().map(StepId).collect())
}

/// The calendars that are due and that nobody is reading, of all firms, oldest first.
pub(crate) async fn due(
    store: &Store,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<DueReading>, StoreError> {
    let mut connection = store.plumbing().await?;
    let rows = sqlx::query!(
        "select tenant_id, person_id from workflow.calendar_readings
         where due_at <= $1 and (locked_until is null or locked_until <= $1) order by due_at limit $2",
        now,
        limit
    )
    .fetch_all(&mut *connection)
    .await?;
    let due =
        rows.into_iter().map(|row| DueReading { tenant: row.tenant_id.into(), person: row.person_id.into() });
    Ok(due.collect())
}

/// When the next one is due.
pub(crate) async fn next(store: &Store) -> Result<Option<DateTime<Utc>>, StoreError> {
    let mut connection = store.plumbing().await?;
    Ok(sqlx::query_scalar!("select min(due_at) from workflow.calendar_readings where locked_until is null")
        .fetch_one(&mut *connection)
        .await?)
}

/// Takes a calendar to read until `until`; the fence is the taker's own. Nothing where somebody else has it or it is no longer due.
pub(crate) async fn lease(
    tx: &mut Tx,
    person: PersonId,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Option<i64>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    Ok(sqlx::query_scalar!(
        "update workflow.calendar_readings set locked_until = $3, fence = fence + 1
         where tenant_id = $1 and person_id = $2 and due_at <= $4 and (locked_until is null or locked_until <= $4)
         returning fence",
        tenant,
        person.0,
        until,
        now
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Gives a calendar back until its next reading. `false` where the taker with this fence does not have it any more: then nothing of
/// what they read may be kept.
pub(crate) async fn give_back(
    tx: &mut Tx,
    person: PersonId,
    fence: i64,
    next: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let updated = sqlx::query!(
        "update workflow.calendar_readings set due_at = $4, locked_until = null
         where tenant_id = $1 and person_id = $2 and fence = $3",
        tenant,
        person.0,
        fence,
        next
    )
    .execute(tx.conn())
    .await?;
    Ok(updated.rows_affected() == 1)
}
