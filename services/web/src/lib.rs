//! The pages: portal and console.
//!
//! This crate renders; it knows no database and keeps no state. `README.md` says how to write a page.

pub mod ask;
pub mod assets;
pub mod bare;
pub mod blocks;
pub mod components;
pub mod csrf;
mod doors;
mod enter;
pub mod error;
pub mod form;
pub mod format;
pub mod founding;
pub mod layout;
mod library;
mod nav;
pub mod pages;
mod paper;
mod passing;
mod pins;
mod plan;
mod readings;
mod record_form;
pub mod render;
mod router;
mod sending;
pub mod session;
mod signers;
pub mod site;
pub mod text;
pub mod theme;
mod values;
mod web;
mod wording;

pub use router::router;
pub use web::{PublishedPortal, Web, WebConfig};

#[cfg(test)]
mod walk;
#[cfg(test)]
pub(crate) use walk::sources;
