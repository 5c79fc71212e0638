//! The fonts of papers.

use std::path::PathBuf;

use crate::{
    PaperError,
    shaping::{FontSet, Shaper, default_fallbacks, default_font},
};

/// Where fonts lie.
#[derive(Debug, Clone)]
pub struct FontFiles {
    /// The font of ordinary text.
    pub regular: PathBuf,
    /// The font of headings and sums.
    pub bold: PathBuf,
    /// Fonts for characters that those above lack, tried in order. One that is not installed is passed over.
    pub fallbacks: Vec<PathBuf>,
}

impl Default for FontFiles {
    fn default() -> Self {
        Self {
            regular: default_font("DejaVuSans"),
            bold: default_font("DejaVuSans-Bold"),
            fallbacks: default_fallbacks(),
        }
    }
}

/// The weight of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weight {
    Regular,
    Bold,
}

impl Weight {
    /// The place of its font among the main ones.
    pub(crate) const fn font(self) -> usize {
        match self {
            Self::Regular => 0,
            Self::Bold => 1,
        }
    }
}

/// Fonts, ready for use. Cheap to share, costly to load: load them once.
#[derive(Debug)]
pub struct Fonts(FontSet);

impl Fonts {
    /// Loads fonts.
    ///
    /// # Errors
    /// [`PaperError::FontMissing`] for the first of the two main fonts that cannot be read.
    pub fn load(files: &FontFiles) -> Result<Self, PaperError> {
        FontSet::load(&[&files.regular, &files.bold], &files.fallbacks).map(Self)
    }

    /// What shapes lines.
    pub(crate) fn shaper(&self) -> Shaper<'_> {
        self.0.shaper()
    }
}
