//! Reading one's own writes: a service answers after its inbox has seen the event that the caller has just caused.

use futures_util::future::BoxFuture;
use portico_core::{Ctx, EventId};
use portico_db::Store;
use portico_events::{InboxGate, Subscription, Types};
use portico_rpc::AfterGate;

/// Which of a service's consumers listen to which types.
pub(crate) struct ServiceGate {
    store: Store,
    gate: InboxGate,
    consumers: Vec<(&'static str, Types)>,
}

impl ServiceGate {
    pub(crate) fn new(store: Store, gate: InboxGate, subscriptions: &[Subscription]) -> Self {
        let durable = subscriptions.iter().filter(|subscription| subscription.durable);
        let consumers =
            durable.map(|subscription| (subscription.consumer, subscription.types.clone())).collect();
        Self { store, gate, consumers }
    }
}

impl AfterGate for ServiceGate {
    fn consumes(&self, event_type: &str) -> bool {
        self.consumers.iter().any(|(_, types)| listens(types, event_type))
    }

    fn wait<'a>(&'a self, ctx: &'a Ctx, event: EventId) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            if let Err(error) = self.gate.wait(&self.store, ctx, event, &[]).await {
                tracing::debug!(%error, "answers without having seen the caller's last event");
            }
        })
    }
}

fn listens(types: &Types, event_type: &str) -> bool {
    match types {
        Types::All => true,
        Types::Listed(listed) => listed.iter().any(|listed| listed == event_type),
    }
}
