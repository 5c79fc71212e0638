//! Templates of requests.

use portico_db::Tx;
use sqlx::types::Json;
use uuid::Uuid;

use crate::{
    domain::{
        library::key,
        request_template::{RequestTemplate, TemplateItem},
    },
    error::DocumentsError,
};

struct Row {
    id: Uuid,
    title: String,
    items: Json<Vec<TemplateItem>>,
    due_days: i32,
    version: i32,
}

impl From<Row> for RequestTemplate {
    fn from(row: Row) -> Self {
        let Row { id, title, items, due_days, version } = row;
        Self { id, title, items: items.0, due_days, version }
    }
}

/// All templates, by title.
pub(crate) async fn list(tx: &mut Tx, limit: i64) -> Result<Vec<RequestTemplate>, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let rows = sqlx::query_as!(
        Row,
        r#"select id, title, items as "items: _", due_days, version from documents.request_templates
           where tenant_id = $1 order by title_key limit $2"#,
        tenant,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// How many there are.
pub(crate) async fn count(tx: &mut Tx) -> Result<i64, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from documents.request_templates where tenant_id = $1"#,
        tenant
    );
    Ok(count.fetch_one(tx.conn()).await?)
}

/// Adds one.
pub(crate) async fn insert(tx: &mut Tx, template: &RequestTemplate) -> Result<(), DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "insert into documents.request_templates (tenant_id, id, title, title_key, items, due_days, version)
         values ($1, $2, $3, $4, $5, $6, $7)",
        tenant,
        template.id,
        template.title,
        key(&template.title),
        Json(&template.items) as _,
        template.due_days,
        template.version
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The version of one, held until the transaction ends; nothing where it is not there.
pub(crate) async fn lock(tx: &mut Tx, id: Uuid) -> Result<Option<(i32, String)>, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let row = sqlx::query!(
        "select version, title from documents.request_templates where tenant_id = $1 and id = $2 for update",
        tenant,
        id
    );
    Ok(row.fetch_optional(tx.conn()).await?.map(|row| (row.version, row.title)))
}

/// Writes one in the place of what was there.
pub(crate) async fn update(tx: &mut Tx, template: &RequestTemplate) -> Result<(), DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "update documents.request_templates set title = $3, title_key = $4, items = $5, due_days = $6, version = $7
         where tenant_id = $1 and id = $2",
        tenant,
        template.id,
        template.title,
        key(&template.title),
        Json(&template.items) as _,
        template.due_days,
        template.version
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Removes one.
pub(crate) async fn delete(tx: &mut Tx, id: Uuid) -> Result<(), DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!("delete from documents.request_templates where tenant_id = $1 and id = $2", tenant, id)
        .execute(tx.conn())
        .await?;
    Ok(())
}
