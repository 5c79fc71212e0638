//! Firms and their hosts.

use chrono::{DateTime, Utc};
use portico_core::TenantId;
use portico_db::{Store, StoreError, Tx};
use uuid::Uuid;

use crate::domain::tenant::{Profile, Tenant};

struct Row {
    id: Uuid,
    slug: String,
    name: String,
    colour: String,
    logo_hash: String,
    time_zone: String,
    language: String,
    sender_address: String,
    allow_unscanned_files: bool,
    version: i32,
    hosts: Vec<String>,
}

impl From<Row> for Tenant {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.into(),
            slug: row.slug,
            profile: Profile {
                name: row.name,
                colour: row.colour,
                time_zone: row.time_zone,
                language: row.language,
                sender_address: row.sender_address,
                allow_unscanned_files: row.allow_unscanned_files,
            },
            logo_hash: row.logo_hash,
            hosts: row.hosts,
            version: row.version,
        }
    }
}

/// The firm to which a host leads.
pub(crate) async fn find_by_host(store: &Store, host: &str) -> Result<Option<TenantId>, StoreError> {
    let mut plumbing = store.plumbing().await?;
    let id = sqlx::query_scalar!("select tenant_id from tenancy.hosts where host = $1", host)
        .fetch_optional(&mut *plumbing)
        .await?;
    Ok(id.map(TenantId))
}

/// The firm with this slug, and the key with which it was made.
pub(crate) async fn find_by_slug(
    store: &Store,
    slug: &str,
) -> Result<Option<(TenantId, String)>, StoreError> {
    let mut plumbing = store.plumbing().await?;
    let row = sqlx::query!("select id, idempotency_key from tenancy.tenants where slug = $1", slug)
        .fetch_optional(&mut *plumbing)
        .await?;
    Ok(row.map(|row| (TenantId(row.id), row.idempotency_key)))
}

/// All firms whose slug comes after `after`, by slug.
pub(crate) async fn list(
    store: &Store,
    after: Option<String>,
    limit: i64,
) -> Result<Vec<Tenant>, StoreError> {
    let mut plumbing = store.plumbing().await?;
    let rows = sqlx::query_as!(
        Row,
        r#"select id, slug, name, colour, logo_hash, time_zone, language, sender_address, allow_unscanned_files, version,
             array(select h.host from tenancy.hosts h where h.tenant_id = t.id order by h.created_at, h.host) as "hosts!"
           from tenancy.tenants t
           where $1::text is null or slug > $1
           order by slug limit $2"#,
        after,
        limit
    )
    .fetch_all(&mut *plumbing)
    .await?;
    Ok(rows.into_iter().map(Tenant::from).collect())
}

/// The firm of the context.
pub(crate) async fn read(tx: &mut Tx) -> Result<Option<Tenant>, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let row = sqlx::query_as!(
        Row,
        r#"select id, slug, name, colour, logo_hash, time_zone, language, sender_address, allow_unscanned_files, version,
             array(select h.host from tenancy.hosts h where h.tenant_id = $1 order by h.created_at, h.host) as "hosts!"
           from tenancy.tenants where tenant_id = $1 and id = $1"#,
        tenant
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(Tenant::from))
}

/// Adds the firm of the context with its hosts.
pub(crate) async fn insert(
    tx: &mut Tx,
    tenant: &Tenant,
    idempotency_key: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let profile = &tenant.profile;
    sqlx::query!(
        "insert into tenancy.tenants
           (tenant_id, id, slug, name, colour, logo_hash, time_zone, language, sender_address, allow_unscanned_files,
            idempotency_key, version, created_at, updated_at)
         values ($1, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12)",
        tenant.id.0,
        tenant.slug,
        profile.name,
        profile.colour,
        tenant.logo_hash,
        profile.time_zone,
        profile.language,
        profile.sender_address,
        profile.allow_unscanned_files,
        idempotency_key,
        tenant.version,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Gives the firm of the context a host; `false` where it leads to another firm.
pub(crate) async fn insert_host(tx: &mut Tx, host: &str, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let inserted = sqlx::query!(
        "insert into tenancy.hosts (tenant_id, host, created_at) values ($1, $2, $3) on conflict do nothing",
        tenant,
        host,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Changes the firm of the context if `version` is still its present one; answers whether it was.
pub(crate) async fn update(
    tx: &mut Tx,
    profile: &Profile,
    logo_hash: Option<&str>,
    version: i32,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let tenant = tx.ctx().tenant.0;
    let updated = sqlx::query!(
        "update tenancy.tenants
         set name = $2, colour = $3, time_zone = $4, language = $5, sender_address = $6, allow_unscanned_files = $7,
           logo_hash = coalesce($8, logo_hash), version = version + 1, updated_at = $9
         where tenant_id = $1 and id = $1 and version = $10",
        tenant,
        profile.name,
        profile.colour,
        profile.time_zone,
        profile.language,
        profile.sender_address,
        profile.allow_unscanned_files,
        logo_hash,
        now,
        version
    )
    .execute(tx.conn())
    .await?;
    Ok(updated.rows_affected() == 1)
}
