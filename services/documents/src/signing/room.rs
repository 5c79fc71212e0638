//! Whether a field has room for what will be drawn in it, and the least size that has: by drawing it.

use chrono::NaiveDate;

use super::{
    compose::FieldValue,
    error::SigningError,
    fonts::{Fonts, Style},
    place::Original,
    stamp::{day_text, stamp},
};

/// A year whose days are as long as any.
const YEAR: i32 = 2028;
/// Sizes are looked for in thousandths of the page, which is what people can enter.
const GRAIN: f32 = 1000.0;

/// Whether a field has room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Room {
    /// It has.
    Enough,
    /// It would have with this width and height, in thousandths of the page; nothing for one that can stay as it is.
    Least {
        /// The least width, with the least height where that has to change as well.
        width: Option<u16>,
        /// The least height.
        height: Option<u16>,
    },
    /// The whole page has none.
    Nowhere,
}

/// The pages of an original as they are shown: width and height in points; nothing for one without an area.
///
/// # Errors
/// [`SigningError::Pdf`] and [`SigningError::Sealed`].
pub(crate) fn page_sizes(original: &[u8]) -> Result<Vec<Option<(f32, f32)>>, SigningError> {
    let original = Original::read(original)?;
    let pages = u32::try_from(original.pages()).unwrap_or(u32::MAX);
    Ok((1..=pages).map(|page| original.shape(page).map(|shape| shape.shown())).collect())
}

/// Whether a field that takes `width` and `height` of a page (fractions of its size in points) has room for each of these values.
pub(crate) fn room(
    fonts: &Fonts,
    values: &[FieldValue],
    (width, height): (f32, f32),
    (page_width, page_height): (f32, f32),
) -> Room {
    let fits = |width: f32, height: f32| {
        let (width, height) = (width * page_width, height * page_height);
        values.iter().all(|value| stamp(fonts, "", value, width, height).is_ok())
    };
    if fits(width, height) {
        return Room::Enough;
    }
    let taller = if fits(1.0, height) {
        None
    } else {
        match least(height, |height| fits(1.0, height)) {
            None => return Room::Nowhere,
            found => found,
        }
    };
    let height = taller.map_or(height, |taller| f32::from(taller) / GRAIN);
    let wider = if fits(width, height) { None } else { least(width, |width| fits(width, height)) };
    Room::Least { width: wider, height: taller }
}

/// The least length above `from` that fits, where the whole of the page does.
fn least(from: f32, fits: impl Fn(f32) -> bool) -> Option<u16> {
    let at = |length: u16| f32::from(length) / GRAIN;
    let (mut short, mut long) = (0_u16, 1000_u16);
    if !fits(at(long)) {
        return None;
    }
    while long - short > 1 {
        let middle = short.midpoint(long);
        if at(middle) > from && fits(at(middle)) { long = middle } else { short = middle }
    }
    Some(long)
}

/// The day of the year that takes the most room.
pub(crate) fn longest_day(fonts: &Fonts) -> NaiveDate {
    let wide = |day: &NaiveDate| fonts.shape(Style::Regular, &day_text(*day)).width();
    let days = (1..=12).filter_map(|month| NaiveDate::from_ymd_opt(YEAR, month, 28));
    days.max_by(|one, other| wide(one).total_cmp(&wide(other))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signing::FontConfig;

    /// A4 in points.
    const PAGE: (f32, f32) = (595.0, 842.0);

    fn fonts() -> Fonts {
        Fonts::load(&FontConfig::default()).unwrap()
    }

    fn words(text: &str) -> Vec<FieldValue> {
        vec![FieldValue::Text(text.to_owned())]
    }

    #[test]
    fn what_is_called_the_least_fits_and_nothing_less_does() {
        let fonts = fonts();
        let day = FieldValue::Date(longest_day(&fonts));
        for values in [words("WWWW"), words("Quarterly, in advance"), vec![day]] {
            for height in [0.009, 0.012, 0.02] {
                let Room::Least { width: Some(width), height: None } =
                    room(&fonts, &values, (0.01, height), PAGE)
                else {
                    panic!("{values:?} in {height}");
                };
                let of = |width: u16| room(&fonts, &values, (f32::from(width) / GRAIN, height), PAGE);
                assert_eq!(of(width), Room::Enough, "{values:?}: {width} by {height}");
                assert_ne!(of(width - 1), Room::Enough, "{values:?}: {width} by {height}");
            }
        }
    }

    #[test]
    fn a_low_field_is_told_its_height_and_with_it_its_width() {
        let fonts = fonts();
        let found = room(&fonts, &words("WWWW"), (0.5, 0.005), PAGE);
        let Room::Least { width: None, height: Some(height) } = found else { panic!("{found:?}") };
        let tall = f32::from(height) / GRAIN;
        assert_eq!(room(&fonts, &words("WWWW"), (0.5, tall), PAGE), Room::Enough);
        let found = room(&fonts, &words("WWWW"), (0.01, 0.005), PAGE);
        let Room::Least { width: Some(width), height: Some(same) } = found else { panic!("{found:?}") };
        assert_eq!(same, height);
        assert_eq!(room(&fonts, &words("WWWW"), (f32::from(width) / GRAIN, tall), PAGE), Room::Enough);
    }

    #[test]
    fn every_value_counts_and_what_fits_nowhere_is_said_to() {
        let fonts = fonts();
        let both = [words("A"), words("A much longer word or two")].concat();
        assert_eq!(room(&fonts, &words("A"), (0.05, 0.012), PAGE), Room::Enough);
        assert_ne!(room(&fonts, &both, (0.05, 0.012), PAGE), Room::Enough);
        let long = words(&"word ".repeat(80));
        assert_eq!(room(&fonts, &long, (0.5, 0.5), (60.0, 60.0)), Room::Nowhere);
        assert_eq!(room(&fonts, &[], (0.001, 0.001), PAGE), Room::Enough, "nothing needs no room");
    }

    #[test]
    fn the_longest_day_is_in_the_month_with_the_longest_name() {
        assert_eq!(day_text(longest_day(&fonts())), "28 September 2028");
    }

    #[test]
    fn pages_are_measured_as_they_are_shown() {
        let sizes = page_sizes(crate::DATA_AGREEMENT).unwrap();
        assert!(!sizes.is_empty());
        assert!(sizes.iter().all(|size| size.is_some_and(|(width, height)| width > 500.0 && height > 700.0)));
    }
}
