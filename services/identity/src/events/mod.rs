//! What the service says, and what it listens to.

mod on_invitation_requested;
pub(crate) mod publish;

use portico_events::Subscription;

use crate::service::SharedService;

/// Everything the service listens to.
pub(crate) fn subscriptions(service: &SharedService) -> Vec<Subscription> {
    vec![on_invitation_requested::subscription(service)]
}
