//! Answers to a form: hidden ones are dropped, the others are held against the schema and against the kinds of their questions.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, Utc};
use jsonschema::{ValidationError, error::ValidationErrorKind};
use portico_core::{FieldViolation, PersonId};
use portico_definition::{Form, QuestionKind};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::answer_kinds;

/// The most that answers may weigh, in bytes of JSON.
pub(crate) const MAX_BYTES: usize = 256 * 1024;

/// Reads answers as they arrive.
///
/// # Errors
/// A sentence for the person: too much, no JSON, or no object.
pub(crate) fn read(json: &str) -> Result<Map<String, Value>, &'static str> {
    if json.len() > MAX_BYTES {
        return Err(
            "These answers are longer than can be kept (256 KiB). Please shorten them or attach a document instead.",
        );
    }
    match serde_json::from_str(json) {
        Ok(Value::Object(answers)) => Ok(answers),
        _ => Err("The answers could not be read. Please reload the page and try again."),
    }
}

/// What is wrong with the answers, question by question, in the order of the form. `answers` hold none of a hidden question, and
/// nothing is asked of one. `files` are those that may stand in them.
///
/// # Errors
/// The schema itself cannot be used; publishing refuses such a form.
pub(crate) fn check(
    form: &Form,
    answers: &Map<String, Value>,
    files: &BTreeMap<String, String>,
) -> Result<Vec<FieldViolation>, String> {
    let validator = jsonschema::draft202012::options()
        .should_validate_formats(true)
        .build(&form.schema)
        .map_err(|error| error.to_string())?;
    let shown = form.shown(answers);
    let known: HashSet<&str> = form.questions().collect();
    let instance = Value::Object(answers.clone());
    let mut found: Vec<FieldViolation> = Vec::new();
    let mut note = |field: String, description: String| {
        if !found.iter().any(|one| one.field == field) {
            found.push(FieldViolation { field, description });
        }
    };
    for question in form.questions().filter(|question| shown.contains(question)) {
        if let (Some(kind), Some(answer)) = (form.kind(question), answers.get(question)) {
            let title = title(form, question);
            for (place, description) in answer_kinds::check(form, question, kind, answer, files, &title) {
                note(format!("{question}{place}"), description);
            }
        }
    }
    for error in validator.iter_errors(&instance) {
        let (field, description) = describe(form, &error);
        let question = question_of(&field);
        // What the form does not show, it does not require.
        if !known.contains(question) || shown.contains(question) {
            note(field, description);
        }
    }
    let place = |field: &str| {
        let question = question_of(field);
        form.questions().position(|key| key == question).unwrap_or(usize::MAX)
    };
    found.sort_by_key(|one| place(&one.field));
    Ok(found)
}

fn question_of(field: &str) -> &str {
    field.split(['.', '[']).next().unwrap_or(field)
}

/// The files that the answers hold, in their order.
pub(crate) fn files(form: &Form, answers: &Map<String, Value>) -> Vec<Uuid> {
    let of_files = form.questions().filter(|question| form.kind(question) == Some(QuestionKind::File));
    let listed = of_files.filter_map(|question| answers.get(question)?.as_array()).flatten();
    listed.filter_map(|id| id.as_str()?.parse().ok()).collect()
}

/// Writes into every signature whose it is and when it was given.
pub(crate) fn stamp(
    form: &Form,
    answers: &mut Map<String, Value>,
    person: Option<PersonId>,
    name: &str,
    now: DateTime<Utc>,
) {
    for question in form.questions().filter(|question| form.kind(question) == Some(QuestionKind::Signature)) {
        if let Some(Value::Object(signature)) = answers.get_mut(question) {
            signature.insert("signed_by".to_owned(), json!(name));
            signature.insert("person_id".to_owned(), json!(person));
            signature.insert("signed_at".to_owned(), json!(now));
        }
    }
}

/// The answers as they were given, without what [`stamp`] adds.
pub(crate) fn unstamped(form: &Form, mut answers: Map<String, Value>) -> Map<String, Value> {
    for question in form.questions().filter(|question| form.kind(question) == Some(QuestionKind::Signature)) {
        if let Some(Value::Object(signature)) = answers.get_mut(question) {
            signature.retain(|key, _| answer_kinds::SIGNATURE.contains(&key.as_str()));
        }
    }
    answers
}

fn describe(form: &Form, error: &ValidationError<'_>) -> (String, String) {
    let path = error.instance_path().to_string();
    let mut field = path.trim_start_matches('/').replace('/', ".");
    if let ValidationErrorKind::Required { property } = error.kind() {
        let name = property.as_str().unwrap_or_default();
        field = if field.is_empty() { name.to_owned() } else { format!("{field}.{name}") };
        return (field.clone(), format!("Please answer {}.", quoted(form, &field)));
    }
    let title = quoted(form, &field);
    let text = match error.kind() {
        ValidationErrorKind::MinLength { limit: 1 } | ValidationErrorKind::MinItems { limit: 1 } => {
            format!("Please answer {title}.")
        }
        ValidationErrorKind::MinItems { limit } => format!("{title} needs at least {limit} entries."),
        ValidationErrorKind::MaxItems { limit } => format!("{title} may have at most {limit} entries."),
        ValidationErrorKind::MinLength { limit } => format!("{title} needs at least {limit} characters."),
        ValidationErrorKind::MaxLength { limit } => format!("{title} may have at most {limit} characters."),
        ValidationErrorKind::Minimum { limit } => format!("{title} must be at least {limit}."),
        ValidationErrorKind::Maximum { limit } => format!("{title} may be at most {limit}."),
        ValidationErrorKind::Enum { .. } => {
            format!("Please choose one of the answers offered for {title}.")
        }
        ValidationErrorKind::Format { format } => match format.as_str() {
            "date" => format!("Please write {title} as a date, such as 2027-03-31."),
            "email" => format!("Please write {title} as an e-mail address, such as name@example.com."),
            _ => format!("{title} is not written as it should be."),
        },
        ValidationErrorKind::Type { .. } => format!("{title} is not the kind of answer that is asked for."),
        ValidationErrorKind::AdditionalProperties { .. } => {
            "The form has no such question. Please reload the page.".to_owned()
        }
        _ => format!("Please check your answer to {title}."),
    };
    (field, text)
}

/// What people read at a question, in quotation marks; for a cell of a table also its row, counted from 1.
fn quoted(form: &Form, field: &str) -> String {
    let mut parts = field.split('.');
    let question = parts.next().unwrap_or_default();
    let cell = parts.next().and_then(|row| row.parse::<usize>().ok()).zip(parts.next());
    match cell {
        Some((row, column)) if form.kind(question) == Some(QuestionKind::Table) => {
            let schema = form.columns(question).find(|(name, _)| *name == column).map(|(_, schema)| schema);
            let titled = schema.and_then(|schema| schema["title"].as_str());
            format!("“{}” in row {}", titled.map_or_else(|| column.replace('_', " "), str::to_owned), row + 1)
        }
        _ => format!("“{}”", title(form, question)),
    }
}

/// What people read at a question.
fn title(form: &Form, question: &str) -> String {
    form.schema["properties"][question]["title"]
        .as_str()
        .map_or_else(|| question.replace('_', " "), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn intake() -> Form {
        let definition = portico_definition::parse(portico_definition::gallery()[0].yaml).unwrap();
        definition.spec.forms["intake_questionnaire"].clone()
    }

    fn answers(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    fn faults(form: &Form, value: Value) -> Vec<FieldViolation> {
        check(form, &form.drop_hidden(answers(value)), &BTreeMap::new()).unwrap()
    }

    #[test]
    fn a_hidden_answer_is_dropped_and_a_shown_one_is_asked_for() {
        let form = intake();
        let hidden = json!({"company_legal_name": "Acme", "goals": "Grow", "has_existing_system": false, "existing_system": "Old"});
        assert!(!form.drop_hidden(answers(hidden.clone())).contains_key("existing_system"));
        assert_eq!(faults(&form, hidden), []);

        let shown = json!({"company_legal_name": "Acme", "goals": "Grow", "has_existing_system": true});
        let found = faults(&form, shown);
        assert_eq!(found[0].field, "existing_system");
        assert_eq!(found[0].description, "Please answer “Which one?”.");
    }

    #[test]
    fn what_is_required_is_required_only_while_it_is_shown() {
        let form: Form = serde_json::from_value(json!({
            "schema": {"type": "object", "required": ["kind", "register"], "properties": {
                "kind": {"type": "string", "enum": ["company", "person"]}, "register": {"type": "string"}}},
            "ui": [{"field": "register", "visibleWhen": {"field": "kind", "is": "company"}}],
        }))
        .unwrap();
        assert_eq!(faults(&form, json!({"kind": "person", "register": "HRB 1"})), []);
        let fields = |value| faults(&form, value).into_iter().map(|one| one.field).collect::<Vec<_>>();
        assert_eq!(fields(json!({"kind": "company"})), ["register"]);
        assert_eq!(fields(json!({})), ["kind"], "nobody is asked for what does not show yet");
    }

    #[test]
    fn every_question_at_fault_is_named_in_the_order_of_the_form() {
        let form = intake();
        let found = faults(&form, json!({"goals": "x".repeat(4001), "company_legal_name": ""}));
        let fields: Vec<_> = found.iter().map(|one| one.field.as_str()).collect();
        assert_eq!(fields, ["company_legal_name", "goals"]);
        assert!(found[1].description.contains("at most 4000"), "{found:?}");
    }

    #[test]
    fn what_is_no_object_or_too_long_is_refused() {
        assert!(read("[]").is_err());
        assert!(read("{").is_err());
        assert!(read(&format!("{{\"a\":\"{}\"}}", "x".repeat(MAX_BYTES))).is_err());
    }

    #[test]
    fn a_signature_is_stamped_by_us_and_compared_as_it_was_given() {
        let form: Form = serde_json::from_value(json!({"schema": {"type": "object", "properties": {
            "sign": {"type": "object", "format": "signature"}}}}))
        .unwrap();
        let given = answers(json!({"sign": {"name": "Ana", "agreed": true, "signed_by": "Eve"}}));
        let mut kept = unstamped(&form, given);
        let bare = kept.clone();
        stamp(&form, &mut kept, None, "Ana Acme", DateTime::from_timestamp(1_800_000_000, 0).unwrap());
        assert_eq!(kept["sign"]["signed_by"], "Ana Acme");
        assert_eq!(unstamped(&form, kept), bare);
    }
}
