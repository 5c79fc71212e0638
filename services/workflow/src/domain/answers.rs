//! Answers to a form: hidden ones are dropped, the others are held against the schema.

use jsonschema::{ValidationError, error::ValidationErrorKind};
use portico_core::FieldViolation;
use portico_definition::{Actor, Form, RecordView, Truth, evaluate};
use serde_json::{Map, Value};

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

/// The answers to the questions that are shown. What a hidden question hides in turn is hidden as well.
pub(crate) fn drop_hidden(form: &Form, mut answers: Map<String, Value>) -> Map<String, Value> {
    loop {
        let hidden = form.ui.iter().find(|rule| {
            answers.contains_key(&rule.field)
                && rule.visible_when.as_ref().is_some_and(|condition| {
                    let view = RecordView {
                        account: None,
                        creator: None,
                        state: None,
                        number: None,
                        fields: &answers,
                        related: None,
                    };
                    evaluate(condition, &view, &Actor::default()) != Truth::True
                })
        });
        let Some(field) = hidden.map(|rule| rule.field.clone()) else { return answers };
        answers.remove(&field);
    }
}

/// What is wrong with the answers, question by question, in the order of the form.
///
/// # Errors
/// The schema itself cannot be used; publishing refuses such a form.
pub(crate) fn check(form: &Form, answers: &Map<String, Value>) -> Result<Vec<FieldViolation>, String> {
    let validator = jsonschema::draft202012::options()
        .should_validate_formats(true)
        .build(&form.schema)
        .map_err(|error| error.to_string())?;
    let instance = Value::Object(answers.clone());
    let mut found: Vec<FieldViolation> = Vec::new();
    for error in validator.iter_errors(&instance) {
        let (field, description) = describe(form, &error);
        if !found.iter().any(|one| one.field == field) {
            found.push(FieldViolation { field, description });
        }
    }
    let place = |field: &str| {
        let question = field.split(['.', '[']).next().unwrap_or(field);
        form.schema["properties"]
            .as_object()
            .and_then(|all| all.keys().position(|key| key == question))
            .unwrap_or(usize::MAX)
    };
    found.sort_by_key(|one| place(&one.field));
    Ok(found)
}

fn describe(form: &Form, error: &ValidationError<'_>) -> (String, String) {
    let path = error.instance_path().to_string();
    let mut field = path.trim_start_matches('/').replace('/', ".");
    if let ValidationErrorKind::Required { property } = error.kind() {
        let name = property.as_str().unwrap_or_default();
        field = if field.is_empty() { name.to_owned() } else { format!("{field}.{name}") };
        return (field, format!("Please answer “{}”.", title(form, name)));
    }
    let question = field.split('.').next().unwrap_or(&field).to_owned();
    let title = title(form, &question);
    let text = match error.kind() {
        ValidationErrorKind::MinLength { limit: 1 } => format!("Please answer “{title}”."),
        ValidationErrorKind::MinLength { limit } => format!("“{title}” needs at least {limit} characters."),
        ValidationErrorKind::MaxLength { limit } => format!("“{title}” may have at most {limit} characters."),
        ValidationErrorKind::Minimum { limit } => format!("“{title}” must be at least {limit}."),
        ValidationErrorKind::Maximum { limit } => format!("“{title}” may be at most {limit}."),
        ValidationErrorKind::Enum { .. } => {
            format!("Please choose one of the answers offered for “{title}”.")
        }
        ValidationErrorKind::Format { format } => match format.as_str() {
            "date" => format!("Please write “{title}” as a date, such as 2027-03-31."),
            "email" => format!("Please write “{title}” as an e-mail address, such as name@example.com."),
            _ => format!("“{title}” is not written as it should be."),
        },
        ValidationErrorKind::Type { .. } => format!("“{title}” is not the kind of answer that is asked for."),
        ValidationErrorKind::AdditionalProperties { .. } => {
            "The form has no such question. Please reload the page.".to_owned()
        }
        _ => format!("Please check your answer to “{title}”."),
    };
    (field, text)
}

/// What people read at a question.
fn title(form: &Form, question: &str) -> String {
    form.schema["properties"][question]["title"]
        .as_str()
        .map_or_else(|| question.replace('_', " "), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn intake() -> Form {
        let definition = portico_definition::parse(portico_definition::gallery()[0].yaml).unwrap();
        definition.spec.forms["intake_questionnaire"].clone()
    }

    fn answers(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn a_hidden_answer_is_dropped_and_a_shown_one_is_asked_for() {
        let form = intake();
        let hidden = answers(
            json!({"company_legal_name": "Acme", "goals": "Grow", "has_existing_system": false, "existing_system": "Old"}),
        );
        let kept = drop_hidden(&form, hidden);
        assert!(!kept.contains_key("existing_system"));
        assert_eq!(check(&form, &kept).unwrap(), []);

        let shown =
            answers(json!({"company_legal_name": "Acme", "goals": "Grow", "has_existing_system": true}));
        let found = check(&form, &drop_hidden(&form, shown)).unwrap();
        assert_eq!(found[0].field, "existing_system");
        assert_eq!(found[0].description, "Please answer “Which one?”.");
    }

    #[test]
    fn every_question_at_fault_is_named_in_the_order_of_the_form() {
        let form = intake();
        let found =
            check(&form, &answers(json!({"goals": "x".repeat(4001), "company_legal_name": ""}))).unwrap();
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
}
