//! Who of an account sees a folder or a document.

use portico_core::{AccountId, DocumentId};
use portico_db::Tx;
use uuid::Uuid;

use crate::{
    domain::library::{Folder, Grant, Level, Sharing},
    error::DocumentsError,
};

/// How something is shared, under the id of the folder or document that has the sharing.
pub(crate) async fn read(tx: &mut Tx, id: Uuid) -> Result<Option<Sharing>, DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    let watermark = sqlx::query_scalar!(
        "select watermark from documents.sharings where tenant_id = $1 and id = $2",
        tenant,
        id
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(watermark) = watermark else { return Ok(None) };
    let rows = sqlx::query!(
        "select subject, level from documents.grants where tenant_id = $1 and sharing_id = $2 order by subject",
        tenant,
        id
    )
    .fetch_all(tx.conn())
    .await?;
    let grant = |(subject, level)| Level::numbered(level).map(|level| Grant { subject, level });
    let grants = rows.into_iter().filter_map(|row| grant((row.subject, row.level))).collect();
    Ok(Some(Sharing { grants, watermark }))
}

/// Writes how something is shared, in the place of what was there.
pub(crate) async fn put(
    tx: &mut Tx,
    id: Uuid,
    account: AccountId,
    sharing: &Sharing,
) -> Result<(), DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "insert into documents.sharings (tenant_id, id, account_id, watermark) values ($1, $2, $3, $4)
         on conflict (tenant_id, id) do update set watermark = excluded.watermark",
        tenant,
        id,
        account.0,
        sharing.watermark
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!("delete from documents.grants where tenant_id = $1 and sharing_id = $2", tenant, id)
        .execute(tx.conn())
        .await?;
    let subjects: Vec<String> = sharing.grants.iter().map(|grant| grant.subject.clone()).collect();
    let levels: Vec<i16> = sharing.grants.iter().map(|grant| grant.level.number()).collect();
    sqlx::query!(
        "insert into documents.grants (tenant_id, account_id, sharing_id, subject, level)
         select $1, $2, $3, new.subject, new.level from unnest($4::text[], $5::smallint[]) as new(subject, level)",
        tenant,
        account.0,
        id,
        &subjects,
        &levels
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Removes what something shared by itself.
pub(crate) async fn delete(tx: &mut Tx, id: Uuid) -> Result<(), DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!("delete from documents.sharings where tenant_id = $1 and id = $2", tenant, id)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// From now on a folder's own sharing counts for it and for what inherited from the same one, among the folders `within` it.
pub(crate) async fn part(tx: &mut Tx, folder: &Folder, within: &[Uuid]) -> Result<(), DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "update documents.folders set sharing_id = $2 where tenant_id = $1 and id = any ($3) and sharing_id = $4",
        tenant,
        folder.id.0,
        within,
        folder.sharing_id
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// From now on the sharing of the folder around it counts for a folder, and for what inherited from it.
pub(crate) async fn join(tx: &mut Tx, folder: &Folder, around: &Folder) -> Result<(), DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "update documents.folders set sharing_id = $3 where tenant_id = $1 and sharing_id = $2",
        tenant,
        folder.id.0,
        around.sharing_id
    )
    .execute(tx.conn())
    .await?;
    delete(tx, folder.id.0).await
}

/// Notes whether a document has sharing of its own.
pub(crate) async fn of_document(tx: &mut Tx, id: DocumentId, own: bool) -> Result<(), DocumentsError> {
    let tenant = tx.ctx().tenant.0;
    sqlx::query!(
        "update documents.documents set sharing_id = $3 where tenant_id = $1 and id = $2",
        tenant,
        id.0,
        own.then_some(id.0)
    )
    .execute(tx.conn())
    .await?;
    if own { Ok(()) } else { delete(tx, id.0).await }
}
