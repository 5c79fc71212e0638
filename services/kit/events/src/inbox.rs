//! Effects once: what a consumer has handled is written down in the transaction of the effect.

use portico_core::EventId;
use portico_db::{StoreError, Tx};
use sqlx::AssertSqlSafe;

use crate::Received;

/// Claims an event for `consumer` within `tx`, whose context is that of the event's firm. `false` means that it was handled before:
/// leave it alone and answer `Ok`. Where another process is at it, this waits for how that ends.
///
/// # Errors
/// [`StoreError`]; in particular [`StoreError::Refused`] in the context of another firm than the event's.
pub async fn claim(tx: &mut Tx, consumer: &str, event: &Received) -> Result<bool, StoreError> {
    let statement = format!(
        "insert into {}.inbox (tenant_id, consumer, event_id, handled_at) values ($1, $2, $3, now()) on conflict do nothing",
        tx.service()
    );
    let inserted = sqlx::query(AssertSqlSafe(statement))
        .bind(event.tenant.0)
        .bind(consumer)
        .bind(event.id.0)
        .execute(tx.conn())
        .await?
        .rows_affected();
    Ok(inserted == 1)
}

/// Whether some consumer of this service has handled the event.
///
/// # Errors
/// [`StoreError`] where the database does not answer.
pub async fn has_seen(tx: &mut Tx, event: EventId) -> Result<bool, StoreError> {
    Ok(count_consumers(tx, event, &[]).await? > 0)
}

/// How many of `consumers` have handled the event; of all consumers where none is named.
pub(crate) async fn count_consumers(
    tx: &mut Tx,
    event: EventId,
    consumers: &[&str],
) -> Result<i64, StoreError> {
    let statement = format!(
        "select count(*) from {}.inbox
         where tenant_id = portico.tenant() and event_id = $1 and (cardinality($2::text[]) = 0 or consumer = any ($2))",
        tx.service()
    );
    Ok(sqlx::query_scalar(AssertSqlSafe(statement))
        .bind(event.0)
        .bind(consumers)
        .fetch_one(tx.conn())
        .await?)
}
