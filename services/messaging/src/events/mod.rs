//! What the service says, and what it listens to.

mod on_anything_live;
mod on_link_issued;
mod on_message_posted;
mod on_notice_requested;
pub(crate) mod publish;

use portico_events::Subscription;

use crate::service::SharedService;

/// Everything the service listens to.
pub(crate) fn subscriptions(service: &SharedService) -> Vec<Subscription> {
    vec![
        on_message_posted::subscription(service),
        on_notice_requested::subscription(service),
        on_link_issued::subscription(service),
        on_anything_live::subscription(service),
    ]
}
