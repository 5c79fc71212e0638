//! Mail through a server that is not ours, read by a program that is not ours; invitations that are late or in other hands.

use anyhow::{Context as _, ensure};
use chrono::TimeDelta;
use http::StatusCode;

use crate::harness::{MailServer, Outcome, World, link_path};

/// The path of the link into the portal in a text.
fn link_in(text: &str) -> anyhow::Result<String> {
    let at = text.find("/link/").context("the mail has no link")?;
    Ok(text[at..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '/').collect())
}

/// Story 2: the invitation leaves under TLS with name and password, is well-formed to a foreign reader, names the firm alone, and its
/// link lets its owner in.
pub(super) async fn s02_an_invitation_travels_through_a_real_mail_server() -> Outcome {
    let server = MailServer::start()?;
    let world = World::demo_with_mail_server(&server).await?;
    world.signed_engagement("Warehouse audit").await?;
    let mail = server.wait_for("ana@acme.example", 0).await?;
    ensure!(mail.tls && mail.authenticated, "it came without TLS or without a name and password");
    ensure!(mail.defects.is_empty(), "it is malformed: {:?}", mail.defects);
    ensure!(mail.kind == "multipart/alternative", "it is a {}", mail.kind);
    let header = |name: &str| mail.headers.get(name).cloned().with_context(|| format!("no header {name}"));
    let from = header("from")?;
    ensure!(
        from.contains("Northwind Consulting") && from.contains("<portal@northwind.example>"),
        "From: {from}"
    );
    let reply_to = header("reply-to")?;
    ensure!(reply_to.contains("paul@northwind.example"), "Reply-To: {reply_to}");
    let id = header("message-id")?;
    ensure!(id.starts_with('<') && id.ends_with("@northwind.example>"), "Message-ID: {id}");
    header("date")?;
    let (text, html) = (&mail.parts["text/plain"], &mail.parts["text/html"]);
    let link = link_in(text)?;
    ensure!(link_in(html)? == link, "the parts lead to different places");
    for part in [text, html] {
        ensure!(
            part.contains("Northwind Consulting") && part.contains("Paul Meyer"),
            "a part does not name the firm: {part}"
        );
    }
    for words in [&mail.source, text, html] {
        ensure!(!words.to_lowercase().contains("portico"), "the mail names the product");
    }
    let mut ana = world.visitor("northwind");
    ana.use_link(&link).await?.shows("need you")?;
    Ok(())
}

/// Story 2: what the server puts off is tried again until it arrives, once; what it refuses is seen in the console, and can be sent again.
pub(super) async fn s02_a_mail_that_is_put_off_arrives_and_a_refused_one_is_seen() -> Outcome {
    let server = MailServer::start()?;
    server.refuse("sam@acme.example", &["451 4.7.1 greylisted, come again"])?;
    server.refuse("ana@acme.example", &["550 5.1.1 no such mailbox"])?;
    let world = World::demo_with_mail_server(&server).await?;
    world.signed_engagement("Warehouse audit").await?;
    let mut nora = world.staff("northwind", "nora@northwind.example").await?;
    let patience = std::time::Instant::now() + std::time::Duration::from_secs(20);
    let failed = loop {
        let page = nora.get("/console/mail?state=failed").await?;
        if page.text().contains("ana@acme.example") {
            break page.text();
        }
        ensure!(std::time::Instant::now() < patience, "the console shows no failed mail");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    };
    ensure!(failed.contains("no such mailbox"), "the console does not say why");
    nora.get("/console/mail?state=queued").await?.shows("sam@acme.example")?;
    ensure!(
        server.mails()?.iter().all(|mail| !mail.to.contains(&"sam@acme.example".to_owned())),
        "it was taken at once"
    );

    world.clock().advance(TimeDelta::minutes(2));
    let at = failed.find("/console/mail/").context("the failed mail cannot be sent again")?;
    let resend = failed[at..].split('"').next().unwrap_or_default().to_owned();
    nora.post(&resend, &[]).await?.is(StatusCode::OK)?;
    for address in ["ana@acme.example", "sam@acme.example"] {
        server.wait_for(address, 0).await?;
    }
    let arrived = server.mails()?;
    for address in ["ana@acme.example", "sam@acme.example"] {
        let count = arrived.iter().filter(|mail| mail.to == [address]).count();
        ensure!(count == 1, "{count} mails came for {address}");
    }
    let patience = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while nora.get("/console/mail?state=failed").await?.text().contains("ana@acme.example") {
        ensure!(std::time::Instant::now() < patience, "the console still shows it as failed");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    Ok(())
}

/// Story 2: an invitation in other hands tells them plainly what to do, does nothing by being opened, and still works for its owner;
/// a late one sends its owner a new one.
pub(super) async fn s02_a_forwarded_or_late_invitation_still_serves_its_owner() -> Outcome {
    let world = World::demo_with_clock().await?;
    world.signed_engagement("Warehouse audit").await?;
    let mailbox = world.mailbox("northwind").await?;
    let first = link_path(&mailbox.wait_for("ana@acme.example", "invitation", 0).await?)?;
    let mut other = world.visitor("northwind");
    for _ in 0..2 {
        let page = other.get(&first).await?.shows("If it was forwarded to you, please do not use it")?;
        ensure!(
            !page.text().contains("ana@acme.example"),
            "the page tells the whole address to whoever opens it"
        );
    }
    ensure!(!other.is_signed_in(), "opening the link signed somebody in");

    world.clock().advance(TimeDelta::days(60));
    let mut ana = world.visitor("northwind");
    ana.get(&first).await?.shows("Send me a new link")?;
    let refused = ana.post(&first, &[]).await?;
    ensure!(!ana.is_signed_in(), "a late link signed in: {}", refused.status);
    ana.get(&first).await?;
    ana.post(&format!("{first}/renew"), &[]).await?.is(StatusCode::OK)?;
    let second = link_path(&mailbox.wait_for("ana@acme.example", "invitation", 1).await?)?;
    ensure!(second != first, "the same link was sent again");
    ana.use_link(&second).await?.shows("need you")?;
    let mut again = world.visitor("northwind");
    again.get(&second).await?.shows("already used")?;
    Ok(())
}
