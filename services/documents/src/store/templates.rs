//! Template files.

use chrono::{DateTime, Utc};
use portico_core::VersionId;
use portico_db::Tx;
use uuid::Uuid;

use super::{stored_pdf, stored_size};
use crate::{
    domain::{
        document::{Template, wrapped},
        retention::may_land,
    },
    error::DocumentsError,
};

struct Row {
    path: String,
    version_id: Uuid,
    file_name: String,
    size: i64,
    sha256: String,
    pages: i32,
    key_id: String,
    wrapped_key: Vec<u8>,
    uploaded_by: Uuid,
    uploaded_at: DateTime<Utc>,
}

impl TryFrom<Row> for Template {
    type Error = DocumentsError;

    fn try_from(row: Row) -> Result<Self, DocumentsError> {
        Ok(Self {
            path: row.path,
            version_id: row.version_id.into(),
            file: stored_pdf(
                row.file_name,
                (row.size, row.pages),
                &row.sha256,
                wrapped(row.key_id, row.wrapped_key),
            )?,
            uploaded_by: row.uploaded_by.into(),
            uploaded_at: row.uploaded_at,
        })
    }
}

/// The firm's templates, by path.
pub(crate) async fn list(tx: &mut Tx) -> Result<Vec<Template>, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let rows = sqlx::query_as!(
        Row,
        "select path, version_id, file_name, size, sha256, pages, key_id, wrapped_key, uploaded_by, uploaded_at
         from documents.templates where tenant_id = $1 order by path",
        tenant
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(Template::try_from).collect()
}

/// The template with this path.
pub(crate) async fn read(tx: &mut Tx, path: &str) -> Result<Option<Template>, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let row = sqlx::query_as!(
        Row,
        "select path, version_id, file_name, size, sha256, pages, key_id, wrapped_key, uploaded_by, uploaded_at
         from documents.templates where tenant_id = $1 and path = $2",
        tenant,
        path
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(Template::try_from).transpose()
}

/// Puts a template in the place of the one with its path, whose bytes are named in the answer.
///
/// # Errors
/// [`DocumentsError::TooSlow`] where its bytes were so long on their way that they may be gone.
pub(crate) async fn put(tx: &mut Tx, template: &Template) -> Result<Option<VersionId>, DocumentsError> {
    if !may_land(template.version_id.0, template.uploaded_at) {
        return Err(DocumentsError::TooSlow);
    }
    let tenant = tx.ctx().tenant.0;
    let file = &template.file;
    let before = sqlx::query_scalar!(
        "select version_id from documents.templates where tenant_id = $1 and path = $2 for update",
        tenant,
        template.path
    )
    .fetch_optional(tx.conn())
    .await?;
    sqlx::query!(
        "insert into documents.templates
           (tenant_id, path, version_id, file_name, size, sha256, pages, key_id, wrapped_key, uploaded_by, uploaded_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         on conflict (tenant_id, path) do update set version_id = excluded.version_id, file_name = excluded.file_name,
           size = excluded.size, sha256 = excluded.sha256, pages = excluded.pages, key_id = excluded.key_id,
           wrapped_key = excluded.wrapped_key, uploaded_by = excluded.uploaded_by, uploaded_at = excluded.uploaded_at",
        tenant,
        template.path,
        template.version_id.0,
        file.name,
        stored_size(file.size),
        file.sha256_text(),
        file.pages,
        file.key.key_id.0,
        file.key.bytes,
        template.uploaded_by.0,
        template.uploaded_at
    )
    .execute(tx.conn())
    .await?;
    Ok(before.map(Into::into))
}
