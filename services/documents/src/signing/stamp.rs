//! What a signer entered, fitted into its box.

use chrono::NaiveDate;

use super::{
    canvas::{INK, Mark, Sheet},
    compose::FieldValue,
    error::SigningError,
    fonts::{Fonts, Style},
};

/// The colour of signatures: a dark blue, as of a pen.
const PEN: [u8; 3] = [20, 33, 92];
/// Font sizes in points.
const LARGEST_SIGNATURE: f32 = 24.0;
const LARGEST_TEXT: f32 = 11.0;
const SMALLEST: f32 = 5.0;
/// Characters in a typed signature, and in a text.
const LONGEST_SIGNATURE: usize = 120;
const LONGEST_TEXT: usize = 2000;
/// What stands where a text has characters that no font has and no room for their code points.
const ELSEWHERE: &str = "(see the certificate)";
/// Line height of texts, in font sizes, and the part of it above the base line.
const LINE: f32 = 1.25;
const ASCENT: f32 = 0.95;

/// A sheet as large as the field's box (in points), with the value on it.
pub(super) fn stamp(
    fonts: &Fonts,
    field: &str,
    value: &FieldValue,
    width: f32,
    height: f32,
) -> Result<Sheet, SigningError> {
    let too_long = || SigningError::DoesNotFit { field: field.to_owned() };
    let marks = match value {
        FieldValue::Drawn(picture) => {
            let (wide, high) = (picture.width as f32, picture.height as f32);
            let scale = (width / wide).min(height / high);
            let (wide, high) = (wide * scale, high * scale);
            vec![Mark::Picture {
                picture: picture.clone(),
                x: 0.0,
                y: height - high,
                width: wide,
                height: high,
            }]
        }
        FieldValue::Typed(name) => {
            if name.chars().count() > LONGEST_SIGNATURE {
                return Err(too_long());
            }
            fonts.require(name)?;
            let line = fonts.shape(Style::Signature, name.trim());
            // A slanted line reaches further to the right than it is wide.
            let reach = line.width() + 0.3;
            let size = (width / reach).min(height * 0.7).min(LARGEST_SIGNATURE);
            if size < SMALLEST {
                return Err(too_long());
            }
            vec![Mark::Text { line, x: 0.0, y: height - size * 0.35, size, colour: PEN, slanted: true }]
        }
        FieldValue::Date(day) => text(fonts, &day_text(*day), width, height).ok_or_else(too_long)?,
        FieldValue::Ticked => {
            let line = fonts.shape(Style::Bold, "X");
            let wide = line.width();
            // A capital is about 0.73 of its font's size high.
            let size = (width / wide).min(height / 0.73);
            let x = (width - wide * size) / 2.0;
            vec![Mark::Text { line, x, y: (height + size * 0.73) / 2.0, size, colour: PEN, slanted: false }]
        }
        FieldValue::Text(words) => {
            if words.chars().count() > LONGEST_TEXT {
                return Err(too_long());
            }
            match text(fonts, words, width, height) {
                Some(marks) => marks,
                // What was only written out as code points takes more room than anybody typed.
                None if !fonts.has_all(words) => {
                    text(fonts, ELSEWHERE, width, height).ok_or_else(too_long)?
                }
                None => return Err(too_long()),
            }
        }
    };
    Ok(Sheet { width, height, marks })
}

/// A day as it is drawn.
pub(crate) fn day_text(day: NaiveDate) -> String {
    day.format("%-d %B %Y").to_string()
}

/// The largest setting of a text that fits; nothing where none does.
fn text(fonts: &Fonts, words: &str, width: f32, height: f32) -> Option<Vec<Mark>> {
    let mut size = LARGEST_TEXT.min(height / LINE);
    while size >= SMALLEST {
        let lines = fonts.wrap(Style::Regular, words, width / size);
        if lines.len() as f32 * size * LINE <= height + 0.01 {
            // A single line stands at the bottom, where a form has its rule.
            let first = if lines.len() == 1 { height - size * (LINE - ASCENT) } else { size * ASCENT };
            let marks = lines.into_iter().enumerate().map(|(index, line)| {
                let y = first + index as f32 * size * LINE;
                Mark::Text { line, x: 0.0, y, size, colour: INK, slanted: false }
            });
            return Some(marks.collect());
        }
        size -= 0.5;
    }
    None
}
