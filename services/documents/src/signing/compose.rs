//! The document with what was entered, and its certificate.

use chrono::{DateTime, NaiveDate, Utc};

use super::{
    canvas::{self, Sheet},
    certificate::{self, Certificate},
    drawn::DrawnSignature,
    error::SigningError,
    fonts::Fonts,
    place::{Original, PageShape},
    stamp::stamp,
};
use crate::domain::envelope::FieldBox;

/// What a signer entered into a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldValue {
    /// A signature typed as a name, at most 120 characters.
    Typed(String),
    /// A signature drawn by hand.
    Drawn(DrawnSignature),
    /// A day, written as `21 November 2026`.
    Date(NaiveDate),
    /// Text, at most 2000 characters, as far as it fits its box.
    Text(String),
    /// A box that was ticked: a cross as large as the box.
    Ticked,
}

/// A field with its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Filled {
    /// The field's id, named in errors.
    pub field: String,
    /// Where it is.
    pub place: FieldBox,
    /// What was entered.
    pub value: FieldValue,
}

/// What the finished file says of itself in its metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imprint {
    /// The firm; empty for nobody.
    pub firm: String,
    /// The document's name, unless the original has one.
    pub title: String,
    /// When the file was made.
    pub made_at: DateTime<Utc>,
}

/// Draws what was entered into the original's pages. Takes processor time and a few times the original's size in memory:
/// run it where blocking is allowed.
///
/// The metadata name the firm, or nobody; title, author and subject of the original stay.
///
/// # Errors
/// [`SigningError`]; [`SigningError::OffPage`], [`SigningError::DoesNotFit`] and [`SigningError::Unprintable`] are
/// about one value, [`SigningError::Pdf`] and [`SigningError::Sealed`] about the original.
pub fn enter(
    fonts: &Fonts,
    original: &[u8],
    filled: &[Filled],
    imprint: &Imprint,
) -> Result<Vec<u8>, SigningError> {
    let mut original = Original::read(original)?;
    let mut sheets: Vec<Sheet> = Vec::with_capacity(filled.len());
    let mut places = Vec::with_capacity(filled.len());
    for field in filled {
        let off = || SigningError::OffPage { field: field.field.clone(), pages: original.pages() };
        if !field.place.is_within_page() {
            return Err(off());
        }
        let shape: PageShape = original.shape(field.place.page).ok_or_else(off)?;
        let (shown_width, shown_height) = shape.shown();
        let (width, height) = (field.place.width * shown_width, field.place.height * shown_height);
        sheets.push(stamp(fonts, &field.field, &field.value, width, height)?);
        places.push((field.place.page, shape.matrix(&field.place)));
    }
    if !sheets.is_empty() {
        original.add(&canvas::write(&sheets)?, &places)?;
    }
    original.write(&imprint.firm, &imprint.title, imprint.made_at)
}

/// Whether every character of a text can be printed.
///
/// # Errors
/// [`SigningError::Unprintable`].
pub fn check_printable(fonts: &Fonts, text: &str) -> Result<(), SigningError> {
    fonts.require(text)
}

/// The certificate's pages as a PDF of their own. Run it where blocking is allowed.
///
/// # Errors
/// [`SigningError::Writing`].
pub fn certify(fonts: &Fonts, certificate: &Certificate) -> Result<Vec<u8>, SigningError> {
    canvas::write(&certificate::pages(fonts, certificate))
}
