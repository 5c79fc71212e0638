//! One listener's stream.

use std::{collections::VecDeque, pin::Pin, sync::Arc, time::Duration};

use futures_util::{Stream, stream};
use portico_core::{Ctx, TenantId};
use portico_proto::messaging::v1::{LiveEvent, WatchResponse};
use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    time::timeout,
};
use tonic::Status;

use super::Hub;
use crate::{
    convert,
    domain::live::{Ear, Told},
};

/// A stream on which nothing happens says at least this often that it is there.
const HEARTBEAT: Duration = Duration::from_secs(20);
/// Told to a listener who has missed something that nobody can repeat: everything shown is to be read afresh.
const RESET: &str = "reset";

/// What a listener is sent.
pub(crate) type Answers = Pin<Box<dyn Stream<Item = Result<WatchResponse, Status>> + Send>>;

struct Watcher {
    ear: Ear,
    receiver: Receiver<Arc<Told>>,
    waiting: VecDeque<WatchResponse>,
    heartbeat: Duration,
}

/// The events that whoever acts in `ctx` may hear of, after the one with the id `after`, or from the present where it is empty.
pub(crate) fn watch(hub: &Hub, ctx: &Ctx, after: &str) -> Answers {
    watch_with(hub, ctx, after, HEARTBEAT)
}

fn watch_with(hub: &Hub, ctx: &Ctx, after: &str, heartbeat: Duration) -> Answers {
    let tenant: TenantId = ctx.tenant;
    let ear = Ear::of(ctx);
    let listening = hub.listen(tenant, after);
    let waiting = match listening.missed {
        Some(missed) => missed.iter().filter(|told| ear.hears(told)).map(|told| answer(told)).collect(),
        None => VecDeque::from([reset()]),
    };
    let watcher = Watcher { ear, receiver: listening.receiver, waiting, heartbeat };
    Box::pin(stream::unfold(watcher, |mut watcher| async move {
        let next = watcher.next().await?;
        Some((Ok(next), watcher))
    }))
}

impl Watcher {
    async fn next(&mut self) -> Option<WatchResponse> {
        if let Some(waiting) = self.waiting.pop_front() {
            return Some(waiting);
        }
        let audible = async {
            loop {
                match self.receiver.recv().await {
                    Ok(told) if self.ear.hears(&told) => return Some(answer(&told)),
                    Ok(_) => {}
                    Err(RecvError::Lagged(_)) => return Some(reset()),
                    Err(RecvError::Closed) => return None,
                }
            }
        };
        timeout(self.heartbeat, audible).await.unwrap_or(Some(WatchResponse { event: None }))
    }
}

fn answer(told: &Told) -> WatchResponse {
    WatchResponse { event: Some(convert::live_event(told)) }
}

fn reset() -> WatchResponse {
    WatchResponse { event: Some(LiveEvent { name: RESET.to_owned(), ..LiveEvent::default() }) }
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt as _;

    use super::*;
    use crate::domain::live::Audience;

    #[tokio::test]
    async fn a_silent_stream_says_that_it_is_there_and_goes_on() {
        let hub = Hub::default();
        let ctx = portico_testkit::staff(TenantId(uuid::Uuid::nil()), &[]);
        let mut stream = watch_with(&hub, &ctx, "", Duration::from_millis(10));
        for _ in 0..2 {
            assert_eq!(stream.next().await.unwrap().unwrap().event, None);
        }
        let told = Told {
            id: "1".to_owned(),
            name: "signed_in",
            object_id: "p1".to_owned(),
            account: None,
            audience: Audience::Staff,
        };
        hub.tell(ctx.tenant, told);
        let event = stream.next().await.unwrap().unwrap().event.unwrap();
        assert_eq!(
            (event.id.as_str(), event.name.as_str(), event.object_id.as_str()),
            ("1", "signed_in", "p1")
        );
    }
}
