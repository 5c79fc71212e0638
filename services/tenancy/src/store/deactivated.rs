//! Whom identity has deactivated, as far as this service knows.

use chrono::{DateTime, Utc};
use portico_core::PersonId;
use portico_db::{StoreError, Tx};

/// Makes a person's places and roles count for nothing.
pub(crate) async fn insert(tx: &mut Tx, person: PersonId, since: DateTime<Utc>) -> Result<(), StoreError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "insert into tenancy.deactivated_people (tenant_id, person_id, since) values ($1, $2, $3)
         on conflict do nothing",
        tenant,
        person.0,
        since
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Makes a person's places and roles count again.
pub(crate) async fn delete(tx: &mut Tx, person: PersonId) -> Result<(), StoreError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "delete from tenancy.deactivated_people where tenant_id = $1 and person_id = $2",
        tenant,
        person.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
