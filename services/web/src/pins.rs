//! Comments at places of a file's pages: as a list, and as boxes over the pictures of the pages.

use portico_proto::workflow::v1::Pin;

use crate::{components::Choice, form::Errors, layout::Shell};

/// How many comments the form has room for.
pub(crate) const ROWS: usize = 5;

/// A page's picture in the units of the boxes over it.
const WIDE: f64 = 1000.0;
const HIGH: f64 = 1414.0;

/// A comment as it is shown.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pinned {
    /// Counted from 1: what its box and its line share.
    pub(crate) number: usize,
    pub(crate) page: i32,
    /// "Page 2, top left"
    pub(crate) place: String,
    pub(crate) text: String,
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

impl Pinned {
    /// Whether it is on this page.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "templates hand references over")]
    pub(crate) fn is_on(&self, page: &i32) -> bool {
        self.page == *page
    }
}

/// The ninths of a page, by row and column, and the whole of it.
const PLACES: [(&str, [f64; 4]); 10] = [
    ("pin-whole", [0.0, 0.0, 1.0, 1.0]),
    ("pin-top-left", [0.0, 0.0, 0.34, 0.34]),
    ("pin-top", [0.33, 0.0, 0.34, 0.34]),
    ("pin-top-right", [0.66, 0.0, 0.34, 0.34]),
    ("pin-left", [0.0, 0.33, 0.34, 0.34]),
    ("pin-middle", [0.33, 0.33, 0.34, 0.34]),
    ("pin-right", [0.66, 0.33, 0.34, 0.34]),
    ("pin-bottom-left", [0.0, 0.66, 0.34, 0.34]),
    ("pin-bottom", [0.33, 0.66, 0.34, 0.34]),
    ("pin-bottom-right", [0.66, 0.66, 0.34, 0.34]),
];

/// The words for where a rectangle lies: the ninth in which its middle is, or the whole page.
fn words(area: [f64; 4]) -> &'static str {
    let [left, top, width, height] = area;
    if width > 0.9 && height > 0.9 {
        return PLACES[0].0;
    }
    let third = |at: f64| if at < 1.0 / 3.0 { 0 } else { usize::from(at > 2.0 / 3.0) + 1 };
    PLACES[1 + third(top + height / 2.0) * 3 + third(left + width / 2.0)].0
}

/// The comments as they are shown, in the order of their pages.
pub(crate) fn pinned(s: &Shell, pins: &[Pin]) -> Vec<Pinned> {
    let mut sorted: Vec<&Pin> = pins.iter().collect();
    sorted.sort_by_key(|pin| pin.page);
    let one = |(place, pin): (usize, &&Pin)| {
        let area = [pin.left, pin.top, pin.width, pin.height];
        let page = s.say("page").arg("page", pin.page).to_string();
        Pinned {
            number: place + 1,
            page: pin.page,
            place: format!("{page}, {}", s.t(words(area))),
            text: pin.text.clone(),
            x: (pin.left * WIDE).round(),
            y: (pin.top * HIGH).round(),
            width: (pin.width * WIDE).round().max(20.0),
            height: (pin.height * HIGH).round().max(20.0),
        }
    };
    sorted.iter().enumerate().map(one).collect()
}

/// A line of the form: where, and what.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) number: usize,
    pub(crate) page: String,
    pub(crate) places: Vec<Choice>,
    pub(crate) text: String,
}

impl Row {
    pub(crate) fn name(&self, part: &str) -> String {
        format!("pin-{}-{part}", self.number)
    }
}

/// The form's lines with what was typed.
pub(crate) fn rows(s: &Shell, typed: &[(String, String)]) -> Vec<Row> {
    (1..=ROWS).map(|number| row(s, typed, number)).collect()
}

/// One of them.
pub(crate) fn row(s: &Shell, typed: &[(String, String)], number: usize) -> Row {
    let of =
        |name: String| typed.iter().find(|(key, _)| *key == name).map_or("", |(_, value)| value).to_owned();
    let chosen = of(format!("pin-{number}-place"));
    let mut places: Vec<Choice> =
        PLACES.iter().map(|(key, area)| Choice::new(written(*area), s.t(key), &chosen)).collect();
    if !chosen.is_empty() && places.iter().all(|place| !place.chosen) {
        places.push(Choice::new(chosen.clone(), s.t("pin-drawn"), &chosen));
    }
    Row { number, page: of(format!("pin-{number}-page")), places, text: of(format!("pin-{number}-text")) }
}

fn written(area: [f64; 4]) -> String {
    area.map(|part| part.to_string()).join(",")
}

/// The comments that were sent; a line without a text is none. What is half filled in stands among the errors.
pub(crate) fn read(s: &Shell, sent: &[(String, String)]) -> (Vec<Pin>, Errors) {
    let of = |name: String| sent.iter().find(|(key, _)| *key == name).map_or("", |(_, value)| value.trim());
    let (mut pins, mut errors) = (Vec::new(), Errors::none());
    for number in 1..=ROWS {
        let text = of(format!("pin-{number}-text"));
        if text.is_empty() {
            continue;
        }
        let name = format!("pin-{number}-page");
        let Ok(page) = of(name.clone()).parse() else {
            errors.add(name, s.t("pin-no-page"));
            continue;
        };
        let parts: Vec<f64> =
            of(format!("pin-{number}-place")).split(',').filter_map(|part| part.parse().ok()).collect();
        let [left, top, width, height] = parts.try_into().unwrap_or(PLACES[0].1);
        pins.push(Pin { page, left, top, width, height, text: text.to_owned() });
    }
    (pins, errors)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{layout::Area, text::Locale};

    fn sent(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_place_can_be_chosen_without_a_pointer_and_is_said_in_words() {
        for locale in Locale::ALL {
            let s = crate::walk::shell(Area::Portal, locale);
            let offered = rows(&s, &[]);
            assert_eq!((offered.len(), offered[0].places.len()), (ROWS, PLACES.len()));
            let corner = offered[0].places.last().unwrap().value.clone();
            let (pins, errors) = read(
                &s,
                &sent(&[
                    ("pin-1-page", "2"),
                    ("pin-1-place", &corner),
                    ("pin-1-text", "Wrong sum"),
                    ("pin-2-page", "1"),
                    ("pin-3-text", "Where?"),
                    ("pin-4-page", "1"),
                    ("pin-4-place", "0.1,0.4,0.2,0.05"),
                    ("pin-4-text", "Name"),
                ]),
            );
            assert_eq!(errors.all().len(), 1);
            assert_eq!(errors.all()[0].field, "pin-3-page");
            let shown = pinned(&s, &pins);
            assert_eq!(shown.iter().map(|pin| (pin.number, pin.page)).collect::<Vec<_>>(), [(1, 1), (2, 2)]);
            assert!(
                shown[1].place.ends_with(&s.t("pin-bottom-right"))
                    && shown[0].place.ends_with(&s.t("pin-left"))
            );
            assert_eq!((shown[0].x, shown[0].width), (100.0, 200.0));
        }
    }

    #[test]
    fn what_was_drawn_comes_back_after_a_refusal() {
        let s = crate::walk::shell(Area::Portal, Locale::En);
        let again = rows(&s, &sent(&[("pin-2-place", "0.1,0.4,0.2,0.05"), ("pin-2-text", "Name")]));
        let chosen: Vec<_> = again[1].places.iter().filter(|place| place.chosen).collect();
        assert_eq!((chosen.len(), chosen[0].label.as_str()), (1, "The place you have drawn"));
        assert_eq!(again[1].text, "Name");
    }
}
