//! What stories stand on: a whole Portico in this process, visitors over HTTP, and a real browser.

mod browser;
mod case;
mod files;
mod mailbox;
mod people;
mod visitor;
mod world;

pub(crate) use browser::Browser;
pub(crate) use case::{Case, Outcome};
pub(crate) use files::pdf;
pub(crate) use mailbox::{Mailbox, link_path};
pub(crate) use people::{Engagement, Persona, steps};
pub(crate) use visitor::{Answer, Visitor};
pub(crate) use world::World;
