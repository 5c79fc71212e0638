//! Which bytes of the vault belong to a row.

use portico_core::VersionId;
use portico_db::Tx;
use uuid::Uuid;

use crate::error::DocumentsError;

/// Whether the firm of the context has any file at all, as far as the database knows.
pub(crate) async fn any(tx: &mut Tx) -> Result<bool, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let found = sqlx::query_scalar!(
        r#"select exists (select from documents.versions where tenant_id = $1)
             or exists (select from documents.templates where tenant_id = $1)
             or exists (select from documents.paper_templates where tenant_id = $1) as "any!""#,
        tenant
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(found)
}

/// Those of the versions of which no row tells, not even one of an upload that has just come to its end. The context must reach the whole firm.
pub(crate) async fn without_row(tx: &mut Tx, ids: &[Uuid]) -> Result<Vec<VersionId>, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let ids = sqlx::query_scalar!(
        r#"select id as "id!" from unnest($2::uuid[]) as blobs (id)
           where not exists (select from documents.versions v where v.tenant_id = $1 and v.id = blobs.id)
             and not exists (select from documents.templates t where t.tenant_id = $1 and t.version_id = blobs.id)
             and not exists (select from documents.paper_templates p where p.tenant_id = $1 and p.version_id = blobs.id)
             and not exists (select from documents.renditions r where r.tenant_id = $1 and r.id = blobs.id)
             and not exists (select from documents.uploads u where u.tenant_id = $1 and u.id = blobs.id)"#,
        tenant,
        ids
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.into_iter().map(VersionId).collect())
}
