//! Reads the thread of a record.

use portico_core::RecordId;
use portico_proto::messaging::v1::{GetThreadRequest, GetThreadResponse};
use portico_service::page;

use super::Asker;
use crate::{
    convert,
    domain::thread::{Listed, excerpt},
    error::MessagingError,
    peers,
    service::Service,
    store,
};

pub(crate) async fn handle(
    service: &Service,
    asker: Asker,
    request: GetThreadRequest,
) -> Result<GetThreadResponse, MessagingError> {
    let record_id: RecordId = request.record_id.parse()?;
    let size = page::size(request.page_size, 50, 200);
    let before = page::key(&request.page_token).map_err(MessagingError::Invalid)?;
    let record = peers::record(service, &asker.caller, record_id).await?;
    let as_of_record = peers::thread_of(service, &record)?;

    let mut tx = service.store.begin(&asker.ctx).await?;
    let Some(found) = store::threads::of_record(&mut tx, record_id).await? else {
        let nothing = Listed { thread: as_of_record, unread: 0, last_at: None, last_text: String::new() };
        let mut thread = convert::thread(nothing);
        thread.id = String::new();
        return Ok(GetThreadResponse { thread: Some(thread), ..GetThreadResponse::default() });
    };
    let mut messages = store::messages::list(&mut tx, found.id, before, size + 1).await?;
    let newest = match &before {
        None => messages.first().cloned(),
        Some(_) => store::messages::list(&mut tx, found.id, None, 1).await?.into_iter().next(),
    };
    let last_at = store::threads::last_at(&mut tx, found.id).await?;
    let marker = store::participants::marker(&mut tx, found.id).await?;
    tx.rollback().await?;

    let next_page_token = page::cut(&mut messages, size, |last| (last.posted_at, last.id));
    messages.reverse();
    let mut thread = as_of_record;
    thread.id = found.id;
    let last_text = newest.map(|message| excerpt(&message.body)).unwrap_or_default();
    Ok(GetThreadResponse {
        thread: Some(convert::thread(Listed { thread, unread: marker.unread, last_at, last_text })),
        messages: messages.into_iter().map(|message| convert::message(&asker.ctx, message)).collect(),
        next_page_token,
        read_until: marker.message_id.map(|id| id.to_string()).unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::testing::Fixture;

    #[tokio::test]
    async fn a_thread_is_read_in_pages_newest_first_and_shown_oldest_first() {
        let fixture = Fixture::new().await;
        let record = fixture.record(fixture.acme(), "Website relaunch");
        let (ana, tom) = (fixture.client_person("Ana"), fixture.staff_person("Tom"));
        let empty = handle(&fixture.service, fixture.asker_client(ana), fixture.get(record)).await.unwrap();
        let thread = empty.thread.unwrap();
        assert_eq!((thread.id.as_str(), thread.title.as_str()), ("", "Website relaunch"));
        assert_eq!(thread.account_name, "Acme");

        for (number, person) in [(1, ana), (2, tom), (3, ana)] {
            // Two messages of one moment keep their order too.
            if number == 3 {
                fixture.database.clock.advance(TimeDelta::minutes(1));
            }
            fixture.post(person, record, &format!("Message {number}"), false).await;
        }
        let page = |token: &str| GetThreadRequest {
            page_size: 2,
            page_token: token.to_owned(),
            ..fixture.get(record)
        };
        let first = handle(&fixture.service, fixture.asker_staff(tom), page("")).await.unwrap();
        let bodies = |response: &GetThreadResponse| -> Vec<String> {
            response.messages.iter().map(|message| message.body.clone()).collect()
        };
        assert_eq!(bodies(&first), ["Message 2", "Message 3"]);
        assert_eq!(first.messages.iter().map(|message| message.mine).collect::<Vec<_>>(), [true, false]);
        assert_eq!(first.messages[0].author_kind, "staff");
        let second =
            handle(&fixture.service, fixture.asker_staff(tom), page(&first.next_page_token)).await.unwrap();
        assert_eq!((bodies(&second), second.next_page_token.as_str()), (vec!["Message 1".to_owned()], ""));
        assert_eq!(second.thread.unwrap().last_text, "Message 3");
        let wrong = handle(&fixture.service, fixture.asker_staff(tom), page("x")).await.unwrap_err();
        assert!(matches!(wrong, MessagingError::Invalid(problem) if problem.fields[0].field == "page_token"));
    }

    #[tokio::test]
    async fn internal_notes_never_reach_a_client() {
        let fixture = Fixture::new().await;
        let record = fixture.record(fixture.acme(), "Website relaunch");
        let (ana, tom) = (fixture.client_person("Ana"), fixture.staff_person("Tom"));
        fixture.post(tom, record, "canarynote", true).await;
        let seen = handle(&fixture.service, fixture.asker_client(ana), fixture.get(record)).await.unwrap();
        let thread = seen.thread.clone().unwrap();
        assert_eq!((seen.messages.len(), thread.last_text.as_str(), thread.unread), (0, "", 0));
        assert_eq!(thread.last_at, None);
        assert!(!format!("{seen:?}").contains("canarynote"));
        fixture.post(tom, record, "Hello", false).await;
        fixture.post(tom, record, "canarynote again", true).await;
        let seen = handle(&fixture.service, fixture.asker_client(ana), fixture.get(record)).await.unwrap();
        assert_eq!((seen.messages.len(), seen.thread.as_ref().unwrap().last_text.as_str()), (1, "Hello"));
        assert!(!format!("{seen:?}").contains("canarynote"));
        let whole = handle(&fixture.service, fixture.asker_staff(tom), fixture.get(record)).await.unwrap();
        assert_eq!(
            whole.messages.iter().map(|message| message.internal).collect::<Vec<_>>(),
            [true, false, true]
        );
    }

    #[tokio::test]
    async fn i01_i02_what_one_may_not_see_is_not_there() {
        let fixture = Fixture::new().await;
        let record = fixture.record(fixture.acme(), "Website relaunch");
        let ana = fixture.client_person("Ana");
        fixture.post(ana, record, "Hello", false).await;
        let absent =
            GetThreadRequest { record_id: fixture.link("x").to_string(), ..GetThreadRequest::default() };
        let no_id = GetThreadRequest { record_id: "x".to_owned(), ..GetThreadRequest::default() };
        for (asker, request) in [
            (fixture.asker_of(fixture.globex()), fixture.get(record)),
            (fixture.asker_of_stranger(), fixture.get(record)),
            (fixture.asker_client(ana), absent),
            (fixture.asker_client(ana), no_id),
        ] {
            let refused = handle(&fixture.service, asker, request).await;
            assert!(matches!(refused, Err(MessagingError::NotFound)), "{refused:?}");
        }
    }
}
