//! Password hashes.

use chrono::{DateTime, Utc};
use portico_core::PersonId;
use portico_db::{StoreError, Tx};

/// The hash of a person's password as a PHC string.
pub(crate) async fn read(tx: &mut Tx, person: PersonId) -> Result<Option<String>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    Ok(sqlx::query_scalar!(
        "select phc from identity.credentials where tenant_id = $1 and person_id = $2",
        tenant,
        person.0
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Gives a person this hash in place of `before`; `false` where another one is there by now.
pub(crate) async fn replace(
    tx: &mut Tx,
    person: PersonId,
    before: Option<&str>,
    phc: &str,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let changed = match before {
        None => {
            sqlx::query!(
                "insert into identity.credentials (tenant_id, person_id, phc, set_at) values ($1, $2, $3, $4)
                 on conflict do nothing",
                tenant,
                person.0,
                phc,
                now
            )
            .execute(tx.conn())
            .await?
        }
        Some(before) => {
            sqlx::query!(
                "update identity.credentials set phc = $3, set_at = $4
                 where tenant_id = $1 and person_id = $2 and phc = $5",
                tenant,
                person.0,
                phc,
                now,
                before
            )
            .execute(tx.conn())
            .await?
        }
    };
    Ok(changed.rows_affected() == 1)
}

/// Takes a person's password away.
pub(crate) async fn delete(tx: &mut Tx, person: PersonId) -> Result<(), StoreError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "delete from identity.credentials where tenant_id = $1 and person_id = $2",
        tenant,
        person.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
