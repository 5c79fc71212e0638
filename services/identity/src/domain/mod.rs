//! The rules, pure.

pub(crate) mod link;
pub(crate) mod password;
pub(crate) mod person;
pub(crate) mod session;
pub(crate) mod throttle;
