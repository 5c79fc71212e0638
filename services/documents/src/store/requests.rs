//! Requests, their rows and the files in them.

use chrono::{DateTime, Utc};
use portico_core::{ItemId, RequestId, StepId, VersionId};
use portico_db::Tx;

use super::{known, stored_size};
use crate::{
    content::Accept,
    domain::request::{Item, ItemState, Request, RequestState, accept_word},
    error::DocumentsError,
};

/// The request of a step.
pub(crate) async fn find_by_step(tx: &mut Tx, step: StepId) -> Result<Option<Request>, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let id = sqlx::query_scalar!(
        "select id from documents.requests where tenant_id = $1 and step_id = $2",
        tenant,
        step.0
    )
    .fetch_optional(tx.conn())
    .await?;
    match id {
        Some(id) => read(tx, id.into()).await,
        None => Ok(None),
    }
}

/// The request of a row.
pub(crate) async fn find_by_item(tx: &mut Tx, item: ItemId) -> Result<Option<Request>, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let id = sqlx::query_scalar!(
        "select request_id from documents.items where tenant_id = $1 and id = $2",
        tenant,
        item.0
    )
    .fetch_optional(tx.conn())
    .await?;
    match id {
        Some(id) => read(tx, id.into()).await,
        None => Ok(None),
    }
}

/// The request, which nobody else changes before this transaction ends.
pub(crate) async fn lock(tx: &mut Tx, id: RequestId) -> Result<Option<Request>, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query_scalar!(
        "select id from documents.requests where tenant_id = $1 and id = $2 for update",
        tenant,
        id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    read(tx, id).await
}

async fn read(tx: &mut Tx, id: RequestId) -> Result<Option<Request>, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let row = sqlx::query!(
        "select account_id, run_id, step_id, attempt, record_id, title, state, reviewed
         from documents.requests where tenant_id = $1 and id = $2",
        tenant,
        id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let items = items(tx, id).await?;
    Ok(Some(Request {
        id,
        account_id: row.account_id.into(),
        run_id: row.run_id.into(),
        step_id: row.step_id.into(),
        attempt: row.attempt,
        record_id: row.record_id.into(),
        title: row.title,
        state: known(RequestState::of(&row.state), &row.state)?,
        reviewed: row.reviewed,
        items,
    }))
}

async fn items(tx: &mut Tx, request: RequestId) -> Result<Vec<Item>, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    // One statement for the rows and their files: read one after the other they could come from before and after a verdict.
    let rows = sqlx::query!(
        "select i.id, i.name, i.why, i.accept, i.min_files, i.max_files, i.max_bytes, i.state, i.reason,
           coalesce(array_agg(v.id order by f.added_at, v.id) filter (where v.id is not null), '{}') as \"files!\",
           coalesce(bool_or(v.scan = 'pending'), false) as \"awaits_scan!\"
         from documents.items i
         left join documents.item_files f on f.tenant_id = $1 and f.item_id = i.id and not f.superseded
         left join documents.versions v on v.tenant_id = $1 and v.id = f.version_id
         where i.tenant_id = $1 and i.request_id = $2 group by i.tenant_id, i.id order by i.position",
        tenant,
        request.0
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Item {
                id: row.id.into(),
                name: row.name,
                why: row.why,
                accept: row.accept.iter().filter_map(|word| Accept::from_word(word)).collect(),
                min: row.min_files,
                max: row.max_files,
                max_bytes: u64::try_from(row.max_bytes).unwrap_or_default(),
                state: known(ItemState::of(&row.state), &row.state)?,
                reason: row.reason,
                files: row.files.into_iter().map(VersionId::from).collect(),
                awaits_scan: row.awaits_scan,
            })
        })
        .collect()
}

/// Adds a request with its rows.
pub(crate) async fn insert(tx: &mut Tx, request: &Request, now: DateTime<Utc>) -> Result<(), DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "insert into documents.requests
           (tenant_id, id, account_id, run_id, step_id, attempt, record_id, title, state, reviewed, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        tenant,
        request.id.0,
        request.account_id.0,
        request.run_id.0,
        request.step_id.0,
        request.attempt,
        request.record_id.0,
        request.title,
        request.state.word(),
        request.reviewed,
        now
    )
    .execute(tx.conn())
    .await?;
    for (position, item) in (1..).zip(&request.items) {
        let accept: Vec<String> = item.accept.iter().map(|accept| accept_word(*accept).to_owned()).collect();
        sqlx::query!(
            "insert into documents.items
               (tenant_id, id, account_id, request_id, position, name, why, accept, min_files, max_files, max_bytes, state)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
            tenant,
            item.id.0,
            request.account_id.0,
            request.id.0,
            position,
            item.name,
            item.why,
            &accept,
            item.min,
            item.max,
            stored_size(item.max_bytes),
            item.state.word()
        )
        .execute(tx.conn())
        .await?;
    }
    Ok(())
}

/// Writes how the request stands, and its attempt.
pub(crate) async fn update(tx: &mut Tx, request: &Request) -> Result<(), DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "update documents.requests set state = $3, attempt = $4 where tenant_id = $1 and id = $2",
        tenant,
        request.id.0,
        request.state.word(),
        request.attempt
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes how a row stands.
pub(crate) async fn update_item(tx: &mut Tx, item: &Item) -> Result<(), DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "update documents.items set state = $3, reason = $4 where tenant_id = $1 and id = $2",
        tenant,
        item.id.0,
        item.state.word(),
        item.reason
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Puts a file into a row.
pub(crate) async fn add_file(
    tx: &mut Tx,
    request: &Request,
    item: ItemId,
    version: VersionId,
    now: DateTime<Utc>,
) -> Result<(), DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "insert into documents.item_files (tenant_id, account_id, item_id, version_id, added_at)
         values ($1, $2, $3, $4, $5)",
        tenant,
        request.account_id.0,
        item.0,
        version.0,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes a file out of a row.
pub(crate) async fn remove_file(tx: &mut Tx, item: ItemId, version: VersionId) -> Result<(), DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "delete from documents.item_files where tenant_id = $1 and item_id = $2 and version_id = $3",
        tenant,
        item.0,
        version.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The row that a file is in, and its request; nothing where it is in none or part of the history.
pub(crate) async fn row_of_file(
    tx: &mut Tx,
    version: VersionId,
) -> Result<Option<(RequestId, ItemId)>, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let row = sqlx::query!(
        "select i.request_id, i.id from documents.item_files f
         join documents.items i on i.tenant_id = $1 and i.id = f.item_id
         where f.tenant_id = $1 and f.version_id = $2 and not f.superseded",
        tenant,
        version.0
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| (row.request_id.into(), row.id.into())))
}

/// Makes one file of a row part of the history.
pub(crate) async fn supersede_file(
    tx: &mut Tx,
    item: ItemId,
    version: VersionId,
) -> Result<(), DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "update documents.item_files set superseded = true where tenant_id = $1 and item_id = $2 and version_id = $3",
        tenant,
        item.0,
        version.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Makes a row's files part of the history.
pub(crate) async fn supersede_files(tx: &mut Tx, item: ItemId) -> Result<(), DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "update documents.item_files set superseded = true where tenant_id = $1 and item_id = $2",
        tenant,
        item.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
