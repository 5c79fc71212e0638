//! The bytes of logos.

use portico_db::{StoreError, Tx};

use crate::domain::logo::Logo;

/// The logo of the context's firm: its bytes and media type.
pub(crate) async fn read(tx: &mut Tx) -> Result<Option<(Vec<u8>, String)>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let row = sqlx::query!("select bytes, media_type from tenancy.logos where tenant_id = $1", tenant)
        .fetch_optional(tx.conn())
        .await?;
    Ok(row.map(|row| (row.bytes, row.media_type)))
}

/// Gives the context's firm this logo in place of the one that was.
pub(crate) async fn put(tx: &mut Tx, logo: &Logo) -> Result<(), StoreError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "insert into tenancy.logos (tenant_id, media_type, bytes) values ($1, $2, $3)
         on conflict (tenant_id) do update set media_type = excluded.media_type, bytes = excluded.bytes",
        tenant,
        logo.media_type,
        logo.bytes
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
