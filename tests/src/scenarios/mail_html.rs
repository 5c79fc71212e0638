//! What mails look like to a validator that is not ours, and that their plain part says all that the other says.

use std::{collections::BTreeSet, process::Command};

use anyhow::{Context as _, ensure};
use chrono::TimeDelta;
use portico_proto::messaging::v1::{
    Mail, MailChoice, MailPreferences, PostMessageRequest, SendTestMailRequest, SetMailPreferencesRequest,
    mailing_client::MailingClient,
};

use crate::harness::{Outcome, World, skip};

/// Mail programs take styles from elements alone, and a subject is as long as it is.
const CONFIG: &str = r#"{"root": true, "extends": ["html-validate:recommended"], "rules": {"no-inline-style": "off", "long-title": "off"}}"#;

/// Mails of every kind that a firm sends, in English and German, pass html-validate, and whoever reads the plain part misses nothing.
pub(super) async fn every_kind_of_mail_is_sound_html_and_whole_as_text() -> Outcome {
    let validator = std::env::var("PORTICO_HTML_VALIDATE").map_err(|_| {
        skip("html-validate is missing: scripts/test fetches it and names it in PORTICO_HTML_VALIDATE")
    })?;
    let world = World::demo_with_clock().await?;
    let engagement = world.signed_engagement("Warehouse <audit> & more").await?;
    let (ana, paul, nora) = (
        world.person("northwind", "ana@acme.example").await?,
        world.person("northwind", "paul@northwind.example").await?,
        world.person("northwind", "nora@northwind.example").await?,
    );
    let digest = MailPreferences {
        choices: vec![MailChoice { kind: "message".to_owned(), way: "digest".to_owned() }],
        digest_at: "08:00".to_owned(),
        ..MailPreferences::default()
    };
    MailingClient::new(paul.channel("messaging"))
        .set_mail_preferences(SetMailPreferencesRequest { preferences: Some(digest) })
        .await?;
    let post = PostMessageRequest {
        record_id: engagement.record.clone(),
        body: "Is Friday fine?".to_owned(),
        ..PostMessageRequest::default()
    };
    ana.messaging().post_message(post.clone()).await?;
    nora.messaging().send_test_mail(SendTestMailRequest { to: "nora@northwind.example".to_owned() }).await?;
    world.settle().await?;
    world.clock().advance(TimeDelta::days(1));
    // A mail that is written wakes the job, which then finds the digest due.
    let mut visitor = world.visitor("northwind");
    visitor.get("/sign-in").await?;
    visitor.post("/sign-in/link", &[("email", "ana@acme.example")]).await?;
    let mailbox = world.mailbox("northwind").await?;
    mailbox.wait_for("ana@acme.example", "sign_in", 0).await?;
    mailbox.wait_for("paul@northwind.example", "message", 0).await?;
    // Whoever answers has seen what was asked, so Paul writes once his digest has told him; Sam is told at once.
    let paul = world.person("northwind", "paul@northwind.example").await?;
    paul.messaging().post_message(post).await?;
    mailbox.wait_for("sam@acme.example", "message", 0).await?;

    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("rules.json"), CONFIG)?;
    let mut kinds = BTreeSet::new();
    for mail in mailbox.all().await?.iter().filter(|mail| !mail.html.is_empty()) {
        kinds.insert(mail.kind.clone());
        std::fs::write(folder.path().join(format!("{}-{}.html", mail.kind, mail.id)), &mail.html)?;
        says_the_same(mail)?;
    }
    for kind in ["invitation", "sign_in", "message", "test"] {
        ensure!(kinds.contains(kind), "no mail of kind {kind}; there are {kinds:?}");
    }
    let judged = Command::new(&validator)
        .arg("--config")
        .arg(folder.path().join("rules.json"))
        .arg("--ext")
        .arg("html")
        .arg(folder.path())
        .output()
        .with_context(|| format!("running {validator}"))?;
    ensure!(judged.status.success(), "{}", String::from_utf8_lossy(&judged.stdout));
    // The validator does find what is wrong.
    let broken = folder.path().join("broken.htm");
    std::fs::write(
        &broken,
        "<!DOCTYPE html><html lang=\"en\"><head><title>x</title></head><body><p><div></p></body></html>",
    )?;
    let judged = Command::new(&validator).arg(&broken).output()?;
    ensure!(!judged.status.success(), "the validator finds nothing wrong with what is broken");
    Ok(())
}

/// Every word and every address of the HTML part stands in the plain one.
fn says_the_same(mail: &Mail) -> anyhow::Result<()> {
    let body = mail.html.split_once("<body").map_or("", |(_, body)| body);
    let text = mail.text.split_whitespace().collect::<Vec<_>>().join(" ");
    let plain = |part: &str| {
        let part =
            part.replace("&#60;", "<").replace("&#62;", ">").replace("&#34;", "\"").replace("&#39;", "'");
        part.replace("&#38;", "&").split_whitespace().collect::<Vec<_>>().join(" ")
    };
    // What stands before the first > is the rest of a tag.
    for said in body.split('<').filter_map(|piece| piece.split_once('>')).map(|(_, said)| plain(said)) {
        // The plain part needs no advice about its button.
        let about_the_button =
            said.starts_with("If the button") || said.starts_with("Falls die Schaltfläche");
        ensure!(
            about_the_button || text.contains(&said),
            "{}: the plain part lacks {said:?}: {text}",
            mail.kind
        );
    }
    for address in body.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
        ensure!(text.contains(&plain(address)), "{}: the plain part lacks {address}", mail.kind);
    }
    Ok(())
}
