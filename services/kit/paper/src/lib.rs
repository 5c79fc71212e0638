//! Papers as PDF, for whatever a service gives people to keep: invoices, statements, answers.
//!
//! A paper is a [`Frame`] and a flow of [`Block`]s. [`write`] lays it out on A4 and answers the file: PDF/A-3 and PDF/UA at once, with
//! headings, paragraphs and tables tagged, its fonts embedded, and the same bytes whenever the same content is written with the same
//! fonts.

mod block;
mod embed;
mod error;
mod fonts;
mod layout;
mod page;
mod shaping;
mod write;

pub use block::{Block, Colour, Column, Frame, Row, Table};
pub use embed::Embedded;
pub use error::PaperError;
pub use fonts::{FontFiles, Fonts};
pub use shaping::{FontSet, Line, Run, Shaper, default_fallbacks, default_font};
pub use write::write;

#[cfg(test)]
mod tests;
