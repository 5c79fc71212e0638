//! A call over the local channel, above its handler.

use std::time::Instant;

use portico_proto::billing::v1::{GetStatusRequest, billing_client::BillingClient};

use crate::{harness::World, say};

const CALLS: u32 = 50_000;

/// Calls an RPC whose handler does nothing, so that all its time is the way there and back.
///
/// # Errors
/// Where a call fails.
pub(crate) async fn measure() -> anyhow::Result<()> {
    let world = World::demo().await?;
    let ana = world.person("northwind", "ana@acme.example").await?;
    let mut client = BillingClient::new(ana.channel("billing"));
    for _ in 0..1_000 {
        client.get_status(GetStatusRequest {}).await?;
    }
    let start = Instant::now();
    for _ in 0..CALLS {
        client.get_status(GetStatusRequest {}).await?;
    }
    let each = start.elapsed() / CALLS;
    say(&format!(
        "local call: {:.1} µs above a handler that does nothing (goal 30 µs)",
        each.as_secs_f64() * 1e6
    ));
    Ok(())
}
