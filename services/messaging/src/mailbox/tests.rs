use std::sync::atomic::Ordering;

use chrono::TimeDelta;
use portico_core::Ctx;
use portico_proto::messaging::v1::{
    GetMailboxRequest, LookIntoMailboxRequest, Mailbox as Asked, UpdateMailboxRequest,
};

use super::testing::{MailboxServer, scripted};
use crate::{
    domain::bounce::Standing,
    inbound::{ANA, ANSWER, Arrival, Post, report, take},
    mail::Tokens,
    rpc::{get_mailbox, look_into_mailbox, update_mailbox},
    store,
    testing::Fixture,
};

/// A mail server that asks for nothing but a name and a password, on this machine.
fn mailbox(port: u16) -> Asked {
    Asked {
        server_host: "127.0.0.1".to_owned(),
        server_port: port.into(),
        server_security: "none".to_owned(),
        server_user: MailboxServer::USER.to_owned(),
        ..Asked::default()
    }
}

fn admin(fixture: &Fixture) -> Ctx {
    portico_testkit::staff(fixture.tenant, &["admin"])
}

/// Connects a mailbox in place of any before, and looks into it.
async fn connect(fixture: &Fixture, mailbox: Asked, password: &str) -> Asked {
    let there = get_mailbox::handle(&fixture.service, admin(fixture), GetMailboxRequest {}).await.unwrap();
    let etag = there.mailbox.map_or("0".to_owned(), |there| there.etag);
    let request = UpdateMailboxRequest {
        mailbox: Some(Asked { etag, ..mailbox }),
        server_password: password.to_owned(),
    };
    update_mailbox::handle(&fixture.service, admin(fixture), request).await.unwrap();
    fixture.look_into_mailboxes().await;
    stands(fixture).await
}

/// How the mailbox stands.
async fn stands(fixture: &Fixture) -> Asked {
    let there = get_mailbox::handle(&fixture.service, admin(fixture), GetMailboxRequest {}).await.unwrap();
    there.mailbox.unwrap()
}

/// How long until the next look, in minutes.
fn rest(mailbox: &Asked) -> i64 {
    (mailbox.next_at.unwrap().seconds - mailbox.tried_at.unwrap().seconds) / 60
}

#[tokio::test]
async fn answers_and_bounces_are_taken_in_and_what_is_not_ours_stays_as_it_is() {
    let Some(mut server) = MailboxServer::start(&[]) else { return };
    let post = Post::new().await;
    let tokens = Tokens::of(&post.fixture.service, &post.fixture.system()).await.unwrap();
    let mailed =
        post.fixture.mails().await.into_iter().find(|mail| mail.person_id == Some(post.ana)).unwrap();
    let strangers = server.folder("INBOX").unwrap();
    server.deliver(&post.signed(&post.mail(ANA, &post.address, "", ANSWER)));
    server.deliver(&report(
        &format!("in+{}@mail.northwind.example", tokens.bounce(mailed.id)),
        "failed",
        "5.1.1",
    ));
    let stands = connect(&post.fixture, mailbox(server.port), MailboxServer::PASSWORD).await;
    assert_eq!(
        (stands.reason.as_str(), stands.answer.as_str(), stands.taken, stands.waiting),
        ("", "", 2, 0)
    );
    assert!(stands.looked_at.is_some() && rest(&stands) == 3, "{stands:?}");
    assert_eq!(post.said().await, ["Tom: Is Friday fine?", "Ana: Yes, gladly."]);
    let mut tx = post.fixture.service.store.begin(&post.fixture.system()).await.unwrap();
    let ana = store::addresses::read(&mut tx, &mailed.to_address).await.unwrap();
    assert_eq!(ana.standing, Standing::Undeliverable);
    tx.rollback().await.unwrap();
    let after = server.folder("INBOX").unwrap();
    assert_eq!(after[..strangers.len()], strangers, "other people's mails are not touched");
    for (flags, subject) in &after[strangers.len()..] {
        assert!(flags.contains("\\Seen") && !flags.contains("\\Deleted"), "{subject}: {flags}");
    }
    // What comes later is found later, and nothing twice.
    let second = post.mail(ANA, &post.address, "", "And Monday.").replace("<1@", "<2@");
    server.deliver(&post.signed(&second));
    post.fixture.database.clock.advance(TimeDelta::minutes(3));
    post.fixture.look_into_mailboxes().await;
    assert_eq!(post.said().await, ["Tom: Is Friday fine?", "Ana: Yes, gladly.", "Ana: And Monday."]);
    assert_eq!(self::stands(&post.fixture).await.taken, 3);
}

#[tokio::test]
async fn what_a_mail_in_a_mailbox_says_of_its_way_proves_nothing() {
    let Some(mut server) = MailboxServer::start(&[]) else { return };
    let post = Post::new().await;
    post.names.texts("people.example", &["v=spf1 ip4:192.0.2.1 -all"]);
    let forged = "X-Envelope-From: ana@people.example\r\nX-Client-Address: 192.0.2.1\r\nX-Helo: mx.people.example\r\n\
                  X-Portico-Envelope-From: ana@people.example\r\nX-Portico-Client-Address: 192.0.2.1\r\n\
                  X-Portico-Helo: mx.people.example\r\nReturn-Path: <ana@people.example>\r\n\
                  Received: from mx.people.example ([192.0.2.1]) by mail.northwind.example; Fri, 15 Jan 2027 09:00:00 +0000\r\n\
                  Received-SPF: pass (mail.northwind.example: 192.0.2.1) client-ip=192.0.2.1\r\n\
                  Authentication-Results: mail.northwind.example; spf=pass; dkim=pass; dmarc=pass\r\n";
    let raw = post.mail(ANA, &post.address, forged, ANSWER);
    server.deliver(&raw);
    let before = server.folder("INBOX").unwrap();
    let stands = connect(&post.fixture, mailbox(server.port), MailboxServer::PASSWORD).await;
    assert_eq!((stands.reason.as_str(), stands.taken, stands.waiting), ("", 0, 0));
    assert_eq!(post.said().await, ["Tom: Is Friday fine?"]);
    assert_eq!(server.folder("INBOX").unwrap(), before, "it stays to be looked at");
    assert!(post.fixture.audited().await.contains(&"mail.reply_refused".to_owned()));
    // The very same facts count where the mail server itself states them.
    let arrival = Arrival {
        raw: raw.as_bytes(),
        sender: "ana@people.example".to_owned(),
        client: "192.0.2.1".to_owned(),
        helo: "mx.people.example".to_owned(),
        ..Arrival::default()
    };
    assert_eq!(take(&post.fixture.service, &post.fixture.system(), arrival).await.unwrap(), "posted");
}

#[tokio::test]
async fn what_was_taken_in_is_moved_where_the_firm_wants_it() {
    let Some(mut server) = MailboxServer::start(&[]) else { return };
    let post = Post::new().await;
    server.deliver(&post.signed(&post.mail(ANA, &post.address, "", ANSWER)));
    let before = server.folder("INBOX").unwrap().len();
    let done = Asked { done_folder: "Portico done".to_owned(), ..mailbox(server.port) };
    let stands = connect(&post.fixture, done, MailboxServer::PASSWORD).await;
    assert_eq!((stands.reason.as_str(), stands.taken), ("", 1));
    assert_eq!(server.folder("INBOX").unwrap().len(), before - 1);
    assert_eq!(server.folder("Portico done").unwrap()[0].1, "Subject: Re: Relaunch");
}

/// The answers of a server with one mail, which does `put_away` when it is to be marked.
fn with_one_mail(raw: &str, put_away: &str) -> Vec<(&'static str, String)> {
    vec![
        ("SELECT", "* OK [UIDVALIDITY 9] x\r\n* OK [UIDNEXT 8] x\r\n{tag} OK x\r\n".to_owned()),
        ("UID SEARCH", "* SEARCH 7\r\n{tag} OK x\r\n".to_owned()),
        (
            "UID FETCH 7 (UID RFC822",
            format!("* 1 FETCH (UID 7 RFC822.SIZE {})\r\n{{tag}} OK x\r\n", raw.len()),
        ),
        (
            "UID FETCH 7 (UID BODY",
            format!("* 1 FETCH (UID 7 BODY[] {{{}}}\r\n{raw})\r\n{{tag}} OK x\r\n", raw.len()),
        ),
        ("UID STORE", put_away.to_owned()),
    ]
}

#[tokio::test]
async fn a_mail_is_taken_in_once_however_often_marking_it_fails() {
    let post = Post::new().await;
    let raw = post.signed(&post.mail(ANA, &post.address, "", ANSWER));
    let (port, _) = scripted(with_one_mail(&raw, "* BYE going down\r\n")).await;
    let stands = connect(&post.fixture, mailbox(port), "x").await;
    assert_eq!((stands.reason.as_str(), stands.answer.as_str(), stands.taken), ("later", "going down", 0));
    assert_eq!(post.said().await.len(), 2, "it was taken in before it was to be marked");
    post.fixture.database.clock.advance(TimeDelta::minutes(5));
    post.fixture.look_into_mailboxes().await;
    assert_eq!(self::stands(&post.fixture).await.taken, 0);
    let (port, _) = scripted(with_one_mail(&raw, "{tag} OK x\r\n")).await;
    let stands = connect(&post.fixture, mailbox(port), "x").await;
    assert_eq!((stands.reason.as_str(), stands.taken), ("", 1));
    assert_eq!(post.said().await, ["Tom: Is Friday fine?", "Ana: Yes, gladly."]);
}

#[tokio::test]
async fn what_waits_for_name_servers_is_fetched_again_and_holds_nothing_up() {
    let post = Post::new().await;
    let raw = post.signed(&post.mail(ANA, &post.address, "", ANSWER));
    let (port, _) = scripted(with_one_mail(&raw, "{tag} OK x\r\n")).await;
    post.fixture.take_identity_away(true);
    let stands = connect(&post.fixture, mailbox(port), "x").await;
    assert_eq!((stands.reason.as_str(), stands.taken, stands.waiting), ("", 0, 1));
    assert_eq!(post.said().await.len(), 1);
    post.fixture.take_identity_away(false);
    post.fixture.database.clock.advance(TimeDelta::minutes(5));
    post.fixture.look_into_mailboxes().await;
    let stands = self::stands(&post.fixture).await;
    assert_eq!((stands.taken, stands.waiting), (1, 0));
    assert_eq!(post.said().await.len(), 2);
}

#[tokio::test]
async fn a_wrong_password_is_said_in_words_and_tried_more_seldom() {
    let Some(server) = MailboxServer::start(&[]) else { return };
    let fixture = Fixture::new().await;
    let stands = connect(&fixture, mailbox(server.port), "not this one").await;
    assert_eq!((stands.reason.as_str(), stands.looked_at, rest(&stands)), ("credentials", None, 5));
    assert!(stands.answer.contains("Invalid authentication credentials"), "{stands:?}");
    let tried = stands.tried_at;
    fixture.database.clock.advance(TimeDelta::minutes(4));
    fixture.look_into_mailboxes().await;
    assert_eq!(self::stands(&fixture).await.tried_at, tried, "it is not yet due");
    fixture.database.clock.advance(TimeDelta::minutes(1));
    fixture.look_into_mailboxes().await;
    assert_eq!(rest(&self::stands(&fixture).await), 15);
    // Whoever asks for a look gets one, and the right password puts all right.
    look_into_mailbox::handle(&fixture.service, admin(&fixture), LookIntoMailboxRequest {}).await.unwrap();
    fixture.look_into_mailboxes().await;
    assert_eq!(rest(&self::stands(&fixture).await), 60);
    let stands = connect(&fixture, mailbox(server.port), MailboxServer::PASSWORD).await;
    assert_eq!((stands.reason.as_str(), stands.answer.as_str(), rest(&stands)), ("", "", 3));
}

#[tokio::test]
async fn a_server_that_never_ends_is_cut_off() {
    const FLOOD: usize = 16 * 1024 * 1024;
    let fixture = Fixture::new().await;
    let one = |answer: &str| {
        let mut answers = with_one_mail("x", "{tag} OK x\r\n");
        answers[3].1 = answer.to_owned();
        answers
    };
    for answers in [
        // A literal of four gigabytes; one line without an end; and lines without an end in place of the greeting's answer.
        one("* 1 FETCH (UID 7 BODY[] {4000000000}\r\n…"),
        one("* 1 FETCH (UID 7 BODY[] \"…"),
        vec![("LOGIN", "* OK …".to_owned())],
    ] {
        let (port, sent) = scripted(answers).await;
        let stands = connect(&fixture, mailbox(port), "x").await;
        assert_eq!(stands.reason, "too_large", "{stands:?}");
        assert!(sent.load(Ordering::Relaxed) < FLOOD, "{sent:?} bytes went out");
    }
    let (port, _) = scripted(vec![("LOGIN", "* 1 FETCH ((((\r\n".to_owned())]).await;
    assert_eq!(connect(&fixture, mailbox(port), "x").await.reason, "refused");
}

#[tokio::test]
async fn names_and_passwords_travel_under_tls_or_not_at_all() {
    let mut fixture = Fixture::new().await;
    let (port, _) = scripted(vec![("STARTTLS", "{tag} BAD what?\r\n".to_owned())]).await;
    let with = |port: u16, security: &str| Asked {
        server_host: "localhost".to_owned(),
        server_security: security.to_owned(),
        ..mailbox(port)
    };
    let stands = connect(&fixture, with(port, "starttls"), "x").await;
    assert_eq!((stands.reason.as_str(), stands.answer.as_str()), ("tls", "what?"));
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    std::fs::write(&cert, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let Some(server) = MailboxServer::start(&[cert.to_str().unwrap(), key.to_str().unwrap()]) else { return };
    let stands = connect(&fixture, with(server.port, "starttls"), MailboxServer::PASSWORD).await;
    assert_eq!(stands.reason, "tls", "nobody knows this certificate: {stands:?}");
    let service = std::sync::Arc::get_mut(&mut fixture.service).unwrap();
    service.config.smtp_certificate = Some(cert.clone());
    let stands = connect(&fixture, with(server.port, "starttls"), MailboxServer::PASSWORD).await;
    assert_eq!((stands.reason.as_str(), stands.answer.as_str()), ("", ""));
    let elsewhere = Asked { server_host: "127.0.0.1".to_owned(), ..with(server.port, "starttls") };
    let stands = connect(&fixture, elsewhere, MailboxServer::PASSWORD).await;
    assert_eq!(stands.reason, "tls", "the certificate is of another name: {stands:?}");
    let service = std::sync::Arc::get_mut(&mut fixture.service).unwrap();
    service.config.local_servers = false;
    let stands = connect(&fixture, with(server.port, "starttls"), MailboxServer::PASSWORD).await;
    assert_eq!(stands.reason, "not_allowed", "{stands:?}");
}

#[tokio::test]
async fn one_process_looks_and_whoever_was_overtaken_notes_nothing() {
    let fixture = Fixture::new().await;
    let request = UpdateMailboxRequest {
        mailbox: Some(Asked { etag: "0".to_owned(), ..mailbox(993) }),
        server_password: "x".to_owned(),
    };
    update_mailbox::handle(&fixture.service, admin(&fixture), request).await.unwrap();
    let lease = async |minutes: i64| {
        let now = fixture.service.clock.now() + TimeDelta::minutes(minutes);
        let mut tx = fixture.service.store.begin(&fixture.system()).await.unwrap();
        let leased = store::mailboxes::lease(&mut tx, now, now + TimeDelta::minutes(10)).await.unwrap();
        tx.commit().await.unwrap();
        leased
    };
    let first = lease(0).await.unwrap();
    assert!(lease(9).await.is_none(), "somebody looks");
    let second = lease(10).await.unwrap();
    let mut tx = fixture.service.store.begin(&fixture.system()).await.unwrap();
    let passed = store::mailboxes::Passed::Taken;
    assert!(!store::mailboxes::pass(&mut tx, &first, 1, passed).await.unwrap());
    assert!(store::mailboxes::pass(&mut tx, &second, 1, passed).await.unwrap());
    let now = fixture.service.clock.now();
    assert!(!store::mailboxes::settle(&mut tx, &first, Ok(()), now, now).await.unwrap());
    assert!(store::mailboxes::settle(&mut tx, &second, Ok(()), now, now).await.unwrap());
}
