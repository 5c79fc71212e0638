//! SQL, one file a table family.

pub(crate) mod mails;
pub(crate) mod messages;
pub(crate) mod notifications;
pub(crate) mod participants;
pub(crate) mod threads;
