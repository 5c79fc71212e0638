//! What the service says, and what it listens to.

pub(crate) mod comments;
pub(crate) mod drops;
pub(crate) mod envelope_notices;
mod envelope_words;
mod expected;
pub(crate) mod library;
mod on_signing_refused;
mod on_step_activated;
mod on_step_reassigned;
mod on_step_withdrawn;
pub(crate) mod publish;
pub(crate) mod sendings;
pub(crate) mod templates;

use portico_events::Subscription;

use crate::service::SharedService;

/// Everything the service listens to.
pub(crate) fn subscriptions(service: &SharedService) -> Vec<Subscription> {
    vec![
        on_signing_refused::subscription(service),
        on_step_activated::subscription(service),
        on_step_reassigned::subscription(service),
        on_step_withdrawn::subscription(service),
    ]
}
