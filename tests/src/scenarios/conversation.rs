//! Thread, live updates, audit.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use futures_util::StreamExt as _;
use portico_proto::{
    messaging::v1::{CountUnreadRequest, GetThreadRequest, PostMessageRequest, WatchRequest},
    tenancy::v1::ListAuditRequest,
};

use crate::harness::{Outcome, World, pdf};

/// Story 8: both sides write, unread is counted, attachments travel along, and internal notes never leave staff.
pub(super) async fn s08_a_thread_is_shared_and_internal_notes_stay_with_staff() -> Outcome {
    let world = World::demo().await?;
    let engagement = world.signed_engagement("Warehouse audit").await?;
    let (ana, paul) = (
        world.person("northwind", "ana@acme.example").await?,
        world.person("northwind", "paul@northwind.example").await?,
    );
    let file = ana
        .upload(&format!("/attachments?record_id={}", engagement.record), "photo.pdf", pdf("A photo", 1))
        .await?;
    let post = |body: &str, internal: bool, attachments: Vec<String>| PostMessageRequest {
        record_id: engagement.record.clone(),
        body: body.to_owned(),
        attachment_ids: attachments,
        internal,
        idempotency_key: String::new(),
    };
    ana.messaging().post_message(post("Here is the photo", false, vec![file.text("document_id")?])).await?;
    paul.messaging().post_message(post("Thank you", false, Vec::new())).await?;
    paul.messaging().post_message(post("canary: difficult client", true, Vec::new())).await?;
    ensure!(
        ana.messaging().post_message(post("a note of mine", true, Vec::new())).await.is_err(),
        "a client wrote an internal note"
    );
    world.settle().await?;
    let ask = GetThreadRequest { record_id: engagement.record.clone(), ..GetThreadRequest::default() };
    let seen = ana.messaging().get_thread(ask.clone()).await?.into_inner();
    let bodies: Vec<&str> = seen.messages.iter().map(|message| message.body.as_str()).collect();
    ensure!(bodies == ["Here is the photo", "Thank you"], "Ana reads {bodies:?}");
    ensure!(seen.messages[0].attachments.len() == 1, "the attachment is missing");
    let unread = ana.messaging().count_unread(CountUnreadRequest {}).await?.into_inner();
    ensure!(unread.messages == 1, "Ana has {} unread messages", unread.messages);
    let seen = paul.messaging().get_thread(ask).await?.into_inner();
    ensure!(seen.messages.len() == 3, "Paul reads {} messages", seen.messages.len());
    let attachment = seen.messages[0].attachments[0].version_id.clone();
    ensure!(
        paul.download(&format!("/versions/{attachment}")).await?.body.starts_with(b"%PDF"),
        "Paul cannot open the attachment"
    );
    let gina = world.person("northwind", "gina@globex.example").await?;
    let refused = gina.download(&format!("/versions/{attachment}")).await?;
    ensure!(!refused.body.starts_with(b"%PDF"), "i24: another client opened the attachment");
    for mail in world.mailbox("northwind").await?.to("ana@acme.example").await? {
        ensure!(!mail.source.contains("canary"), "an internal note was mailed to the client");
    }
    Ok(())
}

/// Story 7: what one side does reaches the other's stream, and nobody else's; it carries names, never contents.
pub(super) async fn s07_live_events_reach_those_they_are_for_and_nobody_else() -> Outcome {
    let world = World::demo().await?;
    let engagement = world.signed_engagement("Warehouse audit").await?;
    world.settle().await?;
    let (ana, gina) = (
        world.person("northwind", "ana@acme.example").await?,
        world.person("northwind", "gina@globex.example").await?,
    );
    let carla = world.person("contoso", "carla@contoso.example").await?;
    let paul = world.person("northwind", "paul@northwind.example").await?;
    let mut streams = Vec::new();
    for person in [&ana, &gina, &carla] {
        let channel = person.channel("messaging").without_deadline();
        let mut client = portico_proto::messaging::v1::messaging_client::MessagingClient::new(channel);
        streams.push(client.watch(WatchRequest::default()).await?.into_inner());
    }
    let post = |body: &str, internal: bool| PostMessageRequest {
        record_id: engagement.record.clone(),
        body: body.to_owned(),
        internal,
        ..PostMessageRequest::default()
    };
    paul.messaging().post_message(post("secret words", true)).await?;
    paul.messaging().post_message(post("open words", false)).await?;
    let mut told = Vec::new();
    for stream in &mut streams {
        let mut names = Vec::new();
        while let Ok(Some(Ok(answer))) = tokio::time::timeout(Duration::from_secs(2), stream.next()).await {
            if let Some(event) = answer.event {
                names.push(event.name.clone());
                ensure!(!format!("{event:?}").contains("words"), "an event carries contents: {event:?}");
            }
        }
        told.push(names);
    }
    ensure!(
        told[0].iter().filter(|name| *name == "message_posted").count() == 1,
        "Ana was told {:?}",
        told[0]
    );
    ensure!(told[1].is_empty() && told[2].is_empty(), "strangers were told {:?} and {:?}", told[1], told[2]);
    Ok(())
}

/// Story 11: what was done stands in the audit; the client sees their own part and nothing internal.
pub(super) async fn s11_the_audit_tells_who_did_what_and_the_client_sees_their_part() -> Outcome {
    let world = World::demo().await?;
    let engagement = world.signed_engagement("Warehouse audit").await?;
    let ana = world.person("northwind", "ana@acme.example").await?;
    let file = ana
        .upload(&format!("/attachments?record_id={}", engagement.record), "photo.pdf", pdf("A photo", 1))
        .await?;
    let post = PostMessageRequest {
        record_id: engagement.record.clone(),
        body: "with a file".to_owned(),
        attachment_ids: vec![file.text("document_id")?],
        ..PostMessageRequest::default()
    };
    ana.messaging().post_message(post).await?;
    let paul = world.person("northwind", "paul@northwind.example").await?;
    paul.download(&format!("/versions/{}", file.text("version_id")?)).await?;
    world.settle().await?;
    let nora = world.person("northwind", "nora@northwind.example").await?;
    let ask = |account: &str| ListAuditRequest {
        account_id: account.to_owned(),
        page_size: 200,
        ..ListAuditRequest::default()
    };
    let lines = nora.tenancy().list_audit(ask(&engagement.account)).await?.into_inner().lines;
    let find = |action: &str| {
        lines.iter().find(|line| line.action == action).with_context(|| format!("no line {action}"))
    };
    let download = find("document.downloaded")?;
    ensure!(
        download.actor_name == "Paul Meyer" && !download.version.is_empty() && download.at.is_some(),
        "{download:?}"
    );
    find("document.uploaded")?;
    let own = ana.tenancy().list_audit(ask("")).await?.into_inner().lines;
    ensure!(
        own.iter().any(|line| line.action == "document.downloaded"),
        "the client does not see who opened their file"
    );
    ensure!(own.iter().all(|line| line.account_id == engagement.account), "the client sees lines of others");
    let gina = world.person("northwind", "gina@globex.example").await?;
    let foreign = gina.tenancy().list_audit(ask(&engagement.account)).await;
    ensure!(
        foreign.is_err() || foreign.is_ok_and(|answer| answer.into_inner().lines.is_empty()),
        "another client reads Acme's audit"
    );
    Ok(())
}
