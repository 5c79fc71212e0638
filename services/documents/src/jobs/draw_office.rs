//! Draws office files as PDF, so that their pages can be shown, once they may be opened at all.
//!
//! A version that waits has a row of its own. The job leases it, has LibreOffice draw it in its box, stores the PDF in the vault
//! under an id of its own and writes the row of the rendition in one transaction with the number of its pages. Where LibreOffice
//! is not installed the rows wait until it is.

use std::time::Duration;

use chrono::TimeDelta;
use portico_core::{Ctx, VersionId};

use super::{BREATH, REST};
use crate::{
    content::{ScanState, may_open},
    domain::document::Version,
    error::DocumentsError,
    events::library,
    http::discard,
    peers,
    preview::PreviewError,
    service::Service,
    store::{self, queue::Due},
    vault::{LARGEST, Stored},
};

/// Files that are taken in one step.
const BATCH: i64 = 8;
/// A drawing that was taken and not finished within this time is taken again: its process is gone.
const LEASE: TimeDelta = TimeDelta::minutes(10);
/// How often a file is tried whose drawing failed for a reason that may pass.
const ATTEMPTS: i32 = 3;
/// The wait for a file that may not be opened yet.
const CLOSED: TimeDelta = TimeDelta::seconds(30);
/// The wait where the firm's policy keeps a file closed, and after a failure that may pass.
const LATER: TimeDelta = TimeDelta::hours(1);

/// Draws what is due, one after the other: each takes a processor for seconds.
pub(super) async fn run(service: &Service) -> Result<Duration, DocumentsError> {
    if !service.previews.worker().is_ok_and(|worker| worker.draws_office()) {
        return Ok(REST);
    }
    let due = store::drawings::due(&service.store, service.clock.now(), BATCH).await?;
    let full = i64::try_from(due.len()).is_ok_and(|count| count == BATCH);
    for drawing in due {
        // One file's trouble is not another's: what failed stays taken for a while and is tried again.
        if let Err(error) = draw(service, drawing).await {
            tracing::warn!(%error, tenant = %drawing.tenant, version = %drawing.version, "an office file could not be drawn");
        }
    }
    if full {
        return Ok(BREATH);
    }
    let next = store::drawings::next(&service.store).await?;
    let wait = next.map(|at| (at - service.clock.now()).to_std().unwrap_or_default());
    Ok(wait.unwrap_or(REST).clamp(BREATH, REST))
}

async fn draw(service: &Service, Due { tenant, version: id }: Due) -> Result<(), DocumentsError> {
    let ctx = Ctx::system(tenant, "documents.draw_office");
    let now = service.clock.now();
    let mut tx = service.store.begin(&ctx).await?;
    let Some(attempt) = store::drawings::take(&mut tx, id, now, now + LEASE).await? else { return Ok(()) };
    let version = store::versions::read(&mut tx, id).await?.ok_or(DocumentsError::NotFound)?;
    tx.commit().await?;

    let policy = peers::firm(service, &ctx).await?.policy;
    if !may_open(version.scan, policy).is_allowed() {
        let mut tx = service.store.begin(&ctx).await?;
        match version.scan {
            ScanState::Infected => {
                store::drawings::finish(&mut tx, id, attempt).await?;
            }
            scan => {
                let wait = if scan == ScanState::Pending { CLOSED } else { LATER };
                store::drawings::postpone(&mut tx, id, attempt, (attempt - 1, now + wait)).await?;
            }
        }
        return Ok(tx.commit().await?);
    }
    match rendition(service, &ctx, &version).await {
        Ok((stored, pages)) => keep(service, &ctx, attempt, &version, stored, pages).await,
        Err(DocumentsError::Preview(error)) => {
            let mut tx = service.store.begin(&ctx).await?;
            let confined = !matches!(error, PreviewError::Unconfined | PreviewError::ToolMissing { .. });
            if !confined {
                store::drawings::postpone(&mut tx, id, attempt, (attempt - 1, now + LATER)).await?;
            } else if error.is_final() || matches!(error, PreviewError::TimedOut) || attempt >= ATTEMPTS {
                // What took too long takes too long again, and others wait behind it.
                store::drawings::finish(&mut tx, id, attempt).await?;
            } else {
                store::drawings::postpone(&mut tx, id, attempt, (attempt, now + LATER)).await?;
            }
            tx.commit().await?;
            Err(error.into())
        }
        Err(error) => Err(error),
    }
}

/// The PDF of an office file, stored, with its number of pages. No row tells of it yet.
async fn rendition(service: &Service, ctx: &Ctx, version: &Version) -> Result<(Stored, i32), DocumentsError> {
    let stored = version.stored(ctx.tenant);
    let source = service.previews.office_pdf(&service.vault, &stored, &version.file.media_type).await?;
    let pages = service.previews.worker()?.page_count(&source).await?;
    let file = tokio::fs::File::open(source.path()).await.map_err(PreviewError::from)?;
    let id = VersionId::new(service.clock.now(), &*service.entropy);
    let received = service.vault.write(ctx.tenant, version.document_id, id, file, LARGEST).await?;
    Ok((received.stored, i32::try_from(pages).unwrap_or_default()))
}

async fn keep(
    service: &Service,
    ctx: &Ctx,
    attempt: i32,
    version: &Version,
    stored: Stored,
    pages: i32,
) -> Result<(), DocumentsError> {
    let mut tx = service.store.begin(ctx).await?;
    if !store::drawings::finish(&mut tx, version.id, attempt).await? {
        drop(tx);
        discard(service, ctx.tenant, stored.version).await;
        return Ok(());
    }
    store::renditions::insert(&mut tx, version.id, &stored, pages).await?;
    let document =
        store::documents::read(&mut tx, version.document_id).await?.ok_or(DocumentsError::NotFound)?;
    library::touched(service, &mut tx, &document).await?;
    Ok(tx.commit().await?)
}

#[cfg(test)]
mod tests {
    use portico_core::{Clock as _, Problem};
    use portico_proto::documents::v1::{GetPageTextRequest, Grant, SetSharingRequest};

    use super::*;
    use crate::{DocumentsConfig, preview::word_document, scan::stand_in::StandIn, testing::Fixture};

    #[tokio::test]
    async fn an_office_file_gets_pages_for_those_who_may_see_it_and_its_bytes_go_with_it() {
        let fixture = Fixture::new().await;
        let top = fixture.folder("Papers", "view").await;
        let (document, version) = fixture.file(&top, "work.docx", &word_document("Statement of work")).await;
        if crate::preview::able().is_none() {
            return;
        }
        let client = fixture.client("client");
        let path = format!("/versions/{version}/pages/1");
        assert_eq!(fixture.get(&client, &path).await.unwrap_err().reason, "no_preview");
        let before = fixture.blobs();
        fixture.work("documents.draw_office").await;
        assert_eq!(fixture.blobs(), before + 1);
        let page = fixture.get(&client, &path).await.unwrap();
        assert!(page.body().starts_with(b"\x89PNG"));
        let asked = GetPageTextRequest { version_id: version.clone(), page: 1 };
        let text = fixture.documents(&client).get_page_text(asked.clone()).await.unwrap().into_inner();
        assert!(format!("{text:?}").contains("Statement"), "{text:?}");
        let original = fixture.get(&client, &format!("/versions/{version}")).await.unwrap();
        assert_eq!(original.body().as_slice(), word_document("Statement of work"), "the file itself stays");
        for stranger in fixture.strangers() {
            assert_eq!(fixture.get(&stranger, &path).await.unwrap_err(), Problem::not_found());
        }

        // Whoever may only look gets pictures with the words to hear, and no bytes.
        let everyone = Grant { subject: "everyone".to_owned(), level: "view_only".to_owned() };
        let sharing = SetSharingRequest {
            document_id: document,
            grants: vec![everyone],
            ..SetSharingRequest::default()
        };
        fixture.library(&fixture.manager()).set_sharing(sharing).await.unwrap();
        assert!(fixture.get(&client, &path).await.is_ok());
        let heard = fixture.documents(&client).get_page_text(asked).await.unwrap().into_inner();
        assert!(heard.text.contains("Statement") && heard.blocks.iter().all(|block| block.lines.is_empty()));
        assert!(fixture.get(&client, &format!("/versions/{version}")).await.is_err());

        // The bytes of a rendition are nobody's orphan while its version is there.
        fixture.database.clock.advance(crate::domain::retention::ORPHANS_KEPT + TimeDelta::seconds(1));
        fixture.work("documents.remove_orphans").await;
        assert_eq!(fixture.blobs(), before + 1);
    }

    #[tokio::test]
    async fn nothing_is_drawn_before_its_scan() {
        let scanner = StandIn::start();
        let config = DocumentsConfig { scanner: Some(scanner.address()), ..DocumentsConfig::default() };
        let fixture = Fixture::with(config).await;
        let top = fixture.folder("Papers", "view").await;
        let (_, version) = fixture.file(&top, "work.docx", &word_document("Statement of work")).await;
        let before = fixture.blobs();
        fixture.work("documents.draw_office").await;
        assert_eq!(
            (fixture.blobs(), fixture.rows("drawings").await),
            (before, 1),
            "it waits for the scanner"
        );
        let path = format!("/versions/{version}/pages/1");
        assert_eq!(fixture.get(&fixture.manager(), &path).await.unwrap_err().reason, "awaits_scan");
    }

    #[tokio::test]
    async fn firms_take_turns_however_much_one_has_waiting() {
        let fixture = Fixture::new().await;
        let (first, other) = (fixture.tenant, fixture.database.tenant());
        let now = fixture.database.clock.now();
        let mut tx = fixture.database.admin().begin().await.unwrap();
        // Rows of versions that are nowhere: only their order counts.
        sqlx::query("set local session_replication_role = replica").execute(&mut *tx).await.unwrap();
        for table in ["drawings", "scans"] {
            let many = format!(
                "insert into documents.{table} (tenant_id, version_id, due_at)
                 select $1, gen_random_uuid(), $2 from generate_series(1, $3)"
            );
            for (tenant, due_at, count) in [(first, now - TimeDelta::hours(2), 1000), (other, now, 2)] {
                let rows =
                    sqlx::query(sqlx::AssertSqlSafe(many.clone())).bind(tenant.0).bind(due_at).bind(count);
                rows.execute(&mut *tx).await.unwrap();
            }
        }
        tx.commit().await.unwrap();
        let store = &fixture.database.store("documents");
        let due = [
            store::drawings::due(store, now, BATCH).await.unwrap(),
            store::scans::due(store, now, BATCH).await.unwrap(),
        ];
        for due in due {
            let theirs: Vec<bool> = due.iter().map(|due| due.tenant == other).collect();
            assert_eq!(theirs, [false, true, false, true, false, false, false, false]);
        }
    }
}
