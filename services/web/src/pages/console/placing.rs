//! Where staff place the fields that the signers of a paper fill in: on its pages, or in a list with numbers.

use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
use http::StatusCode;
use portico_core::Problem;
use portico_proto::{
    documents::v1::{
        Envelope, GetEnvelopeRequest, ListFieldsRequest, PlaceFieldsRequest, PlacedField, Signer, Version,
    },
    workflow::v1::Run,
};
use portico_rpc::problem_from;

use super::{attempt::Sent, done::Done, step};
use crate::{
    ask::{StaffAsk, not_here, refused, see_other_after},
    components::Choice,
    error::PageError,
    form::Errors,
    layout::Shell,
    render::Page,
};

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

/// A page of a paper, with the boxes on it.
struct Sheet {
    paper: i32,
    page: i32,
    picture: String,
    alt: String,
    /// Number, left, top, width and height, in a drawing of 1000 by 1414.
    marks: Vec<(usize, [i64; 4])>,
}

/// A kind in the palette.
struct Kind {
    name: &'static str,
    label: String,
    width: f64,
    height: f64,
}

/// A field in the list.
struct Row {
    index: String,
    legend: String,
    kinds: Vec<Choice>,
    signers: Vec<Choice>,
    papers: Vec<Choice>,
    paper: i32,
    order: String,
    page: i32,
    /// Left, top, width and height in percent.
    percent: [String; 4],
    label: String,
    required: bool,
    choices: String,
}

impl Row {
    /// What the form calls a part of this field.
    fn name(&self, part: &str) -> String {
        format!("{part}-{}", self.index)
    }
}

#[derive(Template)]
#[template(path = "pages/console/placing.html")]
struct View<'a> {
    s: &'a Shell,
    base: &'a str,
    title: &'a str,
    sheets: Vec<Sheet>,
    kinds: Vec<Kind>,
    signers: Vec<Choice>,
    rows: Vec<Row>,
    fresh: Row,
    etag: &'a str,
    can_change: bool,
    errors: &'a Errors,
}

/// What is shown: the fields as they are, or as they were typed.
struct Shown {
    fields: Vec<PlacedField>,
    etag: String,
    can_change: bool,
}

pub(super) async fn show(
    ask: StaffAsk,
    Path(step_id): Path<String>,
    Query(done): Query<Done>,
) -> Result<Response, PageError> {
    let (envelope, run) = find(&ask, &step_id).await?;
    let asked = ListFieldsRequest { envelope_id: envelope.id.clone() };
    let found = ask.documents().list_fields(asked).await?.into_inner();
    let shown = Shown { fields: found.fields, etag: found.etag, can_change: found.can_change };
    page(&ask, (&envelope, &run), shown, &Errors::none(), &done)
}

pub(super) async fn save(
    ask: StaffAsk,
    Path(step_id): Path<String>,
    sent: Sent,
) -> Result<Response, PageError> {
    let (envelope, run) = find(&ask, &step_id).await?;
    let mut fields = fields(&sent);
    let etag = sent.text("etag");
    if sent.of("act") == "add" {
        fields.push(fresh(&envelope));
        let shown = Shown { fields, etag, can_change: true };
        return page(&ask, (&envelope, &run), shown, &Errors::none(), &Done::default());
    }
    let asked =
        PlaceFieldsRequest { envelope_id: envelope.id.clone(), etag: etag.clone(), fields: fields.clone() };
    match ask.documents().place_fields(asked).await {
        Ok(answer) => {
            let to = format!("/console/steps/{step_id}/envelope/fields?done=fields-placed");
            Ok(see_other_after(&to, &answer.into_inner().event))
        }
        Err(status) => {
            let problem = problem_from(&status);
            let errors = errors(&problem);
            let shown = Shown { fields, etag, can_change: true };
            let page = page(&ask, (&envelope, &run), shown, &errors, &Done::default());
            Ok(refused(problem, |_| page))
        }
    }
}

async fn find(ask: &StaffAsk, step_id: &str) -> Result<(Envelope, Run), PageError> {
    let (step, run) = step::find(ask, step_id).await?;
    let asked = GetEnvelopeRequest { step_id: step.id, ..GetEnvelopeRequest::default() };
    let envelope = ask.documents().get_envelope(asked).await?.into_inner().envelope;
    Ok((envelope.ok_or_else(not_here)?, run))
}

fn page(
    ask: &StaffAsk,
    (envelope, run): (&Envelope, &Run),
    shown: Shown,
    errors: &Errors,
    done: &Done,
) -> Result<Response, PageError> {
    let s = &*ask.shell;
    let base = format!("/console/steps/{}/envelope", envelope.step_id);
    let title = s.say("placing-title").arg("title", &envelope.title).to_string();
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let view = view(s, envelope, &shown, (&base, &title), errors);
    let page = Page::new(title.clone(), view).at("home").status(status).script("js/placing.js");
    done.above(page, s)
        .under(run.account_name.clone(), format!("/console/accounts/{}", run.account_id))
        .under(run.record_title.clone(), format!("/console/runs/{}", run.id))
        .under(envelope.title.clone(), base.clone())
        .respond(s, &ask.headers)
}

fn view<'a>(
    s: &'a Shell,
    envelope: &Envelope,
    shown: &'a Shown,
    (base, title): (&'a str, &'a str),
    errors: &'a Errors,
) -> View<'a> {
    let rows = (1..).zip(&shown.fields).map(|(number, field): (usize, _)| {
        let legend = s.say("placing-field").arg("number", number).to_string();
        row(s, envelope, field, (number.to_string(), number.to_string(), legend))
    });
    let kind = |(name, width, height): (&'static str, f64, f64)| Kind {
        name,
        label: s.t(&format!("placing-kind-{name}")),
        width,
        height,
    };
    View {
        s,
        base,
        title,
        sheets: sheets(s, envelope, &shown.fields),
        kinds: KINDS.into_iter().map(kind).collect(),
        signers: signers(envelope, ""),
        rows: rows.collect(),
        fresh: row(
            s,
            envelope,
            &fresh(envelope),
            (FRESH.to_owned(), String::new(), s.t("placing-new-field")),
        ),
        etag: &shown.etag,
        can_change: shown.can_change,
        errors,
    }
}

/// The papers of an envelope, by number.
fn papers(envelope: &Envelope) -> impl Iterator<Item = (i32, &str, &Version)> {
    let first = envelope.original.iter().map(|original| (1, envelope.title.as_str(), original));
    let others = envelope.others.iter();
    first.chain(
        others.filter_map(|paper| Some((paper.number, paper.title.as_str(), paper.original.as_ref()?))),
    )
}

fn sheets(s: &Shell, envelope: &Envelope, fields: &[PlacedField]) -> Vec<Sheet> {
    let mut sheets = Vec::new();
    for (paper, _, original) in papers(envelope) {
        for page in 1..=original.pages.min(PAGES) {
            let here = (1..).zip(fields).filter(|(_, field)| (field.paper, field.page) == (paper, page));
            sheets.push(Sheet {
                paper,
                page,
                picture: format!("/files/{}/pages/{page}", original.id),
                alt: s.say("page-of").arg("page", page).arg("all", original.pages).to_string(),
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

/// Those who act on the paper.
fn acting(envelope: &Envelope) -> impl Iterator<Item = &Signer> {
    envelope.signers.iter().filter(|signer| matches!(signer.part.as_str(), "signer" | "approver"))
}

fn signers(envelope: &Envelope, chosen: &str) -> Vec<Choice> {
    let label = |signer: &Signer| match signer.name.as_str() {
        "" => signer.role_title.clone(),
        name => format!("{name} ({})", signer.role_title),
    };
    acting(envelope).map(|signer| Choice::new(&signer.id, label(signer), chosen)).collect()
}

fn row(
    s: &Shell,
    envelope: &Envelope,
    field: &PlacedField,
    (index, order, legend): (String, String, String),
) -> Row {
    let kinds = KINDS
        .map(|(kind, ..)| Choice::new(kind, s.t(&format!("placing-kind-{kind}")), &field.kind))
        .into_iter();
    let paper = field.paper.to_string();
    Row {
        index,
        legend,
        order,
        kinds: kinds.collect(),
        signers: signers(envelope, &field.signer_id),
        papers: papers(envelope)
            .map(|(number, title, _)| Choice::new(number.to_string(), title, &paper))
            .collect(),
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
fn fresh(envelope: &Envelope) -> PlacedField {
    let (kind, width, height) = KINDS[0];
    PlacedField {
        paper: 1,
        page: 1,
        x: 0.1,
        y: 0.1,
        width: width / 100.0,
        height: height / 100.0,
        kind: kind.to_owned(),
        signer_id: acting(envelope).next().map(|signer| signer.id.clone()).unwrap_or_default(),
        required: true,
        ..PlacedField::default()
    }
}

/// The fields that a form sent, in the order of reading, without those that are to go.
fn fields(sent: &Sent) -> Vec<PlacedField> {
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
fn errors(problem: &Problem) -> Errors {
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
    use crate::{layout::Area, text::Locale};

    fn sent(pairs: &[(&str, &str)]) -> Sent {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn envelope() -> Envelope {
        let signer = |id: &str, part: &str| Signer {
            id: id.to_owned(),
            name: format!("<{id}>"),
            role_title: "Client".to_owned(),
            part: part.to_owned(),
            ..Signer::default()
        };
        Envelope {
            step_id: "7".to_owned(),
            title: "Agreement".to_owned(),
            signers: vec![signer("ana", "signer"), signer("vera", "viewer")],
            original: Some(Version { id: "v1".to_owned(), pages: 2, ..Version::default() }),
            ..Envelope::default()
        }
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

    #[test]
    fn fields_are_placed_without_scripts_and_drawn_on_their_pages() {
        for locale in Locale::ALL {
            let s = crate::walk::shell(Area::Console, locale);
            let envelope = envelope();
            let field = PlacedField { label: "Company <no>".to_owned(), page: 2, ..fresh(&envelope) };
            let mut shown = Shown { fields: vec![field], etag: "4".to_owned(), can_change: true };
            let mut errors = Errors::none();
            errors.add("width-1", "Too narrow.");
            let whole = |shown: &Shown| {
                let view = view(&s, &envelope, shown, ("/console/steps/7/envelope", "Fields"), &errors);
                Page::new("x", view).whole(&s).unwrap()
            };
            let html = whole(&shown);
            assert!(
                html.contains("action=\"/console/steps/7/envelope/fields\"") && html.contains("value=\"4\"")
            );
            assert!(html.contains("name=\"x-1\"") && html.contains("Company &#60;no&#62;"), "{html}");
            assert!(html.contains("href=\"#f-width-1\"") && html.contains("id=\"f-width-1\""));
            assert_eq!(html.matches("data-sheet=").count(), 2);
            assert_eq!(html.matches("<rect x=\"100\" y=\"141\"").count(), 1, "{html}");
            assert!(
                html.contains("&#60;ana&#62;") && !html.contains("&#60;vera&#62;"),
                "nothing for viewers"
            );
            assert_eq!(html.matches("<h1").count(), 1);
            shown.can_change = false;
            let fixed = whole(&shown);
            assert!(
                !fixed.contains("<form method=\"post\" action=\"/console/steps/7")
                    && fixed.contains(&s.t("placing-fixed"))
            );
        }
    }
}
