//! The rules, pure.

pub(crate) mod account;
pub(crate) mod audit;
pub(crate) mod logo;
pub(crate) mod membership;
pub(crate) mod portal;
pub(crate) mod tenant;
