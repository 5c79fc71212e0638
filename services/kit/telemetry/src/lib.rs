//! Logs and health of a process.

mod health;
mod logs;

pub use health::{Check, CheckReport, Health, HealthReport};
pub use logs::{InitError, init};
