//! Lists mails, newest first.

use portico_core::Ctx;
use portico_proto::messaging::v1::{ListMailsRequest, ListMailsResponse};
use portico_service::page;

use crate::{convert, error::MessagingError, service::Service, store, store::mails::Filter};

pub(super) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: ListMailsRequest,
) -> Result<ListMailsResponse, MessagingError> {
    let size = page::size(request.page_size, 50, 200);
    let after = page::key(&request.page_token).map_err(MessagingError::Invalid)?;
    let filter = Filter {
        account: if request.account_id.is_empty() { None } else { Some(request.account_id.parse()?) },
        person: if request.person_id.is_empty() { None } else { Some(request.person_id.parse()?) },
        state: convert::mail_state(request.state)?,
    };
    let mut tx = service.store.begin(&ctx).await?;
    let mut mails = store::mails::list(&mut tx, &filter, after, size + 1).await?;
    let next_page_token = page::cut(&mut mails, size, |last| (last.created_at, last.id));
    Ok(ListMailsResponse { mails: mails.into_iter().map(convert::mail).collect(), next_page_token })
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use portico_proto::messaging::v1::MailState;

    use super::*;
    use crate::testing::Fixture;

    #[tokio::test]
    async fn mails_are_filtered_and_paged_and_belong_to_the_firms_side() {
        let fixture = Fixture::new().await;
        let (ana, tom) = (fixture.client_person("Ana"), fixture.staff_person("Tom"));
        for number in 1..=3 {
            fixture.database.clock.advance(TimeDelta::minutes(1));
            fixture
                .queue(ana, &format!("Mail {number}"), |mail| mail.account_id = Some(fixture.acme()))
                .await;
        }
        fixture.queue(tom, "To staff", |_| {}).await;
        let list = async |ctx: Ctx, request: ListMailsRequest| handle(&fixture.service, ctx, request).await;
        let subjects = |response: &ListMailsResponse| -> Vec<String> {
            response.mails.iter().map(|mail| mail.subject.clone()).collect()
        };
        let staff = fixture.as_staff(tom);
        let of_acme =
            ListMailsRequest { account_id: fixture.acme().to_string(), page_size: 2, ..Default::default() };
        let first = list(staff.clone(), of_acme.clone()).await.unwrap();
        assert_eq!(subjects(&first), ["Mail 3", "Mail 2"]);
        let second = ListMailsRequest { page_token: first.next_page_token, ..of_acme };
        assert_eq!(subjects(&list(staff.clone(), second).await.unwrap()), ["Mail 1"]);
        let to_tom = ListMailsRequest { person_id: tom.to_string(), ..Default::default() };
        assert_eq!(subjects(&list(staff.clone(), to_tom).await.unwrap()), ["To staff"]);
        let failed = ListMailsRequest { state: MailState::Failed.into(), ..Default::default() };
        assert!(list(staff.clone(), failed).await.unwrap().mails.is_empty());
        let odd = ListMailsRequest { state: 99, ..Default::default() };
        assert!(matches!(list(staff.clone(), odd).await, Err(MessagingError::Invalid(_))));
        let no_id = ListMailsRequest { account_id: "x".to_owned(), ..Default::default() };
        assert!(matches!(list(staff, no_id).await, Err(MessagingError::NotFound)));

        // The floor alone keeps mails from clients and other firms; the boundary refuses clients before.
        let stranger = portico_testkit::staff(fixture.database.tenant(), &["admin"]);
        for ctx in [fixture.as_client(ana), stranger] {
            assert!(list(ctx, ListMailsRequest::default()).await.unwrap().mails.is_empty());
        }
    }
}
