//! A firm's colour as a ground for text.

/// For text on light grounds.
const BLACK: &str = "#000000";
/// White, for text on dark grounds.
const WHITE: &str = "#ffffff";
/// What a firm without a readable colour gets.
const FALLBACK: &str = "#2b4a6f";

/// A ground and the colour of text that can be read on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Brand {
    /// `#rrggbb`.
    pub(crate) ground: String,
    /// `#rrggbb`.
    pub(crate) text: &'static str,
}

impl Brand {
    /// The firm's colour with white or black on it, whichever has the higher contrast. Of the two, one always has at least 4.5.
    pub(crate) fn new(colour: &str) -> Self {
        let (ground, light) = match luminance(colour) {
            Some(light) => (colour, light),
            None => (FALLBACK, luminance(FALLBACK).unwrap_or_default()),
        };
        let dark = luminance(BLACK).unwrap_or_default();
        let text = if contrast(1.0, light) >= contrast(light, dark) { WHITE } else { BLACK };
        Self { ground: ground.to_ascii_lowercase(), text }
    }
}

/// WCAG's contrast ratio of two relative luminances, from 1 to 21.
fn contrast(one: f64, other: f64) -> f64 {
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// WCAG's relative luminance of `#rrggbb`; none for any other text.
fn luminance(colour: &str) -> Option<f64> {
    let digits = colour.strip_prefix('#').filter(|digits| digits.len() == 6 && digits.is_ascii())?;
    let channel = |at: usize| {
        let value = f64::from(u8::from_str_radix(digits.get(at..at + 2)?, 16).ok()?) / 255.0;
        Some(if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) })
    };
    Some(0.2126 * channel(0)? + 0.7152 * channel(2)? + 0.0722 * channel(4)?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_is_white_on_dark_and_black_on_light() {
        assert_eq!(Brand::new("#1a5fb4").text, WHITE);
        assert_eq!(Brand::new("#FFD400"), Brand { ground: "#ffd400".to_owned(), text: BLACK });
        for wrong in ["", "red", "#12345", "#12345g", "#1234é6", "url(x)"] {
            assert_eq!(Brand::new(wrong).ground, FALLBACK, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn every_colour_can_be_read_on(red: u8, green: u8, blue: u8) {
            let brand = Brand::new(&format!("#{red:02x}{green:02x}{blue:02x}"));
            let ratio = contrast(luminance(&brand.ground).unwrap(), luminance(brand.text).unwrap());
            prop_assert!(ratio >= 4.5, "{ratio} on {}", brand.ground);
        }
    }
}
