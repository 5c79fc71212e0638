//! Who has read a document: the firm sees everybody, people of an account their own side.

use portico_proto::{
    documents::v1::{ListReadingsRequest, ListReadingsResponse, PageReading, Reading},
    time,
};

use crate::{
    access,
    error::DocumentsError,
    service::{Call, SharedService},
    store,
};

/// Readers and versions in one answer.
const MOST: i64 = 200;

pub(super) async fn handle(
    service: &SharedService,
    call: Call,
    request: ListReadingsRequest,
) -> Result<ListReadingsResponse, DocumentsError> {
    let (document, _) = access::document(service, &call, request.document_id.parse()?).await?;
    let mut tx = service.store.begin(&call.ctx).await?;
    let readings = store::readings::of_document(&mut tx, document.id, MOST).await?;
    let page = |(page, seconds): (&i32, &i32)| PageReading { page: *page, seconds: *seconds };
    let readings = readings.into_iter().map(|reading| Reading {
        version_id: reading.version_id.to_string(),
        number: reading.number,
        person_id: reading.person_id.to_string(),
        person_name: reading.person_name,
        internal: reading.internal,
        first_at: Some(time::timestamp(reading.first_at)),
        last_at: Some(time::timestamp(reading.last_at)),
        downloads: reading.downloads,
        prints: reading.prints,
        pages: reading.pages.iter().map(page).collect(),
    });
    Ok(ListReadingsResponse { readings: readings.collect() })
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use portico_core::{Ctx, Impersonator, Problem};
    use portico_proto::documents::v1::*;

    use crate::{
        DATA_AGREEMENT,
        testing::{Fixture, refused},
    };

    async fn readings(fixture: &Fixture, who: &Ctx, document: &str) -> Vec<Reading> {
        let asked = ListReadingsRequest { document_id: document.to_owned() };
        fixture.library(who).list_readings(asked).await.unwrap().into_inner().readings
    }

    fn told(version: &str, seconds: i32, printed: bool) -> RecordReadingRequest {
        let pages = vec![PageReading { page: 1, seconds }, PageReading { page: 999, seconds: 9 }];
        RecordReadingRequest { version_id: version.to_owned(), pages, printed }
    }

    #[tokio::test]
    async fn readings_are_told_to_the_firm_and_to_the_readers_own_side() {
        let fixture = Fixture::new().await;
        let (client, manager) = (fixture.client("client"), fixture.manager());
        fixture.named(&client, "Ana");
        let top = fixture.folder("Papers", "view").await;
        let (document, version) = fixture.file(&top, "agreement.pdf", DATA_AGREEMENT).await;
        fixture.library(&client).record_reading(told(&version, 10, false)).await.unwrap();
        assert!(readings(&fixture, &manager, &document).await.is_empty(), "nothing was shown to them yet");
        let page = format!("/versions/{version}/pages/1");
        fixture.get(&client, &page).await.unwrap();
        fixture.database.clock.advance(TimeDelta::seconds(20));
        fixture.library(&client).record_reading(told(&version, 12, true)).await.unwrap();
        fixture.database.clock.advance(TimeDelta::seconds(5));
        fixture.library(&client).record_reading(told(&version, 500, false)).await.unwrap();
        fixture.get(&client, &format!("/versions/{version}")).await.unwrap();
        fixture.get(&manager, &page).await.unwrap();
        let all = readings(&fixture, &manager, &document).await;
        assert_eq!(all.len(), 2);
        let own = readings(&fixture, &client, &document).await;
        assert_eq!(own.len(), 1, "who of the firm has looked is the firm's own");
        let ana = &own[0];
        assert_eq!((ana.downloads, ana.prints, ana.internal), (1, 1, false));
        assert_eq!(ana.pages.len(), 1, "only pages that are there count");
        assert_eq!((ana.pages[0].page, ana.pages[0].seconds), (1, 22), "no more than time has passed");
        assert!(fixture.audited().await.contains(&"document.printed".to_owned()));
        for stranger in fixture.strangers() {
            let answer = fixture.library(&stranger).record_reading(told(&version, 1, true)).await;
            assert_eq!(refused(answer), Problem::not_found());
            let asked = ListReadingsRequest { document_id: document.clone() };
            assert_eq!(refused(fixture.library(&stranger).list_readings(asked).await), Problem::not_found());
        }
    }

    #[tokio::test]
    async fn whoever_looks_as_somebody_else_leaves_them_no_reading() {
        let fixture = Fixture::new().await;
        let client = fixture.client("client");
        let top = fixture.folder("Papers", "view").await;
        let (document, version) = fixture.file(&top, "agreement.pdf", DATA_AGREEMENT).await;
        let mut seen_as = client.clone();
        let real = fixture.manager().actor.person.unwrap();
        seen_as.actor.impersonator = Some(Impersonator { person: real, reason: "A question".to_owned() });
        fixture.get(&seen_as, &format!("/versions/{version}/pages/1")).await.unwrap();
        assert!(readings(&fixture, &client, &document).await.is_empty());
    }
}
