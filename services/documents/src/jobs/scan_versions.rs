//! Lets the scanner look at what was uploaded, right after it came.
//!
//! A version that waits has a row of its own. The job leases it, streams the bytes to the scanner and writes the verdict with
//! everything that follows from it in one transaction. While the scanner is away it tries again, at first after seconds and at
//! last hourly; a version that has waited for some minutes counts as not scanned until then.

use std::time::Duration;

use chrono::TimeDelta;
use futures_util::{StreamExt as _, stream};
use portico_core::{Ctx, VersionId};
use portico_db::Tx;

use super::{BREATH, REST};
use crate::{
    content::{ScanState, Unscanned},
    domain::{
        document::{Document, Version},
        request::RequestState,
    },
    error::DocumentsError,
    events::publish,
    progress,
    scan::{ScanError, Verdict},
    service::Service,
    store::{self, queue::Due},
};

/// Scans that are taken in one step.
const BATCH: i64 = 32;
/// Scans at the same time.
const AT_ONCE: usize = 4;
/// A scan that was taken and not finished within this time is taken again: its process is gone.
const LEASE: TimeDelta = TimeDelta::minutes(30);
/// After this many attempts in vain the version is no longer called pending.
const PATIENCE: i32 = 6;
/// The waits after the first attempts; later ones are an hour apart.
const WAITS: [i64; 10] = [2, 5, 10, 20, 40, 80, 300, 600, 900, 1800];

/// Scans what is due.
pub(super) async fn run(service: &Service) -> Result<Duration, DocumentsError> {
    let due = store::scans::due(&service.store, service.clock.now(), BATCH).await?;
    let full = i64::try_from(due.len()).is_ok_and(|count| count == BATCH);
    stream::iter(due)
        .for_each_concurrent(AT_ONCE, |scan| async move {
            // One file's trouble is not another's: what failed stays taken for a while and is tried again.
            if let Err(error) = scan_one(service, scan).await {
                tracing::warn!(%error, tenant = %scan.tenant, version = %scan.version, "a file could not be scanned");
            }
        })
        .await;
    if full {
        return Ok(BREATH);
    }
    let next = store::scans::next(&service.store).await?;
    let wait = next.map(|at| (at - service.clock.now()).to_std().unwrap_or_default());
    Ok(wait.unwrap_or(REST).clamp(BREATH, REST))
}

async fn scan_one(service: &Service, scan: Due) -> Result<(), DocumentsError> {
    let ctx = Ctx::system(scan.tenant, "documents.scan");
    let now = service.clock.now();
    let mut tx = service.store.begin(&ctx).await?;
    let Some(attempt) = store::scans::take(&mut tx, scan.version, now, now + LEASE).await? else {
        return Ok(());
    };
    let version = store::versions::read(&mut tx, scan.version).await?.ok_or(DocumentsError::NotFound)?;
    tx.commit().await?;

    let verdict = match &service.scanner {
        // It was switched off since.
        None => Ok(Verdict::Unscanned(Unscanned::NoScanner)),
        Some(scanner) => match service.vault.read(&version.stored(scan.tenant), None).await {
            Ok(bytes) => scanner.scan(bytes).await,
            Err(error) => Err(error.into()),
        },
    };
    let mut tx = service.store.begin(&ctx).await?;
    match verdict {
        Ok(verdict) => conclude(service, &mut tx, scan.version, attempt, &verdict).await?,
        Err(error) => retry(service, &mut tx, scan.version, attempt, &error).await?,
    }
    tx.commit().await?;
    service.drawings.notify_one();
    Ok(())
}

/// Writes a verdict and what follows from it.
async fn conclude(
    service: &Service,
    tx: &mut Tx,
    id: VersionId,
    attempt: i32,
    verdict: &Verdict,
) -> Result<(), DocumentsError> {
    if !store::scans::finish(tx, id, attempt).await? {
        return Ok(());
    }
    let (document, version) = judged(tx, id, verdict.state()).await?;
    let signature = match verdict {
        Verdict::Infected(name) => Some(name.as_str()),
        _ => None,
    };
    publish::version_scanned(service, tx, &document, &version, signature).await?;
    if signature.is_some() {
        tracing::warn!(version = %id, "a virus was found in an uploaded file");
        publish::tell_quarantined(service, tx, &document, &version).await?;
    }
    settle_row(service, tx, &version).await
}

/// Has the scan tried again later; after some attempts in vain the version counts as not scanned until then.
async fn retry(
    service: &Service,
    tx: &mut Tx,
    id: VersionId,
    attempt: i32,
    error: &ScanError,
) -> Result<(), DocumentsError> {
    let place = usize::try_from(attempt - 1).unwrap_or_default();
    let wait = WAITS.get(place).copied().unwrap_or(3600);
    let due_at = service.clock.now() + TimeDelta::seconds(wait);
    if !store::scans::postpone(tx, id, attempt, (attempt, due_at)).await? {
        return Ok(());
    }
    tracing::warn!(version = %id, attempt, %error, "the scan of a file is tried again");
    if attempt == PATIENCE {
        let (document, version) = judged(tx, id, ScanState::Failed).await?;
        publish::version_scanned(service, tx, &document, &version, None).await?;
        settle_row(service, tx, &version).await?;
    }
    Ok(())
}

async fn judged(tx: &mut Tx, id: VersionId, state: ScanState) -> Result<(Document, Version), DocumentsError> {
    store::versions::set_scan(tx, id, state).await?;
    let version = store::versions::read(tx, id).await?.ok_or(DocumentsError::NotFound)?;
    let document = store::documents::read(tx, version.document_id).await?.ok_or(DocumentsError::NotFound)?;
    Ok((document, version))
}

/// What the verdict means for the row of a request that the file is in: an infected one is asked for again, and where nobody
/// reviews, what came through counts now.
async fn settle_row(service: &Service, tx: &mut Tx, version: &Version) -> Result<(), DocumentsError> {
    let Some((request, item)) = store::requests::row_of_file(tx, version.id).await? else { return Ok(()) };
    let Some(mut request) = store::requests::lock(tx, request).await? else { return Ok(()) };
    let Some((place, row)) = request.item(item) else { return Ok(()) };
    let action = if version.scan == ScanState::Infected {
        store::requests::supersede_file(tx, item, version.id).await?;
        request.refuse_infected(place, version.id, &version.file.name);
        "item.quarantined"
    } else {
        let state = request.state_with(row, row.files.len());
        if request.reviewed || state == row.state {
            // Those who wait for it see that it can be opened.
            publish::item_changed(service, tx, "item.scanned", &request, row).await?;
            return Ok(());
        }
        request.items[place].state = state;
        "item.scanned"
    };
    if request.state != RequestState::Open {
        // The step has gone on without it; the row says what became of its file.
        let Some(row) = request.items.get(place) else { return Ok(()) };
        store::requests::update_item(tx, row).await?;
        publish::item_changed(service, tx, action, &request, row).await?;
        return Ok(());
    }
    progress::record(service, tx, action, &mut request, place).await?;
    Ok(())
}

#[cfg(test)]
mod tests;
