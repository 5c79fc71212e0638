//! Removes bytes of the vault that belong to no row: what a crash between the bytes and their row left behind, and what
//! could not be removed with its row.
//!
//! An upload still on its way is safe by its age, see [`crate::domain::retention`]. A firm of which the database knows no
//! file at all is left alone: that is rather the wrong database than a firm of nothing but orphans.

use std::time::Duration;

use chrono::TimeDelta;
use portico_core::{Ctx, TenantId};

use super::{BREATH, REST, Rounds};
use crate::{
    domain::retention::has_landed_or_never_will, error::DocumentsError, service::Service, store,
    vault::VaultError,
};

/// The time from one round over all firms to the next.
pub(super) const EVERY: TimeDelta = TimeDelta::hours(24);
/// Blobs that are looked up at once.
const BATCH: usize = 1000;

/// Visits the next firm of the round.
pub(super) async fn run(service: &Service, rounds: &Rounds) -> Result<Duration, DocumentsError> {
    let Some(tenant) = rounds.next(service).await? else { return Ok(REST) };
    let removed = visit(service, tenant).await?;
    if removed > 0 {
        tracing::warn!(%tenant, removed, "removed stored bytes that belonged to nothing");
    }
    Ok(BREATH)
}

async fn visit(service: &Service, tenant: TenantId) -> Result<usize, DocumentsError> {
    let ctx = Ctx::system(tenant, "documents.remove_orphans");
    let mut tx = service.store.begin(&ctx).await?;
    let known = store::blobs::any(&mut tx).await?;
    drop(tx);
    if !known {
        tracing::debug!(%tenant, "stored bytes of a firm without any file are left alone");
        return Ok(0);
    }
    let mut removed = 0;
    for shard in 0..=u8::MAX {
        let versions = service.blobs.versions(tenant, shard).await.map_err(VaultError::from)?;
        let now = service.clock.now();
        let settled: Vec<_> =
            versions.iter().map(|id| id.0).filter(|id| has_landed_or_never_will(*id, now)).collect();
        for batch in settled.chunks(BATCH) {
            let mut tx = service.store.begin(&ctx).await?;
            let orphans = store::blobs::without_row(&mut tx, batch).await?;
            drop(tx);
            for orphan in orphans {
                service.vault.delete(tenant, orphan).await?;
                removed += 1;
            }
        }
    }
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use futures_util::{StreamExt as _, stream};
    use portico_core::{Clock as _, VersionId};
    use portico_proto::documents::v1::BindDocumentRequest;

    use super::*;
    use crate::{
        DATA_AGREEMENT,
        domain::retention::{LONGEST_UPLOAD, ORPHANS_KEPT},
        testing::Fixture,
    };

    /// Bytes as a crash leaves them: in their place, sealed, and without a row.
    fn orphan(fixture: &Fixture, tenant: TenantId) -> VersionId {
        let version = VersionId::new(fixture.database.clock.now(), &*fixture.database.entropy);
        let shard = version.to_string().split_off(34);
        let folder = fixture.home.path().join("blobs").join(tenant.to_string()).join(shard);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(version.to_string()), b"sealed").unwrap();
        version
    }

    #[tokio::test]
    async fn what_belongs_to_nothing_goes_and_every_kind_of_row_keeps_its_bytes() {
        let fixture = Fixture::new().await;
        let (client, manager) = (fixture.client("client"), fixture.manager());
        // A template, a contract, a file of one account, an internal one of another, and one that nobody has bound.
        fixture.upload_template().await;
        fixture.activate("agreement").await;
        let path = format!("/attachments?record_id={}", fixture.record);
        let kept = fixture.upload(&client, &path, "a.txt", b"kept").await.unwrap();
        let path = format!("/record-files?account_id={}", fixture.globex);
        let note = fixture.upload(&manager, &path, "b.txt", b"internal").await.unwrap();
        let bind = BindDocumentRequest {
            document_id: note["document_id"].as_str().unwrap().to_owned(),
            person_id: manager.actor.person.unwrap().to_string(),
            kind: "attachment".to_owned(),
            account_id: fixture.globex.to_string(),
            internal: true,
            ..Default::default()
        };
        fixture.documents(&portico_testkit::system(fixture.tenant)).bind_document(bind).await.unwrap();
        let rows = fixture.blobs();
        assert_eq!(rows, 4);
        orphan(&fixture, fixture.tenant);
        orphan(&fixture, fixture.tenant);
        let stranger = fixture.database.tenant();
        orphan(&fixture, stranger);

        fixture.work("documents.remove_orphans").await;
        assert_eq!(fixture.blobs(), rows + 3, "they may still be on their way");
        fixture.database.clock.advance(ORPHANS_KEPT + TimeDelta::seconds(1));
        let on_its_way = orphan(&fixture, fixture.tenant);
        fixture.work("documents.remove_orphans").await;
        // The one on its way stays, and the one of a firm that this database does not know.
        assert_eq!(fixture.blobs(), rows + 2);
        assert_eq!(fixture.count_blobs(stranger), 1);
        let shard = on_its_way.to_string().split_off(34);
        let place = fixture.home.path().join("blobs").join(fixture.tenant.to_string()).join(shard);
        assert!(place.join(on_its_way.to_string()).exists());
        let bytes = fixture
            .get(&client, &format!("/versions/{}", kept["version_id"].as_str().unwrap()))
            .await
            .unwrap();
        assert_eq!(bytes.body().as_slice(), b"kept");
    }

    #[tokio::test]
    async fn a_crash_between_bytes_and_row_is_mended_in_every_firm() {
        let fixture = Fixture::new().await;
        let elsewhere = fixture.database.tenant();
        for firm in [fixture.tenant, elsewhere] {
            let staff = portico_testkit::staff(firm, &["admin"]);
            let path = "/templates/templates/data-agreement.pdf";
            fixture.upload(&staff, path, "x", DATA_AGREEMENT).await.unwrap();
            orphan(&fixture, firm);
        }
        assert_eq!(fixture.blobs(), 4);
        fixture.database.clock.advance(EVERY + ORPHANS_KEPT);
        fixture.work("documents.remove_orphans").await;
        assert_eq!((fixture.count_blobs(fixture.tenant), fixture.count_blobs(elsewhere)), (1, 1));
    }

    #[tokio::test]
    async fn a_file_that_was_too_long_on_its_way_gets_no_row_and_leaves_nothing() {
        let fixture = Fixture::new().await;
        let client = fixture.client("client");
        let clock = fixture.database.clock.clone();
        let pieces = stream::iter(["first ", "last"]).then(move |piece| {
            let clock = clock.clone();
            async move {
                clock.advance(LONGEST_UPLOAD);
                Ok::<_, std::io::Error>(piece)
            }
        });
        let request = http::Request::post(format!("/record-files?account_id={}", fixture.acme))
            .header("x-file-name", "slow.txt")
            .body(axum::body::Body::from_stream(pieces))
            .unwrap();
        let refused = fixture.send(&client, request).await.unwrap_err();
        assert_eq!(refused.reason, "upload_too_slow");
        assert_eq!((fixture.rows("versions").await, fixture.blobs()), (0, 0));
    }
}
