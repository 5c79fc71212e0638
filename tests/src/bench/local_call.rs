//! A call over the local channel, above its handler.

use std::time::Instant;

use anyhow::ensure;
use portico_proto::documents::v1::{GetPageTextRequest, documents_client::DocumentsClient};

use crate::{harness::World, say};

const CALLS: u32 = 50_000;

/// Calls an RPC that refuses an id at first sight, so that all its time is the way there and back.
///
/// # Errors
/// Where a call is answered in another way.
pub(crate) async fn measure() -> anyhow::Result<()> {
    let world = World::demo().await?;
    let ana = world.person("northwind", "ana@acme.example").await?;
    let mut client = DocumentsClient::new(ana.channel("documents"));
    let asked = GetPageTextRequest { version_id: "none".to_owned(), page: 1 };
    for _ in 0..1_000 {
        ensure!(client.get_page_text(asked.clone()).await.is_err(), "an id that is none was taken");
    }
    let start = Instant::now();
    for _ in 0..CALLS {
        let _ = client.get_page_text(asked.clone()).await;
    }
    let each = start.elapsed() / CALLS;
    say(&format!(
        "local call: {:.1} µs above a handler that does nothing (goal 30 µs)",
        each.as_secs_f64() * 1e6
    ));
    Ok(())
}
