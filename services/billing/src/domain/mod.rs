//! The rules of money: pure, without database, wire or clock.

pub(crate) mod credit;
pub(crate) mod decimal;
pub(crate) mod document;
pub(crate) mod estimate;
pub(crate) mod ledger;
pub(crate) mod lines;
pub(crate) mod party;
pub(crate) mod payment;
pub(crate) mod provider;
pub(crate) mod settlement;
pub(crate) mod stored;
pub(crate) mod tax;
