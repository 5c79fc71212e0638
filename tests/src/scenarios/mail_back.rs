//! What comes back: a mail program's one click, and bounces handed over by a mail server.

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use portico_proto::messaging::v1::{
    GetMailPreferencesRequest, GetMailSettingsRequest, MailSettings, MakeIntakeSecretRequest,
    PostMessageRequest, SendTestMailRequest, UpdateMailSettingsRequest, mailing_client::MailingClient,
};

use crate::harness::{Answer, MailServer, Outcome, Persona, Visitor, World, way_out};

/// How a person is mailed of messages.
async fn way(person: &Persona) -> anyhow::Result<String> {
    let mut mailing = MailingClient::new(person.channel("messaging"));
    let answer = mailing.get_mail_preferences(GetMailPreferencesRequest {}).await?.into_inner();
    let choices = answer.preferences.context("no preferences")?.choices;
    Ok(choices.into_iter().find(|choice| choice.kind == "message").context("no messages")?.way)
}

async fn hand_over(
    visitor: &mut Visitor,
    path: &str,
    headers: &[(&'static str, &str)],
    body: &str,
) -> anyhow::Result<Answer> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.insert(*name, HeaderValue::from_str(value)?);
    }
    map.insert("content-length", HeaderValue::from(body.len()));
    visitor.send(Method::POST, path, map, Bytes::copy_from_slice(body.as_bytes())).await
}

/// A mail program's button switches one kind off with no cookie and no sign-in; opening the address, as scanners do, changes nothing.
pub(super) async fn one_click_ends_one_kind_of_mail_and_a_scanner_ends_none() -> Outcome {
    let world = World::demo().await?;
    let engagement = world.signed_engagement("Warehouse audit").await?;
    let ana = world.person("northwind", "ana@acme.example").await?;
    let paul = world.person("northwind", "paul@northwind.example").await?;
    let post = PostMessageRequest {
        record_id: engagement.record.clone(),
        body: "Is Friday fine?".to_owned(),
        ..PostMessageRequest::default()
    };
    ana.messaging().post_message(post).await?;
    let mail = world.mailbox("northwind").await?.wait_for("paul@northwind.example", "message", 0).await?;
    let path = way_out(&mail)?;
    let path = path.as_str();
    ensure!(
        mail.source.replace("\r\n ", "").contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click"),
        "one click is not offered"
    );

    let mut program = world.visitor("northwind");
    for _ in 0..2 {
        program.get(path).await?.is(StatusCode::OK)?.shows("No more of these mails?")?;
    }
    let form = [("content-type", "application/x-www-form-urlencoded")];
    for (path, body) in [
        (path, "_csrf=guess"),
        (path, ""),
        (&format!("{path}/off"), "List-Unsubscribe=One-Click"),
        ("/me/mail", "List-Unsubscribe=One-Click"),
    ] {
        let refused = hand_over(&mut program, path, &form, body).await?;
        ensure!(refused.status == StatusCode::FORBIDDEN, "{path} with {body:?} answers {}", refused.status);
    }
    ensure!(way(&paul).await? == "now", "something that was no click has switched mails off");
    let clicked = hand_over(&mut program, path, &form, "List-Unsubscribe=One-Click").await?;
    ensure!(clicked.status == StatusCode::OK, "one click answers {}", clicked.status);
    ensure!(way(&paul).await? == "never", "one click did nothing");
    ensure!(way(&ana).await? == "now", "one click changed what somebody else wants");
    program.get(path).await?.shows("These mails are switched off")?;
    // The address of one firm is none at another, and an altered one is none anywhere.
    let mut elsewhere = world.visitor("contoso");
    elsewhere.get(path).await?.is(StatusCode::NOT_FOUND)?;
    let altered = format!("{}A", &path[..path.len() - 1]);
    let other = if altered == path { format!("{}B", &path[..path.len() - 1]) } else { altered };
    program.get(&other).await?.is(StatusCode::NOT_FOUND)?;
    Ok(())
}

/// Lets the firm's mail leave through `server`, and come back to an address of its own.
pub(super) async fn receive_through(admin: &Persona, server: &MailServer) -> anyhow::Result<()> {
    let mut mailing = MailingClient::new(admin.channel("messaging"));
    let now = mailing.get_mail_settings(GetMailSettingsRequest {}).await?.into_inner().settings;
    let settings = MailSettings {
        server_host: "localhost".to_owned(),
        server_port: server.port().into(),
        server_security: "starttls".to_owned(),
        server_user: "portal".to_owned(),
        inbound_address: "in@mail.northwind.example".to_owned(),
        ..now.context("no settings")?
    };
    let server_password = "a secret: p@ss".to_owned();
    let asked = UpdateMailSettingsRequest { settings: Some(settings), server_password };
    mailing.update_mail_settings(asked).await?;
    Ok(())
}

/// What a mail server writes to `to` of a mail to Ana that did not arrive.
pub(super) fn report(to: &str) -> String {
    format!(
        "From: MAILER-DAEMON@mx.example\r\nTo: {to}\r\nSubject: Undelivered\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=\"x\"\r\n\r\n--x\r\n\
         Content-Type: text/plain\r\n\r\nSorry.\r\n\r\n--x\r\nContent-Type: message/delivery-status\r\n\r\n\
         Reporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; ana@acme.example\r\nAction: failed\r\n\
         Status: 5.1.1\r\nDiagnostic-Code: smtp; 550 nobody of this name\r\n\r\n--x--\r\n"
    )
}

/// A bounce that a mail server hands over with the firm's secret is matched to its mail by the address that it came to, and seen at the
/// person; without the secret, or to a made-up address, it does nothing.
pub(super) async fn a_bounce_is_seen_at_the_person_and_a_forged_one_is_refused() -> Outcome {
    let server = MailServer::start()?;
    let world = World::demo_with_local_mail_server(&server).await?;
    let engagement = world.signed_engagement("Warehouse audit").await?;
    let nora = world.person("northwind", "nora@northwind.example").await?;
    receive_through(&nora, &server).await?;
    let mut mailing = MailingClient::new(nora.channel("messaging"));
    let secret = mailing.make_intake_secret(MakeIntakeSecretRequest {}).await?.into_inner().secret;
    let paul = world.person("northwind", "paul@northwind.example").await?;
    let post = PostMessageRequest {
        record_id: engagement.record.clone(),
        body: "Is Friday fine?".to_owned(),
        ..PostMessageRequest::default()
    };
    paul.messaging().post_message(post).await?;
    let mail = server.wait_for("ana@acme.example", 0).await?;
    let back = mail.from.clone();
    ensure!(back.starts_with("in+b") && back.ends_with("@mail.northwind.example"), "bounces go to {back}");

    let mut machine = world.visitor("northwind");
    let bearer = format!("Bearer {secret}");
    let kind = ("content-type", "message/rfc822");
    for (headers, body, expected) in [
        (vec![kind], report(&back), StatusCode::FORBIDDEN),
        (vec![kind, ("authorization", "Bearer guess")], report(&back), StatusCode::UNAUTHORIZED),
        (
            vec![kind, ("authorization", bearer.as_str())],
            report(&back.replacen("in+b", "in+ba", 1)),
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        (
            vec![kind, ("authorization", bearer.as_str())],
            report("office@northwind.example"),
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
    ] {
        let answer = hand_over(&mut machine, "/mail/intake", &headers, &body).await?;
        ensure!(answer.status == expected, "{} instead of {expected}: {}", answer.status, answer.text());
    }
    let mut elsewhere = world.visitor("contoso");
    let foreign =
        hand_over(&mut elsewhere, "/mail/intake", &[kind, ("authorization", &bearer)], &report(&back))
            .await?;
    ensure!(foreign.status == StatusCode::UNAUTHORIZED, "another firm's door opens: {}", foreign.status);
    let ana = world.person("northwind", "ana@acme.example").await?;
    let mut staff = world.staff("northwind", "nora@northwind.example").await?;
    let page = format!("/console/people/{}", ana.id);
    ensure!(!staff.get(&page).await?.text().contains("came back"), "a forged report was believed");

    let taken =
        hand_over(&mut machine, "/mail/intake", &[kind, ("authorization", &bearer)], &report(&back)).await?;
    ensure!(taken.status == StatusCode::OK && taken.text().contains("noted"), "{}", taken.text());
    staff.get(&page).await?.shows("Mail to this address came back")?.shows("550 nobody of this name")?;
    staff.get("/console/mail/bounces").await?.shows("ana@acme.example")?;
    let sent = server.mails()?.len();
    paul.messaging()
        .post_message(PostMessageRequest {
            record_id: engagement.record.clone(),
            body: "Hello?".to_owned(),
            ..PostMessageRequest::default()
        })
        .await?;
    world.settle().await?;
    nora.messaging().send_test_mail(SendTestMailRequest { to: "nora@northwind.example".to_owned() }).await?;
    server.wait_for("nora@northwind.example", 0).await?;
    ensure!(
        server.mails()?[sent..].iter().all(|mail| mail.to != ["ana@acme.example"]),
        "mail still goes there"
    );
    staff.post(&format!("{page}/confirm-mail"), &[]).await?.is(StatusCode::OK)?;
    ensure!(!staff.get(&page).await?.text().contains("came back"), "the address is still undeliverable");
    Ok(())
}
