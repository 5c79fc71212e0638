//! The fields that the firm has placed on a paper, as their signer is asked for them: in the order of reading, beside the page.

use std::collections::BTreeMap;

use portico_core::Problem;
use portico_proto::documents::v1::{Envelope, FieldValue, ListFieldsRequest, PlacedField};

use crate::{ask::Ask, components::Choice, error::PageError, form::Errors, layout::Shell};

/// What a form calls the value of a field, before its id.
const PREFIX: &str = "value-";

/// A page with the fields that are asked for on it.
pub(super) struct Sheet {
    /// The address of its picture.
    pub(super) picture: String,
    /// What a reader hears instead of it.
    pub(super) alt: String,
    pub(super) marks: Vec<Mark>,
    pub(super) questions: Vec<Question>,
}

/// The box of a field on its page, in a drawing of 1000 by 1414.
pub(super) struct Mark {
    /// The number that the question beside has; empty for what is filled in by itself.
    pub(super) number: String,
    pub(super) x: i64,
    pub(super) y: i64,
    pub(super) width: i64,
    pub(super) height: i64,
}

/// A field that is asked for.
pub(super) struct Question {
    pub(super) name: String,
    /// With its number in front.
    pub(super) label: String,
    pub(super) kind: String,
    pub(super) choices: Vec<Choice>,
    pub(super) value: String,
    pub(super) optional: bool,
}

/// The fields of the reader whose turn it is, in the order of reading.
pub(super) async fn own(ask: &Ask, envelope: &Envelope) -> Result<Vec<PlacedField>, PageError> {
    let Some(own) = envelope.signers.iter().find(|signer| signer.is_caller) else { return Ok(Vec::new()) };
    let asked = ListFieldsRequest { envelope_id: envelope.id.clone() };
    let fields = ask.documents().list_fields(asked).await?.into_inner().fields;
    Ok(fields.into_iter().filter(|field| field.signer_id == own.id).collect())
}

/// Whether the signer fills it in; otherwise that happens by itself.
fn asks(field: &PlacedField) -> bool {
    matches!(field.kind.as_str(), "text" | "checkbox" | "choice")
}

fn name(field: &PlacedField) -> String {
    format!("{PREFIX}{}", field.id)
}

/// The pages to fill in, with what was typed so far.
pub(super) fn sheets<'t>(
    s: &Shell,
    envelope: &Envelope,
    own: &[PlacedField],
    typed: impl Fn(&str) -> &'t str,
) -> Vec<Sheet> {
    let mut sheets: Vec<((i32, i32), Sheet)> = Vec::new();
    for (number, field) in (1..).zip(own.iter().filter(|field| asks(field))) {
        let place = (field.paper, field.page);
        if sheets.last().is_none_or(|(last, _)| *last != place) {
            sheets.push((place, sheet(s, envelope, own, place)));
        }
        if let Some((_, sheet)) = sheets.last_mut() {
            sheet.marks.push(mark(field, number.to_string()));
            sheet.questions.push(question(s, field, number, typed(&name(field))));
        }
    }
    sheets.into_iter().map(|(_, sheet)| sheet).collect()
}

/// A page with what is filled in by itself.
fn sheet(s: &Shell, envelope: &Envelope, own: &[PlacedField], (paper, page): (i32, i32)) -> Sheet {
    let other = envelope.others.iter().find(|other| other.number == paper);
    let original = other.map_or(&envelope.original, |other| &other.original).as_ref();
    let (id, pages) = original.map_or(("", 0), |original| (original.id.as_str(), original.pages));
    let here = own.iter().filter(|field| (field.paper, field.page) == (paper, page) && !asks(field));
    Sheet {
        picture: format!("/files/{id}/pages/{page}"),
        alt: s.say("page-of").arg("page", page).arg("all", pages).to_string(),
        marks: here.map(|field| mark(field, String::new())).collect(),
        questions: Vec::new(),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a fraction of a page in thousandths")]
fn mark(field: &PlacedField, number: String) -> Mark {
    let of = |fraction: f64, size: f64| (fraction * size).round() as i64;
    Mark {
        number,
        x: of(field.x, 1000.0),
        y: of(field.y, 1414.0),
        width: of(field.width, 1000.0),
        height: of(field.height, 1414.0),
    }
}

fn question(s: &Shell, field: &PlacedField, number: i32, value: &str) -> Question {
    let mut choices = vec![Choice::new("", s.t("sign-field-choose"), value)];
    choices.extend(field.choices.iter().map(|choice| Choice::new(choice, choice, value)));
    Question {
        name: name(field),
        label: format!("{number}. {}", field.label),
        kind: field.kind.clone(),
        choices,
        value: value.to_owned(),
        optional: !field.required,
    }
}

/// What is missing of what must be filled in.
pub(super) fn missing(s: &Shell, own: &[PlacedField], values: &BTreeMap<String, String>) -> Errors {
    let mut errors = Errors::none();
    for field in own.iter().filter(|field| asks(field) && field.required) {
        let name = name(field);
        if values.get(&name).is_none_or(|value| value.trim().is_empty()) {
            let text = s.say("sign-field-missing").arg("label", &field.label).to_string();
            errors.add(name, text);
        }
    }
    errors
}

/// What was filled in, by label, as the reader checks it before signing.
pub(super) fn given(
    s: &Shell,
    own: &[PlacedField],
    values: &BTreeMap<String, String>,
) -> Vec<(String, String)> {
    let said = |field: &PlacedField| {
        let value = values.get(&name(field)).map_or("", |value| value.trim());
        match (field.kind.as_str(), value) {
            (_, "") => s.t("sign-field-empty"),
            ("checkbox", _) => s.t("sign-field-ticked"),
            (_, value) => value.to_owned(),
        }
    };
    own.iter().filter(|field| asks(field)).map(|field| (field.label.clone(), said(field))).collect()
}

/// The values among what a form sent, by the names that the form has for them.
pub(super) fn named(sent: &BTreeMap<String, String>) -> impl Iterator<Item = (&String, &String)> {
    sent.iter().filter(|(name, _)| name.starts_with(PREFIX))
}

/// The same as the service takes them. What was left empty is not sent.
pub(super) fn values(sent: &BTreeMap<String, String>) -> Vec<FieldValue> {
    let filled = named(sent).filter(|(_, value)| !value.trim().is_empty());
    let value = |(name, value): (&String, &String)| FieldValue {
        field_id: name.trim_start_matches(PREFIX).to_owned(),
        value: value.trim().to_owned(),
    };
    filled.map(value).collect()
}

/// A value that was saved, by the name that the form has for it.
pub(super) fn typed(value: &FieldValue) -> (String, String) {
    (format!("{PREFIX}{}", value.field_id), value.value.clone())
}

/// What the service found wrong with the values, by the names of the form; nothing where something else was refused.
pub(super) fn refused(problem: &Problem) -> Option<Errors> {
    let about = problem.fields.iter().any(|violation| violation.field.starts_with("values."));
    about.then(|| {
        let mut errors = Errors::none();
        for violation in &problem.fields {
            let field = match violation.field.strip_prefix("values.") {
                Some(id) => format!("{PREFIX}{id}"),
                None => violation.field.clone(),
            };
            errors.add(field, violation.description.clone());
        }
        errors
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{layout::Area, text::Locale};

    fn field(id: &str, kind: &str, page: i32) -> PlacedField {
        PlacedField {
            id: id.to_owned(),
            paper: 1,
            page,
            x: 0.1,
            y: 0.5,
            width: 0.2,
            height: 0.05,
            kind: kind.to_owned(),
            label: format!("The <{id}>"),
            required: true,
            choices: vec!["Monthly".to_owned(), "Yearly".to_owned()],
            ..PlacedField::default()
        }
    }

    fn sent(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn each_page_has_its_questions_in_the_order_of_reading() {
        let s = crate::walk::shell(Area::Portal, Locale::En);
        let envelope = super::super::esign::tests::envelope("open", true);
        let own = [
            field("a", "text", 1),
            field("s", "signature", 1),
            field("b", "choice", 1),
            field("c", "checkbox", 2),
        ];
        let typed = |name: &str| if name == "value-b" { "Yearly" } else { "" };
        let sheets = sheets(&s, &envelope, &own, typed);
        let labels = |sheet: &Sheet| sheet.questions.iter().map(|one| one.label.clone()).collect::<Vec<_>>();
        assert_eq!(labels(&sheets[0]), ["1. The <a>", "2. The <b>"]);
        assert_eq!((labels(&sheets[1]), sheets.len()), (vec!["3. The <c>".to_owned()], 2));
        let numbers: Vec<_> = sheets[0].marks.iter().map(|mark| mark.number.as_str()).collect();
        assert_eq!(numbers, ["", "1", "2"], "where the signature goes is marked as well");
        assert_eq!((sheets[0].marks[0].x, sheets[0].marks[0].y), (100, 707));
        assert!(sheets[0].questions[1].choices[2].chosen);
        assert_eq!(sheets[1].picture, "/files/v1/pages/2");
    }

    #[test]
    fn what_is_left_empty_is_said_by_its_label_and_nothing_else_is_sent() {
        let s = crate::walk::shell(Area::Portal, Locale::En);
        let own = [field("a", "text", 1), field("c", "checkbox", 2), field("s", "signature", 1)];
        let typed = sent(&[("value-a", " 4711 "), ("value-c", ""), ("_csrf", "x")]);
        let errors = missing(&s, &own, &typed);
        assert_eq!((errors.all().len(), errors.all()[0].field.as_str()), (1, "value-c"));
        assert!(errors.all()[0].description.contains("The <c>"));
        let values = values(&typed);
        assert_eq!((values.len(), values[0].field_id.as_str(), values[0].value.as_str()), (1, "a", "4711"));
        assert_eq!(given(&s, &own, &typed)[0], ("The <a>".to_owned(), "4711".to_owned()));
        let problem = Problem::invalid("values.a", "Too long.");
        assert_eq!(refused(&problem).unwrap().of("value-a"), "Too long.");
        assert!(refused(&Problem::invalid("drawn", "Empty.")).is_none());
    }
}
