//! Sets of fonts, and lines of text shaped with them.

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

struct Loaded {
    data: Arc<Vec<u8>>,
    font: Font,
}

/// Fonts, ready for use. Cheap to share, costly to load: load them once.
pub struct FontSet {
    /// The main fonts in the order in which they were named, then the fallbacks.
    loaded: Vec<Loaded>,
    main: usize,
}

impl std::fmt::Debug for FontSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FontSet").field("loaded", &self.loaded.len()).finish()
    }
}

/// A piece of a line in one font, left to right as it is seen.
pub struct Run {
    /// The font.
    pub font: Font,
    /// Its glyphs, each with its part of the line's text.
    pub glyphs: Vec<KrillaGlyph>,
    /// Width in units of the font size.
    pub width: f32,
}

/// A line of text, shaped.
pub struct Line {
    /// What is written.
    pub text: String,
    /// Its pieces, left to right as they are seen.
    pub runs: Vec<Run>,
}

impl Line {
    /// Width at font size 1.
    pub fn width(&self) -> f32 {
        self.runs.iter().map(|run| run.width).sum()
    }
}

/// Where Debian's packages fonts-dejavu-core, fonts-droid-fallback, fonts-noto-cjk, fonts-wqy-microhei and fonts-noto-core put their fonts.
const FONTS: &str = "/usr/share/fonts";

/// A font of the package that the default fonts come from, such as `DejaVuSans`.
pub fn default_font(name: &str) -> PathBuf {
    Path::new(FONTS).join(format!("truetype/dejavu/{name}.ttf"))
}

/// Fonts for the characters that the default fonts lack, where they are installed.
pub fn default_fallbacks() -> Vec<PathBuf> {
    const CHINESE_JAPANESE_KOREAN: [&str; 3] = [
        "truetype/droid/DroidSansFallbackFull.ttf",
        "opentype/noto/NotoSansCJK-Regular.ttc",
        "truetype/wqy/wqy-microhei.ttc",
    ];
    const NOTO: [&str; 20] = [
        "Arabic",
        "Hebrew",
        "Devanagari",
        "Bengali",
        "Gujarati",
        "Gurmukhi",
        "Kannada",
        "Malayalam",
        "Oriya",
        "Sinhala",
        "Tamil",
        "Telugu",
        "Thai",
        "Lao",
        "Khmer",
        "Myanmar",
        "Ethiopic",
        "Georgian",
        "Armenian",
        "Mongolian",
    ];
    let noto = NOTO.map(|script| format!("truetype/noto/NotoSans{script}-Regular.ttf"));
    let names = CHINESE_JAPANESE_KOREAN.map(str::to_owned).into_iter().chain(noto);
    names.map(|name| Path::new(FONTS).join(name)).collect()
}

impl FontSet {
    /// Loads fonts. A fallback that cannot be read is passed over.
    ///
    /// # Errors
    /// [`PaperError::FontMissing`] for the first main font that cannot be read.
    pub fn load(main: &[&Path], fallbacks: &[PathBuf]) -> Result<Self, PaperError> {
        let mut loaded = Vec::new();
        for path in main {
            let missing = || PaperError::FontMissing { path: path.display().to_string(), package: PACKAGE };
            loaded.push(read(path).ok_or_else(missing)?);
        }
        loaded.extend(fallbacks.iter().filter_map(|path| read(path)));
        Ok(Self { loaded, main: main.len() })
    }

    /// What shapes lines.
    pub fn shaper(&self) -> Shaper<'_> {
        let faces = self
            .loaded
            .iter()
            .filter_map(|loaded| Some((Face::from_slice(&loaded.data, 0)?, loaded.font.clone())));
        Shaper { faces: faces.collect(), main: self.main }
    }
}

/// Shapes lines. A font is named by its place among the main fonts.
pub struct Shaper<'a> {
    faces: Vec<(Face<'a>, Font)>,
    main: usize,
}

impl Shaper<'_> {
    /// Shapes one line. Control characters become spaces; characters that no font has are written as their code points, `[U+738B]`, so
    /// that nothing is lost in silence.
    pub fn line(&self, font: usize, text: &str) -> Line {
        let text = text.chars().fold(String::with_capacity(text.len()), |mut line, c| {
            match c {
                // A mark of byte order means nothing within a text, and no archive keeps it.
                '\u{feff}' => {}
                c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => line.push(' '),
                c if is_invisible(c) || self.has(c) => line.push(c),
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
                let mut pieces = self.split_by_font(font, &text, range);
                if backwards {
                    pieces.reverse();
                }
                for (index, range) in pieces {
                    if let Some((face, own)) = self.faces.get(index) {
                        let (glyphs, width) = shape(face, &text, range, backwards);
                        runs.push(Run { font: own.clone(), glyphs, width });
                    }
                }
            }
        }
        drop(bidi);
        Line { text, runs }
    }

    /// Breaks a text into lines of at most `width`, in units of the font size, between words or else within them. Every line but the last
    /// ends with the space behind its word, so that a reader hears where words end.
    pub fn wrap(&self, font: usize, text: &str, width: f32) -> Vec<Line> {
        let measure = |text: &str| self.line(font, text).width();
        let space = measure("n n") - measure("nn");
        let mut lines: Vec<String> = Vec::new();
        for paragraph in text.split('\n') {
            let (mut line, mut used) = (String::new(), 0.0);
            for word in paragraph.split_whitespace() {
                for (place, piece) in pieces_that_fit(word, width, &measure).into_iter().enumerate() {
                    let needed = measure(&piece);
                    let within = place > 0;
                    if !line.is_empty() {
                        // A piece of a word begins a line, and no space is heard in a word.
                        let full = within || used + space + needed > width;
                        if !within {
                            line.push(' ');
                            used += space;
                        }
                        if full {
                            lines.push(std::mem::take(&mut line));
                            used = 0.0;
                        }
                    }
                    line.push_str(&piece);
                    used += needed;
                }
            }
            lines.push(line);
        }
        lines.iter().map(|line| self.line(font, line)).collect()
    }

    /// The characters of a text that no font has, each once. What is not seen is not missed.
    pub fn missing(&self, text: &str) -> BTreeSet<char> {
        text.chars().filter(|c| !c.is_control() && !is_invisible(*c) && !self.has(*c)).collect()
    }

    fn has(&self, c: char) -> bool {
        !is_private(c) && self.faces.iter().any(|(face, _)| face.glyph_index(c).is_some())
    }

    /// Cuts a range where the font must change: the text's own font where it has the character, else the first that has.
    fn split_by_font(&self, own: usize, text: &str, range: Range<usize>) -> Vec<(usize, Range<usize>)> {
        let mut pieces: Vec<(usize, Range<usize>)> = Vec::new();
        for (at, c) in text.get(range.clone()).unwrap_or_default().char_indices() {
            let (start, end) = (range.start + at, range.start + at + c.len_utf8());
            let previous = pieces.last().map(|(index, _)| *index);
            let index = match previous {
                Some(previous) if is_invisible(c) => previous,
                _ => [own, 0]
                    .into_iter()
                    .chain(self.main..self.faces.len())
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
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
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
