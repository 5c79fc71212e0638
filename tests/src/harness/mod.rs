//! What stories stand on: a whole Portico in this process, visitors over HTTP, and a real browser.

mod browser;
mod case;
mod mailbox;
mod visitor;
mod world;

pub(crate) use browser::Browser;
pub(crate) use case::{Case, Outcome, skip};
pub(crate) use mailbox::Mailbox;
pub(crate) use visitor::{Answer, Visitor};
pub(crate) use world::World;
