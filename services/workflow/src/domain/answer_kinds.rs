//! What the answer to a question of each kind must look like, beyond what its JSON Schema says.

use std::collections::BTreeMap;

use portico_core::Money;
use portico_definition::{Form, QuestionKind};
use serde_json::{Map, Value};

use super::fields::is_plain;

/// What whoever signs sends; the rest of a signature is written by us.
pub(crate) const SIGNATURE: [&str; 2] = ["name", "agreed"];

/// The parts of an address, and which of them every address has.
const ADDRESS: [(&str, bool); 6] = [
    ("street", true),
    ("more", false),
    ("postcode", false),
    ("city", true),
    ("region", false),
    ("country", true),
];

/// The most characters in a part of an address and in a name.
const LONGEST_PART: usize = 200;
/// The most rows of a table.
const MOST_ROWS: usize = 100;
/// The most files of a question that says nothing of its own.
const MOST_FILES: u64 = 10;
/// The largest amount either way, in minor units: what a number in a browser still holds exactly.
const LARGEST: u64 = 9_007_199_254_740_991;

/// What is wrong with an answer: where within it (empty for the whole, `.street`, `.0.amount`) and what.
pub(crate) fn check(
    form: &Form,
    question: &str,
    kind: QuestionKind,
    answer: &Value,
    files: &BTreeMap<String, String>,
    title: &str,
) -> Vec<(String, String)> {
    let whole = |text: String| vec![(String::new(), text)];
    match kind {
        QuestionKind::Money => {
            let only = form.rule(question).and_then(|rule| rule.currency.as_deref());
            money(answer, only, title).map_or_else(Vec::new, whole)
        }
        QuestionKind::Address => address(answer, title),
        QuestionKind::File => self::files(form, question, answer, files, title).map_or_else(Vec::new, whole),
        QuestionKind::Table => table(form, question, answer, title),
        QuestionKind::Signature => signature(answer, title),
        QuestionKind::Text | QuestionKind::LongText => match answer.as_str() {
            Some(text) if !is_plain(text) => whole(format!("Use plain text for “{title}”.")),
            _ => Vec::new(),
        },
        QuestionKind::Number
        | QuestionKind::Date
        | QuestionKind::Choice
        | QuestionKind::Many
        | QuestionKind::YesNo => Vec::new(),
    }
}

fn money(answer: &Value, only: Option<&str>, title: &str) -> Option<String> {
    let read = serde_json::from_value::<Money>(answer.clone()).ok();
    let read = read.and_then(|money| Money::new(money.amount, &money.currency).ok());
    let Some(money) = read.filter(|money| money.amount.unsigned_abs() <= LARGEST) else {
        return Some(format!("Please write “{title}” as an amount with its currency, such as 1250.00 EUR."));
    };
    let other = only.filter(|only| *only != money.currency);
    other.map(|only| format!("Please give “{title}” in {only}."))
}

fn text_of<'a>(object: Option<&'a Map<String, Value>>, key: &str) -> &'a str {
    object.and_then(|object| object.get(key)).and_then(Value::as_str).map(str::trim).unwrap_or_default()
}

fn address(answer: &Value, title: &str) -> Vec<(String, String)> {
    let parts = answer.as_object();
    let known = |key: &String| ADDRESS.iter().any(|(name, _)| name == key);
    let sound = parts.is_some_and(|parts| parts.iter().all(|(key, value)| known(key) && value.is_string()));
    if !sound {
        return vec![(String::new(), format!("Please write “{title}” as an address."))];
    }
    let mut found = Vec::new();
    for (part, required) in ADDRESS {
        let text = text_of(parts, part);
        if required && text.is_empty() {
            found.push((format!(".{part}"), format!("Please give the {part} of “{title}”.")));
        } else if text.chars().count() > LONGEST_PART || !is_plain(text) || text.contains('\n') {
            let sentence =
                format!("Write the {part} of “{title}” in one line of at most {LONGEST_PART} characters.");
            found.push((format!(".{part}"), sentence));
        }
    }
    found
}

fn signature(answer: &Value, title: &str) -> Vec<(String, String)> {
    let parts = answer.as_object();
    let name = text_of(parts, "name");
    if name.is_empty() || name.chars().count() > LONGEST_PART || !is_plain(name) {
        return vec![(".name".to_owned(), format!("Please write your full name to sign “{title}”."))];
    }
    if parts.and_then(|parts| parts.get("agreed")) != Some(&Value::Bool(true)) {
        return vec![(".agreed".to_owned(), format!("Please tick that you mean to sign “{title}”."))];
    }
    Vec::new()
}

fn files(
    form: &Form,
    question: &str,
    answer: &Value,
    known: &BTreeMap<String, String>,
    title: &str,
) -> Option<String> {
    let most = form.schema["properties"][question]["maxItems"].as_u64().unwrap_or(MOST_FILES);
    let Some(listed) = answer.as_array() else {
        return Some(format!("Please choose files for “{title}”."));
    };
    if listed.len() as u64 > most {
        return Some(format!("“{title}” takes at most {most} files."));
    }
    let there = |id: &Value| id.as_str().is_some_and(|id| known.contains_key(id));
    let gone = !listed.iter().all(there);
    gone.then(|| format!("A file of “{title}” is not there any more. Please upload it again."))
}

fn table(form: &Form, question: &str, answer: &Value, title: &str) -> Vec<(String, String)> {
    let Some(rows) = answer.as_array() else { return Vec::new() };
    if rows.len() > MOST_ROWS {
        return vec![(String::new(), format!("“{title}” has at most {MOST_ROWS} rows."))];
    }
    let mut found = Vec::new();
    for (row, cells) in rows.iter().enumerate() {
        for (column, schema) in form.columns(question) {
            let name = format!("{question}.{column}");
            let (Some(cell), Some(kind)) = (cells.get(column), QuestionKind::of(schema, form.rule(&name)))
            else {
                continue;
            };
            let titled = schema["title"].as_str().map_or_else(|| column.replace('_', " "), str::to_owned);
            for (_, text) in check(form, &name, kind, cell, &BTreeMap::new(), &titled) {
                found.push((format!(".{row}.{column}"), format!("Row {}: {text}", row + 1)));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn form() -> Form {
        serde_json::from_value(json!({
            "schema": {"type": "object", "properties": {
                "fee": {"type": "object", "format": "money", "title": "Fee"},
                "seat": {"type": "object", "format": "address", "title": "Seat"},
                "scan": {"type": "array", "format": "file", "maxItems": 2, "title": "Scan"},
                "sign": {"type": "object", "format": "signature", "title": "Consent"},
                "lines": {"type": "array", "title": "Lines", "items": {"type": "object", "required": ["what"], "properties": {
                    "what": {"type": "string", "title": "What"},
                    "cost": {"type": "object", "format": "money", "title": "Cost"}}}},
            }},
            "ui": [{"field": "fee", "currency": "EUR"}],
        }))
        .unwrap()
    }

    fn at(answers: Value) -> Vec<String> {
        let files =
            BTreeMap::from([("a".to_owned(), "a.pdf".to_owned()), ("b".to_owned(), "b.pdf".to_owned())]);
        let found = super::super::answers::check(&form(), answers.as_object().unwrap(), &files).unwrap();
        found.into_iter().map(|one| one.field).collect()
    }

    #[test]
    fn sound_answers_of_every_kind_pass() {
        let sound = json!({
            "fee": {"amount": 125_000, "currency": "EUR"},
            "seat": {"street": "Hauptstr. 1", "postcode": "10115", "city": "Berlin", "country": "Germany"},
            "scan": ["a", "b"],
            "sign": {"name": "Ana Souza", "agreed": true},
            "lines": [{"what": "Desk", "cost": {"amount": 1, "currency": "USD"}}, {"what": "Chair"}],
        });
        assert_eq!(at(sound), Vec::<String>::new());
    }

    #[test]
    fn what_is_wrong_is_named_at_its_place() {
        assert_eq!(at(json!({"fee": {"amount": 1, "currency": "USD"}})), ["fee"]);
        for fee in [
            json!({"amount": 1.5, "currency": "EUR"}),
            json!({"amount": 1}),
            json!({"amount": u64::MAX, "currency": "EUR"}),
        ] {
            assert_eq!(at(json!({"fee": fee})), ["fee"]);
        }
        assert_eq!(at(json!({"seat": {"street": "x"}})), ["seat.city", "seat.country"]);
        assert_eq!(
            at(json!({"seat": {"street": "x", "city": "y", "country": "z", "planet": "Mars"}})),
            ["seat"]
        );
        assert_eq!(at(json!({"seat": {"street": "x\ny", "city": "y", "country": "z"}})), ["seat.street"]);
        assert_eq!(at(json!({"scan": ["a", "b", "a"]})), ["scan"]);
        assert_eq!(at(json!({"scan": ["somebody elses"]})), ["scan"]);
        assert_eq!(at(json!({"sign": {"name": " ", "agreed": true}})), ["sign.name"]);
        assert_eq!(at(json!({"sign": {"name": "Ana"}})), ["sign.agreed"]);
        assert_eq!(
            at(json!({"lines": [{"what": "ok"}, {"cost": {"amount": 1, "currency": "eur"}}]})),
            ["lines.1.cost", "lines.1.what"]
        );
        assert_eq!(at(json!({"lines": vec![json!({"what": "x"}); 101]})), ["lines"]);
    }
}
