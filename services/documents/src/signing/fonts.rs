//! The fonts of signed papers.

use std::path::PathBuf;

use portico_paper::{FontSet, Line, default_fallbacks, default_font};

use super::error::SigningError;

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
        Self {
            regular: default_font("DejaVuSans"),
            bold: default_font("DejaVuSans-Bold"),
            signature: default_font("DejaVuSerif"),
            fallbacks: default_fallbacks(),
        }
    }
}

/// Which font a text is set in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Regular,
    Bold,
    Signature,
}

impl Style {
    /// The place of its font among the main ones.
    const fn font(self) -> usize {
        match self {
            Self::Regular => 0,
            Self::Bold => 1,
            Self::Signature => 2,
        }
    }
}

/// Fonts, ready for use. Cheap to share, costly to load: load them once.
pub struct Fonts(FontSet);

impl Fonts {
    /// Loads fonts.
    ///
    /// # Errors
    /// [`SigningError::Font`] for the first of the three main fonts that cannot be read.
    pub fn load(config: &FontConfig) -> Result<Self, SigningError> {
        let main = [&*config.regular, &*config.bold, &*config.signature];
        Ok(Self(FontSet::load(&main, &config.fallbacks)?))
    }

    /// Refuses a text with characters that no font has.
    ///
    /// # Errors
    /// [`SigningError::Unprintable`], which lists them.
    pub(super) fn require(&self, text: &str) -> Result<(), SigningError> {
        let missing = self.0.shaper().missing(text);
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

    /// One line, shaped.
    pub(super) fn shape(&self, style: Style, text: &str) -> Line {
        self.0.shaper().line(style.font(), text)
    }

    /// Lines of at most `width`, in units of the font size, broken between words or else within them.
    pub(super) fn wrap(&self, style: Style, text: &str, width: f32) -> Vec<Line> {
        self.0.shaper().wrap(style.font(), text, width)
    }
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
        assert_eq!(texts, ["one two ", "three", "four"]);
        let lines = fonts.wrap(Style::Regular, &"x".repeat(200), 10.0);
        assert!(lines.len() > 5 && lines.iter().all(|line| line.width() <= 10.0));
        assert_eq!(lines.iter().map(|line| line.text.len()).sum::<usize>(), 200);
    }
}
