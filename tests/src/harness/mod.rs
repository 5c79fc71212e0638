//! What stories stand on: a whole Portico in this process, visitors over HTTP, and a real browser.

mod browser;
mod calendar_server;
mod case;
mod cluster;
mod dkim;
mod files;
mod library;
mod line;
mod mail_server;
mod mailbox;
mod mailbox_server;
mod object_store;
mod people;
mod process;
mod scanner;
mod stripe;
mod visitor;
mod world;

pub(crate) use browser::Browser;
pub(crate) use calendar_server::CalendarServer;
pub(crate) use case::{Case, Outcome, skip};
pub(crate) use cluster::Cluster;
pub(crate) use dkim::check_signature;
pub(crate) use files::{large_pdf, pdf};
pub(crate) use line::Line;
pub(crate) use mail_server::MailServer;
pub(crate) use mailbox::{Mailbox, link_path, way_out};
pub(crate) use mailbox_server::MailboxServer;
pub(crate) use object_store::ObjectStore;
pub(crate) use people::{Engagement, Persona, steps};
pub(crate) use process::Process;
pub(crate) use scanner::Scanner;
pub(crate) use stripe::Stripe;
pub(crate) use visitor::{Answer, Visitor, plain};
pub(crate) use world::World;
