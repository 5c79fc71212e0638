//! Who has read what. Where the firm looks at the portal as somebody, that person has read nothing.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use portico_core::{DocumentId, VersionId};
use portico_db::Tx;
use uuid::Uuid;

use crate::{
    domain::{
        document::{Document, Version},
        sighting::Way,
    },
    error::DocumentsError,
};

/// What one person has read of one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reading {
    pub(crate) version_id: VersionId,
    pub(crate) number: i32,
    pub(crate) person_id: Uuid,
    pub(crate) person_name: String,
    pub(crate) internal: bool,
    pub(crate) first_at: DateTime<Utc>,
    pub(crate) last_at: DateTime<Utc>,
    pub(crate) downloads: i32,
    pub(crate) prints: i32,
    /// Seconds by page.
    pub(crate) pages: BTreeMap<i32, i32>,
}

/// The person whose reading counts.
fn reader(tx: &Tx) -> Option<(Uuid, String)> {
    let actor = &tx.ctx().actor;
    if actor.impersonator.is_some() {
        return None;
    }
    Some((actor.person?.0, actor.name.clone()))
}

/// Notes that the context's person looks at a version in this way.
pub(crate) async fn note(
    tx: &mut Tx,
    document: &Document,
    version: &Version,
    way: Way,
    now: DateTime<Utc>,
) -> Result<(), DocumentsError> {
    let Some((person, name)) = reader(tx) else { return Ok(()) };
    let (tenant, internal) = (tx.ctx().tenant.0, tx.ctx().is_internal());
    let downloads = i32::from(way != Way::Viewed);
    sqlx::query!(
        "insert into documents.readings
           (tenant_id, account_id, internal, document_id, version_id, person_id, person_name, first_at, last_at, downloads)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9)
         on conflict (tenant_id, version_id, person_id) do update
           set last_at = excluded.last_at, person_name = excluded.person_name,
             downloads = readings.downloads + excluded.downloads",
        tenant,
        document.account_id.0,
        internal,
        document.id.0,
        version.id.0,
        person,
        name,
        now,
        downloads
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// When the context's person was last heard of at a version, held until the transaction ends; nothing where they never were.
pub(crate) async fn hold(tx: &mut Tx, version: VersionId) -> Result<Option<DateTime<Utc>>, DocumentsError> {
    let Some((person, _)) = reader(tx) else { return Ok(None) };
    let tenant = tx.ctx().tenant.0;
    let last = sqlx::query_scalar!(
        "select last_at from documents.readings where tenant_id = $1 and version_id = $2 and person_id = $3 for update",
        tenant,
        version.0,
        person
    );
    Ok(last.fetch_optional(tx.conn()).await?)
}

/// Adds the seconds of pages, and a print where there was one, to what the context's person has read.
pub(crate) async fn add(
    tx: &mut Tx,
    version: &Version,
    seconds: &BTreeMap<i32, i32>,
    printed: bool,
    now: DateTime<Utc>,
) -> Result<(), DocumentsError> {
    let Some((person, _)) = reader(tx) else { return Ok(()) };
    let (tenant, internal) = (tx.ctx().tenant.0, tx.ctx().is_internal());
    sqlx::query!(
        "update documents.readings set last_at = $4, prints = prints + $5
         where tenant_id = $1 and version_id = $2 and person_id = $3",
        tenant,
        version.id.0,
        person,
        now,
        i32::from(printed)
    )
    .execute(tx.conn())
    .await?;
    let (pages, times): (Vec<i32>, Vec<i32>) = seconds.iter().map(|(page, time)| (*page, *time)).unzip();
    sqlx::query!(
        "insert into documents.page_readings (tenant_id, account_id, internal, version_id, person_id, page, seconds)
         select $1, $2, $3, $4, $5, told.page, told.seconds from unnest($6::integer[], $7::integer[]) as told(page, seconds)
         on conflict (tenant_id, version_id, person_id, page) do update
           set seconds = least(86400, page_readings.seconds + excluded.seconds)",
        tenant,
        version.account_id.0,
        internal,
        version.id.0,
        person,
        &pages,
        &times
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Who has read a document, as far as the context may know: people of an account hear of their own side alone. The latest first.
pub(crate) async fn of_document(
    tx: &mut Tx,
    id: DocumentId,
    limit: i64,
) -> Result<Vec<Reading>, DocumentsError> {
    let (tenant, internal) = (tx.ctx().tenant.0, tx.ctx().is_internal());
    let rows = sqlx::query!(
        "select r.version_id, v.number, r.person_id, r.person_name, r.internal, r.first_at, r.last_at, r.downloads, r.prints
         from documents.readings r join documents.versions v on v.tenant_id = $1 and v.id = r.version_id
         where r.tenant_id = $1 and r.document_id = $2 and ($4 or not r.internal)
         order by r.last_at desc, r.person_id, r.version_id limit $3",
        tenant,
        id.0,
        limit,
        internal
    )
    .fetch_all(tx.conn())
    .await?;
    let versions: Vec<Uuid> = rows.iter().map(|row| row.version_id).collect();
    let pages = sqlx::query!(
        "select version_id, person_id, page, seconds from documents.page_readings
         where tenant_id = $1 and version_id = any ($2) and ($3 or not internal) order by page",
        tenant,
        &versions,
        internal
    )
    .fetch_all(tx.conn())
    .await?;
    let mut readings: Vec<Reading> = Vec::with_capacity(rows.len());
    for row in rows {
        let own =
            pages.iter().filter(|page| page.version_id == row.version_id && page.person_id == row.person_id);
        readings.push(Reading {
            version_id: row.version_id.into(),
            number: row.number,
            person_id: row.person_id,
            person_name: row.person_name,
            internal: row.internal,
            first_at: row.first_at,
            last_at: row.last_at,
            downloads: row.downloads,
            prints: row.prints,
            pages: own.map(|page| (page.page, page.seconds)).collect(),
        });
    }
    Ok(readings)
}
