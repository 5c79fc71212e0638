//! What the service does by the clock.

mod look_into_mailboxes;
mod send_mails;

use portico_service::Job;

use crate::service::SharedService;

/// All jobs of the service.
pub(crate) fn all(service: &SharedService) -> Vec<Job> {
    vec![send_mails::job(service), look_into_mailboxes::job(service)]
}

#[cfg(test)]
pub(crate) use look_into_mailboxes::run as look_into_mailboxes_now;
#[cfg(test)]
pub(crate) use send_mails::run as send_mails_now;
