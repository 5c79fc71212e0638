//! From the commit of a message to the event in an open stream.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use futures_util::StreamExt as _;
use portico_proto::messaging::v1::{PostMessageRequest, WatchRequest, messaging_client::MessagingClient};

use crate::{harness::World, say};

const STREAMS: usize = 200;
const MESSAGES: usize = 200;

/// Posts messages one by one with all streams open, and waits for each in the stream that was opened last.
///
/// # Errors
/// Where an event does not come within five seconds.
pub(crate) async fn measure() -> anyhow::Result<()> {
    let world = World::demo().await?;
    let engagement = world.signed_engagement("Warehouse audit").await?;
    let (ana, paul) = (
        world.person("northwind", "ana@acme.example").await?,
        world.person("northwind", "paul@northwind.example").await?,
    );
    let (told, mut heard) = tokio::sync::mpsc::unbounded_channel();
    for index in 0..STREAMS {
        let mut client = MessagingClient::new(ana.channel("messaging").without_deadline());
        let mut events = client.watch(WatchRequest::default()).await?.into_inner();
        let told = told.clone();
        tokio::spawn(async move {
            while let Some(Ok(answer)) = events.next().await {
                if index == STREAMS - 1 && answer.event.is_some_and(|event| event.name == "message_posted") {
                    let _ = told.send(Instant::now());
                }
            }
        });
    }
    let mut waits = Vec::with_capacity(MESSAGES);
    for number in 0..MESSAGES {
        let post = PostMessageRequest {
            record_id: engagement.record.clone(),
            body: format!("message {number}"),
            ..PostMessageRequest::default()
        };
        paul.messaging().post_message(post).await?;
        let committed = Instant::now();
        let at =
            tokio::time::timeout(Duration::from_secs(5), heard.recv()).await?.context("the stream ended")?;
        waits.push(at.saturating_duration_since(committed));
    }
    waits.sort_unstable();
    let p99 = waits[waits.len() * 99 / 100 - 1];
    say(&format!(
        "live: median {:.1} ms, p99 {:.1} ms from commit to the last of {STREAMS} streams (goal 100 ms)",
        waits[waits.len() / 2].as_secs_f64() * 1e3,
        p99.as_secs_f64() * 1e3
    ));
    Ok(())
}
