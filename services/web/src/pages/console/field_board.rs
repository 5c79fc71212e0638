//! Fields on the pages of papers: drawn on them, and in a list with numbers that works without scripts.

use portico_core::Problem;
use portico_proto::documents::v1::PlacedField;

use super::attempt::Sent;
use crate::{components::Choice, form::Errors, layout::Shell};

/// Pages that are shown at once, counted over all papers.
const PAGES: i32 = 60;
/// What stands in names for the row that scripts copy.
const FRESH: &str = "NEW";
/// The kinds of fields, each with the width and height that a new one has, in percent of the page.
const KINDS: [(&str, f64, f64); 6] = [
    ("signature", 30.0, 5.0),
    ("initials", 8.0, 3.0),
    ("date", 18.0, 2.0),
    ("text", 30.0, 2.0),
    ("checkbox", 2.5, 1.8),
    ("choice", 20.0, 2.0),
];

/// What fields are placed on, and for whom.
pub(super) struct Ground {
    pub(super) papers: Vec<Paper>,
    /// Those who fill fields in: their ids and what they are called.
    pub(super) parties: Vec<(String, String)>,
}

/// A paper.
pub(super) struct Paper {
    /// From 1.
    pub(super) number: i32,
    pub(super) title: String,
    /// What stands before the number of a page in the address of its picture.
    pub(super) pictures: String,
    pub(super) pages: i32,
}

/// A page of a paper, with the boxes on it.
pub(super) struct Sheet {
    pub(super) paper: i32,
    pub(super) page: i32,
    pub(super) picture: String,
    pub(super) alt: String,
    /// Number, left, top, width and height, in a drawing of 1000 by 1414.
    pub(super) marks: Vec<(usize, [i64; 4])>,
}

/// A kind in the palette.
pub(super) struct Kind {
    pub(super) name: &'static str,
    pub(super) label: String,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// A field in the list.
pub(super) struct Row {
    pub(super) index: String,
    pub(super) legend: String,
    pub(super) kinds: Vec<Choice>,
    pub(super) signers: Vec<Choice>,
    pub(super) papers: Vec<Choice>,
    pub(super) paper: i32,
    pub(super) order: String,
    pub(super) page: i32,
    /// Left, top, width and height in percent.
    pub(super) percent: [String; 4],
    pub(super) label: String,
    pub(super) required: bool,
    pub(super) choices: String,
}

impl Row {
    /// What the form calls a part of this field.
    pub(super) fn name(&self, part: &str) -> String {
        format!("{part}-{}", self.index)
    }
}

/// All of it, for `components/board.html`.
pub(super) struct Board {
    pub(super) sheets: Vec<Sheet>,
    pub(super) kinds: Vec<Kind>,
    pub(super) signers: Vec<Choice>,
    pub(super) rows: Vec<Row>,
    pub(super) fresh: Row,
    /// Whether anything can be placed still.
    pub(super) can_change: bool,
    /// The first page that is shown, counted over all papers from 1.
    pub(super) from: i32,
    /// Which pages are shown, of how many; empty where that is all of them.
    pub(super) range: String,
    /// Where the pages before and after these begin; 0 where there are none.
    pub(super) before: i32,
    pub(super) after: i32,
}

impl Board {
    /// The board with the pages from `from` on. What is placed on other pages stands in the list all the same.
    pub(super) fn new(
        s: &Shell,
        ground: &Ground,
        fields: &[PlacedField],
        can_change: bool,
        from: i32,
    ) -> Self {
        let all: i32 = ground.papers.iter().map(|paper| paper.pages.max(0)).sum();
        let from = (from.clamp(1, all.max(1)) - 1) / PAGES * PAGES + 1;
        let last = (from + PAGES - 1).min(all);
        let range = s.say("placing-range").arg("from", from).arg("to", last).arg("all", all);
        let rows = (1..).zip(fields).map(|(number, field): (usize, _)| {
            let legend = s.say("placing-field").arg("number", number).to_string();
            row(s, ground, field, (number.to_string(), number.to_string(), legend))
        });
        let kind = |(name, width, height): (&'static str, f64, f64)| Kind {
            name,
            label: s.t(&format!("placing-kind-{name}")),
            width,
            height,
        };
        let fresh = (FRESH.to_owned(), String::new(), s.t("placing-new-field"));
        Self {
            sheets: sheets(s, ground, fields, from),
            kinds: KINDS.into_iter().map(kind).collect(),
            signers: parties(ground, ""),
            rows: rows.collect(),
            fresh: row(s, ground, &new_field(ground), fresh),
            can_change,
            from,
            range: if all > PAGES { range.to_string() } else { String::new() },
            before: if from > 1 { from - PAGES } else { 0 },
            after: if last < all { last + 1 } else { 0 },
        }
    }
}

/// The page from which on a form asks for the board: that of the button, or else the one that was shown.
pub(super) fn from(sent: &Sent) -> i32 {
    let asked = sent.of("act").strip_prefix("pages-").unwrap_or(sent.of("from"));
    asked.parse().unwrap_or(1)
}

fn sheets(s: &Shell, ground: &Ground, fields: &[PlacedField], from: i32) -> Vec<Sheet> {
    let pages = ground.papers.iter().flat_map(|paper| (1..=paper.pages).map(move |page| (paper, page)));
    let skipped = usize::try_from(from - 1).unwrap_or_default();
    let shown = pages.skip(skipped).take(usize::try_from(PAGES).unwrap_or_default());
    let sheet = |(paper, page): (&Paper, i32)| {
        let here = (1..).zip(fields).filter(|(_, field)| (field.paper, field.page) == (paper.number, page));
        Sheet {
            paper: paper.number,
            page,
            picture: format!("{}{page}", paper.pictures),
            alt: s.say("page-of").arg("page", page).arg("all", paper.pages).to_string(),
            marks: here.map(|(number, field)| (number, mark(field))).collect(),
        }
    };
    shown.map(sheet).collect()
}

#[expect(clippy::cast_possible_truncation, reason = "a fraction of a page in thousandths")]
fn mark(field: &PlacedField) -> [i64; 4] {
    [field.x * 1000.0, field.y * 1414.0, field.width * 1000.0, field.height * 1414.0]
        .map(|at| at.round() as i64)
}

fn parties(ground: &Ground, chosen: &str) -> Vec<Choice> {
    ground.parties.iter().map(|(id, name)| Choice::new(id.clone(), name.clone(), chosen)).collect()
}

fn row(
    s: &Shell,
    ground: &Ground,
    field: &PlacedField,
    (index, order, legend): (String, String, String),
) -> Row {
    let kinds = KINDS
        .map(|(kind, ..)| Choice::new(kind, s.t(&format!("placing-kind-{kind}")), &field.kind))
        .into_iter();
    let paper = field.paper.to_string();
    let papers = ground.papers.iter();
    Row {
        index,
        legend,
        order,
        kinds: kinds.collect(),
        signers: parties(ground, &field.signer_id),
        papers: papers.map(|one| Choice::new(one.number.to_string(), one.title.clone(), &paper)).collect(),
        paper: field.paper,
        page: field.page,
        percent: [field.x, field.y, field.width, field.height].map(percent),
        label: field.label.clone(),
        required: field.required,
        choices: field.choices.join("\n"),
    }
}

/// A fraction in percent as a number field has it; empty for what is none.
fn percent(fraction: f64) -> String {
    if fraction.is_finite() { format!("{}", (fraction * 1000.0).round() / 10.0) } else { String::new() }
}

/// A field as it begins.
pub(super) fn new_field(ground: &Ground) -> PlacedField {
    let (kind, width, height) = KINDS[0];
    PlacedField {
        paper: 1,
        page: 1,
        x: 0.1,
        y: 0.1,
        width: width / 100.0,
        height: height / 100.0,
        kind: kind.to_owned(),
        signer_id: ground.parties.first().map(|(id, _)| id.clone()).unwrap_or_default(),
        required: true,
        ..PlacedField::default()
    }
}

/// The fields that a form sent, in the order of reading, without those that are to go.
pub(super) fn fields(sent: &Sent) -> Vec<PlacedField> {
    let indices: Vec<String> =
        sent.pairs().filter_map(|(name, _)| name.strip_prefix("kind-").map(str::to_owned)).collect();
    let mut fields: Vec<(i32, PlacedField)> = Vec::new();
    for index in indices {
        let of = |part: &str| sent.of(&format!("{part}-{index}"));
        if !of("remove").is_empty() {
            continue;
        }
        // What is no number lies nowhere, which is said at its field.
        let fraction =
            |part: &str| of(part).replace(',', ".").parse::<f64>().map_or(f64::NAN, |at| at / 100.0);
        let number = |part: &str| of(part).parse::<i32>();
        let asks = matches!(of("kind"), "text" | "checkbox" | "choice");
        let choices =
            of("choices").lines().map(str::trim).filter(|line| !line.is_empty() && of("kind") == "choice");
        let field = PlacedField {
            paper: number("paper").unwrap_or(1),
            page: number("page").unwrap_or_default(),
            x: fraction("x"),
            y: fraction("y"),
            width: fraction("width"),
            height: fraction("height"),
            kind: of("kind").to_owned(),
            signer_id: of("signer").to_owned(),
            required: asks && !of("required").is_empty(),
            label: of("label").to_owned(),
            choices: choices.map(str::to_owned).collect(),
            ..PlacedField::default()
        };
        fields.push((number("order").unwrap_or(i32::MAX), field));
    }
    fields.sort_by_key(|(order, _)| *order);
    fields.into_iter().map(|(_, field)| field).collect()
}

/// What is wrong, by the names of the form: the service's `fields[0].width` is `width-1` here.
pub(super) fn errors(problem: &Problem) -> Errors {
    let mut errors = Errors::none();
    for violation in Errors::from(problem).all() {
        errors.add(named(&violation.field), violation.description.clone());
    }
    errors
}

fn named(field: &str) -> String {
    let place = |field: &str| {
        let (index, part) = field.strip_prefix("fields[")?.split_once("].")?;
        let part = if part == "signer_id" { "signer" } else { part };
        Some(format!("{part}-{}", index.parse::<usize>().ok()? + 1))
    };
    place(field).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(pairs: &[(&str, &str)]) -> Sent {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_form_becomes_fields_in_the_order_of_reading() {
        let found = fields(&sent(&[
            ("kind-1", "text"),
            ("signer-1", "ana"),
            ("page-1", "2"),
            ("x-1", "10,5"),
            ("y-1", "much"),
            ("width-1", "30"),
            ("height-1", "2"),
            ("label-1", " Number "),
            ("required-1", "yes"),
            ("choices-1", "left over"),
            ("order-1", "2"),
            ("kind-n1", "choice"),
            ("choices-n1", "A\r\n\r\nB"),
            ("order-n1", "1"),
            ("kind-3", "date"),
            ("remove-3", "yes"),
        ]));
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].kind.as_str(), found[0].choices.len()), ("choice", 2));
        assert_eq!((found[1].x, found[1].page, found[1].label.as_str()), (0.105, 2, "Number"));
        assert!(found[1].y.is_nan() && found[1].required && found[1].choices.is_empty());
    }

    #[test]
    fn every_page_of_every_paper_is_on_some_board() {
        let s = crate::walk::shell(crate::layout::Area::Console, crate::text::Locale::En);
        let paper = |number, pages| Paper {
            number,
            title: format!("Paper {number}"),
            pictures: format!("/{number}/"),
            pages,
        };
        let ground = Ground { papers: vec![paper(1, 130), paper(2, 3)], parties: Vec::new() };
        let late = PlacedField { paper: 2, page: 3, ..new_field(&ground) };
        let (mut seen, mut at) = (Vec::new(), 1);
        while at > 0 {
            let board = Board::new(&s, &ground, std::slice::from_ref(&late), true, at);
            assert!(board.sheets.len() <= 60 && board.rows.len() == 1, "the list has all fields");
            assert_eq!(board.from, at);
            seen.extend(board.sheets.iter().map(|sheet| (sheet.paper, sheet.page, sheet.marks.len())));
            at = board.after;
        }
        let all = (1..=130).map(|page| (1, page, 0)).chain([(2, 1, 0), (2, 2, 0), (2, 3, 1)]);
        assert!(seen.iter().copied().eq(all), "{seen:?}");
        for wild in [-5, 0, 7, 9999] {
            let board = Board::new(&s, &ground, &[], true, wild);
            assert!([1, 121].contains(&board.from) && !board.sheets.is_empty(), "{wild}: {}", board.from);
        }
        let short = Ground { papers: vec![paper(1, 60)], parties: Vec::new() };
        let board = Board::new(&s, &short, &[], true, 1);
        assert!(board.range.is_empty() && board.after == 0 && board.before == 0);
        assert_eq!(from(&sent(&[("from", "61"), ("act", "add")])), 61);
        assert_eq!(from(&sent(&[("from", "61"), ("act", "pages-121")])), 121);
    }

    #[test]
    fn what_is_wrong_is_said_at_its_field() {
        let problem =
            Problem::invalid("fields[1].signer_id", "Choose.").with_field("fields", "Nobody signs.");
        let errors = errors(&problem);
        assert_eq!((errors.of("signer-2"), errors.all()[1].field.as_str()), ("Choose.", ""));
    }
}
