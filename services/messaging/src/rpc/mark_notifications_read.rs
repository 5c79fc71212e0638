//! Marks all notifications as read.

use portico_core::Ctx;
use portico_proto::messaging::v1::{MarkNotificationsReadRequest, MarkNotificationsReadResponse};

use crate::{error::MessagingError, events, service::Service, store};

pub(super) async fn handle(
    service: &Service,
    ctx: Ctx,
    _: MarkNotificationsReadRequest,
) -> Result<MarkNotificationsReadResponse, MessagingError> {
    let person = ctx.actor.person.ok_or(MessagingError::NotFound)?;
    // Whoever looks on as a client has not read them for the client.
    if ctx.actor.impersonator.is_some() {
        return Ok(MarkNotificationsReadResponse {});
    }
    let mut tx = service.store.begin(&ctx).await?;
    let count = store::notifications::mark_read(&mut tx, None, service.clock.now()).await?;
    if count > 0 {
        events::publish::notifications_read(service, &mut tx, person.0, count).await?;
    }
    tx.commit().await?;
    Ok(MarkNotificationsReadResponse {})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Fixture;

    #[tokio::test]
    async fn one_marks_ones_own_and_nobody_elses() {
        let fixture = Fixture::new().await;
        let record = fixture.record(fixture.acme(), "Relaunch");
        let (ana, ben) = (fixture.client_person("Ana"), fixture.client_person("Ben"));
        fixture.post(fixture.staff_person("Tom"), record, "Hello", false).await;
        fixture.handle_posted().await;
        for _ in 0..2 {
            let request = MarkNotificationsReadRequest {};
            handle(&fixture.service, fixture.as_client(ana), request).await.unwrap();
        }
        assert_eq!(fixture.unread(&fixture.as_client(ana)).await, (1, 0));
        assert_eq!(fixture.unread(&fixture.as_client(ben)).await, (1, 1));
        let marked =
            fixture.audited().await.into_iter().filter(|action| action == "notifications.read").count();
        assert_eq!(marked, 1, "nothing changed the second time");
    }
}
