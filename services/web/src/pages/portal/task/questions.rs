//! A form's JSON Schema as questions. Pure: workflow decides what is right.

use std::collections::HashSet;

use portico_definition::{Expr, FormRule, Operand, Operator};
use serde_json::{Map, Value};

use crate::{components::Choice, layout::Shell, wording::humanize};

/// A text longer than this is written in several lines.
const ONE_LINE: u64 = 200;
/// Up to this many answers are shown at once; more become a list to open.
const AT_ONCE: usize = 5;

/// How a question is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// One line, with the kind of its input.
    Line(&'static str),
    /// Several lines, with the most characters.
    Lines(u64),
    /// One of a few.
    Radios,
    /// One of many.
    Select,
    /// Several of a list.
    Checks,
}

/// One question with its answer so far.
#[derive(Debug, Clone)]
pub(super) struct Question {
    pub(super) name: String,
    pub(super) label: String,
    pub(super) hint: String,
    pub(super) optional: bool,
    pub(super) kind: Kind,
    pub(super) value: String,
    pub(super) choices: Vec<Choice>,
    /// For `data-visible-when`; empty for a question that always shows.
    pub(super) visible_when: String,
    /// Whether it is short, as numbers and dates are.
    pub(super) short: bool,
    /// The answer as it is read back.
    pub(super) shown: String,
}

impl Question {
    pub(super) const fn limit(&self) -> u64 {
        if let Kind::Lines(limit) = self.kind { limit } else { 4000 }
    }

    pub(super) const fn width(&self) -> &'static str {
        if self.short { "w-10" } else { "" }
    }

    pub(super) const fn input(&self) -> &'static str {
        if let Kind::Line(kind) = self.kind { kind } else { "text" }
    }
}

/// The questions of a form, in the order of its schema.
pub(super) fn questions(
    s: &Shell,
    schema: &Value,
    rules: &[FormRule],
    answers: &Map<String, Value>,
) -> Vec<Question> {
    let required = ever_required(schema);
    let properties = schema.get("properties").and_then(Value::as_object);
    properties
        .into_iter()
        .flatten()
        .map(|(name, property)| {
            let rule = rules.iter().find(|rule| rule.field == *name);
            let answer = answers.get(name).unwrap_or(&Value::Null);
            question(s, name, property, rule, answer, required.contains(name.as_str()))
        })
        .collect()
}

fn question(
    s: &Shell,
    name: &str,
    property: &Value,
    rule: Option<&FormRule>,
    answer: &Value,
    required: bool,
) -> Question {
    let text = |key: &str| property.get(key).and_then(Value::as_str);
    let value = plain(answer);
    let choices = choices(s, property, answer);
    let multiline = rule.is_some_and(|rule| rule.multiline);
    let limit = property.get("maxLength").and_then(Value::as_u64);
    let kind = match text("type") {
        Some("array") => Kind::Checks,
        _ if !choices.is_empty() && choices.len() <= AT_ONCE => Kind::Radios,
        _ if !choices.is_empty() => Kind::Select,
        Some("integer" | "number") => Kind::Line("text"),
        _ if multiline || limit.is_some_and(|limit| limit > ONE_LINE) => Kind::Lines(limit.unwrap_or(4000)),
        _ => Kind::Line(match text("format") {
            Some("date") => "date",
            Some("email") => "email",
            Some("uri") => "url",
            _ => "text",
        }),
    };
    let chosen: Vec<&str> = choices
        .iter()
        .filter(|choice| choice.chosen && !choice.value.is_empty())
        .map(|choice| choice.label.as_str())
        .collect();
    let shown = if choices.is_empty() { date_or(s, text("format"), &value) } else { chosen.join(", ") };
    let hint = rule.and_then(|rule| rule.help.as_deref()).or_else(|| text("description")).unwrap_or_default();
    let short = matches!(kind, Kind::Line("date")) || matches!(text("type"), Some("integer" | "number"));
    Question {
        name: name.to_owned(),
        label: text("title").map_or_else(|| humanize(name), str::to_owned),
        hint: hint.to_owned(),
        optional: !required,
        kind,
        value,
        visible_when: rule.and_then(|rule| rule.visible_when.as_ref()).map(visible_when).unwrap_or_default(),
        choices,
        short,
        shown,
    }
}

/// The names that are required always or under some condition: none of them is called optional.
fn ever_required(schema: &Value) -> HashSet<&str> {
    let mut found = HashSet::new();
    let mut parts = vec![schema];
    while let Some(part) = parts.pop() {
        found.extend(
            part.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str),
        );
        parts.extend(part.get("allOf").and_then(Value::as_array).into_iter().flatten());
        parts.extend(["then", "else"].into_iter().filter_map(|key| part.get(key)));
    }
    found
}

fn choices(s: &Shell, property: &Value, answer: &Value) -> Vec<Choice> {
    let values = |property: &Value| property.get("enum").and_then(Value::as_array).cloned();
    if property.get("type").and_then(Value::as_str) == Some("boolean") {
        let current = match answer {
            Value::Bool(true) => "yes",
            Value::Bool(false) => "no",
            _ => "",
        };
        return vec![Choice::new("yes", s.t("yes"), current), Choice::new("no", s.t("no"), current)];
    }
    let several = property.get("items").and_then(values);
    let listed = values(property).or(several).unwrap_or_default();
    let given: Vec<String> = match answer {
        Value::Array(items) => items.iter().map(plain).collect(),
        single => vec![plain(single)],
    };
    let labels = property.get("x-labels").and_then(Value::as_object);
    listed
        .iter()
        .map(plain)
        .map(|value| {
            let label = labels
                .and_then(|labels| labels.get(&value))
                .and_then(Value::as_str)
                .unwrap_or(&value)
                .to_owned();
            let chosen = given.contains(&value);
            Choice { value, label, hint: String::new(), chosen }
        })
        .collect()
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        other => other.to_string(),
    }
}

fn date_or(s: &Shell, format: Option<&str>, value: &str) -> String {
    match (format, value.parse()) {
        (Some("date"), Ok(day)) => s.formats.day(&day),
        _ => value.to_owned(),
    }
}

/// A condition for the script that shows and hides; what it cannot say stays visible, and the server decides.
fn visible_when(rule: &Expr) -> String {
    let Expr::Compare(comparison) = rule else { return String::new() };
    let Operand::Constant(constant) = &comparison.operand else { return String::new() };
    match (comparison.operator, constant) {
        (Operator::In, Value::Array(items)) => {
            format!("{}={}", comparison.field, items.iter().map(plain).collect::<Vec<_>>().join("|"))
        }
        (Operator::Is | Operator::Contains, value) => format!("{}={}", comparison.field, plain(value)),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{layout::Area, text::Locale, values::tests::gallery};

    #[test]
    fn the_shipped_questionnaire_becomes_questions() {
        let s = crate::walk::shell(Area::Portal, Locale::En);
        let definition = gallery("client-onboarding");
        let form = &definition.spec.forms["intake_questionnaire"];
        let answers = json!({"has_existing_system": true, "goals": "More"});
        let found = questions(&s, &form.schema, &form.ui, answers.as_object().unwrap());
        let by = |name: &str| found.iter().find(|question| question.name == name).unwrap();
        assert_eq!(by("company_legal_name").kind, Kind::Line("text"));
        assert_eq!(by("goals").kind, Kind::Lines(4000));
        assert_eq!(
            (by("has_existing_system").kind, by("has_existing_system").shown.as_str()),
            (Kind::Radios, "Yes")
        );
        assert_eq!(by("existing_system").visible_when, "has_existing_system=yes");
        assert!(!by("existing_system").optional, "required once it shows");
        assert!(by("has_existing_system").optional && !by("goals").optional);
    }

    #[test]
    fn many_answers_become_a_list_and_dates_read_as_dates() {
        let s = crate::walk::shell(Area::Portal, Locale::De);
        let schema = json!({"required": ["kind"], "properties": {
            "kind": {"enum": ["a", "b", "c", "d", "e", "f"]}, "start": {"type": "string", "format": "date"},
        }});
        let answers = json!({"kind": "c", "start": "2026-12-24"});
        let found = questions(&s, &schema, &[], answers.as_object().unwrap());
        assert_eq!((found[0].kind, found[0].shown.as_str(), found[0].optional), (Kind::Select, "c", false));
        assert_eq!((found[1].kind, found[1].shown.as_str()), (Kind::Line("date"), "24. Dezember 2026"));
    }
}
