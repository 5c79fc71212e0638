//! Folders. What somebody may do with one is found in the same query that reads it.

use chrono::{DateTime, Utc};
use portico_core::{AccountId, FolderId, RecordId};
use portico_db::Tx;
use uuid::Uuid;

use super::reach;
use crate::{
    domain::{
        document::Document,
        library::{Folder, Level, Placed, Subjects, key},
    },
    error::DocumentsError,
};

struct Row {
    id: Uuid,
    account_id: Uuid,
    internal: bool,
    record_id: Option<Uuid>,
    parent_id: Option<Uuid>,
    name: String,
    depth: i32,
    sharing_id: Uuid,
    created_by: Uuid,
    created_at: DateTime<Utc>,
    level: Option<i16>,
    watermark: bool,
}

impl Row {
    fn into_folder(self, subjects: &Subjects) -> Folder {
        Folder {
            id: self.id.into(),
            account_id: self.account_id.into(),
            internal: self.internal,
            record_id: self.record_id.map(Into::into),
            parent_id: self.parent_id.map(Into::into),
            name: self.name,
            depth: self.depth,
            sharing_id: self.sharing_id,
            created_by: self.created_by.into(),
            created_at: self.created_at,
            level: level(self.level, subjects),
            watermark: self.watermark && !subjects.manages,
        }
    }
}

/// What a row's highest grant lets somebody do.
pub(super) fn level(granted: Option<i16>, subjects: &Subjects) -> Option<Level> {
    if subjects.manages { Some(Level::Manage) } else { granted.and_then(Level::numbered) }
}

/// Keeps others from changing which folders an account has, and where, until the transaction ends.
pub(crate) async fn hold(tx: &mut Tx, account: AccountId) -> Result<(), DocumentsError> {
    let key = format!("documents.folders:{}:{account}", tx.ctx().tenant);
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended($1, 0))", key).execute(tx.conn()).await?;
    Ok(())
}

/// A folder within the caller's reach, whether or not they have a grant.
pub(crate) async fn read(tx: &mut Tx, id: FolderId) -> Result<Option<Folder>, DocumentsError> {
    let (tenant, subjects) = (tx.ctx().tenant.0, Subjects::of(&tx.ctx().actor));
    let row = sqlx::query_as!(
        Row,
        r#"select f.id, f.account_id, f.internal, f.record_id, f.parent_id, f.name, f.depth, f.sharing_id, f.created_by,
             f.created_at, s.watermark,
             (select max(g.level) from documents.grants g
              join unnest($3::uuid[], $4::text[]) as mine(account_id, subject) on g.account_id = mine.account_id and g.subject = mine.subject
              where g.tenant_id = $1 and g.sharing_id = f.sharing_id) as level
           from documents.folders f join documents.sharings s on s.tenant_id = $1 and s.id = f.sharing_id
           where f.tenant_id = $1 and f.id = $2"#,
        tenant,
        id.0,
        &subjects.accounts,
        &subjects.names
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| row.into_folder(&subjects)))
}

/// Holds a folder's row until the transaction ends, so that what goes into it goes one after the other.
pub(crate) async fn lock(tx: &mut Tx, id: FolderId) -> Result<(), DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query_scalar!(
        "select 1 from documents.folders where tenant_id = $1 and id = $2 for update",
        tenant,
        id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(())
}

/// The outermost folders that the caller sees: those at the top, and those within one that they do not see. With `deep` all that
/// they see, each after the one around it.
pub(crate) async fn list(
    tx: &mut Tx,
    account: Option<AccountId>,
    record: Option<RecordId>,
    deep: bool,
    limit: i64,
) -> Result<Vec<Folder>, DocumentsError> {
    let (tenant, subjects) = (tx.ctx().tenant.0, Subjects::of(&tx.ctx().actor));
    let reach = reach(tx);
    let rows = sqlx::query_as!(
        Row,
        r#"with seen as (
             select f.*, s.watermark,
               (select max(g.level) from documents.grants g
                join unnest($3::uuid[], $4::text[]) as mine(account_id, subject) on g.account_id = mine.account_id and g.subject = mine.subject
                where g.tenant_id = $1 and g.sharing_id = f.sharing_id) as level
             from documents.folders f join documents.sharings s on s.tenant_id = $1 and s.id = f.sharing_id
             where f.tenant_id = $1 and ($2::uuid is null or f.account_id = $2) and ($6::uuid is null or f.record_id = $6)
               and ($7::uuid[] is null or f.account_id = any ($7)) and ($9 or not $5 or f.parent_id is null))
           select f.id as "id!", f.account_id as "account_id!", f.internal as "internal!", f.record_id, f.parent_id, f.name as "name!",
             f.depth as "depth!", f.sharing_id as "sharing_id!", f.created_by as "created_by!", f.created_at as "created_at!",
             f.watermark as "watermark!", f.level
           from seen f
           where ($5 or f.level is not null)
             and ($9 or f.parent_id is null or not exists (select from seen p where p.id = f.parent_id and p.level is not null))
           order by f.account_id, f.record_id nulls first, case when $9 then f.depth else 1 end, f.name_key limit $8"#,
        tenant,
        account.map(|id| id.0),
        &subjects.accounts,
        &subjects.names,
        subjects.manages,
        record.map(|id| id.0),
        reach.as_deref(),
        limit,
        deep
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| row.into_folder(&subjects)).collect())
}

/// The folders in a folder that the caller sees, by name.
pub(crate) async fn children(tx: &mut Tx, parent: FolderId) -> Result<Vec<Folder>, DocumentsError> {
    let (tenant, subjects) = (tx.ctx().tenant.0, Subjects::of(&tx.ctx().actor));
    let rows = sqlx::query_as!(
        Row,
        r#"select f.id, f.account_id, f.internal, f.record_id, f.parent_id, f.name, f.depth, f.sharing_id, f.created_by,
             f.created_at, s.watermark,
             (select max(g.level) from documents.grants g
              join unnest($3::uuid[], $4::text[]) as mine(account_id, subject) on g.account_id = mine.account_id and g.subject = mine.subject
              where g.tenant_id = $1 and g.sharing_id = f.sharing_id) as level
           from documents.folders f join documents.sharings s on s.tenant_id = $1 and s.id = f.sharing_id
           where f.tenant_id = $1 and f.parent_id = $2 order by f.name_key"#,
        tenant,
        parent.0,
        &subjects.accounts,
        &subjects.names
    )
    .fetch_all(tx.conn())
    .await?;
    let folders = rows.into_iter().map(|row| row.into_folder(&subjects));
    Ok(folders.filter(|folder| folder.level.is_some()).collect())
}

/// The folders around one, outermost first; those that the caller does not see are left out.
pub(crate) async fn trail(tx: &mut Tx, folder: &Folder) -> Result<Vec<Folder>, DocumentsError> {
    let mut trail = Vec::new();
    let mut next = folder.parent_id;
    // No deeper than folders may be.
    while let Some(id) = next {
        let Some(around) = read(tx, id).await? else { break };
        next = around.parent_id;
        trail.push(around);
    }
    trail.retain(|folder| folder.level.is_some());
    trail.reverse();
    Ok(trail)
}

/// What the library says about a document that is in a folder; nothing about any other.
pub(crate) async fn placed(tx: &mut Tx, document: &Document) -> Result<Option<Placed>, DocumentsError> {
    let Some(folder) = document.shelf.folder else { return Ok(None) };
    let (tenant, subjects) = (tx.ctx().tenant.0, Subjects::of(&tx.ctx().actor));
    let row = sqlx::query!(
        r#"select f.record_id, s.watermark,
             (select max(g.level) from documents.grants g
              join unnest($4::uuid[], $5::text[]) as mine(account_id, subject) on g.account_id = mine.account_id and g.subject = mine.subject
              where g.tenant_id = $1 and g.sharing_id = s.id) as level
           from documents.folders f
           join documents.sharings s on s.tenant_id = $1 and s.id = coalesce($3::uuid, f.sharing_id)
           where f.tenant_id = $1 and f.id = $2"#,
        tenant,
        folder.0,
        document.shelf.own_sharing.then_some(document.id.0),
        &subjects.accounts,
        &subjects.names
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| Placed {
        record_id: row.record_id.map(Into::into),
        level: level(row.level, &subjects),
        watermark: row.watermark && !subjects.manages,
    }))
}

/// Adds a folder.
pub(crate) async fn insert(tx: &mut Tx, folder: &Folder) -> Result<(), DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "insert into documents.folders
           (tenant_id, id, account_id, internal, record_id, parent_id, name, name_key, depth, sharing_id, created_by, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        tenant,
        folder.id.0,
        folder.account_id.0,
        folder.internal,
        folder.record_id.map(|id| id.0),
        folder.parent_id.map(|id| id.0),
        folder.name,
        key(&folder.name),
        folder.depth,
        folder.sharing_id,
        folder.created_by.0,
        folder.created_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// How many folders are where a new one is to be.
pub(crate) async fn count_beside(
    tx: &mut Tx,
    account: AccountId,
    record: Option<RecordId>,
    parent: Option<FolderId>,
) -> Result<i64, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from documents.folders
           where tenant_id = $1 and account_id = $2 and record_id is not distinct from $3 and parent_id is not distinct from $4"#,
        tenant,
        account.0,
        record.map(|id| id.0),
        parent.map(|id| id.0)
    );
    Ok(count.fetch_one(tx.conn()).await?)
}

/// Gives a folder another name.
pub(crate) async fn rename(tx: &mut Tx, id: FolderId, name: &str) -> Result<(), DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "update documents.folders set name = $3, name_key = $4 where tenant_id = $1 and id = $2",
        tenant,
        id.0,
        name,
        key(name)
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A folder in a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Within {
    pub(crate) id: Uuid,
    pub(crate) depth: i32,
    /// Whether it is an inbox of the tree, or in one: what strangers sent stays the firm's wherever the tree goes.
    pub(crate) inbox: bool,
}

/// A folder and all folders in it.
pub(crate) async fn within(tx: &mut Tx, id: FolderId) -> Result<Vec<Within>, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let rows = sqlx::query_as!(
        Within,
        r#"with recursive tree as (
             select id, depth, inbox from documents.folders where tenant_id = $1 and id = $2
             union all
             select f.id, f.depth, f.inbox or t.inbox from documents.folders f join tree t on f.parent_id = t.id
             where f.tenant_id = $1)
           select id as "id!", depth as "depth!", inbox as "inbox!" from tree"#,
        tenant,
        id.0
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows)
}

/// The inbox of a folder, as far as the caller reaches it.
pub(crate) async fn inbox_of(tx: &mut Tx, folder: FolderId) -> Result<Option<FolderId>, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let id = sqlx::query_scalar!(
        "select id from documents.folders where tenant_id = $1 and parent_id = $2 and inbox order by created_at, id limit 1",
        tenant,
        folder.0
    );
    Ok(id.fetch_optional(tx.conn()).await?.map(Into::into))
}

/// Marks a folder of the firm's as an inbox, which it stays.
pub(crate) async fn mark_inbox(tx: &mut Tx, id: FolderId) -> Result<(), DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!("update documents.folders set inbox = true where tenant_id = $1 and id = $2", tenant, id.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// The inboxes in a folder that hold nothing, not even in the trash.
pub(crate) async fn empty_inboxes(tx: &mut Tx, folder: FolderId) -> Result<Vec<FolderId>, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let ids = sqlx::query_scalar!(
        "select f.id from documents.folders f where f.tenant_id = $1 and f.parent_id = $2 and f.inbox
           and not exists (select from documents.folders c where c.tenant_id = $1 and c.parent_id = f.id)
           and not exists (select from documents.documents d where d.tenant_id = $1 and d.folder_id = f.id)",
        tenant,
        folder.0
    );
    Ok(ids.fetch_all(tx.conn()).await?.into_iter().map(Into::into).collect())
}

/// Moves a folder, with the folders `within` it, into another one, whose record and firm's-side mark they take; inboxes stay the firm's.
pub(crate) async fn shift(
    tx: &mut Tx,
    folder: &Folder,
    into: &Folder,
    within: &[Within],
) -> Result<(), DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let all: Vec<Uuid> = within.iter().map(|folder| folder.id).collect();
    let inboxes: Vec<Uuid> = within.iter().filter(|folder| folder.inbox).map(|folder| folder.id).collect();
    sqlx::query!(
        "update documents.folders set parent_id = $3 where tenant_id = $1 and id = $2",
        tenant,
        folder.id.0,
        into.id.0
    )
    .execute(tx.conn())
    .await?;
    let inherited = (!folder.shares_itself()).then_some(folder.sharing_id);
    sqlx::query!(
        "update documents.folders set record_id = $3, internal = $4 or (internal and (not $8 or id = any ($9))), depth = depth + $5,
           sharing_id = case when sharing_id = $6::uuid then $7 else sharing_id end
         where tenant_id = $1 and id = any ($2)",
        tenant,
        &all,
        into.record_id.map(|id| id.0),
        into.internal,
        into.depth + 1 - folder.depth,
        inherited,
        into.sharing_id,
        // What is the firm's within what was shared stays so.
        folder.internal,
        &inboxes
    )
    .execute(tx.conn())
    .await?;
    if folder.internal != into.internal {
        let marked: Vec<Uuid> =
            if into.internal { all } else { all.into_iter().filter(|id| !inboxes.contains(id)).collect() };
        mark(tx, &marked, into.internal).await?;
    }
    Ok(())
}

/// Marks what is in these folders as for the firm's side only, or as for both.
/// Marks what is in the folders as the firm's or as shared. Of what becomes shared it is the newest version: the drafts before it
/// stay the firm's.
async fn mark(tx: &mut Tx, folders: &[Uuid], internal: bool) -> Result<(), DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "update documents.versions v set internal = $3 from documents.documents d
         where v.tenant_id = $1 and d.tenant_id = $1 and d.id = v.document_id and d.folder_id = any ($2)
           and ($3 or v.number = (
             select max(newest.number) from documents.versions newest
             where newest.tenant_id = $1 and newest.document_id = v.document_id))",
        tenant,
        folders,
        internal
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "update documents.documents set internal = $3 where tenant_id = $1 and folder_id = any ($2)",
        tenant,
        folders,
        internal
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Removes a folder; `false` where something is in it, be it in the trash.
pub(crate) async fn delete(tx: &mut Tx, id: FolderId) -> Result<bool, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let gone = sqlx::query!(
        "delete from documents.folders f where f.tenant_id = $1 and f.id = $2
           and not exists (select from documents.folders c where c.tenant_id = $1 and c.parent_id = $2)
           and not exists (select from documents.documents d where d.tenant_id = $1 and d.folder_id = $2)",
        tenant,
        id.0
    )
    .execute(tx.conn())
    .await?;
    Ok(gone.rows_affected() == 1)
}
