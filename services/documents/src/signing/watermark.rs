//! Somebody's mail address across the pages that they are shown, and across copies that they take away.

use super::{
    canvas::{self, Mark, Sheet},
    compose::Imprint,
    drawn::DrawnSignature,
    error::SigningError,
    fonts::{Fonts, Style},
    place::Original,
};
use crate::{domain::envelope::FieldBox, preview::RESOLUTION};

/// Between two lines, and between two of the same words in one, in points.
const APART: f32 = 150.0;
const GAP: f32 = 70.0;
/// Sizes of the words in points.
const LARGEST: f32 = 18.0;
const SMALLEST: f32 = 8.0;
/// The most lines and columns, however large a page is.
const MOST: usize = 40;

/// A picture of a page as a PDF of one page, as large as it was drawn, with the words across it. Takes processor time: run it
/// where blocking is allowed.
///
/// # Errors
/// [`SigningError::Writing`].
pub(crate) fn mark_picture(fonts: &Fonts, picture: &[u8], words: &str) -> Result<Vec<u8>, SigningError> {
    let pixels = image::load_from_memory(picture).map_err(SigningError::writing)?.into_rgba8();
    let points = |pixels: u32| pixels as f32 * 72.0 / RESOLUTION as f32;
    let (width, height) = (points(pixels.width()), points(pixels.height()));
    let drawn = DrawnSignature { width: pixels.width(), height: pixels.height(), pixels: pixels.into_raw() };
    let mut marks = vec![Mark::Picture { picture: drawn, x: 0.0, y: 0.0, width, height }];
    marks.extend(across(fonts, words, width, height));
    canvas::write(&[Sheet { width, height, marks }])
}

/// A copy of a PDF with the words across every page. Takes processor time and a few times the original's size in memory: run it
/// where blocking is allowed.
///
/// # Errors
/// [`SigningError::Sealed`] for what somebody has signed, which stays as it is, and the others of the original.
pub(crate) fn mark_copy(
    fonts: &Fonts,
    original: &[u8],
    words: &str,
    imprint: &Imprint,
) -> Result<Vec<u8>, SigningError> {
    let mut original = Original::read(original)?;
    let (mut sheets, mut places) = (Vec::new(), Vec::new());
    for page in (1_u32..).take(original.pages()) {
        let shape = original.shape(page).ok_or_else(|| SigningError::writing("a page without a size"))?;
        let (width, height) = shape.shown();
        sheets.push(Sheet { width, height, marks: across(fonts, words, width, height) });
        places.push((page, shape.matrix(&FieldBox { page, x: 0.0, y: 0.0, width: 1.0, height: 1.0 })));
    }
    original.add(&canvas::write(&sheets)?, &places)?;
    original.write(&imprint.firm, &imprint.title, imprint.made_at)
}

/// The words again and again across a page of this size, in points: faint enough to read what is below.
fn across(fonts: &Fonts, words: &str, width: f32, height: f32) -> Vec<Mark> {
    let measured = fonts.shape(Style::Regular, words).width().max(0.1);
    let size = (width / measured * 0.5).clamp(SMALLEST, LARGEST);
    let step = measured * size + GAP;
    let mut marks = Vec::new();
    let rows =
        (0..MOST).map(|row| (row, row as f32 * APART + APART / 2.0)).take_while(|(_, y)| *y < height + APART);
    for (row, y) in rows {
        let from = if row % 2 == 0 { 0.0 } else { -step / 2.0 };
        for x in (0..MOST).map(|column| from + column as f32 * step).take_while(|x| *x < width) {
            marks.push(Mark::Faint { line: fonts.shape(Style::Regular, words), x, y, size });
        }
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DATA_AGREEMENT, content::check_pdf, signing::FontConfig};

    fn imprint() -> Imprint {
        Imprint {
            firm: "Northwind".to_owned(),
            title: "Agreement".to_owned(),
            made_at: "2026-11-22T10:00:00Z".parse().unwrap(),
        }
    }

    #[test]
    fn every_page_of_a_copy_is_marked_and_the_rest_stays() {
        let fonts = Fonts::load(&FontConfig::default()).unwrap();
        let copy = mark_copy(&fonts, DATA_AGREEMENT, "ana@acme.example", &imprint()).unwrap();
        let pages = check_pdf(DATA_AGREEMENT).unwrap().pages;
        assert_eq!(check_pdf(&copy).unwrap().pages, pages);
        let drawn = |bytes: &[u8], page: &str| {
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), bytes).unwrap();
            let drawn = std::process::Command::new("pdftoppm")
                .args(["-f", page, "-l", page, "-r", "40", "-gray"])
                .arg(file.path())
                .output()
                .unwrap();
            assert!(drawn.status.success() && drawn.stdout.starts_with(b"P5"));
            drawn.stdout
        };
        for page in (1..=pages).map(|page| page.to_string()) {
            let (before, after) = (drawn(DATA_AGREEMENT, &page), drawn(&copy, &page));
            assert_eq!(before.len(), after.len(), "page {page} keeps its size");
            let changed = before.iter().zip(&after).filter(|(before, after)| before != after).count();
            assert!(changed > 100, "page {page}: only {changed} dots differ");
        }
    }

    #[test]
    fn a_picture_becomes_a_page_of_its_own_size() {
        let fonts = Fonts::load(&FontConfig::default()).unwrap();
        let mut picture = std::io::Cursor::new(Vec::new());
        image::RgbaImage::from_pixel(220, 330, image::Rgba([250, 250, 250, 255]))
            .write_to(&mut picture, image::ImageFormat::Png)
            .unwrap();
        let page = mark_picture(&fonts, picture.get_ref(), "ana@acme.example").unwrap();
        let shape = Original::read(&page).unwrap().shape(1).unwrap();
        assert_eq!(shape.shown(), (144.0, 216.0));
        assert!(mark_picture(&fonts, b"no picture", "x").is_err());
    }
}
