//! Removes uploads that were never given to a message or a record, and forgets old sightings.

use std::time::Duration;

use chrono::TimeDelta;
use portico_core::{Ctx, TenantId};
use serde_json::json;

use super::{BREATH, REST, Rounds};
use crate::{
    domain::{retention::UNBOUND_KEPT, sighting::ONE_LOOK},
    error::DocumentsError,
    events::publish,
    http::discard,
    service::Service,
    store,
};

/// The time from one round over all firms to the next.
pub(super) const EVERY: TimeDelta = TimeDelta::hours(1);
/// Documents in one transaction.
const BATCH: i64 = 100;
/// Sightings in one transaction.
const SIGHTINGS: i64 = 1000;
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
    let (ctx, now) = (Ctx::system(tenant, "documents.remove_unbound"), service.clock.now());
    let mut tx = service.store.begin(&ctx).await?;
    // Whoever binds one of these at this moment holds its row and it is passed over; whoever comes later finds nothing.
    let documents = store::documents::hold_unbound(&mut tx, now - UNBOUND_KEPT, BATCH).await?;
    let ids: Vec<_> = documents.iter().map(|document| document.id.0).collect();
    let versions = store::versions::of_documents(&mut tx, &ids).await?;
    let mut gone = Vec::new();
    for document in &documents {
        for version in versions.iter().filter(|version| version.document_id == document.id) {
            let details = json!({ "sha256": version.file.sha256_text(), "uploaded_at": document.created_at });
            publish::version_audited(service, &mut tx, "document.expired", document, version, details)
                .await?;
            gone.extend(store::versions::delete(&mut tx, version.id).await?);
        }
        store::documents::delete(&mut tx, document.id).await?;
    }
    let forgotten = store::sightings::forget(&mut tx, now - ONE_LOOK, SIGHTINGS).await?;
    tx.commit().await?;
    // A process that ends here leaves bytes without a row, which the next job removes.
    for version in &gone {
        discard(service, tenant, *version).await;
    }
    if !documents.is_empty() {
        tracing::info!(%tenant, removed = documents.len(), "removed uploads that nobody had bound");
    }
    let full = |count: usize, most: i64| usize::try_from(most).is_ok_and(|most| count >= most);
    Ok(full(documents.len(), BATCH) || forgotten >= SIGHTINGS.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use portico_core::{Ctx, Problem};
    use portico_proto::documents::v1::{BindDocumentRequest, GetDocumentRequest};

    use super::*;
    use crate::testing::{Fixture, refused};

    async fn attach(fixture: &Fixture, client: &Ctx) -> (String, String) {
        let path = format!("/attachments?record_id={}", fixture.record);
        let answer = fixture.upload(client, &path, "notes.txt", b"as agreed").await.unwrap();
        let text = |key: &str| answer[key].as_str().unwrap().to_owned();
        (text("document_id"), text("version_id"))
    }

    #[tokio::test]
    async fn what_nobody_binds_goes_after_its_time_with_its_bytes_and_what_is_bound_stays() {
        let fixture = Fixture::new().await;
        let client = fixture.client("client");
        let (bound, version) = attach(&fixture, &client).await;
        let bind = |document_id: &str| BindDocumentRequest {
            document_id: document_id.to_owned(),
            person_id: client.actor.person.unwrap().to_string(),
            kind: "attachment".to_owned(),
            account_id: fixture.acme.to_string(),
            record_id: fixture.record.to_string(),
            internal: false,
            step_id: String::new(),
        };
        let mut system = fixture.documents(&portico_testkit::system(fixture.tenant));
        system.bind_document(bind(&bound)).await.unwrap();
        let (forgotten, _) = attach(&fixture, &client).await;
        let path = format!("/record-files?account_id={}", fixture.globex);
        fixture.upload(&fixture.manager(), &path, "other.txt", b"of another account").await.unwrap();

        fixture.database.clock.advance(UNBOUND_KEPT);
        fixture.work("documents.remove_unbound").await;
        assert_eq!((fixture.rows("documents").await, fixture.blobs()), (3, 3), "not a moment too early");
        fixture.database.clock.advance(EVERY);
        let (fresh, _) = attach(&fixture, &client).await;
        fixture.work("documents.remove_unbound").await;
        assert_eq!((fixture.rows("documents").await, fixture.rows("versions").await), (2, 2));
        assert_eq!(fixture.blobs(), 2);
        let get = async |id: &str| {
            let get = GetDocumentRequest { document_id: id.to_owned(), ..Default::default() };
            fixture.documents(&client).get_document(get).await
        };
        assert_eq!(refused(get(&forgotten).await), Problem::not_found());
        assert!(get(&fresh).await.is_ok());
        let bytes = fixture.get(&client, &format!("/versions/{version}")).await.unwrap();
        assert_eq!(bytes.body().as_slice(), b"as agreed");
        // The record or message that comes too late hears of it.
        assert_eq!(refused(system.bind_document(bind(&forgotten)).await), Problem::not_found());
        let expired = fixture.audited().await;
        assert_eq!(expired.iter().filter(|action| *action == "document.expired").count(), 2);
        fixture.work("documents.remove_unbound").await;
        assert_eq!(fixture.rows("documents").await, 2, "a second time there is nothing to do");
    }

    #[tokio::test]
    async fn every_firm_is_visited_and_a_batch_ends_not_the_work() {
        let fixture = Fixture::new().await;
        let client = fixture.client("client");
        attach(&fixture, &client).await;
        // More than a batch, in rows that share the bytes' fate without having any.
        sqlx::query(
            "insert into documents.documents (tenant_id, id, account_id, kind, title, bound, created_by, created_at)
             select tenant_id, gen_random_uuid(), account_id, kind, title, false, created_by, created_at
             from documents.documents, generate_series(1, 250)",
        )
        .execute(fixture.database.admin())
        .await
        .unwrap();
        let elsewhere = fixture.database.tenant();
        std::fs::create_dir_all(fixture.home.path().join("blobs").join(elsewhere.to_string())).unwrap();
        sqlx::query("insert into documents.documents select ($1::uuid), id, account_id, internal, kind, title, record_id, step_id, bound, created_by, created_at from documents.documents limit 5")
            .bind(elsewhere.0)
            .execute(fixture.database.admin())
            .await
            .unwrap();
        assert_eq!(fixture.rows("documents").await, 256);
        fixture.database.clock.advance(UNBOUND_KEPT + EVERY);
        fixture.work("documents.remove_unbound").await;
        assert_eq!((fixture.rows("documents").await, fixture.blobs()), (0, 0));
    }
}
