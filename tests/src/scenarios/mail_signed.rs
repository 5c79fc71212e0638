//! Mail through a firm's own server, signed with its own key, and what others make of the signature.

use std::collections::BTreeMap;

use anyhow::{Context as _, ensure};
use portico_proto::messaging::v1::{
    CreateDkimKeyRequest, GetMailSettingsRequest, MailSettings, SendTestMailRequest,
    UpdateMailSettingsRequest, mailing_client::MailingClient,
};

use crate::harness::{MailServer, Outcome, Persona, World, check_signature};

/// The firm's own server, with the name and password that the server knows.
async fn use_own_server(nora: &Persona, server: &MailServer) -> anyhow::Result<()> {
    let mut mailing = MailingClient::new(nora.channel("messaging"));
    let now = mailing.get_mail_settings(GetMailSettingsRequest {}).await?.into_inner().settings;
    let settings = MailSettings {
        server_host: "localhost".to_owned(),
        server_port: server.port().into(),
        server_security: "starttls".to_owned(),
        server_user: "portal".to_owned(),
        from_address: "hello@northwind.example".to_owned(),
        from_name: "Northwind Office".to_owned(),
        ..now.context("no settings")?
    };
    let server_password = "a secret: p@ss".to_owned();
    mailing
        .update_mail_settings(UpdateMailSettingsRequest { settings: Some(settings), server_password })
        .await?;
    Ok(())
}

/// A mail leaves through the firm's own server under TLS, with its own sender; both kinds of key are verified by a program that is not
/// ours, and a mail that was changed on its way is not.
pub(super) async fn a_firms_mail_leaves_through_its_own_server_and_is_signed_by_its_own_key() -> Outcome {
    let server = MailServer::start()?;
    let world = World::demo_with_local_mail_server(&server).await?;
    let nora = world.person("northwind", "nora@northwind.example").await?;
    use_own_server(&nora, &server).await?;
    let mut mailing = MailingClient::new(nora.channel("messaging"));
    for (number, algorithm) in ["rsa", "ed25519"].into_iter().enumerate() {
        let asked = CreateDkimKeyRequest { algorithm: algorithm.to_owned() };
        let key = mailing.create_dkim_key(asked).await?.into_inner().key.context("no key")?;
        // The name servers of this test know nothing, so the key is put to use by hand; that it must be published first is another test.
        sqlx::query(
            "update messaging.dkim_keys set state = 'retired', private_key = null where state = 'active'",
        )
        .execute(world.database.admin())
        .await?;
        sqlx::query(
            "update messaging.dkim_keys set state = 'active', activated_at = now() where state = 'pending'",
        )
        .execute(world.database.admin())
        .await?;
        let to = SendTestMailRequest { to: "nora@northwind.example".to_owned() };
        let answer = nora.messaging().send_test_mail(to).await?.into_inner();
        ensure!(answer.accepted && answer.reason == "taken", "{answer:?}");
        let mail = server.wait_for("nora@northwind.example", number).await?;
        ensure!(mail.tls && mail.authenticated, "it came without TLS or without a name and password");
        ensure!(
            mail.headers["from"].contains("Northwind Office")
                && mail.headers["from"].contains("hello@northwind.example"),
            "{:?}",
            mail.headers
        );
        let records = BTreeMap::from([(key.record_name.clone(), key.record_text.clone())]);
        let signature = check_signature(&mail.source, &records)?;
        ensure!(signature.valid, "{algorithm}: dkimpy refuses the signature: {}", mail.source);
        ensure!((signature.domain.as_str(), &signature.selector) == ("northwind.example", &key.selector));
        for covered in ["from", "to", "subject", "date", "message-id", "content-type"] {
            ensure!(signature.headers.iter().any(|name| name == covered), "{covered} is not covered");
        }
        for (what, from, to) in [
            ("the subject", "\nSubject: ", "\nSubject: Changed "),
            ("the sender", "hello@northwind.example", "eve@northwind.example"),
            ("the text", "Northwind Consulting", "Northwind Consulted"),
        ] {
            let forged = mail.source.replacen(from, to, 1);
            ensure!(forged != mail.source, "{what} was not changed");
            ensure!(!check_signature(&forged, &records)?.valid, "{algorithm}: {what} was changed unnoticed");
        }
        let nobody = BTreeMap::new();
        ensure!(!check_signature(&mail.source, &nobody)?.valid, "without the record it holds as well");
    }
    Ok(())
}

/// A wrong password is said in words, and nothing is sent in its place by other ways.
pub(super) async fn a_wrong_password_is_said_in_words() -> Outcome {
    let server = MailServer::start()?;
    let world = World::demo_with_local_mail_server(&server).await?;
    let nora = world.person("northwind", "nora@northwind.example").await?;
    use_own_server(&nora, &server).await?;
    let mut mailing = MailingClient::new(nora.channel("messaging"));
    let now = mailing.get_mail_settings(GetMailSettingsRequest {}).await?.into_inner().settings;
    let settings = now.context("no settings")?;
    ensure!(settings.server_password_set && settings.leaves_through == "own", "{settings:?}");
    let asked =
        UpdateMailSettingsRequest { settings: Some(settings), server_password: "not this one".to_owned() };
    mailing.update_mail_settings(asked).await?;
    let mut visitor = world.staff("northwind", "nora@northwind.example").await?;
    visitor.get("/console/settings/mail").await?.shows("hello@northwind.example")?;
    let page = visitor.post("/console/settings/mail/test", &[]).await?;
    let page = page.shows("The server does not accept this name and password")?;
    ensure!(!page.text().contains("not this one"), "the page tells the password");
    ensure!(
        server.mails()?.iter().all(|mail| mail.to != ["nora@northwind.example"]),
        "it was sent nevertheless"
    );
    Ok(())
}
