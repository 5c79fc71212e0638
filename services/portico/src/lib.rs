//! The one binary as a library, so that a test can start a whole Portico in its own process.
//!
//! [`start`] hosts the services it is told to host, the road between them, their jobs and the edge. It is the only place that sees
//! all services, and knows nothing about any of them but their names.

mod assemble;
pub mod demo;
mod demo_money;
mod gate;
mod jobs;
mod office;
pub mod prepare;
mod revisions;
mod settings;
mod start;

pub use settings::{InvalidSettings, Settings};
pub use start::{Portico, start};
