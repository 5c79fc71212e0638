//! Times that staff offer, and times of theirs that are taken.

use chrono::{DateTime, TimeDelta, Utc};
use portico_core::{AccountId, PersonId, StepId};
use portico_db::{StoreError, Tx};
use uuid::Uuid;

/// A time that is offered for a meeting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Slot {
    pub(crate) id: Uuid,
    pub(crate) host: Uuid,
    pub(crate) starts_at: DateTime<Utc>,
    pub(crate) ends_at: DateTime<Utc>,
    /// Whether nothing else of the host's overlaps it.
    pub(crate) free: bool,
}

/// The times offered for a step, in order. A time that overlaps with one that anybody has taken from the host is not free.
pub(crate) async fn slots(tx: &mut Tx, step: StepId) -> Result<Vec<Slot>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    Ok(sqlx::query_as!(
        Slot,
        r#"select s.id, s.host_id as host, s.starts_at, s.ends_at, not exists (
             select from workflow.bookings b where b.tenant_id = $1 and b.host_id = s.host_id
               and b.starts_at < s.ends_at and b.ends_at > s.starts_at) as "free!"
           from workflow.slots s where s.tenant_id = $1 and s.step_id = $2 order by s.starts_at"#,
        tenant,
        step.0
    )
    .fetch_all(tx.conn())
    .await?)
}

/// The open meetings of other steps for which the host has offered times that overlap with a booked one.
pub(crate) async fn overlapping(tx: &mut Tx, step: StepId, booked: &Slot) -> Result<Vec<StepId>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let ids = sqlx::query_scalar!(
        "select distinct s.step_id from workflow.slots s
         join workflow.run_steps t on t.tenant_id = s.tenant_id and t.id = s.step_id
         where s.tenant_id = $1 and s.host_id = $2 and s.starts_at < $4 and s.ends_at > $3 and s.step_id <> $5
           and t.state in ('ready', 'active', 'returned')",
        tenant,
        booked.host,
        booked.starts_at,
        booked.ends_at,
        step.0
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.into_iter().map(StepId).collect())
}

/// Replaces the times offered for a step.
pub(crate) async fn offer(
    tx: &mut Tx,
    step: StepId,
    account: AccountId,
    host: PersonId,
    slots: &[(Uuid, DateTime<Utc>, DateTime<Utc>)],
) -> Result<(), StoreError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!("delete from workflow.slots where tenant_id = $1 and step_id = $2", tenant, step.0)
        .execute(tx.conn())
        .await?;
    let ids: Vec<Uuid> = slots.iter().map(|(id, ..)| *id).collect();
    let starts: Vec<DateTime<Utc>> = slots.iter().map(|(_, starts_at, _)| *starts_at).collect();
    let ends: Vec<DateTime<Utc>> = slots.iter().map(|(.., ends_at)| *ends_at).collect();
    sqlx::query!(
        "insert into workflow.slots (tenant_id, id, account_id, step_id, host_id, starts_at, ends_at)
         select $1, slot.id, $2, $3, $4, slot.starts_at, slot.ends_at
         from unnest($5::uuid[], $6::timestamptz[], $7::timestamptz[]) as slot (id, starts_at, ends_at)
         on conflict do nothing",
        tenant,
        account.0,
        step.0,
        host.0,
        &ids,
        &starts,
        &ends
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The slot that a step has booked.
pub(crate) async fn booked(tx: &mut Tx, step: StepId) -> Result<Option<Slot>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    Ok(sqlx::query_as!(
        Slot,
        r#"select slot_id as id, host_id as host, starts_at, ends_at, false as "free!" from workflow.bookings
           where tenant_id = $1 and step_id = $2"#,
        tenant,
        step.0
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Lets nobody else book with these people until the transaction ends. Everybody holds them in the same order, so that two who want the same
/// ones never wait for each other.
pub(crate) async fn hold_hosts(tx: &mut Tx, hosts: &[PersonId]) -> Result<(), StoreError> {
    let mut hosts = hosts.to_vec();
    hosts.sort_unstable();
    for host in hosts {
        hold_host(tx, host.0).await?;
    }
    Ok(())
}

async fn hold_host(tx: &mut Tx, host: Uuid) -> Result<(), StoreError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended($1, 0)) as held", format!("{tenant}:{host}"))
        .fetch_one(tx.conn())
        .await?;
    Ok(())
}

/// Books a slot. `false` where something that overlaps, or is nearer than `gap`, was booked first: bookings of one host come one
/// after the other.
pub(crate) async fn book(
    tx: &mut Tx,
    step: StepId,
    slot: &Slot,
    gap: TimeDelta,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let tenant = tx.ctx().tenant.0;
    hold_host(tx, slot.host).await?;
    let inserted = sqlx::query!(
        "insert into workflow.bookings (tenant_id, host_id, starts_at, ends_at, step_id, slot_id, booked_at)
         select $1, $2, $3, $4, $5, $6, $7 where not exists (
           select from workflow.bookings b where b.tenant_id = $1 and b.host_id = $2 and b.starts_at < $8 and b.ends_at > $9)
         on conflict do nothing",
        tenant,
        slot.host,
        slot.starts_at,
        slot.ends_at,
        step.0,
        slot.id,
        now,
        slot.ends_at + gap,
        slot.starts_at - gap
    )
    .execute(tx.conn())
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Gives back the time that a step has booked, when the step ends without its meeting.
pub(crate) async fn release(tx: &mut Tx, step: StepId) -> Result<(), StoreError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!("delete from workflow.bookings where tenant_id = $1 and step_id = $2", tenant, step.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}
