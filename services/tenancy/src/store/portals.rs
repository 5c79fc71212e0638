//! Portals and their versions.

use chrono::{DateTime, Utc};
use portico_core::{PersonId, PortalId};
use portico_db::{StoreError, Tx};
use uuid::Uuid;

use crate::domain::portal::{Portal, PortalVersion};

struct Row {
    id: Uuid,
    name: String,
    title: String,
    version: i32,
    hash: String,
    audience: String,
    published_at: DateTime<Utc>,
    yaml: String,
    definition: String,
}

impl From<Row> for PortalVersion {
    fn from(row: Row) -> Self {
        Self {
            portal: Portal {
                id: row.id.into(),
                name: row.name,
                title: row.title,
                version: row.version,
                hash: row.hash,
                audience: row.audience,
                published_at: row.published_at,
            },
            yaml: row.yaml,
            definition_json: row.definition,
        }
    }
}

/// One version of a portal, the newest where none is named; found by id or by name.
pub(crate) async fn read(
    tx: &mut Tx,
    id: Option<PortalId>,
    name: Option<&str>,
    version: Option<i32>,
) -> Result<Option<PortalVersion>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let row = sqlx::query_as!(
        Row,
        r#"select p.id, p.name, v.title, v.version, v.hash, v.audience, v.published_at, v.yaml,
             v.definition::text as "definition!"
           from tenancy.portals p
           join tenancy.portal_versions v
             on v.tenant_id = p.tenant_id and v.portal_id = p.id and v.version = coalesce($4, p.version)
           where p.tenant_id = $1 and (p.id = $2 or p.name = $3)"#,
        tenant,
        id.map(|id| id.0),
        name,
        version
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(PortalVersion::from))
}

/// The newest version of every portal, by title.
pub(crate) async fn list(tx: &mut Tx) -> Result<Vec<PortalVersion>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let rows = sqlx::query_as!(
        Row,
        r#"select p.id, p.name, v.title, v.version, v.hash, v.audience, v.published_at, v.yaml,
             v.definition::text as "definition!"
           from tenancy.portals p
           join tenancy.portal_versions v
             on v.tenant_id = p.tenant_id and v.portal_id = p.id and v.version = p.version
           where p.tenant_id = $1
           order by lower(v.title), p.id limit 500"#,
        tenant
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(PortalVersion::from).collect())
}

/// Moves a portal from version `base` to the next, making it at version 1 where `base` is 0, and answers its id; none
/// where somebody else was first.
pub(crate) async fn advance(
    tx: &mut Tx,
    fresh_id: PortalId,
    name: &str,
    base: i32,
    now: DateTime<Utc>,
) -> Result<Option<PortalId>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let id = if base == 0 {
        sqlx::query_scalar!(
            "insert into tenancy.portals (tenant_id, id, name, version, created_at) values ($1, $2, $3, 1, $4)
             on conflict (tenant_id, name) do nothing returning id",
            tenant,
            fresh_id.0,
            name,
            now
        )
        .fetch_optional(tx.conn())
        .await?
    } else {
        sqlx::query_scalar!(
            "update tenancy.portals set version = version + 1 where tenant_id = $1 and name = $2 and version = $3
             returning id",
            tenant,
            name,
            base
        )
        .fetch_optional(tx.conn())
        .await?
    };
    Ok(id.map(PortalId))
}

/// Adds a version.
pub(crate) async fn insert_version(
    tx: &mut Tx,
    version: &PortalVersion,
    published_by: Option<PersonId>,
) -> Result<(), StoreError> {
    let tenant = tx.ctx().tenant.0;
    let portal = &version.portal;
    sqlx::query!(
        "insert into tenancy.portal_versions
           (tenant_id, portal_id, version, title, audience, hash, yaml, definition, published_by, published_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8::text::json, $9, $10)",
        tenant,
        portal.id.0,
        portal.version,
        portal.title,
        portal.audience,
        portal.hash,
        version.yaml,
        version.definition_json,
        published_by.map(|id| id.0),
        portal.published_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
