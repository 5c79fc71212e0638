use portico_core::MailId;
use portico_proto::messaging::v1::MailSettled;
use uuid::Uuid;

use super::*;
use crate::domain::preferences::Way;
use crate::testing::{
    Fixture,
    sink::{self, Reply},
};

async fn with_sink(replies: Vec<Reply>) -> (Fixture, sink::Inbox) {
    let (port, inbox) = sink::start(replies).await;
    (Fixture::with_smtp(&format!("smtp://127.0.0.1:{port}")).await, inbox)
}

/// Puts the lines of an encoded part together again.
fn decoded(source: &str) -> String {
    source.replace("=\r\n", "").replace("=3D", "=")
}

#[tokio::test]
async fn an_invitation_reaches_a_mail_server_whole_and_in_the_firms_name() {
    let (fixture, inbox) = with_sink(Vec::new()).await;
    let (ana, tom) = (fixture.client_person("Ana Example"), fixture.staff_person("Tom Berg"));
    let link = fixture.link("s3cret");
    let id = fixture
        .queue(ana, "", |mail| {
            mail.kind = "invitation".to_owned();
            mail.link_id = Some(link);
            mail.reply_to = Some(tom);
            mail.body = "See you soon".to_owned();
        })
        .await;
    fixture.send_mails().await;
    let sources = inbox.sources();
    let [source] = sources.as_slice() else { panic!("{} mails", sources.len()) };
    let (head, body) = source.split_once("\r\n\r\n").unwrap();
    for header in [
        "From: \"Northwind Consulting\" <office@northwind.example>",
        "To: \"Ana Example\" <ana.example@people.example>",
        "Reply-To: \"Tom Berg\" <tom.berg@people.example>",
        "Subject: Northwind Consulting invites you to its portal",
        &format!("Message-ID: <{id}@northwind.example>"),
        "Auto-Submitted: auto-generated",
    ] {
        assert!(head.contains(header), "{header} in {head}");
    }
    let boundary = head.split("boundary=\"").nth(1).unwrap().split('"').next().unwrap();
    let parts: Vec<String> = body.split(&format!("--{boundary}")).map(decoded).collect();
    assert_eq!(parts.len(), 4, "before, two parts, after");
    assert!(parts[1].contains("Content-Type: text/plain; charset=utf-8"));
    assert!(parts[2].contains("Content-Type: text/html; charset=utf-8"));
    let address = "https://northwind.portal.example/link/s3cret";
    for (part, said) in [
        (1, address),
        (2, address),
        (1, "Tom Berg of Northwind Consulting invites you"),
        (1, "works for Ana Example only"),
    ] {
        assert!(parts[part].contains(said), "{said} in {}", parts[part]);
    }
    assert!(parts[1].contains("It works until Friday, 22 January 2027"), "{}", parts[1]);
    let everything = format!("{source}{}", inbox.commands().join("\n")).to_lowercase();
    for vendor in ["portico", "lettre", "user-agent", "x-mailer"] {
        assert!(!everything.contains(vendor), "{vendor}");
    }
    assert!(inbox.commands().iter().any(|line| line == "EHLO portal.example"), "{:?}", inbox.commands());

    let mail = fixture.mail(id).await;
    assert_eq!((mail.state, mail.body.as_str(), &mail.parts), (State::Sent, "", &None));
    assert!(!format!("{mail:?}").contains("s3cret"), "the secret is nowhere but in the mail");
    let settled = fixture.outbox::<MailSettled>().await[0].decode::<MailSettled>().unwrap();
    assert_eq!((settled.mail_id, settled.state.as_str()), (id.to_string(), "sent"));
}

#[tokio::test]
async fn a_link_that_was_withdrawn_is_not_mailed() {
    let (fixture, inbox) = with_sink(Vec::new()).await;
    let ana = fixture.client_person("Ana");
    let mut ids = Vec::new();
    for link in [fixture.link(""), Uuid::nil()] {
        ids.push(
            fixture
                .queue(ana, "", |mail| (mail.kind, mail.link_id) = ("sign_in".to_owned(), Some(link)))
                .await,
        );
    }
    let gone = fixture.client_person("Ben");
    ids.push(fixture.queue(gone, "", |_| {}).await);
    fixture.deactivate(gone);
    fixture.send_mails().await;
    assert!(inbox.sources().is_empty());
    let mut reasons = Vec::new();
    for id in ids {
        let mail = fixture.mail(id).await;
        assert_eq!(mail.state, State::Failed);
        reasons.push(mail.error);
    }
    assert_eq!(
        reasons,
        ["The link was withdrawn", "The link was withdrawn", "This person is no longer active"]
    );
    assert_eq!(fixture.published::<MailSettled>().await, 3);
}

#[tokio::test]
async fn what_the_server_puts_off_is_tried_again_and_seen_to_have_failed() {
    let (fixture, inbox) = with_sink(vec![
        Reply::refuse_recipient(451, "4.7.1 greylisted"),
        Reply::refuse_data(452, "4.3.1 full"),
    ])
    .await;
    let tom = fixture.staff_person("Tom");
    let id = fixture.queue(tom, "Hello", |_| {}).await;
    let rest = fixture.send_mails().await;
    let mail = fixture.mail(id).await;
    assert_eq!((mail.state, mail.attempts), (State::Queued, 1));
    assert!(mail.error.contains("451") && mail.error.contains("4.7.1 greylisted"), "{}", mail.error);
    assert_eq!(rest, LONGEST_REST);
    fixture.send_mails().await;
    assert_eq!(fixture.mail(id).await.attempts, 1, "not before it is due");
    fixture.database.clock.advance(TimeDelta::minutes(1));
    fixture.send_mails().await;
    let mail = fixture.mail(id).await;
    assert_eq!((mail.attempts, mail.due_at), (2, fixture.service.clock.now() + TimeDelta::minutes(5)));
    assert_eq!(fixture.published::<MailSettled>().await, 0);
    fixture.database.clock.advance(TimeDelta::minutes(5));
    fixture.send_mails().await;
    let mail = fixture.mail(id).await;
    assert_eq!((mail.state, mail.error.as_str(), inbox.sources().len()), (State::Sent, "", 1));
    assert!(inbox.sources()[0].contains(&format!("<{id}@")), "the same Message-ID at every attempt");
}

#[tokio::test]
async fn what_the_server_refuses_has_failed_at_once() {
    let (fixture, inbox) = with_sink(vec![Reply::refuse_data(554, "5.7.1 spam")]).await;
    let id = fixture.queue(fixture.staff_person("Tom"), "Hello", |_| {}).await;
    fixture.send_mails().await;
    let mail = fixture.mail(id).await;
    assert_eq!((mail.state, mail.attempts), (State::Failed, 1));
    assert!(mail.error.contains("5.7.1 spam"), "{}", mail.error);
    assert!(inbox.sources().is_empty());
    assert_eq!(fixture.published::<MailSettled>().await, 1);
}

#[tokio::test]
async fn a_mail_is_in_one_pair_of_hands_and_late_ones_change_nothing() {
    let fixture = Fixture::new().await;
    let id = fixture.queue(fixture.staff_person("Tom"), "Hello", |_| {}).await;
    let ctx = fixture.system();
    let lease = async || {
        let now = fixture.service.clock.now();
        let mut tx = fixture.service.store.begin(&ctx).await.unwrap();
        let mail = store::mails::lease(&mut tx, id, now, now + LEASE).await.unwrap();
        tx.commit().await.unwrap();
        mail
    };
    let slow = lease().await.unwrap();
    assert!(lease().await.is_none());
    fixture.send_mails().await;
    assert_eq!(fixture.mail(id).await.state, State::Queued, "it is leased");
    fixture.database.clock.advance(LEASE);
    fixture.send_mails().await;
    assert_eq!(fixture.mail(id).await.state, State::Sent);
    settle(&fixture.service, &ctx, vec![(&slow, Outcome::Never("late".to_owned()))]).await.unwrap();
    let mail = fixture.mail(id).await;
    assert_eq!((mail.state, mail.error.as_str(), mail.attempts), (State::Sent, "", 2));
    assert_eq!(fixture.published::<MailSettled>().await, 1);
}

#[tokio::test]
async fn two_at_work_send_nothing_twice() {
    let (fixture, inbox) = with_sink(Vec::new()).await;
    let tom = fixture.staff_person("Tom");
    for number in 0..12 {
        fixture.queue(tom, &format!("Mail {number}"), |_| {}).await;
    }
    tokio::join!(fixture.send_mails(), fixture.send_mails(), fixture.send_mails());
    let ids = |source: &String| {
        source.lines().find_map(|line| line.strip_prefix("Message-ID: ").map(str::to_owned))
    };
    let mut sent: Vec<String> = inbox.sources().iter().filter_map(ids).collect();
    assert_eq!(sent.len(), 12);
    sent.sort_unstable();
    sent.dedup();
    assert_eq!(sent.len(), 12, "each with a Message-ID of its own");
    assert_eq!(fixture.published::<MailSettled>().await, 12);
}

#[tokio::test]
async fn while_identity_is_away_mails_wait() {
    let (fixture, inbox) = with_sink(Vec::new()).await;
    let id = fixture.queue(fixture.staff_person("Tom"), "Hello", |_| {}).await;
    fixture.take_identity_away(true);
    fixture.send_mails().await;
    assert_eq!(fixture.mail(id).await.state, State::Queued);
    fixture.take_identity_away(false);
    fixture.database.clock.advance(TimeDelta::minutes(1));
    fixture.send_mails().await;
    assert_eq!(inbox.sources().len(), 1);
}

#[tokio::test]
async fn i24_i30_a_mail_holds_nothing_of_another_firm() {
    let (fixture, inbox) = with_sink(Vec::new()).await;
    let other = portico_testkit::system(fixture.database.tenant());
    let foreign = Mail {
        person_id: Some(fixture.staff_person("Tom")),
        body: "canaryother".to_owned(),
        ..Mail::draft(
            MailId(Uuid::max()),
            "notice",
            "x@other.example".to_owned(),
            fixture.service.clock.now(),
        )
    };
    let mut tx = fixture.service.store.begin(&other).await.unwrap();
    store::mails::insert(&mut tx, &foreign).await.unwrap();
    // A mail of one firm cannot be written within the context of another.
    let forged = sqlx::query("update messaging.mails set tenant_id = $1")
        .bind(fixture.tenant.0)
        .execute(tx.conn())
        .await;
    assert!(forged.is_err());
    drop(tx);
    fixture.queue(fixture.client_person("Ana"), "Ours", |mail| mail.body = "canaryours".to_owned()).await;
    fixture.send_mails().await;
    let sources = inbox.sources();
    assert_eq!(sources.len(), 1);
    assert!(sources[0].contains("canaryours") && !sources[0].contains("canaryother"));
}

#[tokio::test]
async fn i24_whoever_has_left_the_account_gets_no_more_of_its_mail() {
    let (fixture, inbox) = with_sink(Vec::new()).await;
    let ana = fixture.client_person("Ana");
    let theirs = fixture.queue(ana, "Ours", |mail| mail.account_id = Some(fixture.acme())).await;
    let left = fixture.queue(ana, "canaryleft", |mail| mail.account_id = Some(fixture.globex())).await;
    fixture.send_mails().await;
    assert_eq!(fixture.mail(theirs).await.state, State::Sent);
    let refused = fixture.mail(left).await;
    assert_eq!(
        (refused.state, refused.error.as_str()),
        (State::Failed, "This person does not belong to the account")
    );
    let sources = inbox.sources();
    assert!(sources.len() == 1 && !sources[0].contains("canaryleft"));
}

#[tokio::test]
async fn a_mail_leaves_as_soon_as_the_job_is_woken() {
    let (fixture, inbox) = with_sink(Vec::new()).await;
    let jobs = crate::jobs::all(&fixture.service);
    let job = jobs.iter().find(|job| job.name == "messaging.send_mails").unwrap();
    let asked = portico_proto::events::v1::NoticeRequested {
        person_ids: vec![fixture.staff_person("Tom").to_string()],
        subject: "Ready".to_owned(),
        by: vec!["mail".to_owned()],
        ..Default::default()
    };
    let subscriptions = crate::events::subscriptions(&fixture.service);
    let notices = subscriptions.iter().find(|each| each.consumer == "messaging.notices").unwrap();
    notices.handler.handle(&fixture.received(&asked, None)).await.unwrap();
    tokio::time::timeout(Duration::from_secs(5), job.wake.notified()).await.unwrap();
    (job.run)().await.unwrap();
    assert_eq!(inbox.sources().len(), 1);
}

#[tokio::test]
async fn a_digest_is_sent_with_all_that_it_tells_or_with_nothing() {
    let (fixture, inbox) = with_sink(Vec::new()).await;
    let ana = fixture.client_person("Ana");
    let mut ids = Vec::new();
    for subject in ["First", "Second", "Third"] {
        ids.push(fixture.queue(ana, subject, |mail| mail.way = Way::Digest).await);
    }
    let admin = async |statement: String| {
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(fixture.database.admin()).await.unwrap();
    };
    admin(format!(
        "create function messaging.break_off() returns trigger language plpgsql as \
         $$ begin raise exception 'cut off'; end $$; grant execute on function messaging.break_off() to public; \
         create trigger break_off before update on messaging.mails for each row \
         when (new.id = '{}' and new.state = 'sent') execute function messaging.break_off()",
        ids[1]
    ))
    .await;
    assert!(run(std::sync::Arc::clone(&fixture.service)).await.is_err());
    for id in &ids {
        assert_eq!(fixture.mail(*id).await.state, State::Queued, "nothing is settled in part");
    }
    assert_eq!(fixture.published::<MailSettled>().await, 0);
    admin("drop trigger break_off on messaging.mails".to_owned()).await;
    fixture.database.clock.advance(LEASE);
    fixture.send_mails().await;
    for id in &ids {
        assert_eq!(fixture.mail(*id).await.state, State::Sent);
    }
    let sources = inbox.sources();
    let name =
        |source: &String| source.lines().find(|line| line.starts_with("Message-ID")).unwrap().to_owned();
    assert_eq!((sources.len(), name(&sources[0])), (2, name(&sources[1])), "a repeat is known by its id");
    assert!(["First", "Second", "Third"].iter().all(|line| sources[1].contains(line)));
}

#[tokio::test]
async fn an_address_that_refuses_a_digest_is_undeliverable_for_everything() {
    let (fixture, _) = with_sink(vec![Reply::refuse_recipient(550, "5.1.1 no such mailbox")]).await;
    let ana = fixture.client_person("Ana");
    let mut ids = Vec::new();
    for subject in ["First", "Second"] {
        ids.push(fixture.queue(ana, subject, |mail| mail.way = Way::Digest).await);
    }
    fixture.send_mails().await;
    for id in ids {
        let mail = fixture.mail(id).await;
        assert_eq!(mail.state, State::Failed);
        assert!(mail.error.contains("no such mailbox"), "{}", mail.error);
    }
    let later = fixture.queue(ana, "Third", |_| {}).await;
    fixture.send_mails().await;
    assert!(fixture.mail(later).await.error.contains("came back"));
}
