//! Removes uploads that nobody has gone on with, with their bytes. What has arrived belongs to its document and stays.

use std::time::Duration;

use portico_core::Ctx;

use super::{BREATH, REST};
use crate::{error::DocumentsError, service::Service, store};

/// Uploads in one step.
const BATCH: i64 = 100;

pub(super) async fn run(service: &Service) -> Result<Duration, DocumentsError> {
    let now = service.clock.now();
    let expired = store::uploads::expired(&service.store, now, BATCH).await?;
    let full = i64::try_from(expired.len()).is_ok_and(|count| count == BATCH);
    for upload in expired {
        let ctx = Ctx::system(upload.tenant, "documents.expire_uploads");
        let mut tx = service.store.begin(&ctx).await?;
        // A last go may be under way, or have given it another day since it was listed.
        let gone = store::uploads::delete_expired(&mut tx, upload.id, now).await?;
        let landed = store::versions::read(&mut tx, upload.id).await?.is_some();
        tx.commit().await?;
        if gone {
            // Bytes that cannot be removed stay sealed and unreachable.
            service.vault.delete_part(upload.tenant, upload.id).await?;
            if !landed {
                // Whole, and never judged.
                service.vault.delete(upload.tenant, upload.id).await?;
            }
        }
    }
    Ok(if full { BREATH } else { REST })
}
