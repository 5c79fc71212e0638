//! Fonts found at run time, and lines of text shaped with them.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use krilla::text::{Font, GlyphId, KrillaGlyph};
use rustybuzz::{Direction, Face, UnicodeBuffer};
use unicode_bidi::BidiInfo;

use super::error::SigningError;

/// The Debian package of the default fonts.
const PACKAGE: &str = "fonts-dejavu-core";

/// Where fonts lie.
#[derive(Debug, Clone)]
pub struct FontConfig {
    /// The font of ordinary text.
    pub regular: PathBuf,
    /// The font of headings.
    pub bold: PathBuf,
    /// The font of typed signatures, which is slanted.
    pub signature: PathBuf,
    /// Fonts for characters that those above lack, tried in order. One that is not installed is passed over.
    pub fallbacks: Vec<PathBuf>,
}

impl Default for FontConfig {
    fn default() -> Self {
        let dejavu = |name: &str| PathBuf::from("/usr/share/fonts/truetype/dejavu").join(name);
        Self {
            regular: dejavu("DejaVuSans.ttf"),
            bold: dejavu("DejaVuSans-Bold.ttf"),
            signature: dejavu("DejaVuSerif.ttf"),
            fallbacks: fallbacks(),
        }
    }
}

/// Where Debian's packages fonts-droid-fallback, fonts-noto-cjk, fonts-wqy-microhei and fonts-noto-core put their fonts.
fn fallbacks() -> Vec<PathBuf> {
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
    let fonts = Path::new("/usr/share/fonts");
    let noto = NOTO.map(|script| format!("truetype/noto/NotoSans{script}-Regular.ttf"));
    CHINESE_JAPANESE_KOREAN
        .map(|name| fonts.join(name))
        .into_iter()
        .chain(noto.map(|name| fonts.join(name)))
        .collect()
}

/// Which font a text is set in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Regular,
    Bold,
    Signature,
}

struct Loaded {
    data: Arc<Vec<u8>>,
    font: Font,
}

/// Fonts, ready for use. Cheap to share, costly to load: load them once.
pub struct Fonts {
    /// Regular, bold, signature, then the fallbacks.
    loaded: Vec<Loaded>,
}

/// A piece of a line in one font, left to right as it is seen.
pub(super) struct Run {
    pub(super) font: Font,
    pub(super) glyphs: Vec<KrillaGlyph>,
    /// Width in units of the font size.
    pub(super) width: f32,
}

/// A line of text, shaped.
pub(super) struct Line {
    pub(super) text: String,
    pub(super) runs: Vec<Run>,
}

impl Line {
    /// Width at font size 1.
    pub(super) fn width(&self) -> f32 {
        self.runs.iter().map(|run| run.width).sum()
    }
}

impl Fonts {
    /// Loads fonts.
    ///
    /// # Errors
    /// [`SigningError::FontMissing`] for the first of the three main fonts that cannot be read.
    pub fn load(config: &FontConfig) -> Result<Self, SigningError> {
        let mut loaded = Vec::new();
        for path in [&config.regular, &config.bold, &config.signature] {
            let missing = || SigningError::FontMissing { path: path.display().to_string(), package: PACKAGE };
            loaded.push(read(path).ok_or_else(missing)?);
        }
        loaded.extend(config.fallbacks.iter().filter_map(|path| read(path)));
        Ok(Self { loaded })
    }

    /// Refuses a text with characters that no font has.
    ///
    /// # Errors
    /// [`SigningError::Unprintable`], which lists them.
    pub(super) fn require(&self, text: &str) -> Result<(), SigningError> {
        let faces = self.faces();
        let missing: BTreeSet<char> =
            text.chars().filter(|c| !is_invisible(*c) && !faces.iter().any(|face| has(face, *c))).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let characters: Vec<String> = missing.iter().take(10).map(char::to_string).collect();
        Err(SigningError::Unprintable { characters: characters.join(" ") })
    }

    /// Whether some font has every character of the text.
    pub(super) fn has_all(&self, text: &str) -> bool {
        self.require(text).is_ok()
    }

    /// Shapes one line. Control characters become spaces; characters that no font has are written as their code points,
    /// `[U+738B]`, so that nothing is lost in silence.
    pub(super) fn shape(&self, style: Style, text: &str) -> Line {
        self.shape_with(&self.faces(), style, text)
    }

    fn shape_with(&self, faces: &[Face<'_>], style: Style, text: &str) -> Line {
        let text = text.chars().fold(String::with_capacity(text.len()), |mut line, c| {
            match c {
                c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => line.push(' '),
                c if is_invisible(c) || faces.iter().any(|face| has(face, c)) => line.push(c),
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
                let mut pieces = split_by_font(faces, style, &text, range);
                if backwards {
                    pieces.reverse();
                }
                for (index, range) in pieces {
                    if let (Some(face), Some(loaded)) = (faces.get(index), self.loaded.get(index)) {
                        let (glyphs, width) = shape_run(face, &text, range, backwards);
                        runs.push(Run { font: loaded.font.clone(), glyphs, width });
                    }
                }
            }
        }
        drop(bidi);
        Line { text, runs }
    }

    /// Breaks a text into lines of at most `width`, in units of the font size, between words or else within them.
    pub(super) fn wrap(&self, style: Style, text: &str, width: f32) -> Vec<Line> {
        let faces = self.faces();
        let shape = |text: &str| self.shape_with(&faces, style, text);
        let measure = |text: &str| shape(text).width();
        let space = measure("n n") - measure("nn");
        let mut lines = Vec::new();
        for paragraph in text.split('\n') {
            let (mut line, mut used) = (String::new(), 0.0);
            for word in paragraph.split_whitespace() {
                for piece in pieces_that_fit(word, width, &measure) {
                    let needed = measure(&piece);
                    if !line.is_empty() && used + space + needed > width {
                        lines.push(shape(&line));
                        line.clear();
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
            lines.push(shape(&line));
        }
        lines
    }

    fn faces(&self) -> Vec<Face<'_>> {
        self.loaded.iter().filter_map(|loaded| Face::from_slice(&loaded.data, 0)).collect()
    }
}

fn read(path: &Path) -> Option<Loaded> {
    let data = Arc::new(std::fs::read(path).ok()?);
    Face::from_slice(&data, 0)?;
    let font = Font::new(data.clone().into(), 0)?;
    Some(Loaded { data, font })
}

fn has(face: &Face<'_>, c: char) -> bool {
    face.glyph_index(c).is_some()
}

/// Characters that steer others and are not seen themselves.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

/// Cuts a range where the font must change: the style's own font where it has the character, else the first that has.
fn split_by_font(
    faces: &[Face<'_>],
    style: Style,
    text: &str,
    range: std::ops::Range<usize>,
) -> Vec<(usize, std::ops::Range<usize>)> {
    let own = match style {
        Style::Regular => 0,
        Style::Bold => 1,
        Style::Signature => 2,
    };
    let mut pieces: Vec<(usize, std::ops::Range<usize>)> = Vec::new();
    for (at, c) in text.get(range.clone()).unwrap_or_default().char_indices() {
        let (start, end) = (range.start + at, range.start + at + c.len_utf8());
        let previous = pieces.last().map(|(index, _)| *index);
        let index = match previous {
            Some(previous) if is_invisible(c) => previous,
            _ => std::iter::once(own)
                .chain([0])
                .chain(3..faces.len())
                .find(|index| faces.get(*index).is_some_and(|face| has(face, c)))
                .unwrap_or(own),
        };
        match pieces.last_mut() {
            Some((last, piece)) if *last == index => piece.end = end,
            _ => pieces.push((index, start..end)),
        }
    }
    pieces
}

fn shape_run(
    face: &Face<'_>,
    text: &str,
    range: std::ops::Range<usize>,
    backwards: bool,
) -> (Vec<KrillaGlyph>, f32) {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn fonts() -> Fonts {
        Fonts::load(&FontConfig::default()).unwrap()
    }

    #[test]
    fn a_missing_font_names_its_package() {
        let config = FontConfig { bold: "/nowhere/bold.ttf".into(), ..FontConfig::default() };
        let message = Fonts::load(&config).err().unwrap().to_string();
        assert!(message.contains("/nowhere/bold.ttf") && message.contains("fonts-dejavu-core"), "{message}");
    }

    #[test]
    fn every_glyph_points_at_its_own_part_of_the_text() {
        let fonts = fonts();
        for text in ["Ana Müller", "Влада Олійник", "ﻡﺤﻣﺩ محمد Smith", "שלום Ana", "e\u{301}", ""]
        {
            let line = fonts.shape(Style::Signature, text);
            let mut covered = vec![false; line.text.len()];
            for glyph in line.runs.iter().flat_map(|run| &run.glyphs) {
                assert!(
                    line.text.get(glyph.text_range.clone()).is_some_and(|part| !part.is_empty()),
                    "{text}"
                );
                covered[glyph.text_range.clone()].fill(true);
            }
            assert!(covered.iter().all(|covered| *covered), "{text}");
        }
    }

    #[test]
    fn characters_without_a_glyph_are_named_or_replaced() {
        let fonts = Fonts::load(&FontConfig { fallbacks: Vec::new(), ..FontConfig::default() }).unwrap();
        assert!(fonts.require("Zoë Ľubomír Ολγα").is_ok());
        let refused = fonts.require("王 wrote").unwrap_err();
        assert!(matches!(refused, SigningError::Unprintable { characters } if characters == "王"));
        assert_eq!(fonts.shape(Style::Regular, "王\n!").text, "[U+738B] !");
        assert_eq!(fonts.shape(Style::Bold, "\u{20000}\u{10fffd}").text, "[U+20000][U+10FFFD]");
    }

    #[test]
    fn lines_are_broken_between_words_and_long_words_within() {
        let fonts = fonts();
        let lines = fonts.wrap(Style::Regular, "one two three\nfour", 4.5);
        let texts: Vec<_> = lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(texts, ["one two", "three", "four"]);
        let lines = fonts.wrap(Style::Regular, &"x".repeat(200), 10.0);
        assert!(lines.len() > 5 && lines.iter().all(|line| line.width() <= 10.0));
        assert_eq!(lines.iter().map(|line| line.text.len()).sum::<usize>(), 200);
    }
}
