//! SQL only. Every query names the firm, so that indexes led by it are used; row-level security is the floor below.

pub(crate) mod accounts;
pub(crate) mod attention;
pub(crate) mod availability;
pub(crate) mod calendars;
pub(crate) mod delegations;
pub(crate) mod forms;
pub(crate) mod idempotency;
pub(crate) mod meetings;
pub(crate) mod outstanding;
pub(crate) mod portals;
pub(crate) mod records;
pub(crate) mod run_rows;
pub(crate) mod runs;
pub(crate) mod timers;
