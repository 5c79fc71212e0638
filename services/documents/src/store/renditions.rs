//! Office files as PDF. Whoever reads one has been let read its version.

use portico_core::{DocumentId, VersionId};
use portico_db::Tx;

use super::{hash, stored_size};
use crate::{domain::document::wrapped, error::DocumentsError, vault::Stored};

/// Keeps the rendition of a version, and how many pages it has.
pub(crate) async fn insert(
    tx: &mut Tx,
    version: VersionId,
    stored: &Stored,
    pages: i32,
) -> Result<(), DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "insert into documents.renditions (tenant_id, version_id, id, size, sha256, key_id, wrapped_key)
         values ($1, $2, $3, $4, $5, $6, $7)",
        tenant,
        version.0,
        stored.version.0,
        stored_size(stored.size),
        hex::encode(stored.sha256),
        stored.key.key_id.0,
        stored.key.bytes
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "update documents.versions set pages = $3 where tenant_id = $1 and id = $2",
        tenant,
        version.0,
        pages
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The rendition of a version of `document`.
pub(crate) async fn find(
    tx: &mut Tx,
    document: DocumentId,
    version: VersionId,
) -> Result<Option<Stored>, DocumentsError> {
    let tenant = tx.ctx().tenant;
    let row = sqlx::query!(
        "select id, size, sha256, key_id, wrapped_key from documents.renditions
         where tenant_id = $1 and version_id = $2",
        tenant.0,
        version.0
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Stored {
        tenant,
        document,
        version: row.id.into(),
        size: u64::try_from(row.size).unwrap_or_default(),
        sha256: hash(&row.sha256)?,
        key: wrapped(row.key_id, row.wrapped_key),
    }))
}
