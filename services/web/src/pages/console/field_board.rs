//! Fields on the pages of papers: drawn on them, and in a list with numbers that works without scripts.

use portico_core::Problem;
use portico_proto::documents::v1::PlacedField;

use super::attempt::Sent;
use crate::{components::Choice, form::Errors, layout::Shell};

/// Pages of one paper that are shown.
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
}

impl Board {
    pub(super) fn new(s: &Shell, ground: &Ground, fields: &[PlacedField], can_change: bool) -> Self {
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
            sheets: sheets(s, ground, fields),
            kinds: KINDS.into_iter().map(kind).collect(),
            signers: parties(ground, ""),
            rows: rows.collect(),
            fresh: row(s, ground, &new_field(ground), fresh),
            can_change,
        }
    }
}

fn sheets(s: &Shell, ground: &Ground, fields: &[PlacedField]) -> Vec<Sheet> {
    let mut sheets = Vec::new();
    for paper in &ground.papers {
        for page in 1..=paper.pages.min(PAGES) {
            let here =
                (1..).zip(fields).filter(|(_, field)| (field.paper, field.page) == (paper.number, page));
            sheets.push(Sheet {
                paper: paper.number,
                page,
                picture: format!("{}{page}", paper.pictures),
                alt: s.say("page-of").arg("page", page).arg("all", paper.pages).to_string(),
                marks: here.map(|(number, field)| (number, mark(field))).collect(),
            });
        }
    }
    sheets
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
    fn what_is_wrong_is_said_at_its_field() {
        let problem =
            Problem::invalid("fields[1].signer_id", "Choose.").with_field("fields", "Nobody signs.");
        let errors = errors(&problem);
        assert_eq!((errors.of("signer-2"), errors.all()[1].field.as_str()), ("Choose.", ""));
    }
}
