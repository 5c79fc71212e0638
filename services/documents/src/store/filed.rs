//! Documents in folders.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use portico_core::{AccountId, DocumentId, FolderId, PersonId, RecordId};
use portico_db::Tx;
use uuid::Uuid;

use super::{folders::level, hash, known};
use crate::{
    content::{Active, ScanState},
    domain::{
        document::{Document, DocumentKind, FileFacts, Version, wrapped},
        library::{Folder, Level, Shelf, Subjects, key, stem_key},
    },
    error::DocumentsError,
};

/// A document in a folder with its newest version, and what the reader may do with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Filed {
    pub(crate) document: Document,
    pub(crate) latest: Version,
    pub(crate) level: Level,
    pub(crate) watermark: bool,
}

/// The documents of a folder that the caller sees, by name, after the one with this key. One query: what they may see is part
/// of it.
pub(crate) async fn list(
    tx: &mut Tx,
    folder: &Folder,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Filed>, DocumentsError> {
    let (tenant, subjects) = (tx.ctx().tenant.0, Subjects::of(&tx.ctx().actor));
    let rows = sqlx::query!(
        r#"select d.id, d.internal, d.kind, d.title, d.record_id, d.step_id, d.created_by, d.created_at, d.sharing_id,
             v.id as version_id, v.number, v.file_name, v.media_type, v.kind as version_kind, v.size, v.sha256, v.scan,
             v.scan_note, v.pages, v.key_id, v.wrapped_key, v.active, v.added_by, v.added_by_name, v.added_at,
             case when d.sharing_id is null then $6 else (
               select max(g.level) from documents.grants g
               join unnest($4::uuid[], $5::text[]) as mine(account_id, subject) on g.account_id = mine.account_id and g.subject = mine.subject
               where g.tenant_id = $1 and g.sharing_id = d.sharing_id) end as level,
             case when d.sharing_id is null then $9::boolean else (
               select s.watermark from documents.sharings s where s.tenant_id = $1 and s.id = d.sharing_id) end as "watermark"
           from documents.documents d
           cross join lateral (
             select * from documents.versions each where each.tenant_id = $1 and each.document_id = d.id
             order by each.number desc limit 1) v
           where d.tenant_id = $1 and d.folder_id = $2 and d.trashed_at is null and d.title_key > $3
             and ($7 or d.sharing_id is null or exists (
               select from documents.grants g
               join unnest($4::uuid[], $5::text[]) as mine(account_id, subject) on g.account_id = mine.account_id and g.subject = mine.subject
               where g.tenant_id = $1 and g.sharing_id = d.sharing_id))
           order by d.title_key limit $8"#,
        tenant,
        folder.id.0,
        // Before every title.
        after.unwrap_or_default(),
        &subjects.accounts,
        &subjects.names,
        folder.level.map(Level::number),
        subjects.manages,
        limit,
        folder.watermark
    )
    .fetch_all(tx.conn())
    .await?;
    let mut filed = Vec::with_capacity(rows.len());
    for row in rows {
        let Some(level) = level(row.level, &subjects) else { continue };
        let document = Document {
            id: row.id.into(),
            account_id: folder.account_id,
            internal: row.internal,
            kind: known(DocumentKind::of(&row.kind), &row.kind)?,
            title: row.title,
            record_id: row.record_id.map(Into::into),
            step_id: row.step_id.map(Into::into),
            bound: true,
            created_by: row.created_by.into(),
            created_at: row.created_at,
            shelf: Shelf { folder: Some(folder.id), own_sharing: row.sharing_id.is_some(), trashed_at: None },
        };
        let latest = Version {
            id: row.version_id.into(),
            account_id: folder.account_id,
            internal: row.internal,
            document_id: row.id.into(),
            number: row.number,
            file: FileFacts {
                name: row.file_name,
                media_type: row.media_type,
                kind: row.version_kind,
                size: u64::try_from(row.size).unwrap_or_default(),
                sha256: hash(&row.sha256)?,
                pages: row.pages,
                key: wrapped(row.key_id, row.wrapped_key),
                active: Active::of_words(&row.active),
            },
            scan: known(ScanState::of(&row.scan, &row.scan_note), &row.scan)?,
            added_by: row.added_by.into(),
            added_by_name: row.added_by_name,
            added_at: row.added_at,
        };
        let watermark = row.watermark.unwrap_or_default() && !subjects.manages;
        filed.push(Filed { document, latest, level, watermark });
    }
    Ok(filed)
}

/// The keys of the titles in a folder that a file of this title has to step past, without the document's own.
pub(crate) async fn taken(
    tx: &mut Tx,
    folder: FolderId,
    title: &str,
    own: DocumentId,
) -> Result<HashSet<String>, DocumentsError> {
    let (tenant, stem) = (tx.ctx().tenant.0, stem_key(title));
    let keys = sqlx::query_scalar!(
        "select title_key from documents.documents
         where tenant_id = $1 and folder_id = $2 and trashed_at is null and title_key >= $3 and title_key < $4 and id <> $5",
        tenant,
        folder.0,
        stem,
        format!("{stem}\u{10ffff}"),
        own.0
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(keys.into_iter().collect())
}

/// Puts a document into a folder under a title, as that folder is for the firm's side only or for both. What was the firm's and
/// becomes shared is its newest version: the drafts before it stay the firm's.
pub(crate) async fn put(
    tx: &mut Tx,
    id: DocumentId,
    folder: &Folder,
    title: &str,
) -> Result<(), DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "update documents.documents set folder_id = $3, title = $4, title_key = $5, internal = $6
         where tenant_id = $1 and id = $2",
        tenant,
        id.0,
        folder.id.0,
        title,
        key(title),
        folder.internal
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "update documents.versions v set internal = $3
         where v.tenant_id = $1 and v.document_id = $2 and v.internal <> $3
           and ($3 or v.number = (
             select max(newest.number) from documents.versions newest
             where newest.tenant_id = $1 and newest.document_id = v.document_id))",
        tenant,
        id.0,
        folder.internal
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Holds a document until the transaction ends, so that its versions come one after the other; `false` where it is not in reach.
pub(crate) async fn lock(tx: &mut Tx, id: DocumentId) -> Result<bool, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let held = sqlx::query_scalar!(
        "select 1 from documents.documents where tenant_id = $1 and id = $2 for update",
        tenant,
        id.0
    );
    Ok(held.fetch_optional(tx.conn()).await?.is_some())
}

/// Whether these folders hold something that is not the library's own.
pub(crate) async fn hold_others(tx: &mut Tx, folders: &[Uuid]) -> Result<bool, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let found = sqlx::query_scalar!(
        r#"select exists (select from documents.documents where tenant_id = $1 and folder_id = any ($2) and kind <> 'library') as "found!""#,
        tenant,
        folders
    );
    Ok(found.fetch_one(tx.conn()).await?)
}

/// A document in the trash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Discarded {
    pub(crate) id: DocumentId,
    pub(crate) by: String,
    pub(crate) at: DateTime<Utc>,
    pub(crate) folder_name: String,
    /// The record whose folder it was in.
    pub(crate) record_id: Option<RecordId>,
    /// Whether it is kept whatever the retention says.
    pub(crate) kept: bool,
}

/// What of an account is in the trash, the latest first, after the one with this key.
pub(crate) async fn trashed(
    tx: &mut Tx,
    account: AccountId,
    after: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<Discarded>, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let (after_at, after_id) = after.unzip();
    let rows = sqlx::query!(
        r#"select d.id, d.trashed_by_name, d.trashed_at as "trashed_at!", d.kept, f.name, f.record_id
           from documents.documents d join documents.folders f on f.tenant_id = $1 and f.id = d.folder_id
           where d.tenant_id = $1 and d.account_id = $2 and d.trashed_at is not null
             and ($3::timestamptz is null or (d.trashed_at, d.id) < ($3, $4::uuid))
           order by d.trashed_at desc, d.id desc limit $5"#,
        tenant,
        account.0,
        after_at,
        after_id,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    let one = rows.into_iter().map(|row| Discarded {
        id: row.id.into(),
        by: row.trashed_by_name,
        at: row.trashed_at,
        folder_name: row.name,
        record_id: row.record_id.map(Into::into),
        kept: row.kept,
    });
    Ok(one.collect())
}

/// Puts a document into the trash, for good where it is to be `kept`; `false` where it is there already.
pub(crate) async fn trash(
    tx: &mut Tx,
    id: DocumentId,
    by: PersonId,
    name: &str,
    at: DateTime<Utc>,
    kept: bool,
) -> Result<bool, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let done = sqlx::query!(
        "update documents.documents set trashed_at = $3, trashed_by = $4, trashed_by_name = $5, kept = $6
         where tenant_id = $1 and id = $2 and trashed_at is null",
        tenant,
        id.0,
        at,
        by.0,
        name,
        kept
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes a document out of the trash under a title; `false` where it is not in it.
pub(crate) async fn untrash(tx: &mut Tx, id: DocumentId, title: &str) -> Result<bool, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let done = sqlx::query!(
        "update documents.documents
         set trashed_at = null, trashed_by = null, trashed_by_name = '', title = $3, title_key = $4
         where tenant_id = $1 and id = $2 and trashed_at is not null",
        tenant,
        id.0,
        title,
        key(title)
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The documents that were put into the trash before `before` and need not be kept, the oldest first, held until the
/// transaction ends. Those that somebody is taking out at this moment are passed over.
pub(crate) async fn hold_trashed(
    tx: &mut Tx,
    before: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<DocumentId>, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let ids = sqlx::query_scalar!(
        "select id from documents.documents
         where tenant_id = $1 and trashed_at < $2 and not kept and kind = 'library' and step_id is null
         order by trashed_at limit $3 for update skip locked",
        tenant,
        before,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.into_iter().map(Into::into).collect())
}
