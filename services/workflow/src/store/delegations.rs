//! Who approves in whose place, and until when.

use chrono::{DateTime, Utc};
use portico_core::{ActorKind, Ctx, PersonId};
use portico_db::{StoreError, Tx};
use uuid::Uuid;

use crate::domain::permissions::{Delegator, Viewer};

/// One delegation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Delegation {
    pub(crate) id: Uuid,
    pub(crate) from_person: Uuid,
    pub(crate) from_name: String,
    pub(crate) to_person: Uuid,
    pub(crate) to_name: String,
    pub(crate) roles: Vec<String>,
    pub(crate) until: DateTime<Utc>,
    pub(crate) reason: String,
}

/// Whoever acts in `ctx`, with those for whom they stand in now. Only the firm's people stand in for each other.
pub(crate) async fn viewer(tx: &mut Tx, ctx: &Ctx, now: DateTime<Utc>) -> Result<Viewer, StoreError> {
    let viewer = Viewer::of(ctx);
    let (ActorKind::Staff, Some(me)) = (ctx.actor.kind, ctx.actor.person) else { return Ok(viewer) };
    let tenant = tx.ctx().tenant.0;
    let rows = sqlx::query!(
        "select from_person, from_name, roles from workflow.delegations
         where tenant_id = $1 and to_person = $2 and until > $3 and ended_at is null order by created_at, id limit 50",
        tenant,
        me.0,
        now
    )
    .fetch_all(tx.conn())
    .await?;
    let delegators = rows.into_iter().map(|row| Delegator {
        person: PersonId(row.from_person),
        name: row.from_name,
        roles: row.roles,
    });
    Ok(viewer.standing_for(delegators.collect()))
}

/// Those that somebody has given, and those that they were given, as long as they hold.
pub(crate) async fn of(
    tx: &mut Tx,
    person: PersonId,
    now: DateTime<Utc>,
) -> Result<Vec<Delegation>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    Ok(sqlx::query_as!(
        Delegation,
        "select id, from_person, from_name, to_person, to_name, roles, until, reason from workflow.delegations
         where tenant_id = $1 and (from_person = $2 or to_person = $2) and until > $3 and ended_at is null
         order by until, id limit 100",
        tenant,
        person.0,
        now
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Keeps a delegation in place of any other between the same two.
pub(crate) async fn set(tx: &mut Tx, one: &Delegation, now: DateTime<Utc>) -> Result<(), StoreError> {
    end(tx, PersonId(one.from_person), PersonId(one.to_person), now).await?;
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "insert into workflow.delegations
           (tenant_id, id, from_person, from_name, to_person, to_name, roles, until, reason, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        tenant,
        one.id,
        one.from_person,
        one.from_name,
        one.to_person,
        one.to_name,
        &one.roles,
        one.until,
        one.reason,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Ends what somebody has asked of another. The name of whom they asked; nothing where nothing holds.
pub(crate) async fn end(
    tx: &mut Tx,
    from: PersonId,
    to: PersonId,
    now: DateTime<Utc>,
) -> Result<Option<String>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    Ok(sqlx::query_scalar!(
        "update workflow.delegations set ended_at = $4
         where tenant_id = $1 and from_person = $2 and to_person = $3 and ended_at is null and until > $4
         returning to_name",
        tenant,
        from.0,
        to.0,
        now
    )
    .fetch_optional(tx.conn())
    .await?)
}
