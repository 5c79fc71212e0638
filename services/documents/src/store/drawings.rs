//! Office files that wait to be drawn as PDF.

super::queue::queue!("documents.drawings");
