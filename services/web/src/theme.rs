//! A firm's colours: from one brand colour to a style sheet of custom properties that is legible whatever was chosen.
//!
//! The hue is the firm's; chroma is capped and lightness moved, separately for the light and the dark scheme, until
//! text reaches 4.5:1 and graphics 3:1 (WCAG 2.2) against every ground they can stand on.

use std::{fmt, str::FromStr};

use axum::response::{IntoResponse, Response};
use http::{
    HeaderValue, StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE},
};
use palette::{
    IntoColor as _, Oklch, Srgb, color_difference::Wcag21RelativeContrast as _,
    convert::IntoColorUnclamped as _,
};
use portico_core::TenantId;
use sha2::{Digest as _, Sha256};

use crate::assets::FOREVER;

/// The most colourful a brand colour gets in OKLCH; beyond it, large areas tire the eye and leave the gamut.
const MAX_CHROMA: f32 = 0.19;
/// What the standard asks of text.
const TEXT: f32 = 4.5;
/// What the standard asks of icons, lines and fills that carry meaning.
const GRAPHIC: f32 = 3.0;

/// A text that is no brand colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write the colour as # and six digits or letters a to f, such as #1f4e8c")]
pub struct InvalidColor;

/// An sRGB colour of eight bits a channel, exactly as it stands in a style sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Color(Srgb<u8>);

impl FromStr for Color {
    type Err = InvalidColor;

    /// Reads `#1f4e8c`: lower case, six digits, nothing else, since the value ends up in a style sheet.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.strip_prefix('#').ok_or(InvalidColor)?;
        let lower_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if digits.len() != 6 || !digits.bytes().all(lower_hex) {
            return Err(InvalidColor);
        }
        let value = u32::from_str_radix(digits, 16).map_err(|_| InvalidColor)?;
        let [_, red, green, blue] = value.to_be_bytes();
        Ok(Self(Srgb::new(red, green, blue)))
    }
}

impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.0.red, self.0.green, self.0.blue)
    }
}

impl Color {
    const fn of(red: u8, green: u8, blue: u8) -> Self {
        Self(Srgb::new(red, green, blue))
    }

    /// The contrast ratio of two colours as WCAG defines it, 1 to 21.
    pub fn contrast(self, other: Self) -> f32 {
        self.0.into_format::<f32>().relative_contrast(other.0.into_format::<f32>())
    }

    fn oklch(self) -> Oklch {
        self.0.into_format::<f32>().into_color()
    }

    /// The nearest colour that a screen can show, found by giving up chroma and never hue.
    fn shown(mut wanted: Oklch) -> Self {
        loop {
            let color: Srgb<f32> = wanted.into_color_unclamped();
            let inside = |channel: f32| (-0.0005..=1.0005).contains(&channel);
            if wanted.chroma <= 0.0 || [color.red, color.green, color.blue].into_iter().all(inside) {
                return Self(color.into_format());
            }
            wanted.chroma = (wanted.chroma - 0.004).max(0.0);
        }
    }
}

/// The grounds of one colour scheme, as the style sheet has them.
#[derive(Debug, Clone, Copy)]
struct Grounds {
    background: Color,
    surface: Color,
    dark: bool,
}

const LIGHT: Grounds =
    Grounds { background: Color::of(0xff, 0xff, 0xff), surface: Color::of(0xf6, 0xf7, 0xf9), dark: false };
const DARK: Grounds =
    Grounds { background: Color::of(0x10, 0x14, 0x18), surface: Color::of(0x18, 0x1d, 0x23), dark: true };

/// The brand in one colour scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Palette {
    /// Fills: the primary button, counts. 3:1 on the page, 4.5:1 under [`Palette::on`].
    pub solid: Color,
    /// Text on the fill.
    pub on: Color,
    /// Black or white, whichever a fill is mixed with under the pointer so that its text only gains contrast.
    pub shade: Color,
    /// Links and other text in the brand's colour: 4.5:1 on background, surface and [`Palette::soft`].
    pub text: Color,
    /// Lines, icons, the focus ring: 3:1 on background, surface and [`Palette::soft`].
    pub graphic: Color,
    /// A quiet ground for what is chosen.
    pub soft: Color,
}

impl Palette {
    fn derive(brand: Color, grounds: Grounds) -> Self {
        let mut base = brand.oklch();
        base.chroma = base.chroma.min(MAX_CHROMA);
        let soft = Color::shown(Oklch {
            l: if grounds.dark { 0.29 } else { 0.95 },
            chroma: base.chroma.min(if grounds.dark { 0.045 } else { 0.025 }),
            hue: base.hue,
        });
        let on_ground = |color: Color, ratio: f32| {
            [grounds.background, grounds.surface, soft]
                .into_iter()
                .all(|ground| color.contrast(ground) >= ratio)
        };
        let start = if base.chroma >= brand.oklch().chroma { Some(brand) } else { None };
        let solid =
            search(base, start, grounds, |color| on_ground(color, GRAPHIC) && text_on(color).is_some());
        let on = text_on(solid).unwrap_or(WHITE);
        Self {
            solid,
            on,
            shade: if on == WHITE { BLACK } else { WHITE },
            text: search(base, start, grounds, |color| on_ground(color, TEXT)),
            graphic: search(base, start, grounds, |color| on_ground(color, GRAPHIC)),
            soft,
        }
    }

    fn properties(&self) -> String {
        let Self { solid, on, shade, text, graphic, soft } = self;
        format!(
            "--brand-solid:{solid};--brand-on:{on};--brand-shade:{shade};--brand-text:{text};\
             --brand-graphic:{graphic};--brand-soft:{soft}"
        )
    }
}

const WHITE: Color = Color::of(0xff, 0xff, 0xff);
const BLACK: Color = Color::of(0, 0, 0);
const INK: Color = Color::of(0x10, 0x14, 0x18);

/// Text that can be read on `fill`, white where both would do.
fn text_on(fill: Color) -> Option<Color> {
    [WHITE, INK].into_iter().find(|text| text.contrast(fill) >= TEXT)
}

/// The brand's own colour where it is `good`; otherwise the nearest lightness that is, away from the ground.
fn search(base: Oklch, start: Option<Color>, grounds: Grounds, good: impl Fn(Color) -> bool) -> Color {
    if let Some(color) = start.filter(|color| good(*color)) {
        return color;
    }
    let away = if grounds.dark { 1.0 } else { -1.0 };
    let steps = (0..=200_u8).map(|step| base.l + away * f32::from(step) * 0.005);
    let found = steps
        .take_while(|lightness| (0.0..=1.0).contains(lightness))
        .map(|lightness| Color::shown(Oklch { l: lightness, ..base }))
        .find(|color| good(*color));
    found.unwrap_or(if grounds.dark { WHITE } else { BLACK })
}

/// What a firm's portal looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    /// The colour the firm chose.
    pub brand: Color,
    /// On light grounds.
    pub light: Palette,
    /// On dark grounds.
    pub dark: Palette,
    /// Whether the chosen colour had to be changed on light grounds; the page that chooses it says
    /// "adjusted for legibility".
    pub adjusted: bool,
}

impl Default for Theme {
    /// A sober blue, for a firm that has chosen nothing.
    fn default() -> Self {
        Self::new(Color::of(0x1f, 0x4e, 0x8c))
    }
}

impl Theme {
    /// Derives everything from the brand's colour. Any colour gives a legible theme.
    pub fn new(brand: Color) -> Self {
        let light = Palette::derive(brand, LIGHT);
        let dark = Palette::derive(brand, DARK);
        Self { brand, light, dark, adjusted: light.solid != brand }
    }

    /// The style sheet.
    pub fn css(&self) -> String {
        format!(
            ":root{{{}}}\n@media (prefers-color-scheme:dark){{:root{{{}}}}}\n",
            self.light.properties(),
            self.dark.properties()
        )
    }

    /// The address of the firm's style sheet, `/theme/<tenant>-<hash>.css`: it changes with the colours.
    pub fn url(&self, tenant: TenantId) -> String {
        format!("/theme/{}", self.file(tenant))
    }

    fn file(&self, tenant: TenantId) -> String {
        let digest = hex::encode(Sha256::digest(self.css()));
        format!("{tenant}-{}.css", digest.get(..12).unwrap_or_default())
    }

    /// Answers `GET /theme/{file}` for the firm of the request's host.
    ///
    /// Another firm's file is not found. A file of this firm with yesterday's hash gives today's colours, and is not
    /// kept, since a page that is still open may ask for it.
    pub fn answer(&self, tenant: TenantId, file: &str) -> Response {
        if !file.starts_with(&format!("{tenant}-")) {
            return StatusCode::NOT_FOUND.into_response();
        }
        let keep = if file == self.file(tenant) { FOREVER } else { HeaderValue::from_static("no-store") };
        let kind = HeaderValue::from_static("text/css; charset=utf-8");
        ([(CONTENT_TYPE, kind), (CACHE_CONTROL, keep)], self.css()).into_response()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn assert_legible(palette: &Palette, grounds: Grounds, brand: Color) {
        for ground in [grounds.background, grounds.surface, palette.soft] {
            assert!(palette.text.contrast(ground) >= TEXT, "text of {brand} on {ground}");
            assert!(palette.graphic.contrast(ground) >= GRAPHIC, "graphic of {brand} on {ground}");
            assert!(palette.solid.contrast(ground) >= GRAPHIC, "solid of {brand} on {ground}");
        }
        assert!(palette.on.contrast(palette.solid) >= TEXT, "on of {brand}");
        let ink = if grounds.dark { Color::of(0xed, 0xf0, 0xf3) } else { Color::of(0x16, 0x19, 0x1d) };
        assert!(ink.contrast(palette.soft) >= 7.0, "body text on soft of {brand}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(600))]
        #[test]
        fn every_brand_is_legible(red: u8, green: u8, blue: u8) {
            let brand = Color::of(red, green, blue);
            let theme = Theme::new(brand);
            assert_legible(&theme.light, LIGHT, brand);
            assert_legible(&theme.dark, DARK, brand);
            prop_assert_eq!(theme.adjusted, theme.light.solid != brand);
        }

        #[test]
        fn a_changed_brand_keeps_its_hue(red: u8, green: u8, blue: u8) {
            let brand = Color::of(red, green, blue);
            let (before, after) = (brand.oklch(), Theme::new(brand).light.text.oklch());
            prop_assume!(before.chroma > 0.08 && after.chroma > 0.08);
            let apart = (before.hue.into_positive_degrees() - after.hue.into_positive_degrees()).abs();
            prop_assert!(apart.min(360.0 - apart) < 3.0, "{} became {}", brand, Theme::new(brand).light.text);
        }

        #[test]
        fn only_six_lower_case_digits_are_a_colour(text in "\\PC{0,9}") {
            let right = text.len() == 7 && text.starts_with('#')
                && text[1..].chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'));
            prop_assert_eq!(text.parse::<Color>().is_ok(), right);
        }
    }

    #[test]
    fn a_colour_that_cannot_close_a_rule_is_refused() {
        for text in ["#fff", "#FFFFFF", "red", "#12345g", "#123456;}", " #123456", "#1234567"] {
            assert_eq!(text.parse::<Color>(), Err(InvalidColor), "{text}");
        }
    }

    #[test]
    fn a_legible_brand_stays_as_it_is_and_a_pale_one_is_said_to_change() {
        let blue = Theme::new("#1f4e8c".parse().unwrap());
        assert!(!blue.adjusted);
        assert_eq!(blue.light.solid.to_string(), "#1f4e8c");
        assert!(Theme::new("#ffe600".parse().unwrap()).adjusted);
    }

    #[test]
    fn the_style_sheets_own_values_are_the_default_theme() {
        let tokens = include_str!("../assets/css/10-tokens.css").replace([' ', '\n'], "");
        let theme = Theme::default();
        for palette in [theme.light, theme.dark] {
            assert!(
                tokens.contains(&palette.properties()),
                "10-tokens.css should have {}",
                palette.properties()
            );
        }
    }

    #[test]
    fn a_firms_sheet_is_its_own() {
        let (ours, theirs) =
            (TenantId::from(uuid::Uuid::from_u128(1)), TenantId::from(uuid::Uuid::from_u128(2)));
        let theme = Theme::default();
        let file = theme.url(ours).rsplit('/').next().unwrap().to_owned();
        assert_eq!(theme.answer(ours, &file).headers()[CACHE_CONTROL], FOREVER);
        assert_eq!(theme.answer(theirs, &file).status(), StatusCode::NOT_FOUND);
        assert_eq!(theme.answer(ours, &format!("{ours}-old.css")).headers()[CACHE_CONTROL], "no-store");
    }
}
