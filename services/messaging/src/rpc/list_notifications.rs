//! Lists what one was told in the app.

use portico_core::Ctx;
use portico_proto::messaging::v1::{ListNotificationsRequest, ListNotificationsResponse};
use portico_service::page;

use crate::{convert, error::MessagingError, service::Service, store};

pub(super) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: ListNotificationsRequest,
) -> Result<ListNotificationsResponse, MessagingError> {
    let size = page::size(request.page_size, 50, 200);
    let mut tx = service.store.begin(&ctx).await?;
    let notifications = store::notifications::list(&mut tx, size).await?;
    Ok(ListNotificationsResponse {
        notifications: notifications.into_iter().map(convert::notification).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Fixture;

    #[tokio::test]
    async fn i03_everybody_reads_their_own_while_the_account_is_theirs() {
        let fixture = Fixture::new().await;
        let record = fixture.record(fixture.acme(), "Relaunch");
        let (ana, ben) = (fixture.client_person("Ana"), fixture.client_person("Ben"));
        let tom = fixture.staff_person("Tom Berg");
        fixture.post(tom, record, "canarytext", false).await;
        fixture.handle_posted().await;
        let list = async |ctx: Ctx| {
            handle(&fixture.service, ctx, ListNotificationsRequest::default()).await.unwrap().notifications
        };
        let of_ana = list(fixture.as_client(ana)).await;
        let [told] = of_ana.as_slice() else { panic!("{of_ana:?}") };
        assert_eq!(told.subject, "New message from Tom Berg: Relaunch");
        assert_eq!((told.link.as_str(), told.read), (format!("/messages/{record}").as_str(), false));
        assert!(!format!("{told:?}").contains("canarytext"));
        let of_ben = list(fixture.as_client(ben)).await;
        assert_eq!(of_ben.len(), 1);
        assert_ne!(of_ben[0].id, told.id);
        assert!(list(fixture.as_staff(tom)).await.is_empty());
        // Somebody who has left the account keeps nothing of it.
        let mut left = fixture.as_client(ana);
        left.actor.accounts = portico_core::AccountScope::Listed(vec![fixture.globex()]);
        assert!(list(left.clone()).await.is_empty());
        assert_eq!(fixture.unread(&left).await, (0, 0));
        let stranger = Ctx { tenant: fixture.database.tenant(), ..fixture.as_client(ana) };
        assert!(list(stranger).await.is_empty());
    }
}
