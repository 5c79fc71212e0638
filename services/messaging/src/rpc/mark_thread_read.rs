//! Marks a thread as read up to a message.

use portico_core::{MessageId, RecordId};
use portico_proto::messaging::v1::{MarkThreadReadRequest, MarkThreadReadResponse};

use super::Asker;
use crate::{error::MessagingError, events, peers, service::Service, store};

pub(super) async fn handle(
    service: &Service,
    asker: Asker,
    request: MarkThreadReadRequest,
) -> Result<MarkThreadReadResponse, MessagingError> {
    let record_id: RecordId = request.record_id.parse()?;
    let message_id: MessageId = request.message_id.parse()?;
    let person = asker.ctx.actor.person.ok_or(MessagingError::NotFound)?;
    peers::record(service, &asker.caller, record_id).await?;

    let mut tx = service.store.begin(&asker.ctx).await?;
    let found = store::threads::of_record(&mut tx, record_id).await?.ok_or(MessagingError::NotFound)?;
    let thread = store::threads::lock(&mut tx, found.id).await?.ok_or(MessagingError::NotFound)?;
    let message = store::messages::read(&mut tx, message_id).await?;
    let message = message.filter(|message| message.thread_id == thread.id).ok_or(MessagingError::NotFound)?;
    // Whoever looks on as a client has not read it for them.
    if asker.ctx.actor.impersonator.is_some() {
        return Ok(MarkThreadReadResponse {});
    }
    if store::participants::mark_read(&mut tx, &message, person, asker.ctx.is_internal()).await? {
        events::publish::thread_read(service, &mut tx, &thread, &message).await?;
    }
    if store::participants::marker(&mut tx, thread.id).await?.unread == 0 {
        store::notifications::mark_read(&mut tx, Some(thread.id), service.clock.now()).await?;
    }
    tx.commit().await?;
    Ok(MarkThreadReadResponse {})
}

#[cfg(test)]
mod tests {
    use portico_core::Impersonator;

    use super::*;
    use crate::testing::Fixture;

    #[tokio::test]
    async fn what_was_read_is_no_longer_unread_and_stays_so() {
        let fixture = Fixture::new().await;
        let record = fixture.record(fixture.acme(), "Website relaunch");
        let (ana, tom) = (fixture.client_person("Ana"), fixture.staff_person("Tom"));
        fixture.name_in(record, &[tom]);
        let first = fixture.post(ana, record, "One", false).await;
        let second = fixture.post(ana, record, "Two", false).await;
        fixture.handle_posted().await;
        assert_eq!(fixture.unread(&fixture.as_staff(tom)).await, (2, 2));
        let mark = async |asker: Asker, message: &str| {
            let request =
                MarkThreadReadRequest { record_id: record.to_string(), message_id: message.to_owned() };
            handle(&fixture.service, asker, request).await
        };
        mark(fixture.asker_staff(tom), &first.id).await.unwrap();
        assert_eq!(fixture.unread(&fixture.as_staff(tom)).await, (1, 2));
        mark(fixture.asker_staff(tom), &second.id).await.unwrap();
        assert_eq!(fixture.unread(&fixture.as_staff(tom)).await, (0, 0));
        mark(fixture.asker_staff(tom), &first.id).await.unwrap();
        assert_eq!(fixture.unread(&fixture.as_staff(tom)).await, (0, 0), "a marker never moves back");
        let read = fixture.audited().await.into_iter().filter(|action| action == "thread.read").count();
        assert_eq!(read, 2);
        // Late news of a message that was read already counts nothing.
        fixture.handle_posted().await;
        assert_eq!(fixture.unread(&fixture.as_staff(tom)).await.0, 0);
    }

    #[tokio::test]
    async fn i02_messages_of_others_and_notes_for_staff_are_not_there() {
        let fixture = Fixture::new().await;
        let record = fixture.record(fixture.acme(), "Website relaunch");
        let other = fixture.record(fixture.acme(), "Another");
        let (ana, tom) = (fixture.client_person("Ana"), fixture.staff_person("Tom"));
        let shared = fixture.post(tom, record, "One", false).await;
        let note = fixture.post(tom, record, "Note", true).await;
        let elsewhere = fixture.post(tom, other, "Elsewhere", false).await;
        for (asker, message) in [
            (fixture.asker_client(ana), note.id.as_str()),
            (fixture.asker_client(ana), elsewhere.id.as_str()),
            (fixture.asker_client(ana), "x"),
            (fixture.asker_of(fixture.globex()), shared.id.as_str()),
            (fixture.asker_of_stranger(), shared.id.as_str()),
        ] {
            let request =
                MarkThreadReadRequest { record_id: record.to_string(), message_id: message.to_owned() };
            let refused = handle(&fixture.service, asker, request).await;
            assert!(matches!(refused, Err(MessagingError::NotFound)), "{refused:?}");
        }
    }

    #[tokio::test]
    async fn whoever_looks_on_as_a_client_reads_nothing_for_them() {
        let fixture = Fixture::new().await;
        let record = fixture.record(fixture.acme(), "Website relaunch");
        let (ana, tom) = (fixture.client_person("Ana"), fixture.staff_person("Tom"));
        let message = fixture.post(tom, record, "One", false).await;
        fixture.handle_posted().await;
        let mut asker = fixture.asker_client(ana);
        asker.ctx.actor.impersonator = Some(Impersonator { person: tom, reason: "support".to_owned() });
        let request = MarkThreadReadRequest { record_id: record.to_string(), message_id: message.id };
        handle(&fixture.service, asker, request).await.unwrap();
        assert_eq!(fixture.unread(&fixture.as_client(ana)).await.0, 1);
    }
}
