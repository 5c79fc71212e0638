//! Templates of papers.

use chrono::{DateTime, Utc};
use portico_core::VersionId;
use portico_db::Tx;
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use uuid::Uuid;

use super::{known, stored_pdf, stored_size};
use crate::{
    domain::{
        document::wrapped,
        library::key,
        paper_template::{PaperTemplate, Role, Terms},
        placement::{Placement, PlacementKind},
        retention::may_land,
        signature::{Level, Part, Side},
    },
    error::DocumentsError,
};

/// A role as it is stored.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct StoredRole {
    id: Uuid,
    title: String,
    side: String,
    part: String,
    turn: i32,
}

/// A field as it is stored.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct StoredField {
    id: Uuid,
    page: u32,
    area: [f64; 4],
    kind: String,
    role: Uuid,
    required: bool,
    label: String,
    choices: Vec<String>,
}

impl StoredRole {
    pub(super) fn of(role: &Role) -> Self {
        Self {
            id: role.id,
            title: role.title.clone(),
            side: role.side.word().to_owned(),
            part: role.part.word().to_owned(),
            turn: role.turn,
        }
    }

    pub(super) fn role(self) -> Result<Role, DocumentsError> {
        Ok(Role {
            id: self.id,
            title: self.title,
            side: known(Side::of(&self.side), &self.side)?,
            part: known(Part::of(&self.part), &self.part)?,
            turn: self.turn,
        })
    }
}

impl StoredField {
    pub(super) fn of(field: &Placement) -> Self {
        Self {
            id: field.id,
            page: field.page,
            area: field.area,
            kind: field.kind.word().to_owned(),
            role: field.signer,
            required: field.required,
            label: field.label.clone(),
            choices: field.choices.clone(),
        }
    }

    pub(super) fn placement(self) -> Result<Placement, DocumentsError> {
        Ok(Placement {
            id: self.id,
            paper: 1,
            page: self.page,
            area: self.area,
            kind: known(PlacementKind::of(&self.kind), &self.kind)?,
            signer: self.role,
            required: self.required,
            label: self.label,
            choices: self.choices,
            value: None,
        })
    }
}

struct Row {
    id: Uuid,
    title: String,
    level: String,
    sign_within_days: i32,
    roles: Json<Vec<StoredRole>>,
    fields: Json<Vec<StoredField>>,
    version_id: Uuid,
    file_name: String,
    size: i64,
    sha256: String,
    pages: i32,
    key_id: String,
    wrapped_key: Vec<u8>,
    created_by: Uuid,
    created_at: DateTime<Utc>,
    version: i32,
    uses: i32,
    archived_at: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for PaperTemplate {
    type Error = DocumentsError;

    fn try_from(row: Row) -> Result<Self, DocumentsError> {
        let roles = row.roles.0.into_iter().map(StoredRole::role);
        let fields = row.fields.0.into_iter().map(StoredField::placement);
        Ok(Self {
            id: row.id,
            terms: Terms {
                title: row.title,
                level: known(Level::of(&row.level), &row.level)?,
                sign_within_days: row.sign_within_days,
                roles: roles.collect::<Result<_, _>>()?,
            },
            fields: fields.collect::<Result<_, _>>()?,
            version_id: row.version_id.into(),
            file: stored_pdf(
                row.file_name,
                (row.size, row.pages),
                &row.sha256,
                wrapped(row.key_id, row.wrapped_key),
            )?,
            created_by: row.created_by.into(),
            created_at: row.created_at,
            version: row.version,
            uses: row.uses,
            archived_at: row.archived_at,
        })
    }
}

/// All templates: those on offer by title, then the archived ones.
pub(crate) async fn list(tx: &mut Tx, limit: i64) -> Result<Vec<PaperTemplate>, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let rows = sqlx::query_as!(
        Row,
        r#"select id, title, level, sign_within_days, roles as "roles: _", fields as "fields: _", version_id, file_name, size,
             sha256, pages, key_id, wrapped_key, created_by, created_at, version, uses, archived_at
           from documents.paper_templates where tenant_id = $1
           order by archived_at is not null, title_key limit $2"#,
        tenant,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(PaperTemplate::try_from).collect()
}

/// One of them.
pub(crate) async fn read(tx: &mut Tx, id: Uuid) -> Result<Option<PaperTemplate>, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let row = sqlx::query_as!(
        Row,
        r#"select id, title, level, sign_within_days, roles as "roles: _", fields as "fields: _", version_id, file_name, size,
             sha256, pages, key_id, wrapped_key, created_by, created_at, version, uses, archived_at
           from documents.paper_templates where tenant_id = $1 and id = $2"#,
        tenant,
        id
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(PaperTemplate::try_from).transpose()
}

/// The same, which nobody else changes before this transaction ends.
pub(crate) async fn lock(tx: &mut Tx, id: Uuid) -> Result<Option<PaperTemplate>, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query_scalar!(
        "select id from documents.paper_templates where tenant_id = $1 and id = $2 for update",
        tenant,
        id
    )
    .fetch_optional(tx.conn())
    .await?;
    read(tx, id).await
}

/// How many there are.
pub(crate) async fn count(tx: &mut Tx) -> Result<i64, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from documents.paper_templates where tenant_id = $1"#,
        tenant
    );
    Ok(count.fetch_one(tx.conn()).await?)
}

/// Titles that are taken, as they are compared.
pub(crate) async fn title_keys(tx: &mut Tx) -> Result<Vec<String>, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let keys =
        sqlx::query_scalar!("select title_key from documents.paper_templates where tenant_id = $1", tenant);
    Ok(keys.fetch_all(tx.conn()).await?)
}

/// Adds one.
///
/// # Errors
/// [`DocumentsError::TooSlow`] where its bytes were so long on their way that they may be gone.
pub(crate) async fn insert(tx: &mut Tx, template: &PaperTemplate) -> Result<(), DocumentsError> {
    if !may_land(template.version_id.0, template.created_at) {
        return Err(DocumentsError::TooSlow);
    }
    let tenant = tx.ctx().tenant.0;
    let (terms, file) = (&template.terms, &template.file);
    let roles: Vec<_> = terms.roles.iter().map(StoredRole::of).collect();
    let fields: Vec<_> = template.fields.iter().map(StoredField::of).collect();
    sqlx::query!(
        "insert into documents.paper_templates
           (tenant_id, id, title, title_key, level, sign_within_days, roles, fields, version_id, file_name, size, sha256, pages,
            key_id, wrapped_key, created_by, created_at, version)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
        tenant,
        template.id,
        terms.title,
        key(&terms.title),
        terms.level.word(),
        terms.sign_within_days,
        Json(roles) as _,
        Json(fields) as _,
        template.version_id.0,
        file.name,
        stored_size(file.size),
        file.sha256_text(),
        file.pages,
        file.key.key_id.0,
        file.key.bytes,
        template.created_by.0,
        template.created_at,
        template.version
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes what may change about one.
pub(crate) async fn update(tx: &mut Tx, template: &PaperTemplate) -> Result<(), DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let terms = &template.terms;
    let roles: Vec<_> = terms.roles.iter().map(StoredRole::of).collect();
    let fields: Vec<_> = template.fields.iter().map(StoredField::of).collect();
    sqlx::query!(
        "update documents.paper_templates
         set title = $3, title_key = $4, level = $5, sign_within_days = $6, roles = $7, fields = $8, version = $9, uses = $10,
           archived_at = $11
         where tenant_id = $1 and id = $2",
        tenant,
        template.id,
        terms.title,
        key(&terms.title),
        terms.level.word(),
        terms.sign_within_days,
        Json(roles) as _,
        Json(fields) as _,
        template.version,
        template.uses,
        template.archived_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Removes one; answers the id of its bytes, of which no row tells then.
pub(crate) async fn delete(tx: &mut Tx, id: Uuid) -> Result<Option<VersionId>, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let gone = sqlx::query_scalar!(
        "delete from documents.paper_templates where tenant_id = $1 and id = $2 returning version_id",
        tenant,
        id
    );
    Ok(gone.fetch_optional(tx.conn()).await?.map(VersionId))
}
