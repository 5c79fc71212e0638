//! Pages drawn from nothing: stamps for fields, and the certificate.

use krilla::{
    Document, SerializeSettings,
    color::rgb,
    geom::{PathBuilder, Point, Size, Transform},
    image::Image,
    num::NormalizedF32,
    page::PageSettings,
    paint::{Fill, Stroke},
    surface::Surface,
};
use portico_paper::Line;

use super::{drawn::DrawnSignature, error::SigningError};

/// A colour: red, green, blue.
pub(super) type Colour = [u8; 3];
/// The colour of text.
pub(super) const INK: Colour = [22, 25, 29];
/// The colour of labels.
pub(super) const MUTED: Colour = [82, 90, 102];
/// The colour of rules.
pub(super) const HAIRLINE: Colour = [195, 201, 210];

/// Sine and cosine of the slope of faint lines: 25 degrees.
const RISING: (f32, f32) = (0.4226, 0.9063);
/// How much of what is below a faint line is covered.
const FAINT: f32 = 0.28;

/// Something drawn on a page. Places are in points (1/72 inch) from the page's top-left corner.
pub(super) enum Mark {
    /// A line of text, by the start of its base line.
    Text { line: Line, x: f32, y: f32, size: f32, colour: Colour, slanted: bool },
    /// A horizontal rule.
    Rule { x: f32, y: f32, width: f32, colour: Colour },
    /// A line of text that rises to the right and lets what is below be read, by the start of its base line.
    Faint { line: Line, x: f32, y: f32, size: f32 },
    /// A picture, by its top-left corner.
    Picture { picture: DrawnSignature, x: f32, y: f32, width: f32, height: f32 },
}

/// A page: its size in points, and what is on it.
pub(super) struct Sheet {
    pub(super) width: f32,
    pub(super) height: f32,
    pub(super) marks: Vec<Mark>,
}

/// Writes sheets as a PDF of their own, without any metadata.
pub(super) fn write(sheets: &[Sheet]) -> Result<Vec<u8>, SigningError> {
    let settings =
        SerializeSettings { xmp_metadata: false, enable_tagging: false, ..SerializeSettings::default() };
    let mut document = Document::new_with(settings);
    for sheet in sheets {
        let settings = PageSettings::from_wh(sheet.width, sheet.height)
            .ok_or_else(|| SigningError::writing("a page without a size"))?;
        let mut page = document.start_page_with(settings);
        let mut surface = page.surface();
        for mark in &sheet.marks {
            draw(&mut surface, mark);
        }
        surface.finish();
        page.finish();
    }
    document.finish().map_err(|error| SigningError::writing(format!("{error:?}")))
}

fn draw(surface: &mut Surface<'_>, mark: &Mark) {
    match mark {
        Mark::Text { line, x, y, size, colour, slanted } => {
            surface.set_stroke(None);
            surface.set_fill(Some(Fill {
                paint: paint(*colour),
                opacity: NormalizedF32::ONE,
                ..Fill::default()
            }));
            surface.push_transform(&Transform::from_translate(*x, *y));
            if *slanted {
                // About 12 degrees, as italics have.
                surface.push_transform(&Transform::from_row(1.0, 0.0, -0.21, 1.0, 0.0, 0.0));
            }
            let mut at = 0.0;
            for run in &line.runs {
                surface.draw_glyphs(
                    Point::from_xy(at, 0.0),
                    &run.glyphs,
                    run.font.clone(),
                    &line.text,
                    *size,
                    false,
                );
                at += run.width * size;
            }
            if *slanted {
                surface.pop();
            }
            surface.pop();
        }
        Mark::Faint { line, x, y, size } => {
            surface.set_stroke(None);
            surface.set_fill(Some(Fill {
                paint: paint(MUTED),
                opacity: NormalizedF32::new(FAINT).unwrap_or(NormalizedF32::ONE),
                ..Fill::default()
            }));
            let (rise, run) = RISING;
            surface.push_transform(&Transform::from_row(run, -rise, rise, run, *x, *y));
            let mut at = 0.0;
            for run in &line.runs {
                let start = Point::from_xy(at, 0.0);
                surface.draw_glyphs(start, &run.glyphs, run.font.clone(), &line.text, *size, false);
                at += run.width * size;
            }
            surface.pop();
        }
        Mark::Rule { x, y, width, colour } => {
            let mut path = PathBuilder::new();
            path.move_to(*x, *y);
            path.line_to(x + width, *y);
            surface.set_fill(None);
            surface.set_stroke(Some(Stroke { paint: paint(*colour), width: 0.6, ..Stroke::default() }));
            if let Some(path) = path.finish() {
                surface.draw_path(&path);
            }
        }
        Mark::Picture { picture, x, y, width, height } => {
            let image = Image::from_rgba8(picture.pixels.clone(), picture.width, picture.height);
            if let Some(size) = Size::from_wh(*width, *height) {
                surface.push_transform(&Transform::from_translate(*x, *y));
                surface.draw_image(image, size);
                surface.pop();
            }
        }
    }
}

fn paint([red, green, blue]: Colour) -> krilla::paint::Paint {
    rgb::Color::new(red, green, blue).into()
}
