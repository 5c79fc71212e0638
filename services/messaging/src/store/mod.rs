//! SQL, one file a table family.

pub(crate) mod addresses;
pub(crate) mod dkim_keys;
pub(crate) mod mailboxes;
pub(crate) mod mails;
pub(crate) mod messages;
pub(crate) mod notifications;
pub(crate) mod participants;
pub(crate) mod preferences;
pub(crate) mod replies;
pub(crate) mod settings;
pub(crate) mod threads;
