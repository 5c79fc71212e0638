//! Tells open pages what happens. It has no cursor and no inbox: whoever misses something reads afresh.

use std::sync::Arc;

use async_trait::async_trait;
use portico_events::{HandleError, Handler, Received, Subscription, Topics, Types};

use crate::{live, service::SharedService};

struct Live(SharedService);

pub(super) fn subscription(service: &SharedService) -> Subscription {
    Subscription {
        consumer: "messaging.live",
        topics: Topics::All,
        types: Types::Listed(live::told_types()),
        handler: Arc::new(Live(Arc::clone(service))),
        durable: false,
    }
}

#[async_trait]
impl Handler for Live {
    async fn handle(&self, event: &Received) -> Result<(), HandleError> {
        live::tell(&self.0.hub, event)
    }
}
