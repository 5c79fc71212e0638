//! Portals and the versions of their definitions.

use portico_core::PortalId;
use portico_db::{StoreError, Tx};

/// The newest version of a portal.
pub(crate) async fn newest(tx: &mut Tx, id: PortalId) -> Result<Option<i32>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    Ok(sqlx::query_scalar!(
        "select version from workflow.portals where tenant_id = $1 and id = $2",
        tenant,
        id.0
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Every portal with its newest version.
pub(crate) async fn list(tx: &mut Tx) -> Result<Vec<(PortalId, i32)>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let rows =
        sqlx::query!("select id, version from workflow.portals where tenant_id = $1 order by id", tenant)
            .fetch_all(tx.conn())
            .await?;
    Ok(rows.into_iter().map(|row| (row.id.into(), row.version)).collect())
}

/// The definition as JSON.
pub(crate) async fn body(tx: &mut Tx, portal: PortalId, version: i32) -> Result<Option<String>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    Ok(sqlx::query_scalar!(
        "select body from workflow.definitions where tenant_id = $1 and portal_id = $2 and version = $3",
        tenant,
        portal.0,
        version
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Keeps a version. The newest is the one with the highest number, in whatever order they arrive.
pub(crate) async fn insert(
    tx: &mut Tx,
    portal: PortalId,
    name: &str,
    version: i32,
    hash: &str,
    body: &str,
) -> Result<(), StoreError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "insert into workflow.portals (tenant_id, id, name, version) values ($1, $2, $3, $4)
         on conflict (tenant_id, id) do update set
           name = excluded.name, version = greatest(portals.version, excluded.version)",
        tenant,
        portal.0,
        name,
        version
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "insert into workflow.definitions (tenant_id, portal_id, version, hash, body) values ($1, $2, $3, $4, $5)
         on conflict do nothing",
        tenant,
        portal.0,
        version,
        hash,
        body
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Forgets versions that are neither the newest nor needed by a run.
pub(crate) async fn sweep(tx: &mut Tx, portal: PortalId) -> Result<(), StoreError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "delete from workflow.definitions d using workflow.portals p
         where d.tenant_id = $1 and d.portal_id = $2 and p.tenant_id = $1 and p.id = $2 and d.version < p.version
           and not exists (select from workflow.runs r
             where r.tenant_id = $1 and r.portal_id = $2 and r.portal_version = d.version)",
        tenant,
        portal.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
