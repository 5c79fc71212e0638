//! The days on which a firm does not work.

use chrono::NaiveDate;
use portico_db::{StoreError, Tx};

/// The holidays of the context's firm, in order.
pub(crate) async fn list(tx: &mut Tx) -> Result<Vec<NaiveDate>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    Ok(sqlx::query_scalar!("select day from tenancy.holidays where tenant_id = $1 order by day", tenant)
        .fetch_all(tx.conn())
        .await?)
}

/// Makes `days` the holidays of the context's firm.
pub(crate) async fn replace(tx: &mut Tx, days: &[NaiveDate]) -> Result<(), StoreError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!("delete from tenancy.holidays where tenant_id = $1 and day <> all ($2)", tenant, days)
        .execute(tx.conn())
        .await?;
    sqlx::query!(
        "insert into tenancy.holidays (tenant_id, day) select $1, day from unnest($2::date[]) as day on conflict do nothing",
        tenant,
        days
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
