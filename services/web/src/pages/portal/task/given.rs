//! What a browser sent, as a form's answers. Pure: workflow decides what is right.

use serde_json::{Map, Value};

/// What a browser sent, as the answers of this schema. A number that is none stays text, so that its error is told.
pub(super) fn answers(schema: &Value, pairs: &[(String, String)]) -> Map<String, Value> {
    let properties = schema.get("properties").and_then(Value::as_object);
    let mut answers = Map::new();
    for (name, property) in properties.into_iter().flatten() {
        let given: Vec<&str> = pairs
            .iter()
            .filter(|(key, value)| key == name && !value.trim().is_empty())
            .map(|(_, value)| value.as_str())
            .collect();
        let Some(first) = given.first() else { continue };
        let value = match property.get("type").and_then(Value::as_str) {
            Some("boolean") => Value::Bool(*first == "yes"),
            Some("integer" | "number") => number(first),
            Some("array") => given.iter().copied().map(Value::from).collect(),
            _ => Value::from(first.replace("\r\n", "\n")),
        };
        answers.insert(name.clone(), value);
    }
    answers
}

fn number(text: &str) -> Value {
    let trimmed = text.trim().replace(',', ".");
    match (trimmed.parse::<i64>(), trimmed.parse::<f64>()) {
        (Ok(whole), _) => Value::from(whole),
        (_, Ok(number)) => {
            serde_json::Number::from_f64(number).map_or_else(|| Value::from(text), Value::Number)
        }
        _ => Value::from(text),
    }
}

/// The question that a refusal is about: `answers.goals` and `/goals` are both `goals`.
pub(super) fn question_of(field: &str) -> &str {
    let field = field.strip_prefix("answers").unwrap_or(field);
    field.trim_start_matches(['.', '/'])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_sent_takes_the_types_of_the_schema() {
        let schema = json!({"properties": {
            "name": {"type": "string"}, "on": {"type": "boolean"}, "count": {"type": "integer"},
            "share": {"type": "number"}, "tags": {"type": "array", "items": {"enum": ["a", "b"]}},
        }});
        let pairs: Vec<(String, String)> = [
            ("name", "A\r\nB"),
            ("on", "no"),
            ("count", "12"),
            ("share", "1,5"),
            ("tags", "a"),
            ("tags", "b"),
            ("stranger", "x"),
            ("_csrf", "token"),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into();
        let expected = json!({"name": "A\nB", "on": false, "count": 12, "share": 1.5, "tags": ["a", "b"]});
        assert_eq!(Value::Object(answers(&schema, &pairs)), expected);
        let odd = [("count".to_owned(), "many".to_owned()), ("name".to_owned(), "  ".to_owned())];
        assert_eq!(Value::Object(answers(&schema, &odd)), json!({"count": "many"}));
        assert!(answers(&json!(null), &odd).is_empty());
    }

    #[test]
    fn a_refusal_finds_its_question() {
        for field in ["goals", "answers.goals", "/goals", "answers/goals"] {
            assert_eq!(question_of(field), "goals");
        }
    }
}
