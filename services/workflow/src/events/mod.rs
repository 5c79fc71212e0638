//! What the service says, and what it listens to: one file for each kind of event.

mod on_account_changed;
mod on_item_changed;
mod on_portal_published;
mod on_request_rows_changed;
mod on_signing_asked;
mod on_step_answered;
pub(crate) mod publish;

use portico_events::Subscription;

use crate::service::SharedService;

/// Everything the service listens to.
pub(crate) fn subscriptions(service: &SharedService) -> Vec<Subscription> {
    vec![
        on_account_changed::subscription(service),
        on_item_changed::subscription(service),
        on_portal_published::subscription(service),
        on_request_rows_changed::subscription(service),
        on_signing_asked::subscription(service),
        on_step_answered::subscription(service),
    ]
}
