//! Sends a test mail and says at once what the mail server answered.

use std::time::Duration;

use portico_core::{Ctx, Email, MailId, Problem};
use portico_proto::messaging::v1::{SendTestMailRequest, SendTestMailResponse};
use serde_json::json;

use crate::{
    domain::mail::{Mail, State},
    error::MessagingError,
    events::publish,
    mail::{Office, Reason, Refused, compose, test_letter},
    service::Service,
    store,
};

/// How long the mail server may take. A call lasts ten seconds, and the answer has to get back within them.
const PATIENCE: Duration = Duration::from_secs(9);

pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: SendTestMailRequest,
) -> Result<SendTestMailResponse, MessagingError> {
    let to: Email = request.to.parse().map_err(|_| {
        MessagingError::Invalid(Problem::invalid("to", "Enter an address like name@example.com."))
    })?;
    let office = Office::of(service, &ctx).await?;
    let letter = test_letter(&office.firm);
    let now = service.clock.now();
    let id = MailId::new(now, &*service.entropy);
    let envelope = office.envelope(service, id, (String::new(), to.as_str().to_owned()));
    let ready = compose(&envelope, &letter, &office.firm.colour, "")
        .map_err(|reason| MessagingError::Invalid(Problem::invalid("to", reason)))?;
    let sent = tokio::time::timeout(PATIENCE, office.send(service, &ctx, ready)).await.unwrap_or_else(|_| {
        Err(Refused::later(Reason::Timeout, "The mail server did not answer within 9 seconds."))
    });
    let (accepted, answer, reason, parts) = match sent {
        Ok(taken) => {
            let reason = if taken.kept.is_some() { "kept" } else { "taken" };
            (true, taken.answer, reason, taken.kept)
        }
        Err(Refused { answer, reason, .. }) => (false, answer, reason.as_str(), None),
    };

    let mail = Mail {
        subject: letter.subject,
        state: if accepted { State::Sent } else { State::Failed },
        error: if accepted { String::new() } else { answer.clone() },
        attempts: 1,
        sent_at: accepted.then_some(now),
        parts,
        ..Mail::draft(id, "test", to.as_str().to_owned(), now)
    };
    let mut tx = service.store.begin(&ctx).await?;
    store::mails::insert(&mut tx, &mail).await?;
    publish::mail_settled(service, &mut tx, &mail, mail.state).await?;
    publish::mail_handled(service, &mut tx, "mail.test_sent", &mail, json!({ "accepted": accepted })).await?;
    tx.commit().await?;
    Ok(SendTestMailResponse { accepted, answer, reason: reason.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Fixture, sink};

    fn to(address: &str) -> SendTestMailRequest {
        SendTestMailRequest { to: address.to_owned() }
    }

    #[tokio::test]
    async fn without_a_mail_server_it_lies_in_the_mailbox_and_says_so() {
        let fixture = Fixture::new().await;
        let answer = handle(&fixture.service, fixture.system(), to("Me@Northwind.example")).await.unwrap();
        assert!(answer.accepted && answer.answer.contains("development mailbox"), "{answer:?}");
        assert_eq!(answer.reason, "kept");
        let mails = fixture.mails().await;
        assert_eq!((mails[0].kind.as_str(), mails[0].to_address.as_str()), ("test", "me@northwind.example"));
        assert!(mails[0].parts.is_some());
        let wrong = handle(&fixture.service, fixture.system(), to("nobody")).await.unwrap_err();
        assert!(matches!(wrong, MessagingError::Invalid(problem) if problem.fields[0].field == "to"));
        assert_eq!(fixture.mails().await.len(), 1);
    }

    #[tokio::test]
    async fn the_mail_servers_own_words_come_back() {
        let replies =
            vec![sink::Reply::refuse_recipient(550, "5.1.1 no such mailbox here"), sink::Reply::Accept];
        let (port, received) = sink::start(replies).await;
        let fixture = Fixture::with_smtp(&format!("smtp://127.0.0.1:{port}")).await;
        let refused = handle(&fixture.service, fixture.system(), to("x@northwind.example")).await.unwrap();
        assert!(
            !refused.accepted && refused.answer.contains("550 5.1.1 no such mailbox here"),
            "{refused:?}"
        );
        assert_eq!(refused.reason, "recipient");
        let taken = handle(&fixture.service, fixture.system(), to("x@northwind.example")).await.unwrap();
        assert!(taken.accepted && taken.answer.starts_with("250 "), "{taken:?}");
        assert!(received.sources()[0].contains("Test mail from Northwind Consulting"));
        let states: Vec<_> =
            fixture.mails().await.iter().map(|mail| (mail.state, mail.parts.is_some())).collect();
        assert!(
            states.contains(&(State::Failed, false)) && states.contains(&(State::Sent, false)),
            "{states:?}"
        );
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_named_as_the_reason() {
        let port = sink::nobody_at().await;
        let fixture = Fixture::with_smtp(&format!("smtp://127.0.0.1:{port}")).await;
        let answer = handle(&fixture.service, fixture.system(), to("x@northwind.example")).await.unwrap();
        assert!(
            !answer.accepted && answer.answer.starts_with("The mail server could not be reached"),
            "{answer:?}"
        );
        assert_eq!(answer.reason, "unreachable");
    }
}
