//! Fonts found at run time, and lines of text shaped with them.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
};

use krilla::text::{Font, GlyphId, KrillaGlyph};
use rustybuzz::{Direction, Face, UnicodeBuffer};
use unicode_bidi::BidiInfo;

use crate::PaperError;

/// The Debian package of the default fonts. They may be embedded by anybody (Bitstream Vera licence, DejaVu changes in the public domain).
const PACKAGE: &str = "fonts-dejavu-core";

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
        let fonts = Path::new("/usr/share/fonts");
        let noto = [
            "Arabic",
            "Hebrew",
            "Devanagari",
            "Bengali",
            "Tamil",
            "Thai",
            "Georgian",
            "Armenian",
            "Ethiopic",
        ]
        .map(|script| fonts.join(format!("truetype/noto/NotoSans{script}-Regular.ttf")));
        let others = ["truetype/droid/DroidSansFallbackFull.ttf", "truetype/wqy/wqy-microhei.ttc"];
        Self {
            regular: fonts.join("truetype/dejavu/DejaVuSans.ttf"),
            bold: fonts.join("truetype/dejavu/DejaVuSans-Bold.ttf"),
            fallbacks: others.map(|name| fonts.join(name)).into_iter().chain(noto).collect(),
        }
    }
}

/// The weight of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weight {
    Regular,
    Bold,
}

struct Loaded {
    data: Arc<Vec<u8>>,
    font: Font,
}

/// Fonts, ready for use. Cheap to share, costly to load: load them once.
pub struct Fonts {
    /// Regular, bold, then the fallbacks.
    loaded: Vec<Loaded>,
}

impl std::fmt::Debug for Fonts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fonts").field("loaded", &self.loaded.len()).finish()
    }
}

/// A piece of a line in one font, left to right as it is seen.
pub(crate) struct Run {
    pub(crate) font: Font,
    pub(crate) glyphs: Vec<KrillaGlyph>,
    /// Width in units of the font size.
    pub(crate) width: f32,
}

/// A line of text, shaped.
pub(crate) struct Line {
    pub(crate) text: String,
    pub(crate) runs: Vec<Run>,
}

impl Line {
    /// Width at font size 1.
    pub(crate) fn width(&self) -> f32 {
        self.runs.iter().map(|run| run.width).sum()
    }
}

impl Fonts {
    /// Loads fonts.
    ///
    /// # Errors
    /// [`PaperError::FontMissing`] for the first of the two main fonts that cannot be read.
    pub fn load(files: &FontFiles) -> Result<Self, PaperError> {
        let mut loaded = Vec::new();
        for path in [&files.regular, &files.bold] {
            let missing = || PaperError::FontMissing { path: path.display().to_string(), package: PACKAGE };
            loaded.push(read(path).ok_or_else(missing)?);
        }
        loaded.extend(files.fallbacks.iter().filter_map(|path| read(path)));
        Ok(Self { loaded })
    }

    /// What shapes lines.
    pub(crate) fn shaper(&self) -> Shaper<'_> {
        let faces = self
            .loaded
            .iter()
            .filter_map(|loaded| Some((Face::from_slice(&loaded.data, 0)?, loaded.font.clone())));
        Shaper { faces: faces.collect() }
    }
}

/// Shapes lines.
pub(crate) struct Shaper<'a> {
    faces: Vec<(Face<'a>, Font)>,
}

impl Shaper<'_> {
    /// Shapes one line. Control characters become spaces; characters that no font has are written as their code points, `[U+738B]`, so
    /// that nothing is lost in silence.
    pub(crate) fn line(&self, weight: Weight, text: &str) -> Line {
        let text = text.chars().fold(String::with_capacity(text.len()), |mut line, c| {
            match c {
                // A mark of byte order means nothing within a text, and no archive keeps it.
                '\u{feff}' => {}
                c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => line.push(' '),
                c if is_invisible(c) || (!is_private(c) && self.has(c)) => line.push(c),
                // Writing to a string cannot fail.
                c => drop(write!(line, "[U+{:04X}]", u32::from(c))),
            }
            line
        });
        let mut runs = Vec::new();
        let bidi = BidiInfo::new(&text, None);
        for paragraph in &bidi.paragraphs {
            let (levels, ranges) = bidi.visual_runs(paragraph, paragraph.range.clone());
            for range in ranges {
                let backwards = levels.get(range.start).is_some_and(unicode_bidi::Level::is_rtl);
                let mut pieces = self.split_by_font(weight, &text, range);
                if backwards {
                    pieces.reverse();
                }
                for (index, range) in pieces {
                    if let Some((face, font)) = self.faces.get(index) {
                        let (glyphs, width) = shape(face, &text, range, backwards);
                        runs.push(Run { font: font.clone(), glyphs, width });
                    }
                }
            }
        }
        drop(bidi);
        Line { text, runs }
    }

    /// Breaks a text into lines of at most `width`, in units of the font size, between words or else within them. Every line but the last
    /// ends with its space, so that a reader hears where words end.
    pub(crate) fn wrap(&self, weight: Weight, text: &str, width: f32) -> Vec<Line> {
        let measure = |text: &str| self.line(weight, text).width();
        let space = measure("n n") - measure("nn");
        let mut lines: Vec<String> = Vec::new();
        for paragraph in text.split('\n') {
            let (mut line, mut used) = (String::new(), 0.0);
            for word in paragraph.split_whitespace() {
                for piece in pieces_that_fit(word, width, &measure) {
                    let needed = measure(&piece);
                    if !line.is_empty() && used + space + needed > width {
                        line.push(' ');
                        lines.push(std::mem::take(&mut line));
                        used = 0.0;
                    }
                    if !line.is_empty() {
                        line.push(' ');
                        used += space;
                    }
                    line.push_str(&piece);
                    used += needed;
                }
            }
            lines.push(line);
        }
        lines.iter().map(|line| self.line(weight, line)).collect()
    }

    fn has(&self, c: char) -> bool {
        self.faces.iter().any(|(face, _)| face.glyph_index(c).is_some())
    }

    /// Cuts a range where the font must change: the weight's own font where it has the character, else the first that has.
    fn split_by_font(&self, weight: Weight, text: &str, range: Range<usize>) -> Vec<(usize, Range<usize>)> {
        let own = usize::from(weight == Weight::Bold);
        let mut pieces: Vec<(usize, Range<usize>)> = Vec::new();
        for (at, c) in text.get(range.clone()).unwrap_or_default().char_indices() {
            let (start, end) = (range.start + at, range.start + at + c.len_utf8());
            let previous = pieces.last().map(|(index, _)| *index);
            let index = match previous {
                Some(previous) if is_invisible(c) => previous,
                _ => [own, 0]
                    .into_iter()
                    .chain(2..self.faces.len())
                    .find(|index| {
                        self.faces.get(*index).is_some_and(|(face, _)| face.glyph_index(c).is_some())
                    })
                    .unwrap_or(own),
            };
            match pieces.last_mut() {
                Some((last, piece)) if *last == index => piece.end = end,
                _ => pieces.push((index, start..end)),
            }
        }
        pieces
    }
}

fn read(path: &Path) -> Option<Loaded> {
    let data = Arc::new(std::fs::read(path).ok()?);
    Face::from_slice(&data, 0)?;
    let font = Font::new(data.clone().into(), 0)?;
    Some(Loaded { data, font })
}

/// Characters that steer others and are not seen themselves.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{fe00}'..='\u{fe0f}')
}

/// Characters that mean what their writer says: an archive takes none.
fn is_private(c: char) -> bool {
    matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}')
}

fn shape(face: &Face<'_>, text: &str, range: Range<usize>, backwards: bool) -> (Vec<KrillaGlyph>, f32) {
    let mut buffer = UnicodeBuffer::new();
    buffer.push_str(text.get(range.clone()).unwrap_or_default());
    buffer.set_direction(if backwards { Direction::RightToLeft } else { Direction::LeftToRight });
    buffer.guess_segment_properties();
    let shaped = rustybuzz::shape(face, &[], buffer);
    let em = face.units_per_em() as f32;
    let starts: BTreeSet<usize> = shaped.glyph_infos().iter().map(|info| info.cluster as usize).collect();
    let mut width = 0.0;
    let glyphs = shaped
        .glyph_infos()
        .iter()
        .zip(shaped.glyph_positions())
        .map(|(info, position)| {
            let start = info.cluster as usize;
            let end = starts.range(start + 1..).next().copied().unwrap_or(range.len());
            let advance = position.x_advance as f32 / em;
            width += advance;
            KrillaGlyph::new(
                GlyphId::new(info.glyph_id),
                advance,
                position.x_offset as f32 / em,
                position.y_offset as f32 / em,
                position.y_advance as f32 / em,
                range.start + start..range.start + end,
                None,
            )
        })
        .collect();
    (glyphs, width)
}

/// A word, or where it is wider than a line, pieces of it that fit.
fn pieces_that_fit(word: &str, width: f32, measure: &impl Fn(&str) -> f32) -> Vec<String> {
    if measure(word) <= width {
        return vec![word.to_owned()];
    }
    let (mut pieces, mut piece, mut used) = (Vec::new(), String::new(), 0.0);
    for c in word.chars() {
        let needed = measure(c.encode_utf8(&mut [0; 4]));
        if used + needed > width && !piece.is_empty() {
            pieces.push(std::mem::take(&mut piece));
            used = 0.0;
        }
        piece.push(c);
        used += needed;
    }
    pieces.push(piece);
    pieces
}
