//! Types and rules. No I/O.

pub(crate) mod colour;
pub(crate) mod letter;
pub(crate) mod live;
pub(crate) mod mail;
pub(crate) mod notification;
pub(crate) mod thread;
pub(crate) mod words;
