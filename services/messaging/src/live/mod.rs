//! Live updates: from the events of all services to the people who are looking.

mod hub;
mod tell;
mod watcher;

pub(crate) use hub::Hub;
pub(crate) use tell::{tell, told_types};
pub(crate) use watcher::{Answers, watch};
