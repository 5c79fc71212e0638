use mail_auth::{
    common::{
        crypto::{Ed25519Key, SigningKey},
        headers::HeaderWriter as _,
    },
    dkim::DkimSigner,
};
use portico_core::{PersonId, RecordId};
use portico_proto::messaging::v1::{
    MailSettings as Asked, RevokeReplyAddressesRequest, UpdateMailSettingsRequest,
};

use crate::{
    domain::dkim::Algorithm,
    error::MessagingError,
    inbound::{Arrival, take},
    mail::generate,
    rpc::{get_thread, revoke_reply_addresses, update_mail_settings},
    testing::{Fixture, names::Names},
};

/// A firm with an inbound address, a record of Acme's, and Ana's mailbox provider, which signs.
pub(crate) struct Post {
    pub(crate) fixture: Fixture,
    pub(crate) names: Names,
    record: RecordId,
    pub(crate) ana: PersonId,
    tom: PersonId,
    /// The address that Ana's answers go to.
    pub(crate) address: String,
    private: Vec<u8>,
}

impl Post {
    pub(crate) async fn new() -> Self {
        let names = Names::start().await;
        let fixture = Fixture::with_names(&names).await;
        let admin = fixture.as_staff(fixture.staff_person("Adam"));
        let settings = Asked {
            inbound_address: "in@mail.northwind.example".to_owned(),
            etag: "0".to_owned(),
            ..Asked::default()
        };
        let asked = UpdateMailSettingsRequest { settings: Some(settings), server_password: String::new() };
        update_mail_settings::handle(&fixture.service, admin, asked).await.unwrap();
        let record = fixture.record(fixture.acme(), "Relaunch");
        let (ana, tom) = (fixture.client_person("Ana"), fixture.staff_person("Tom"));
        let fresh = generate(Algorithm::Ed25519).unwrap();
        let key = format!("v=DKIM1; k=ed25519; p={}", fresh.public);
        names.texts("s._domainkey.people.example", &[&key]);
        names.texts("_dmarc.people.example", &["v=DMARC1; p=reject"]);
        fixture.post(tom, record, "Is Friday fine?", false).await;
        fixture.handle_posted().await;
        fixture.send_mails().await;
        let mail = fixture.mails().await.into_iter().find(|mail| mail.person_id == Some(ana)).unwrap();
        let source = mail.parts.unwrap().source.replace("\r\n ", " ");
        let line = source.lines().find(|line| line.starts_with("Reply-To:")).unwrap();
        let address = line.split(['<', '>']).nth(1).unwrap().to_owned();
        Self { fixture, names, record, ana, tom, address, private: fresh.private.to_vec() }
    }

    pub(crate) fn mail(&self, from: &str, to: &str, headers: &str, body: &str) -> String {
        format!(
            "From: {from}\r\nTo: {to}\r\nSubject: Re: Relaunch\r\nMessage-ID: <1@people.example>\r\n\
             Date: Fri, 15 Jan 2027 09:00:00 +0000\r\nMIME-Version: 1.0\r\n{headers}\r\n{body}"
        )
    }

    /// As Ana's provider sends it.
    pub(crate) fn signed(&self, mail: &str) -> String {
        self.signed_by("people.example", mail)
    }

    fn signed_by(&self, domain: &str, mail: &str) -> String {
        self.signed_over(domain, &["From", "To", "Subject"], mail)
    }

    fn signed_over(&self, domain: &str, headers: &'static [&'static str], mail: &str) -> String {
        let key = Ed25519Key::from_pkcs8_maybe_unchecked_der(&self.private).unwrap();
        let _ = key.algorithm();
        let signer = DkimSigner::from_key(key).domain(domain).selector("s").headers(headers.iter().copied());
        format!("{}{mail}", signer.sign(mail.as_bytes()).unwrap().to_header())
    }

    async fn arrive(&self, raw: &str) -> Result<&'static str, MessagingError> {
        self.arrive_from(raw, "", "").await
    }

    async fn arrive_from(
        &self,
        raw: &str,
        sender: &str,
        client: &str,
    ) -> Result<&'static str, MessagingError> {
        let arrival = Arrival {
            raw: raw.as_bytes(),
            sender: sender.to_owned(),
            client: client.to_owned(),
            helo: "mx.people.example".to_owned(),
            ..Arrival::default()
        };
        take(&self.fixture.service, &self.fixture.system(), arrival).await
    }

    pub(crate) async fn said(&self) -> Vec<String> {
        let asker = self.fixture.asker_staff(self.tom);
        let thread =
            get_thread::handle(&self.fixture.service, asker, self.fixture.get(self.record)).await.unwrap();
        thread.messages.iter().map(|message| format!("{}: {}", message.author_name, message.body)).collect()
    }
}

pub(crate) const ANA: &str = "Ana <ana@people.example>";
pub(crate) const ANSWER: &str =
    "Yes, gladly.\r\n\r\nOn Fri, 15 Jan 2027 at 08:00, Tom <x@y.example> wrote:\r\n\r\n> Is Friday fine?\r\n";

/// The reasons in the firm's audit, in the order in which answers were refused.
async fn noted(post: &Post) -> Vec<String> {
    use portico_proto::events::v1::AuditEntry;
    let entries = post.fixture.outbox::<AuditEntry>().await;
    let entries = entries.iter().map(|event| event.decode::<AuditEntry>().unwrap());
    let refusals = entries.filter(|entry| entry.action == "mail.reply_refused");
    refusals
        .map(|entry| {
            let said = format!("{entry:?}");
            assert!(!said.contains("gladly") && !said.contains('@'), "the audit holds the mail: {said}");
            let details: serde_json::Value = serde_json::from_str(&entry.details_json).unwrap();
            details["reason"].as_str().unwrap().to_owned()
        })
        .collect()
}

fn refused(outcome: &Result<&'static str, MessagingError>, why: &str) {
    assert!(
        matches!(outcome, Err(MessagingError::ReplyRefused(reason)) if *reason == why),
        "{why}: {outcome:?}"
    );
}

#[tokio::test]
async fn an_answer_is_posted_in_the_persons_name_without_what_it_answers_to() {
    let post = Post::new().await;
    assert!(
        post.address.starts_with("in+r") && post.address.ends_with("@mail.northwind.example"),
        "{}",
        post.address
    );
    let mail = post.signed(&post.mail(ANA, &post.address, "", ANSWER));
    assert_eq!(post.arrive(&mail).await.unwrap(), "posted");
    assert_eq!(post.arrive(&mail).await.unwrap(), "posted", "handed over twice, it is posted once");
    assert_eq!(post.said().await, ["Tom: Is Friday fine?", "Ana: Yes, gladly."]);
}

#[tokio::test]
async fn files_come_along() {
    let post = Post::new().await;
    let headers = "Content-Type: multipart/mixed; boundary=\"x\"\r\n";
    let body = "--x\r\nContent-Type: text/plain\r\n\r\nHere it is.\r\n\r\n-- \r\nAna\r\n--x\r\n\
                Content-Type: application/pdf; name=\"plan.pdf\"\r\nContent-Disposition: attachment; filename=\"plan.pdf\"\r\n\
                Content-Transfer-Encoding: base64\r\n\r\nJVBERi0xLjQK\r\n--x--\r\n";
    let mail = post.signed(&post.mail(ANA, &post.address, headers, body));
    assert_eq!(post.arrive(&mail).await.unwrap(), "posted");
    assert_eq!(post.said().await[1], "Ana: Here it is.");
    assert_eq!(post.fixture.bound().len(), 1);
    assert_eq!(post.arrive(&mail).await.unwrap(), "posted", "handed over twice");
    assert_eq!((post.fixture.bound().len(), post.fixture.uploads()), (1, 1));
    // What is not taken is named.
    let large = mail.replace("plan.pdf", "too-large.pdf").replace("<1@", "<3@");
    let unsigned = large.split_once("From: ").map(|(_, rest)| format!("From: {rest}")).unwrap();
    assert_eq!(post.arrive(&post.signed(&unsigned)).await.unwrap(), "posted");
    assert_eq!(post.said().await[2], "Ana: Here it is.\n\nNot taken over from the mail: too-large.pdf");
}

#[tokio::test]
async fn whoever_only_pretends_is_refused() {
    let post = Post::new().await;
    let plain = post.mail(ANA, &post.address, "", ANSWER);
    refused(&post.arrive(&plain).await, "unverified");
    // Eve signs with her own domain, which has the same key published, and writes Ana's name above it.
    let key = format!("v=DKIM1; k=ed25519; p={}", "AAAA");
    post.names.texts("s._domainkey.evil.example", &[&key]);
    refused(&post.arrive(&post.signed_by("evil.example", &plain)).await, "unverified");
    let changed = post.signed(&plain).replace("gladly", "never");
    refused(&post.arrive(&changed).await, "unverified");
    let eve = post.mail("Ana <eve@people.example>", &post.address, "", ANSWER);
    refused(&post.arrive(&post.signed(&eve)).await, "sender");
    let two = post.mail("Ana <ana@people.example>, Eve <eve@people.example>", &post.address, "", ANSWER);
    refused(&post.arrive(&post.signed(&two)).await, "sender");
    let twice = post.signed(&plain).replacen("From: ", "From: Eve <eve@evil.example>\r\nFrom: ", 1);
    refused(&post.arrive(&twice).await, "sender");
    assert_eq!(post.said().await.len(), 1);
}

#[tokio::test]
async fn a_signature_says_nothing_of_whom_a_mail_is_to_unless_it_covers_that() {
    let post = Post::new().await;
    let plain = post.mail(ANA, &post.address, "", ANSWER);
    refused(
        &post.arrive(&post.signed_over("people.example", &["From", "Subject"], &plain)).await,
        "unverified",
    );
    // A mail of Ana's to somebody else, with a further To on top that was not signed.
    let elsewhere = post.signed(&post.mail(ANA, "shop@shop.example", "", ANSWER));
    let added = format!("To: {}\r\n{elsewhere}", post.address);
    assert!(post.arrive(&added).await.is_err());
    let copied = format!("Cc: {}\r\n{elsewhere}", post.address);
    refused(&post.arrive(&copied).await, "unverified");
    // Or handed on to the address by whoever has got hold of it.
    let arrival =
        Arrival { raw: elsewhere.as_bytes(), recipient: post.address.clone(), ..Arrival::default() };
    refused(&take(&post.fixture.service, &post.fixture.system(), arrival).await, "unverified");
    let delivered = format!("Delivered-To: {}\r\n{elsewhere}", post.address);
    assert!(post.arrive(&delivered).await.is_err());
    post.names.texts("people.example", &["v=spf1 ip4:192.0.2.7 -all"]);
    let unsigned = post.mail(ANA, "shop@shop.example", "", ANSWER);
    let delivered = format!("Delivered-To: {}\r\n{unsigned}", post.address);
    assert!(post.arrive_from(&delivered, "<ana@people.example>", "192.0.2.7").await.is_err());
    assert_eq!(post.said().await.len(), 1);
    // In a copy that is signed it is as good as in To.
    let mail = post.mail(ANA, "office@northwind.example", &format!("Cc: {}\r\n", post.address), ANSWER);
    let copied = post.signed_over("people.example", &["From", "To", "Cc", "Subject"], &mail);
    assert_eq!(post.arrive(&copied).await.unwrap(), "posted");
}

#[tokio::test]
async fn what_breaks_off_between_two_files_brings_neither_twice() {
    let post = Post::new().await;
    let part = |name: &str| {
        format!(
            "--x\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=\"{name}\"\r\n\
             Content-Transfer-Encoding: base64\r\n\r\nJVBERi0xLjQK\r\n"
        )
    };
    let headers = "Content-Type: multipart/mixed; boundary=\"x\"\r\n";
    // The same bytes twice are two files all the same.
    let body = format!(
        "--x\r\nContent-Type: text/plain\r\n\r\nHere they are.\r\n{}{}{}--x--\r\n",
        part("one.pdf"),
        part("two.pdf"),
        part("away-once.pdf")
    );
    let mail = post.signed(&post.mail(ANA, &post.address, headers, &body));
    assert!(matches!(post.arrive(&mail).await, Err(MessagingError::Peer(_))));
    assert_eq!((post.fixture.uploads(), post.said().await.len()), (2, 1));
    assert_eq!(post.arrive(&mail).await.unwrap(), "posted");
    assert_eq!((post.fixture.uploads(), post.fixture.bound().len()), (3, 3));
    assert_eq!(post.said().await[1], "Ana: Here they are.");
}

#[tokio::test]
async fn machines_are_ignored_and_empty_answers_refused() {
    let post = Post::new().await;
    for headers in [
        "Auto-Submitted: auto-replied\r\n",
        "Precedence: bulk\r\n",
        "List-Id: <x.example>\r\n",
        "X-Autoreply: yes\r\n",
        "Return-Path: <>\r\n",
        "Content-Type: multipart/report; boundary=x\r\n",
    ] {
        let mail = post.signed(&post.mail(ANA, &post.address, headers, ANSWER));
        assert_eq!(post.arrive(&mail).await.unwrap(), "ignored", "{headers}");
    }
    let mail = post.signed(&post.mail(ANA, &post.address, "", ANSWER));
    assert_eq!(post.arrive_from(&mail, "<>", "").await.unwrap(), "ignored");
    let empty = post.signed(&post.mail(ANA, &post.address, "", "> Is Friday fine?\r\n"));
    refused(&post.arrive(&empty).await, "empty");
    assert_eq!((post.said().await.len(), noted(&post).await), (1, vec!["empty".to_owned()]));
}

#[tokio::test]
async fn a_server_that_may_send_for_the_domain_is_as_good_as_a_signature() {
    let post = Post::new().await;
    post.names.texts("people.example", &["v=spf1 ip4:192.0.2.7 -all"]);
    let mail = post.mail(ANA, &post.address, "", ANSWER);
    let sender = "<ana@people.example>";
    refused(&post.arrive_from(&mail, sender, "192.0.2.8").await, "unverified");
    // The server may send for the sender's address, and the From names another domain.
    refused(&post.arrive_from(&mail, "<eve@evil.example>", "192.0.2.7").await, "unverified");
    assert_eq!(post.arrive_from(&mail, sender, "192.0.2.7").await.unwrap(), "posted");
    assert_eq!(post.arrive_from(&mail, sender, "192.0.2.7").await.unwrap(), "posted");
    assert_eq!(post.said().await.len(), 2);
}

#[tokio::test]
async fn a_signed_answer_is_good_once() {
    let post = Post::new().await;
    let mail = post.signed(&post.mail(ANA, &post.address, "", ANSWER));
    assert_eq!(post.arrive(&mail).await.unwrap(), "posted");
    // Whoever has got hold of it gives it another id, which the signature does not cover.
    let again = mail.replace("<1@people.example>", "<2@people.example>");
    refused(&post.arrive(&again).await, "replayed");
    assert_eq!((post.said().await.len(), noted(&post).await), (2, vec!["replayed".to_owned()]));
}

#[tokio::test]
async fn i01_i02_an_address_is_one_persons_in_one_thread_of_one_firm_and_ends() {
    let post = Post::new().await;
    let mail = |address: &str| post.signed(&post.mail(ANA, address, "", ANSWER));
    let code = post.address.split(['+', '@']).nth(1).unwrap().to_owned();
    let mut altered = code.clone().into_bytes();
    altered[5] = if altered[5] == b'a' { b'b' } else { b'a' };
    let altered = String::from_utf8(altered).unwrap();
    for unknown in [altered.as_str(), "r", &code.replacen('r', "b", 1)] {
        let outcome = post.arrive(&mail(&format!("in+{unknown}@mail.northwind.example"))).await;
        assert!(matches!(outcome, Err(MessagingError::NotForUs)), "{unknown}: {outcome:?}");
    }
    // Another person with Ana's address: it is Ana who would be posting.
    post.fixture.client_person("Ben");
    let ben = post.signed(&post.mail("Ben <ben@people.example>", &post.address, "", ANSWER));
    refused(&post.arrive(&ben).await, "sender");
    // Another firm's intake knows no such address.
    let other = portico_testkit::system(post.fixture.database.tenant());
    let raw = mail(&post.address);
    let arrival = Arrival { raw: raw.as_bytes(), recipient: post.address.clone(), ..Arrival::default() };
    let outcome = take(&post.fixture.service, &other, arrival).await;
    assert!(matches!(outcome, Err(MessagingError::NotForUs)), "{outcome:?}");
    // Whoever may no longer see the record posts nothing, by whichever door.
    post.fixture.hide_from(post.record, post.ana);
    refused(&post.arrive(&mail(&post.address)).await, "no_access");
    assert_eq!(post.said().await.len(), 1);
    assert_eq!(noted(&post).await, ["sender", "no_access"]);
}

#[tokio::test]
async fn i24_whoever_has_left_or_has_revoked_it_posts_nothing() {
    let post = Post::new().await;
    let raw = post.signed(&post.mail(ANA, &post.address, "", ANSWER));
    post.fixture.deactivate(post.ana);
    refused(&post.arrive(&raw).await, "nobody");
    let post = Post::new().await;
    let raw = post.signed(&post.mail(ANA, &post.address, "", ANSWER));
    let own = post.fixture.as_client(post.ana);
    revoke_reply_addresses::handle(&post.fixture.service, own, RevokeReplyAddressesRequest {}).await.unwrap();
    refused(&post.arrive(&raw).await, "ended");
    let post = Post::new().await;
    let raw = post.signed(&post.mail(ANA, &post.address, "", ANSWER));
    post.fixture.database.clock.advance(chrono::TimeDelta::days(91));
    refused(&post.arrive(&raw).await, "ended");
    assert_eq!(noted(&post).await, ["ended"]);
}

#[tokio::test]
async fn i24_whoever_has_no_place_in_the_account_any_more_posts_nothing() {
    let post = Post::new().await;
    let raw = post.signed(&post.mail(ANA, &post.address, "", ANSWER));
    post.fixture.leave(post.ana);
    refused(&post.arrive(&raw).await, "no_access");
    assert_eq!(post.said().await.len(), 1);
}

#[tokio::test]
async fn whoever_is_mailed_of_a_note_for_staff_is_not_asked_to_answer_by_mail() {
    let post = Post::new().await;
    let eva = post.fixture.staff_person("Eva");
    post.fixture.name_in(post.record, &[post.tom, eva]);
    let said = async |text: &str, by: PersonId, internal: bool| {
        post.fixture.post(by, post.record, text, internal).await;
        post.fixture.handle_posted().await;
    };
    let to_eva = async || {
        post.fixture.send_mails().await;
        let mails = post.fixture.mails().await;
        let newest = mails.into_iter().find(|mail| mail.person_id == Some(eva)).unwrap();
        newest.parts.expect("the mail has left")
    };
    said("May I ask something?", post.ana, false).await;
    let mail = to_eva().await;
    assert!(mail.source.contains("\nReply-To:"), "{}", mail.source);
    // The next one waits, and a note joins it there.
    post.fixture.database.clock.advance(chrono::TimeDelta::minutes(1));
    said("It is about Friday.", post.ana, false).await;
    said("Tell her nothing yet.", post.tom, true).await;
    post.fixture.database.clock.advance(chrono::TimeDelta::minutes(20));
    let with_note = to_eva().await;
    assert_ne!(with_note.source, mail.source);
    assert!(!with_note.source.contains("\nReply-To:"), "{}", with_note.source);
    let asks = crate::domain::words::Words::of("en").answer_by_mail();
    assert!(mail.text.contains(asks) && !with_note.text.contains(asks), "{}", with_note.text);
}

#[test]
fn only_what_the_file_itself_is_at_fault_for_is_final() {
    use portico_core::ErrorCode;
    for code in [ErrorCode::InvalidArgument, ErrorCode::FailedPrecondition, ErrorCode::PermissionDenied] {
        assert!(super::is_for_good(code), "{code:?}");
    }
    for code in [ErrorCode::Unauthenticated, ErrorCode::ResourceExhausted, ErrorCode::Unavailable] {
        assert!(!super::is_for_good(code), "{code:?}");
    }
}
