//! What a browser sent, as a form's answers. Pure: workflow decides what is right.

use std::collections::BTreeMap;

use portico_core::Money;
use portico_definition::{Form, FormRule, QuestionKind};
use serde_json::{Map, Number, Value, json};

use crate::{record_form::amount, text::Locale};

/// The parts of an address, in the order in which they are asked.
pub(super) const ADDRESS: [&str; 6] = ["street", "more", "postcode", "city", "region", "country"];

/// Rows beyond this are not read; workflow refuses far fewer.
const MOST_ROWS: usize = 1000;

type Pairs = [(String, String)];

/// What a browser sent, as the answers to these questions. An amount or a number that is none stays text, so that its error is told.
pub(super) fn answers<'q>(
    locale: Locale,
    form: &Form,
    questions: impl Iterator<Item = &'q str>,
    pairs: &Pairs,
) -> Map<String, Value> {
    let mut answers = Map::new();
    for name in questions {
        let (Some(property), Some(kind)) = (form.schema["properties"].get(name), form.kind(name)) else {
            continue;
        };
        let read = match kind {
            QuestionKind::Table => table(locale, form, name, pairs),
            kind => value(locale, kind, property, form.rule(name), name, pairs),
        };
        answers.extend(read.map(|value| (name.to_owned(), value)));
    }
    answers
}

fn all<'a>(pairs: &'a Pairs, name: &str) -> Vec<&'a str> {
    let given = pairs.iter().filter(|(key, value)| key == name && !value.trim().is_empty());
    given.map(|(_, value)| value.as_str()).collect()
}

fn first<'a>(pairs: &'a Pairs, name: &str) -> Option<&'a str> {
    all(pairs, name).first().map(|text| text.trim())
}

fn value(
    locale: Locale,
    kind: QuestionKind,
    property: &Value,
    rule: Option<&FormRule>,
    name: &str,
    pairs: &Pairs,
) -> Option<Value> {
    let given = all(pairs, name);
    let part = |part: &str| first(pairs, &format!("{name}.{part}"));
    match kind {
        QuestionKind::YesNo => Some(json!(*given.first()? == "yes")),
        QuestionKind::Number => Some(number(given.first()?)),
        QuestionKind::Choice if matches!(property["type"].as_str(), Some("integer" | "number")) => {
            Some(number(given.first()?))
        }
        QuestionKind::Many => (!given.is_empty()).then(|| json!(given)),
        QuestionKind::Text | QuestionKind::LongText | QuestionKind::Date | QuestionKind::Choice => {
            Some(Value::from(given.first()?.replace("\r\n", "\n")))
        }
        QuestionKind::Money => {
            let typed = given.first()?.trim();
            let currency = rule.and_then(|rule| rule.currency.as_deref()).or_else(|| part("currency"));
            let read =
                amount(locale, typed).and_then(|text| Money::parse(&text, currency.unwrap_or_default()).ok());
            Some(read.map_or_else(|| Value::from(typed), |money| json!(money)))
        }
        QuestionKind::Address => {
            let parts: Map<String, Value> =
                ADDRESS.iter().filter_map(|key| Some(((*key).to_owned(), json!(part(key)?)))).collect();
            (!parts.is_empty()).then_some(Value::Object(parts))
        }
        QuestionKind::File => {
            let mut ids: Vec<&str> = all(pairs, &format!("{name}.file"))
                .iter()
                .filter_map(|held| held.split_whitespace().next())
                .collect();
            // Where there can be one only, the newest takes the place of the others.
            if property["maxItems"] == 1 {
                ids.drain(..ids.len().saturating_sub(1));
            }
            (!ids.is_empty()).then(|| json!(ids))
        }
        QuestionKind::Signature => {
            let (signed, agreed) = (part("name"), part("agreed") == Some("yes"));
            (signed.is_some() || agreed)
                .then(|| json!({"name": signed.unwrap_or_default(), "agreed": agreed}))
        }
        QuestionKind::Table => None,
    }
}

/// The rows in which something stands, in their order.
fn table(locale: Locale, form: &Form, name: &str, pairs: &Pairs) -> Option<Value> {
    let mut rows: BTreeMap<usize, Map<String, Value>> = BTreeMap::new();
    let begin = format!("{name}.");
    for (key, _) in pairs {
        let row = key.strip_prefix(&begin).and_then(|rest| rest.split('.').next());
        let Some(row) = row.and_then(|row| row.parse().ok()).filter(|row| *row < MOST_ROWS) else { continue };
        rows.entry(row).or_default();
    }
    for (row, cells) in &mut rows {
        for (column, schema) in form.columns(name) {
            let rule = form.rule(&format!("{name}.{column}"));
            let Some(kind) = QuestionKind::of(schema, rule) else { continue };
            let cell = value(locale, kind, schema, rule, &format!("{name}.{row}.{column}"), pairs);
            cells.extend(cell.map(|cell| (column.to_owned(), cell)));
        }
    }
    let rows: Vec<Value> = rows.into_values().filter(|row| !row.is_empty()).map(Value::Object).collect();
    (!rows.is_empty()).then_some(Value::Array(rows))
}

/// Takes a row of a table off what was sent.
pub(super) fn without_row(pairs: &mut Vec<(String, String)>, table: &str, row: &str) {
    let begin = format!("{table}.{row}.");
    pairs.retain(|(key, _)| !key.starts_with(&begin));
}

fn number(text: &str) -> Value {
    let trimmed = text.trim().replace(',', ".");
    match (trimmed.parse::<i64>(), trimmed.parse::<f64>()) {
        (Ok(whole), _) => Value::from(whole),
        (_, Ok(number)) => Number::from_f64(number).map_or_else(|| Value::from(text), Value::Number),
        _ => Value::from(text),
    }
}

/// The place in the form that a refusal is about: `answers.goals` and `/goals` are both `goals`.
pub(super) fn question_of(field: &str) -> String {
    let field = field.strip_prefix("answers").unwrap_or(field);
    field.trim_start_matches(['.', '/']).replace('/', ".")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn read(properties: Value, ui: Value, list: &[(&str, &str)]) -> Value {
        let form: Form =
            serde_json::from_value(json!({"schema": {"type": "object", "properties": properties}, "ui": ui}))
                .unwrap();
        Value::Object(answers(Locale::En, &form, form.questions(), &pairs(list)))
    }

    #[test]
    fn what_was_sent_takes_the_types_of_the_schema() {
        let schema = json!({
            "name": {"type": "string"}, "on": {"type": "boolean"}, "count": {"type": "integer"},
            "share": {"type": "number"}, "tags": {"type": "array", "items": {"enum": ["a", "b"]}},
        });
        let sent = [
            ("name", "A\r\nB"),
            ("on", "no"),
            ("count", "12"),
            ("share", "1,5"),
            ("tags", "a"),
            ("tags", "b"),
            ("stranger", "x"),
            ("_csrf", "token"),
        ];
        let expected = json!({"name": "A\nB", "on": false, "count": 12, "share": 1.5, "tags": ["a", "b"]});
        assert_eq!(read(schema.clone(), json!([]), &sent), expected);
        assert_eq!(read(schema, json!([]), &[("count", "many"), ("name", "  ")]), json!({"count": "many"}));
    }

    #[test]
    fn amounts_addresses_files_signatures_and_rows_are_put_together() {
        let schema = json!({
            "fee": {"type": "object", "format": "money"}, "cap": {"type": "object", "format": "money"},
            "seat": {"type": "object", "format": "address"}, "scan": {"type": "array", "format": "file", "maxItems": 1},
            "sign": {"type": "object", "format": "signature"},
            "lines": {"type": "array", "items": {"type": "object", "properties": {
                "what": {"type": "string"}, "cost": {"type": "object", "format": "money"}}}},
        });
        let mut sent = pairs(&[
            ("fee", "1,250.50"),
            ("cap", "a lot"),
            ("cap.currency", "USD"),
            ("seat.street", " Hauptstr. 1 "),
            ("seat.planet", "Mars"),
            ("scan.file", "d1 old.pdf"),
            ("scan.file", "d2 new scan.pdf"),
            ("sign.name", "Ana Souza"),
            ("sign.agreed", "yes"),
            ("lines.0.what", ""),
            ("lines.0.cost", ""),
            ("lines.0.cost.currency", "EUR"),
            ("lines.7.what", "Desk"),
            ("lines.7.cost", "3"),
            ("lines.7.cost.currency", "EUR"),
            ("lines.9.what", "Chair"),
            ("lines.99999999999999999999.what", "x"),
        ]);
        let form: Form = serde_json::from_value(json!({"schema": {"type": "object", "properties": schema},
            "ui": [{"field": "fee", "currency": "EUR"}]}))
        .unwrap();
        let read = |sent: &Pairs| Value::Object(answers(Locale::En, &form, form.questions(), sent));
        let found = read(&sent);
        let expected = json!({
            "fee": {"amount": 125_050, "currency": "EUR"}, "cap": "a lot", "seat": {"street": "Hauptstr. 1"}, "scan": ["d2"],
            "sign": {"name": "Ana Souza", "agreed": true},
            "lines": [{"what": "Desk", "cost": {"amount": 300, "currency": "EUR"}}, {"what": "Chair"}],
        });
        assert_eq!(found, expected);
        without_row(&mut sent, "lines", "7");
        assert_eq!(read(&sent)["lines"], json!([{"what": "Chair"}]));
    }

    #[test]
    fn a_refusal_finds_its_question() {
        for field in ["goals", "answers.goals", "/goals", "answers/goals"] {
            assert_eq!(question_of(field), "goals");
        }
        assert_eq!(question_of("answers.lines.0.cost"), "lines.0.cost");
    }
}
