//! Removes uploads that nobody has gone on with, with their bytes. What has arrived belongs to its document and stays.

use std::time::Duration;

use chrono::{DateTime, Utc};
use portico_core::Ctx;

use super::{BREATH, REST};
use crate::{
    error::DocumentsError,
    service::Service,
    store::{self, uploads::Expired},
};

/// Uploads in one step.
const BATCH: i64 = 100;

pub(super) async fn run(service: &Service) -> Result<Duration, DocumentsError> {
    let now = service.clock.now();
    let expired = store::uploads::expired(&service.store, now, BATCH).await?;
    let full = i64::try_from(expired.len()).is_ok_and(|count| count == BATCH);
    let mut failed = None;
    for upload in expired {
        // One whose bytes cannot be removed now is tried again, and keeps no other waiting.
        if let Err(error) = remove(service, upload, now).await {
            tracing::warn!(upload = %upload.id, %error, "an upload that has expired could not be removed");
            failed = failed.or(Some(error));
        }
    }
    match failed {
        Some(error) => Err(error),
        None => Ok(if full { BREATH } else { REST }),
    }
}

/// Removes the bytes first: while the row is there, nothing is forgotten.
async fn remove(service: &Service, upload: Expired, now: DateTime<Utc>) -> Result<(), DocumentsError> {
    let ctx = Ctx::system(upload.tenant, "documents.expire_uploads");
    let mut tx = service.store.begin(&ctx).await?;
    // A last go may be under way. One that was too slow to say so learns now that it is over; none begins for what has expired.
    let holder = service.entropy.uuid(now);
    if !store::uploads::hold(&mut tx, upload.id, holder, now, now).await? {
        return Ok(());
    }
    tx.commit().await?;
    let mut tx = service.store.begin(&ctx).await?;
    // Somebody may have given it another day since it was listed. The row itself goes last.
    let over = store::uploads::delete_expired(&mut tx, upload.id, now).await?;
    let landed = store::versions::read(&mut tx, upload.id).await?.is_some();
    tx.rollback().await?;
    if !over {
        return Ok(());
    }
    service.vault.delete_part(upload.tenant, upload.id).await?;
    if !landed {
        // Whole, and never judged.
        service.vault.delete(upload.tenant, upload.id).await?;
    }
    let mut tx = service.store.begin(&ctx).await?;
    store::uploads::delete_expired(&mut tx, upload.id, now).await?;
    Ok(tx.commit().await?)
}
