//! What a repeated command answers.

use chrono::{DateTime, Utc};
use portico_db::{StoreError, Tx};
use uuid::Uuid;

/// What the command made when it was first given, and its event.
pub(crate) async fn find(
    tx: &mut Tx,
    command: &str,
    key: &str,
) -> Result<Option<(Uuid, String)>, StoreError> {
    if key.is_empty() {
        return Ok(None);
    }
    let (tenant, actor) = (tx.ctx().tenant.0, actor(tx));
    let row = sqlx::query!(
        "select object_id, event from workflow.idempotency_keys
         where tenant_id = $1 and command = $2 and actor = $3 and key = $4",
        tenant,
        command,
        actor,
        key
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| (row.object_id, row.event)))
}

/// Remembers what a command has made. Of two at the same moment the second waits here and then fails as a duplicate.
pub(crate) async fn remember(
    tx: &mut Tx,
    command: &str,
    key: &str,
    object: Uuid,
    event: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    if key.is_empty() {
        return Ok(());
    }
    let (tenant, actor) = (tx.ctx().tenant.0, actor(tx));
    sqlx::query!(
        "insert into workflow.idempotency_keys (tenant_id, command, actor, key, object_id, event, created_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
        tenant,
        command,
        actor,
        key,
        object,
        event,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Claims a key for a command that was sent with this body, of which `hash` is the SHA-256; `false` where the actor has sent the command
/// with the same key and another body. Of two at the same moment the second waits here.
pub(crate) async fn claim(
    tx: &mut Tx,
    command: &str,
    key: &str,
    hash: [u8; 32],
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let (tenant, actor) = (tx.ctx().tenant.0, actor(tx));
    sqlx::query!(
        "insert into workflow.idempotency_keys (tenant_id, command, actor, key, object_id, event, created_at, body_hash)
         values ($1, $2, $3, $4, $5, '', $6, $7) on conflict (tenant_id, command, actor, key) do nothing",
        tenant,
        command,
        actor,
        key,
        Uuid::nil(),
        now,
        &hash[..]
    )
    .execute(tx.conn())
    .await?;
    let known = sqlx::query_scalar!(
        "select body_hash from workflow.idempotency_keys
         where tenant_id = $1 and command = $2 and actor = $3 and key = $4",
        tenant,
        command,
        actor,
        key
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(known.as_deref() == Some(&hash[..]))
}

fn actor(tx: &Tx) -> String {
    tx.ctx().actor.person.map_or_else(|| tx.ctx().actor.kind.as_str().to_owned(), |person| person.to_string())
}
