//! Documents.

use chrono::{DateTime, Utc};
use portico_core::{AccountId, DocumentId, RecordId, StepId};
use portico_db::Tx;
use uuid::Uuid;

use super::{known, reach};
use crate::{
    domain::{
        document::{Document, DocumentKind},
        library::{Shelf, key},
    },
    error::DocumentsError,
};

struct Row {
    id: Uuid,
    account_id: Uuid,
    internal: bool,
    kind: String,
    title: String,
    record_id: Option<Uuid>,
    step_id: Option<Uuid>,
    bound: bool,
    created_by: Uuid,
    created_at: DateTime<Utc>,
    folder_id: Option<Uuid>,
    sharing_id: Option<Uuid>,
    trashed_at: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for Document {
    type Error = DocumentsError;

    fn try_from(row: Row) -> Result<Self, DocumentsError> {
        Ok(Self {
            id: row.id.into(),
            account_id: row.account_id.into(),
            internal: row.internal,
            kind: known(DocumentKind::of(&row.kind), &row.kind)?,
            title: row.title,
            record_id: row.record_id.map(Into::into),
            step_id: row.step_id.map(Into::into),
            bound: row.bound,
            created_by: row.created_by.into(),
            created_at: row.created_at,
            shelf: Shelf {
                folder: row.folder_id.map(Into::into),
                own_sharing: row.sharing_id.is_some(),
                trashed_at: row.trashed_at,
            },
        })
    }
}

/// A document within the caller's reach.
pub(crate) async fn read(tx: &mut Tx, id: DocumentId) -> Result<Option<Document>, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let row = sqlx::query_as!(
        Row,
        "select id, account_id, internal, kind, title, record_id, step_id, bound, created_by, created_at,
           folder_id, sharing_id, trashed_at
         from documents.documents where tenant_id = $1 and id = $2",
        tenant,
        id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(Document::try_from).transpose()
}

/// Adds a document.
pub(crate) async fn insert(tx: &mut Tx, document: &Document) -> Result<(), DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "insert into documents.documents
           (tenant_id, id, account_id, internal, kind, title, record_id, step_id, bound, created_by, created_at, folder_id,
            title_key)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        tenant,
        document.id.0,
        document.account_id.0,
        document.internal,
        document.kind.word(),
        document.title,
        document.record_id.map(|id| id.0),
        document.step_id.map(|id| id.0),
        document.bound,
        document.created_by.0,
        document.created_at,
        document.shelf.folder.map(|id| id.0),
        document.shelf.folder.map_or_else(String::new, |_| key(&document.title))
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Gives a document another title, unless it lies in a folder, where people know it by its name.
pub(crate) async fn retitle(tx: &mut Tx, id: DocumentId, title: &str) -> Result<(), DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "update documents.documents set title = $3 where tenant_id = $1 and id = $2 and folder_id is null",
        tenant,
        id.0,
        title
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Gives a fresh upload to its owner, together with its versions; `false` where it is bound already.
pub(crate) async fn bind(
    tx: &mut Tx,
    id: DocumentId,
    kind: DocumentKind,
    account: AccountId,
    (record, step): (Option<RecordId>, Option<StepId>),
    internal: bool,
) -> Result<bool, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let bound = sqlx::query!(
        "update documents.documents set kind = $3, account_id = $4, record_id = $5, internal = $6, step_id = $7,
           bound = true
         where tenant_id = $1 and id = $2 and not bound",
        tenant,
        id.0,
        kind.word(),
        account.0,
        record.map(|id| id.0),
        internal,
        step.map(|id| id.0)
    )
    .execute(tx.conn())
    .await?;
    if bound.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query!(
        "update documents.versions set account_id = $3, internal = $4 where tenant_id = $1 and document_id = $2",
        tenant,
        id.0,
        account.0,
        internal
    )
    .execute(tx.conn())
    .await?;
    Ok(true)
}

/// The oldest uploads from before `before` that nobody has bound, held until the transaction ends. Those that somebody is
/// binding at this moment are passed over.
pub(crate) async fn hold_unbound(
    tx: &mut Tx,
    before: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<Document>, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let rows = sqlx::query_as!(
        Row,
        "select id, account_id, internal, kind, title, record_id, step_id, bound, created_by, created_at,
           folder_id, sharing_id, trashed_at
         from documents.documents where tenant_id = $1 and not bound and created_at < $2
         order by created_at limit $3 for update skip locked",
        tenant,
        before,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(Document::try_from).collect()
}

/// Removes a document that has no version left.
pub(crate) async fn delete(tx: &mut Tx, id: DocumentId) -> Result<(), DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!("delete from documents.documents where tenant_id = $1 and id = $2", tenant, id.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Those of these that are bound, or the caller's own, and not in the trash, newest first.
pub(crate) async fn named(tx: &mut Tx, ids: &[DocumentId]) -> Result<Vec<Document>, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let reach = reach(tx);
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let person = tx.ctx().actor.person.map(|id| id.0);
    let rows = sqlx::query_as!(
        Row,
        "select id, account_id, internal, kind, title, record_id, step_id, bound, created_by, created_at, folder_id,
           sharing_id, trashed_at
         from documents.documents
         where tenant_id = $1 and id = any ($2) and trashed_at is null and (bound or created_by = $4)
           and ($3::uuid[] is null or account_id = any ($3))
         order by created_at desc, id desc",
        tenant,
        &ids,
        reach.as_deref(),
        person
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(Document::try_from).collect()
}

/// What both sides have to show of the caller's accounts, newest first, after the one with this key: accepted uploads,
/// deliverables, signed files and files of records.
pub(crate) async fn list(
    tx: &mut Tx,
    account: Option<AccountId>,
    after: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<Document>, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let reach = reach(tx);
    let (after_at, after_id) = after.unzip();
    let rows = sqlx::query_as!(
        Row,
        "select d.id, d.account_id, d.internal, d.kind, d.title, d.record_id, d.step_id, d.bound, d.created_by,
           d.created_at, d.folder_id, d.sharing_id, d.trashed_at
         from documents.documents d
         where d.tenant_id = $1 and d.bound and not d.internal and d.trashed_at is null
           and ($2::uuid[] is null or d.account_id = any ($2)) and ($3::uuid is null or d.account_id = $3)
           and ($4::timestamptz is null or (d.created_at, d.id) < ($4, $5::uuid))
           and (d.kind in ('deliverable', 'signed', 'record_file') or d.kind = 'upload' and exists (
             select from documents.versions v
             join documents.item_files f on f.tenant_id = $1 and f.version_id = v.id and not f.superseded
             join documents.items i on i.tenant_id = $1 and i.id = f.item_id and i.state = 'accepted'
             where v.tenant_id = $1 and v.document_id = d.id))
         order by d.created_at desc, d.id desc limit $6",
        tenant,
        reach.as_deref(),
        account.map(|id| id.0),
        after_at,
        after_id,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(Document::try_from).collect()
}
