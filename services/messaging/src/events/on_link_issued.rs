//! Writes the mail of an invitation or a sign-in. The link's secret is made when it is sent.

use std::sync::Arc;

use async_trait::async_trait;
use portico_core::MailId;
use portico_events::{HandleError, Handler, Received, Subscription, Topics, Types, claim};
use portico_proto::events::v1::LinkIssued;

use crate::{
    domain::{mail::Mail, words::Words},
    error::MessagingError,
    peers,
    service::SharedService,
    store,
};

const CONSUMER: &str = "messaging.link_mails";

struct LinkMails(SharedService);

pub(super) fn subscription(service: &SharedService) -> Subscription {
    Subscription {
        consumer: CONSUMER,
        topics: Topics::All,
        types: Types::only::<LinkIssued>(),
        handler: Arc::new(LinkMails(Arc::clone(service))),
        durable: true,
    }
}

#[async_trait]
impl Handler for LinkMails {
    async fn handle(&self, event: &Received) -> Result<(), HandleError> {
        let issued: LinkIssued = event.decode()?;
        let service = &*self.0;
        let ctx = event.ctx("Mail");
        let person_id = issued.person_id.parse().map_err(MessagingError::from)?;
        let firm = peers::tenant(service, &ctx).await?;
        let people = peers::people(service, &ctx, &[person_id]).await?;

        let mut tx = service.store.begin(&ctx).await?;
        if !claim(&mut tx, CONSUMER, event).await? {
            return Ok(());
        }
        // Somebody who was deactivated in the meantime gets no mail.
        if let Some(person) = people.get(&person_id) {
            let words = Words::of(&person.language);
            let (kind, subject) = match issued.purpose.as_str() {
                "invitation" => ("invitation", words.invitation_subject(&firm.name)),
                "sign_in" => ("sign_in", words.sign_in_subject(&firm.name)),
                other => return Err(HandleError::Reject(format!("links for {other} have no mail"))),
            };
            let now = service.clock.now();
            let mail = Mail {
                account_id: issued.account_id.parse().ok().or(event.account),
                person_id: Some(person_id),
                subject,
                body: issued.message,
                reply_to: issued.reply_to_person_id.parse().ok(),
                link_id: Some(
                    issued
                        .link_id
                        .parse()
                        .map_err(|_| HandleError::Reject("the link has no id".to_owned()))?,
                ),
                ..Mail::draft(MailId::new(now, &*service.entropy), kind, person.email.clone(), now)
            };
            store::mails::insert(&mut tx, &mail).await?;
        }
        tx.commit().await?;
        service.mail_written.notify_one();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Fixture;

    #[tokio::test]
    async fn a_link_gets_one_mail_without_its_secret() {
        let fixture = Fixture::new().await;
        let (ana, tom) = (fixture.client_person("Ana Example"), fixture.staff_person("Tom Berg"));
        let link = fixture.link("s3cret");
        let issued = LinkIssued {
            link_id: link.to_string(),
            person_id: ana.to_string(),
            purpose: "invitation".to_owned(),
            account_id: fixture.acme().to_string(),
            reply_to_person_id: tom.to_string(),
            message: "See you soon".to_owned(),
        };
        let event = fixture.received(&issued, Some(fixture.acme()));
        let handler = LinkMails(Arc::clone(&fixture.service));
        handler.handle(&event).await.unwrap();
        handler.handle(&event).await.unwrap();
        let mails = fixture.mails().await;
        let [mail] = mails.as_slice() else { panic!("{mails:?}") };
        assert_eq!(
            (mail.kind.as_str(), mail.to_address.as_str()),
            ("invitation", "ana.example@people.example")
        );
        assert_eq!(mail.subject, "Northwind Consulting invites you to its portal");
        assert_eq!((mail.account_id, mail.reply_to), (Some(fixture.acme()), Some(tom)));
        assert!(!format!("{mail:?}").contains("s3cret"));
        assert_eq!(fixture.minted(), 0, "the secret is made when the mail is sent");
    }

    #[tokio::test]
    async fn what_cannot_be_mailed_is_no_mail() {
        let fixture = Fixture::new().await;
        let handler = LinkMails(Arc::clone(&fixture.service));
        let gone = LinkIssued {
            link_id: fixture.link("x").to_string(),
            person_id: fixture.link("y").to_string(),
            purpose: "sign_in".to_owned(),
            ..LinkIssued::default()
        };
        handler.handle(&fixture.received(&gone, None)).await.unwrap();
        let ana = fixture.client_person("Ana");
        let odd = LinkIssued { person_id: ana.to_string(), purpose: "reset".to_owned(), ..gone };
        let outcome = handler.handle(&fixture.received(&odd, None)).await;
        assert!(matches!(outcome, Err(HandleError::Reject(_))), "{outcome:?}");
        assert!(fixture.mails().await.is_empty());
    }
}
