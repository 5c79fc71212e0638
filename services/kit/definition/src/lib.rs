//! The portal definition language: one document that holds a whole portal.
//!
//! [`parse`] reads YAML and answers either a [`Definition`] without any finding or every [`Finding`], each with
//! its line and column. The rest of the crate asks questions of a definition: who may see what ([`can`]),
//! whether its own access tests hold ([`run_access_tests`]), what changed between two versions ([`diff`]), and
//! when something is due ([`calendar`]). Everything here is pure: no I/O, no clock.
//!
//! Maps written in the document (fields, questions of a form, steps) keep the order in which they were written,
//! and that order is what people see. Store a definition where key order survives (`text` or `json`; `jsonb`
//! sorts keys, and the [`content_hash`] then no longer matches).

mod access_tests;
pub mod calendar;
mod diff;
mod evaluate;
mod finding;
mod gallery;
mod hash;
mod model;
mod parse;
mod placeholder;
mod questions;
mod schema;
mod source;
mod tagged;
mod validate;

pub use access_tests::{AccessTestResult, run_access_tests};
pub use diff::{AccessEffect, Change, diff};
pub use evaluate::{Actor, RecordView, Truth, can, evaluate, visible_fields};
pub use finding::Finding;
pub use gallery::{GalleryEntry, gallery};
pub use hash::content_hash;
pub use model::*;
pub use parse::{MAX_BYTES, from_json, parse};
pub use placeholder::{Placeholder, placeholders};
pub use questions::{QuestionKind, Section};
pub use schema::json_schema;
pub use validate::RESERVED_PATHS;
