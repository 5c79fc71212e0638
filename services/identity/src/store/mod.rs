//! The SQL. Each function runs within a transaction that carries its caller's context.

pub(crate) mod credentials;
pub(crate) mod links;
pub(crate) mod over;
pub(crate) mod people;
pub(crate) mod sessions;
pub(crate) mod tries;
