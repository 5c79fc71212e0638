//! Types and rules. No I/O.

pub(crate) mod bounce;
pub(crate) mod colour;
pub(crate) mod dkim;
pub(crate) mod letter;
pub(crate) mod live;
pub(crate) mod mail;
pub(crate) mod mail_check;
pub(crate) mod mailbox;
pub(crate) mod notification;
pub(crate) mod preferences;
pub(crate) mod reply_text;
pub(crate) mod seen;
pub(crate) mod settings;
pub(crate) mod thread;
pub(crate) mod words;
