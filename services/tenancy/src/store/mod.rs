//! The SQL. Each function runs within a transaction that carries its caller's context; what must be read before a firm is
//! known is read by the plumbing role.

pub(crate) mod accounts;
pub(crate) mod audit;
pub(crate) mod deactivated;
pub(crate) mod holidays;
pub(crate) mod logos;
pub(crate) mod memberships;
pub(crate) mod portals;
pub(crate) mod staff;
pub(crate) mod tenants;
