use portico_core::{MailId, PersonId};
use portico_proto::messaging::v1::{
    ConfirmMailAddressRequest, ListBouncesRequest, MailSettings as Asked, UpdateMailSettingsRequest,
};

use crate::{
    domain::{bounce::Standing, mail::State},
    error::MessagingError,
    inbound::{Arrival, take},
    mail::Tokens,
    rpc::{confirm_mail_address, list_bounces, update_mail_settings},
    store,
    testing::{
        Fixture,
        sink::{self, Reply},
    },
};

async fn with_inbound(fixture: &Fixture) {
    let admin = fixture.as_staff(fixture.staff_person("Adam"));
    let settings = Asked {
        inbound_address: "in@mail.northwind.example".to_owned(),
        etag: "0".to_owned(),
        ..Asked::default()
    };
    let asked = UpdateMailSettingsRequest { settings: Some(settings), server_password: String::new() };
    update_mail_settings::handle(&fixture.service, admin, asked).await.unwrap();
}

pub(crate) fn report(to: &str, action: &str, status: &str) -> String {
    format!(
        "From: MAILER-DAEMON@mx.example\r\nTo: {to}\r\nSubject: Undelivered\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=\"x\"\r\n\r\n--x\r\n\
         Content-Type: text/plain\r\n\r\nSorry.\r\n\r\n--x\r\nContent-Type: message/delivery-status\r\n\r\n\
         Reporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; whoever@acme.example\r\nAction: {action}\r\n\
         Status: {status}\r\nDiagnostic-Code: smtp; 550 no such user\r\n\r\n--x--\r\n"
    )
}

async fn came_back(fixture: &Fixture, raw: &str) -> Result<&'static str, MessagingError> {
    let arrival = Arrival { raw: raw.as_bytes(), ..Arrival::default() };
    take(&fixture.service, &fixture.system(), arrival).await
}

async fn standing(fixture: &Fixture, address: &str) -> (Standing, i32) {
    let mut tx = fixture.service.store.begin(&fixture.system()).await.unwrap();
    let found = store::addresses::read(&mut tx, address).await.unwrap();
    (found.standing, found.soft_bounces)
}

/// Sends a notice and answers the address that its bounces go to.
async fn mailed(fixture: &Fixture, person: PersonId, inbox: &sink::Inbox) -> (MailId, String) {
    let id = fixture.queue(person, "Hello", |_| {}).await;
    fixture.send_mails().await;
    let said = inbox.commands();
    let line = said.iter().rev().find(|line| line.starts_with("MAIL FROM:")).unwrap();
    (id, line.split(['<', '>']).nth(1).unwrap().to_owned())
}

#[tokio::test]
async fn a_hard_bounce_stops_mail_to_its_address_until_it_is_confirmed() {
    let (port, inbox) = sink::start(Vec::new()).await;
    let fixture = Fixture::with_smtp(&format!("smtp://127.0.0.1:{port}")).await;
    with_inbound(&fixture).await;
    let (ana, ben) = (fixture.client_person("Ana"), fixture.client_person("Ben"));
    let (_, back) = mailed(&fixture, ana, &inbox).await;
    assert!(
        back.starts_with("in+b") && back.ends_with("@mail.northwind.example") && back.find('@') < Some(65),
        "{back}"
    );
    for _ in 0..2 {
        let done = came_back(&fixture, &report(&back, "failed", "5.1.1")).await.unwrap();
        assert!(done == "noted" || done == "known", "{done}");
    }
    assert_eq!(standing(&fixture, "Ana@people.example").await, (Standing::Undeliverable, 0));
    assert_eq!(
        standing(&fixture, "whoever@acme.example").await.0,
        Standing::Fine,
        "the report's own word does not count"
    );

    let sent = inbox.sources().len();
    let stopped = fixture.queue(ana, "Again", |_| {}).await;
    let link = fixture.link("s3cret");
    fixture.queue(ana, "", |mail| (mail.kind, mail.link_id) = ("sign_in".to_owned(), Some(link))).await;
    mailed(&fixture, ben, &inbox).await;
    assert_eq!(inbox.sources().len(), sent + 1, "Ben's mail alone has left");
    let mail = fixture.mail(stopped).await;
    assert!(mail.state == State::Failed && mail.error.contains("came back"), "{}", mail.error);

    let tom = fixture.as_staff(fixture.staff_person("Tom"));
    let asked = ListBouncesRequest { person_id: ana.to_string(), ..ListBouncesRequest::default() };
    let listed = list_bounces::handle(&fixture.service, tom.clone(), asked.clone()).await.unwrap();
    let address = listed.address.unwrap();
    assert_eq!((listed.bounces.len(), address.standing.as_str()), (1, "undeliverable"));
    assert_eq!((listed.bounces[0].kind.as_str(), listed.bounces[0].status.as_str()), ("hard", "5.1.1"));
    let confirm = ConfirmMailAddressRequest { person_id: ana.to_string() };
    // i07: nobody of an account speaks for a colleague, nor another firm's staff for anybody here.
    let stranger = portico_testkit::staff(fixture.database.tenant(), &["admin"]);
    let refused =
        confirm_mail_address::handle(&fixture.service, fixture.as_client(ben), confirm.clone()).await;
    assert!(matches!(refused, Err(MessagingError::NotFound)), "{refused:?}");
    let _ = confirm_mail_address::handle(&fixture.service, stranger.clone(), confirm).await;
    assert_eq!(standing(&fixture, "ana@people.example").await.0, Standing::Undeliverable);
    let theirs =
        list_bounces::handle(&fixture.service, stranger, ListBouncesRequest::default()).await.unwrap();
    assert!(theirs.bounces.is_empty());
    let own = ConfirmMailAddressRequest::default();
    confirm_mail_address::handle(&fixture.service, fixture.as_client(ana), own).await.unwrap();
    assert_eq!(standing(&fixture, "ana@people.example").await, (Standing::Fine, 0));
    let sent = inbox.sources().len();
    mailed(&fixture, ana, &inbox).await;
    assert_eq!(inbox.sources().len(), sent + 1);
}

#[tokio::test]
async fn soft_bounces_are_counted_and_complaints_end_what_can_be_done_without() {
    let (port, inbox) = sink::start(Vec::new()).await;
    let fixture = Fixture::with_smtp(&format!("smtp://127.0.0.1:{port}")).await;
    with_inbound(&fixture).await;
    let ana = fixture.client_person("Ana");
    for _ in 0..3 {
        let (_, back) = mailed(&fixture, ana, &inbox).await;
        came_back(&fixture, &report(&back, "failed", "4.4.7")).await.unwrap();
        came_back(&fixture, &report(&back, "delayed", "4.4.7")).await.unwrap();
    }
    assert_eq!(standing(&fixture, "ana@people.example").await, (Standing::Fine, 3));
    let (_, back) = mailed(&fixture, ana, &inbox).await;
    let complaint = report(&back, "", "")
        .replace("delivery-status", "feedback-report")
        .replace("Reporting-MTA: dns; mx.example\r\n\r\n", "Feedback-Type: abuse\r\nVersion: 1\r\n");
    assert_eq!(came_back(&fixture, &complaint).await.unwrap(), "noted");
    assert_eq!(standing(&fixture, "ana@people.example").await.0, Standing::Complained);
    let sent = inbox.sources().len();
    fixture.queue(ana, "News", |_| {}).await;
    let link = fixture.link("s3cret");
    fixture.queue(ana, "", |mail| (mail.kind, mail.link_id) = ("sign_in".to_owned(), Some(link))).await;
    fixture.send_mails().await;
    assert_eq!(inbox.sources().len(), sent + 1, "the link she has asked for still comes");
}

#[tokio::test]
async fn forged_reports_are_refused() {
    let (port, inbox) = sink::start(Vec::new()).await;
    let fixture = Fixture::with_smtp(&format!("smtp://127.0.0.1:{port}")).await;
    with_inbound(&fixture).await;
    let ana = fixture.client_person("Ana");
    let (id, back) = mailed(&fixture, ana, &inbox).await;
    let other = portico_testkit::system(fixture.database.tenant());
    let theirs = Tokens::of(&fixture.service, &other).await.unwrap().bounce(id);
    let mut altered = back.clone().into_bytes();
    altered[10] = if altered[10] == b'a' { b'b' } else { b'a' };
    for forged in [
        String::from_utf8(altered).unwrap(),
        format!("in+{theirs}@mail.northwind.example"),
        "in+b@mail.northwind.example".to_owned(),
        "in@mail.northwind.example".to_owned(),
        "office@northwind.example".to_owned(),
        back.replace("mail.northwind", "mail.contoso"),
    ] {
        let refused = came_back(&fixture, &report(&forged, "failed", "5.1.1")).await;
        assert!(matches!(refused, Err(MessagingError::NotForUs)), "{forged}: {refused:?}");
    }
    assert_eq!(standing(&fixture, "ana@people.example").await.0, Standing::Fine);
}

#[tokio::test]
async fn an_address_that_a_server_does_not_know_is_undeliverable_at_once() {
    let (port, _) = sink::start(vec![Reply::refuse_recipient(550, "5.1.1 no such mailbox")]).await;
    let fixture = Fixture::with_smtp(&format!("smtp://127.0.0.1:{port}")).await;
    let ana = fixture.client_person("Ana");
    let id = fixture.queue(ana, "Hello", |_| {}).await;
    fixture.send_mails().await;
    assert_eq!(fixture.mail(id).await.state, State::Failed);
    assert_eq!(standing(&fixture, "ana@people.example").await.0, Standing::Undeliverable);
}

#[tokio::test]
async fn what_comes_back_concerns_the_address_that_it_went_to() {
    let (port, inbox) = sink::start(Vec::new()).await;
    let fixture = Fixture::with_smtp(&format!("smtp://127.0.0.1:{port}")).await;
    with_inbound(&fixture).await;
    let ana = fixture.client_person("Ana");
    // It was written while the old address was known, and left for the corrected one.
    let (_, to_old) = mailed(&fixture, ana, &inbox).await;
    let waiting = fixture.queue(ana, "Hello", |_| {}).await;
    fixture.move_to(ana, "ana@new.example");
    fixture.send_mails().await;
    assert_eq!(fixture.mail(waiting).await.to_address, "ana@new.example");
    assert!(inbox.commands().iter().any(|line| line.starts_with("RCPT TO:<ana@new.example>")));
    // The first one comes back late: it went to the old address.
    assert_eq!(came_back(&fixture, &report(&to_old, "failed", "5.1.1")).await.unwrap(), "noted");
    assert_eq!(standing(&fixture, "ana@people.example").await.0, Standing::Undeliverable);
    assert_eq!(standing(&fixture, "ana@new.example").await.0, Standing::Fine);
    let (_, to_new) = mailed(&fixture, ana, &inbox).await;
    // And what went to the new one says nothing of the old.
    fixture.move_to(ana, "ana@third.example");
    assert_eq!(came_back(&fixture, &report(&to_new, "failed", "5.1.1")).await.unwrap(), "noted");
    assert_eq!(standing(&fixture, "ana@new.example").await.0, Standing::Undeliverable);
    let sent = inbox.sources().len();
    mailed(&fixture, ana, &inbox).await;
    assert_eq!(inbox.sources().len(), sent + 1, "the corrected address gets its mail");
}
