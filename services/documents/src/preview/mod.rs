//! What a person sees of a file without downloading it: pages as images, pages as text, photos made small.
//!
//! PDFs come from strangers and their readers are large programs, so each page is drawn by a **child process** with
//! caps on memory, processor time, wall clock and output, an empty environment and a private folder that goes with
//! it. A hostile file costs one page, never the service. Photos are decoded in this process by memory-safe code under
//! limits of its own; what is shown is a new picture, so hidden data (where a photo was taken) does not reach others.

mod error;
mod heic;
mod image;
mod layout;
mod leftovers;
mod office;
mod process;
mod tiff;
mod worker;

pub use self::image::{ImagePreview, image_preview};
pub use error::PreviewError;
pub use layout::{PageLayout, TextBlock, TextLine};
pub(crate) use leftovers::sweep;
pub use process::Caps;
pub use tiff::{tiff_page, tiff_pages};
pub(crate) use worker::RESOLUTION;
pub use worker::{PreviewConfig, PreviewWorker, Source};

#[cfg(test)]
pub(crate) use office::tests::{able, word_document};
#[cfg(test)]
pub(crate) use tiff::tests::scan;

#[cfg(test)]
mod tests;
