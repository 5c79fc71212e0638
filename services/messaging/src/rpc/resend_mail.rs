//! Tries a mail again whose last attempt has failed.

use portico_core::{Ctx, MailId};
use portico_proto::messaging::v1::{ResendMailRequest, ResendMailResponse};
use serde_json::json;

use crate::{convert, domain::mail::State, error::MessagingError, events::publish, service::Service, store};

pub(super) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: ResendMailRequest,
) -> Result<ResendMailResponse, MessagingError> {
    let id: MailId = request.mail_id.parse()?;
    let mut tx = service.store.begin(&ctx).await?;
    let before = store::mails::read(&mut tx, id).await?.ok_or(MessagingError::NotFound)?;
    let Some(mail) = store::mails::queue_again(&mut tx, id, service.clock.now()).await? else {
        let state = if before.state == State::Sent { "sent" } else { "on its way" };
        return Err(MessagingError::NotFailed(state));
    };
    // Whoever tries again knows, or wants to know, that the address works.
    store::addresses::confirm(&mut tx, &mail.to_address, service.clock.now()).await?;
    let details = json!({ "kind": mail.kind, "attempts_before": before.attempts });
    publish::mail_handled(service, &mut tx, "mail.resent", &mail, details).await?;
    tx.commit().await?;
    service.mail_written.notify_one();
    Ok(ResendMailResponse { mail: Some(convert::mail(mail)) })
}

#[cfg(test)]
mod tests {
    use portico_proto::messaging::v1::MailState;

    use super::*;
    use crate::testing::{Fixture, sink};

    #[tokio::test]
    async fn a_failed_mail_goes_out_when_staff_ask_again() {
        let (port, received) = sink::start(vec![sink::Reply::refuse_recipient(550, "no such mailbox")]).await;
        let fixture = Fixture::with_smtp(&format!("smtp://127.0.0.1:{port}")).await;
        let tom = fixture.staff_person("Tom");
        let id = fixture.queue(tom, "Once more", |mail| mail.body = "Here it is.".to_owned()).await;
        fixture.send_mails().await;
        assert_eq!(fixture.mail(id).await.state, State::Failed);
        let request = ResendMailRequest { mail_id: id.to_string() };
        let again =
            handle(&fixture.service, fixture.as_staff(tom), request.clone()).await.unwrap().mail.unwrap();
        assert_eq!((again.state(), again.attempts, again.error.as_str()), (MailState::Queued, 0, ""));
        let early = handle(&fixture.service, fixture.as_staff(tom), request.clone()).await.unwrap_err();
        assert!(matches!(early, MessagingError::NotFailed("on its way")), "{early:?}");
        fixture.send_mails().await;
        assert!(received.sources()[0].contains("Here it is."));
        let late = handle(&fixture.service, fixture.as_staff(tom), request.clone()).await.unwrap_err();
        assert!(matches!(late, MessagingError::NotFailed("sent")), "{late:?}");
        assert_eq!(fixture.audited().await, ["mail.bounced", "mail.resent"]);
        let stranger = portico_testkit::staff(fixture.database.tenant(), &["admin"]);
        assert!(matches!(handle(&fixture.service, stranger, request).await, Err(MessagingError::NotFound)));
    }
}
