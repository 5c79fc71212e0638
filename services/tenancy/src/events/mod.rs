//! What the service says, and what it listens to.

mod on_audit_entry;
mod on_person_deactivated;
pub(crate) mod publish;

use portico_events::Subscription;

use crate::service::SharedService;

/// Everything the service listens to.
pub(crate) fn subscriptions(service: &SharedService) -> Vec<Subscription> {
    vec![on_audit_entry::subscription(service), on_person_deactivated::subscription(service)]
}
