//! Versions of documents.

use chrono::{DateTime, Utc};
use portico_core::{DocumentId, VersionId};
use portico_db::Tx;
use uuid::Uuid;

use super::{hash, known, stored_size};
use crate::{
    content::{Active, ScanState, active_words},
    domain::{
        document::{FileFacts, Version, wrapped},
        retention::may_land,
    },
    error::DocumentsError,
};

struct Row {
    id: Uuid,
    account_id: Uuid,
    internal: bool,
    document_id: Uuid,
    number: i32,
    file_name: String,
    media_type: String,
    kind: String,
    size: i64,
    sha256: String,
    scan: String,
    scan_note: String,
    pages: i32,
    key_id: String,
    wrapped_key: Vec<u8>,
    active: String,
    added_by: Uuid,
    added_by_name: String,
    added_at: DateTime<Utc>,
}

impl TryFrom<Row> for Version {
    type Error = DocumentsError;

    fn try_from(row: Row) -> Result<Self, DocumentsError> {
        Ok(Self {
            id: row.id.into(),
            account_id: row.account_id.into(),
            internal: row.internal,
            document_id: row.document_id.into(),
            number: row.number,
            file: FileFacts {
                name: row.file_name,
                media_type: row.media_type,
                kind: row.kind,
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
        })
    }
}

/// The versions with these ids, as far as the caller reaches them, in the order of their arrival.
pub(crate) async fn by_ids(tx: &mut Tx, ids: &[Uuid]) -> Result<Vec<Version>, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let rows = sqlx::query_as!(
        Row,
        "select id, account_id, internal, document_id, number, file_name, media_type, kind, size, sha256, scan, scan_note,
           pages, key_id, wrapped_key, active, added_by, added_by_name, added_at
         from documents.versions where tenant_id = $1 and id = any ($2) order by added_at, id",
        tenant,
        ids
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(Version::try_from).collect()
}

/// A version within the caller's reach.
pub(crate) async fn read(tx: &mut Tx, id: VersionId) -> Result<Option<Version>, DocumentsError> {
    Ok(by_ids(tx, &[id.0]).await?.pop())
}

/// The versions of these documents, newest first.
pub(crate) async fn of_documents(tx: &mut Tx, documents: &[Uuid]) -> Result<Vec<Version>, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let rows = sqlx::query_as!(
        Row,
        "select id, account_id, internal, document_id, number, file_name, media_type, kind, size, sha256, scan, scan_note,
           pages, key_id, wrapped_key, active, added_by, added_by_name, added_at
         from documents.versions where tenant_id = $1 and document_id = any ($2) order by number desc, id",
        tenant,
        documents
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(Version::try_from).collect()
}

/// The number that a document's next version has. Call it while something that the document hangs on is locked.
pub(crate) async fn next_number(tx: &mut Tx, document: DocumentId) -> Result<i32, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let last = sqlx::query_scalar!(
        "select max(number) from documents.versions where tenant_id = $1 and document_id = $2",
        tenant,
        document.0
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(last.unwrap_or_default() + 1)
}

/// Adds a version whose bytes an upload's row keeps from being taken for an orphan, however long they were on their way.
pub(crate) async fn insert_kept(tx: &mut Tx, version: &Version) -> Result<(), DocumentsError> {
    write(tx, version).await
}

/// Adds a version, and hands it to the scanner where it waits for one.
///
/// # Errors
/// [`DocumentsError::TooSlow`] where its bytes were so long on their way that they may be gone.
pub(crate) async fn insert(tx: &mut Tx, version: &Version) -> Result<(), DocumentsError> {
    if !may_land(version.id.0, version.added_at) {
        return Err(DocumentsError::TooSlow);
    }
    write(tx, version).await
}

async fn write(tx: &mut Tx, version: &Version) -> Result<(), DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let (file, (scan, note)) = (&version.file, version.scan.words());
    sqlx::query!(
        "insert into documents.versions
           (tenant_id, id, account_id, internal, document_id, number, file_name, media_type, kind, size, sha256, scan, scan_note,
            pages, key_id, wrapped_key, added_by, added_by_name, added_at, active)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)",
        tenant,
        version.id.0,
        version.account_id.0,
        version.internal,
        version.document_id.0,
        version.number,
        file.name,
        file.media_type,
        file.kind,
        stored_size(file.size),
        file.sha256_text(),
        scan,
        note,
        file.pages,
        file.key.key_id.0,
        file.key.bytes,
        version.added_by.0,
        version.added_by_name,
        version.added_at,
        active_words(&file.active)
    )
    .execute(tx.conn())
    .await?;
    if version.scan == ScanState::Pending {
        super::scans::enqueue(tx, version.id, version.added_at).await?;
    }
    if file.kind == "office" {
        super::drawings::enqueue(tx, version.id, version.added_at).await?;
    }
    Ok(())
}

/// Writes what is known about a version's harmlessness.
pub(crate) async fn set_scan(tx: &mut Tx, id: VersionId, scan: ScanState) -> Result<(), DocumentsError> {
    let (tenant, (scan, note)) = (tx.ctx().tenant.0, scan.words());
    sqlx::query!(
        "update documents.versions set scan = $3, scan_note = $4 where tenant_id = $1 and id = $2",
        tenant,
        id.0,
        scan,
        note
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Removes a version and its rendition; answers the ids of the bytes of which no row tells then.
pub(crate) async fn delete(tx: &mut Tx, id: VersionId) -> Result<Vec<VersionId>, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let drawn = sqlx::query_scalar!(
        "delete from documents.renditions where tenant_id = $1 and version_id = $2 returning id",
        tenant,
        id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    sqlx::query!("delete from documents.versions where tenant_id = $1 and id = $2", tenant, id.0)
        .execute(tx.conn())
        .await?;
    Ok(drawn.map(VersionId).into_iter().chain([id]).collect())
}
