//! Removes for good what has been in the trash for its time, with its bytes. What somebody signed, and what a step of the work
//! stands on, is never removed.

use std::time::Duration;

use chrono::TimeDelta;
use portico_core::{Ctx, TenantId};
use serde_json::json;

use super::{BREATH, REST, Rounds};
use crate::{error::DocumentsError, events::publish, http::discard, service::Service, store};

/// The time from one round over all firms to the next.
pub(super) const EVERY: TimeDelta = TimeDelta::hours(1);
/// Documents in one transaction.
const BATCH: i64 = 100;
/// Firms in one step.
const FIRMS: usize = 20;

/// Visits the next firms of the round.
pub(super) async fn run(service: &Service, rounds: &Rounds) -> Result<Duration, DocumentsError> {
    for _ in 0..FIRMS {
        let Some(tenant) = rounds.next(service).await? else { return Ok(REST) };
        if visit(service, tenant).await? {
            rounds.again(tenant).await;
        }
    }
    Ok(BREATH)
}

/// Removes a batch; `true` where there may be more.
async fn visit(service: &Service, tenant: TenantId) -> Result<bool, DocumentsError> {
    let (ctx, now) = (Ctx::system(tenant, "documents.purge_trash"), service.clock.now());
    let before = now - TimeDelta::days(i64::from(service.config.trash_days));
    let mut tx = service.store.begin(&ctx).await?;
    let ids = store::filed::hold_trashed(&mut tx, before, BATCH).await?;
    let mut gone = Vec::new();
    for id in &ids {
        let document = store::documents::read(&mut tx, *id).await?.ok_or(DocumentsError::NotFound)?;
        let versions = store::versions::of_documents(&mut tx, &[id.0]).await?;
        for version in versions {
            let details =
                json!({ "sha256": version.file.sha256_text(), "trashed_at": document.shelf.trashed_at });
            publish::version_audited(service, &mut tx, "document.purged", &document, &version, details)
                .await?;
            gone.extend(store::versions::delete(&mut tx, version.id).await?);
        }
        store::sharings::delete(&mut tx, id.0).await?;
        store::documents::delete(&mut tx, *id).await?;
    }
    tx.commit().await?;
    // A process that ends here leaves bytes without a row, which another job removes.
    for version in &gone {
        discard(service, tenant, *version).await;
    }
    if !ids.is_empty() {
        tracing::info!(%tenant, removed = ids.len(), "removed what had been in the trash for its time");
    }
    Ok(usize::try_from(BATCH).is_ok_and(|most| ids.len() >= most))
}

#[cfg(test)]
mod tests {
    use portico_proto::documents::v1::{ListTrashRequest, TrashDocumentRequest};

    use super::*;
    use crate::{DATA_AGREEMENT, testing::Fixture};

    #[tokio::test]
    async fn the_trash_is_emptied_after_its_time_but_for_what_was_signed() {
        let fixture = Fixture::new().await;
        let manager = fixture.manager();
        let folder = fixture.folder("Papers", "view").await;
        let path = format!("/folders/{folder}/files");
        let mut signed = DATA_AGREEMENT.to_vec();
        signed.extend_from_slice(b"\n% /Type /Sig /ByteRange [0 1 2 3]\n%%EOF\n");
        for (name, bytes) in
            [("a.pdf", DATA_AGREEMENT), ("signed.pdf", &signed), ("stays.pdf", DATA_AGREEMENT)]
        {
            let answer = fixture.upload(&manager, &path, name, bytes).await.unwrap();
            let document_id = answer["document_id"].as_str().unwrap().to_owned();
            let again = format!("/documents/{document_id}/versions");
            fixture.upload(&manager, &again, name, bytes).await.unwrap();
            if name != "stays.pdf" {
                fixture.library(&manager).trash_document(TrashDocumentRequest { document_id }).await.unwrap();
            }
        }
        fixture.database.clock.advance(TimeDelta::days(30));
        fixture.work("documents.purge_trash").await;
        assert_eq!((fixture.rows("documents").await, fixture.blobs()), (3, 6), "not a moment too early");
        fixture.database.clock.advance(EVERY);
        fixture.work("documents.purge_trash").await;
        assert_eq!(
            (fixture.rows("documents").await, fixture.rows("versions").await, fixture.blobs()),
            (2, 4, 4)
        );
        let asked = ListTrashRequest { account_id: fixture.acme.to_string(), ..Default::default() };
        let left = fixture.library(&manager).list_trash(asked).await.unwrap().into_inner().documents;
        assert_eq!(left.len(), 1);
        assert!(left[0].removed_at.is_none(), "what was signed is kept");
        assert_eq!(fixture.audited().await.iter().filter(|action| *action == "document.purged").count(), 2);
    }
}
