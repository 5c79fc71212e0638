//! Reads a mail.

use portico_core::{Ctx, MailId};
use portico_proto::messaging::v1::{GetMailRequest, GetMailResponse};

use crate::{convert, error::MessagingError, service::Service, store};

pub(super) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: GetMailRequest,
) -> Result<GetMailResponse, MessagingError> {
    let id: MailId = request.mail_id.parse()?;
    let mut tx = service.store.begin(&ctx).await?;
    let mail = store::mails::read(&mut tx, id).await?.ok_or(MessagingError::NotFound)?;
    Ok(GetMailResponse { mail: Some(convert::mail(mail)) })
}

#[cfg(test)]
mod tests {
    use portico_proto::messaging::v1::MailState;

    use super::*;
    use crate::testing::Fixture;

    #[tokio::test]
    async fn in_development_a_mail_can_be_read_whole() {
        let fixture = Fixture::new().await;
        let ana = fixture.client_person("Ana Example");
        let id = fixture.queue(ana, "All is ready", |mail| mail.body = "Come & see.".to_owned()).await;
        fixture.send_mails().await;
        let request = GetMailRequest { mail_id: id.to_string() };
        let mail = handle(&fixture.service, fixture.system(), request).await.unwrap().mail.unwrap();
        assert_eq!((mail.state(), mail.error.as_str(), mail.attempts), (MailState::Sent, "", 1));
        assert_eq!(mail.to, "ana.example@people.example");
        assert!(mail.text.contains("Hello Ana Example,\n\nCome & see."), "{}", mail.text);
        assert!(mail.html.contains("Come &#38; see."), "{}", mail.html);
        assert!(mail.source.contains("Subject: All is ready"), "{}", mail.source);
        assert!(mail.source.contains(&format!("Message-ID: <{id}@northwind.example>")), "{}", mail.source);
    }

    #[tokio::test]
    async fn i01_a_mail_of_another_firm_is_not_there() {
        let fixture = Fixture::new().await;
        let ana = fixture.client_person("Ana");
        let id = fixture.queue(ana, "All is ready", |_| {}).await.to_string();
        let stranger = portico_testkit::staff(fixture.database.tenant(), &["admin"]);
        for (ctx, mail_id) in
            [(stranger, id.clone()), (fixture.as_client(ana), id), (fixture.system(), "x".to_owned())]
        {
            let refused = handle(&fixture.service, ctx, GetMailRequest { mail_id }).await;
            assert!(matches!(refused, Err(MessagingError::NotFound)), "{refused:?}");
        }
    }
}
