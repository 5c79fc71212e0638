//! Mail that is fetched from a firm's mailbox.

use std::time::{Duration, Instant};

use anyhow::{bail, ensure};
use http::StatusCode;
use portico_proto::messaging::v1::PostMessageRequest;

use super::mail_back::{receive_through, report};
use crate::harness::{MailServer, MailboxServer, Outcome, Visitor, World};

/// The page of the mailbox.
const PAGE: &str = "/console/settings/mail/mailbox";
/// How long it may take until a mailbox is looked into.
const PATIENCE: Duration = Duration::from_secs(60);

/// An administrator connects a mailbox: a bounce in it is seen at the person, a wrong password is said in words, and another firm's
/// administrator sees nothing of either.
pub(super) async fn a_bounce_in_the_firms_mailbox_is_seen_at_the_person() -> Outcome {
    let server = MailServer::start()?;
    let mut mailbox = MailboxServer::start()?;
    let world = World::demo_with_local_mail_server(&server).await?;
    let engagement = world.signed_engagement("Warehouse audit").await?;
    let nora = world.person("northwind", "nora@northwind.example").await?;
    receive_through(&nora, &server).await?;
    let paul = world.person("northwind", "paul@northwind.example").await?;
    let post = PostMessageRequest {
        record_id: engagement.record.clone(),
        body: "Is Friday fine?".to_owned(),
        ..PostMessageRequest::default()
    };
    paul.messaging().post_message(post).await?;
    let back = server.wait_for("ana@acme.example", 0).await?.from;
    mailbox.deliver(&report(&back))?;

    let mut staff = world.staff("northwind", "nora@northwind.example").await?;
    staff.get("/console/settings/mail").await?.shows("Mailbox for incoming mail")?;
    let port = mailbox.port().to_owned();
    let form = |password: &'static str, etag: &'static str| {
        [
            ("server_host", "127.0.0.1"),
            ("server_port", port.as_str()),
            ("server_security", "none"),
            ("server_user", MailboxServer::USER),
            ("server_password", password),
            ("folder", "INBOX"),
            ("etag", etag),
        ]
    };
    staff.get(PAGE).await?;
    staff.post(PAGE, &form("not this one", "0")).await?.is(StatusCode::OK)?;
    wait_for(&mut staff, PAGE, "does not accept this name and password").await?;
    staff.post(PAGE, &form(MailboxServer::PASSWORD, "1")).await?.is(StatusCode::OK)?;
    wait_for(&mut staff, PAGE, "One mail was taken in").await?;
    let ana = world.person("northwind", "ana@acme.example").await?;
    let person = format!("/console/people/{}", ana.id);
    staff.get(&person).await?.shows("Mail to this address came back")?.shows("550 nobody of this name")?;

    let mut carla = world.staff("contoso", "carla@contoso.example").await?;
    let theirs = carla.get(PAGE).await?.text();
    ensure!(
        !theirs.contains("127.0.0.1") && !theirs.contains("was taken in."),
        "another firm reads {theirs}"
    );
    carla.post(&format!("{PAGE}/disconnect"), &[]).await?;
    staff.get(PAGE).await?.shows("127.0.0.1")?;
    staff.post(&format!("{PAGE}/disconnect"), &[]).await?.shows("its password is forgotten")?;
    Ok(())
}

async fn wait_for(visitor: &mut Visitor, page: &str, words: &str) -> anyhow::Result<()> {
    let start = Instant::now();
    loop {
        let text = visitor.get(page).await?.text();
        if text.contains(words) {
            return Ok(());
        }
        if start.elapsed() > PATIENCE {
            bail!("{page} does not show {words:?}: {text}");
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
