//! The fields of a record: what may stand in them, what they are called, and how they read.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use portico_core::{ErrorCode, FieldViolation, Money, PersonId, Problem};
use portico_definition::{Definition, Field, FieldKind, Record, Side, UniqueWithin};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::words::Words;

/// The longest text in a field that names no limit of its own, in characters.
const LONGEST_TEXT: usize = 20_000;
/// The longest value that may stand only once, in characters: it has to fit into an index.
pub(crate) const LONGEST_UNIQUE: usize = 400;
/// The most entries of a list.
const MOST_ENTRIES: usize = 200;

/// The fields after a change: `changes` over `present`, null removes. Only `settable` fields may change.
///
/// # Errors
/// INVALID_ARGUMENT with every field at fault.
pub(crate) fn change(
    kind: &Record,
    present: &Map<String, Value>,
    changes: &Map<String, Value>,
    settable: &[&str],
) -> Result<Map<String, Value>, Problem> {
    let mut fields = present.clone();
    let mut faults: Vec<FieldViolation> = Vec::new();
    let fault =
        |field: &str, description: String| FieldViolation { field: format!("fields.{field}"), description };
    for name in
        changes.keys().filter(|name| !kind.fields.contains_key(*name) || !settable.contains(&name.as_str()))
    {
        faults.push(fault(name, "There is no such field.".to_owned()));
    }
    for (name, field) in kind.fields.iter().filter(|(name, _)| settable.contains(&name.as_str())) {
        match changes.get(name) {
            Some(value) if is_empty(value) => {
                fields.remove(name);
            }
            Some(value) => match check(field, value) {
                Ok(()) => {
                    fields.insert(name.clone(), value.clone());
                }
                Err(text) => faults.push(fault(name, text)),
            },
            None => {}
        }
        if field.required && !fields.contains_key(name) && !faulty(&faults, name) {
            faults.push(fault(name, format!("Please fill in “{}”.", title(name, field))));
        }
    }
    match faults.first() {
        None => Ok(fields),
        Some(first) => {
            let mut problem =
                Problem::new(ErrorCode::InvalidArgument, "invalid_argument", first.description.clone());
            problem.fields = faults;
            Err(problem)
        }
    }
}

fn faulty(faults: &[FieldViolation], name: &str) -> bool {
    faults.iter().any(|fault| fault.field.strip_prefix("fields.") == Some(name))
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

fn check(field: &Field, value: &Value) -> Result<(), String> {
    let ids = |value: &Value, max: usize| -> Result<(), String> {
        let items = value.as_array().ok_or("Choose from the list.")?;
        let all_ids = items.iter().all(|item| item.as_str().is_some_and(|id| Uuid::try_parse(id).is_ok()));
        match items.len() <= max && all_ids {
            true => Ok(()),
            false => Err(format!("Choose at most {max} from the list.")),
        }
    };
    let at_most = |max: &Option<u32>, default: usize| max.map_or(default, |max| max as usize);
    match &field.kind {
        FieldKind::Text { min, max } | FieldKind::LongText { min, max } => {
            let text = value.as_str().ok_or("Write a text.")?;
            let length = text.chars().count();
            if !is_plain(text) {
                return Err("Use plain text.".to_owned());
            }
            if matches!(field.kind, FieldKind::Text { .. }) && text.contains(['\n', '\r']) {
                return Err("Write this in one line.".to_owned());
            }
            if length < at_most(min, 0) {
                return Err(format!("Write at least {} characters.", at_most(min, 0)));
            }
            let most = at_most(max, LONGEST_TEXT);
            if length > most { Err(format!("Write at most {most} characters.")) } else { Ok(()) }
        }
        FieldKind::Number { min, max } => {
            let number = value.as_f64().filter(|number| number.is_finite()).ok_or("Write a number.")?;
            within(number, *min, *max)
        }
        FieldKind::Date {} => match value.as_str().and_then(|day| day.parse::<NaiveDate>().ok()) {
            Some(_) => Ok(()),
            None => Err("Write a date, such as 2027-03-31.".to_owned()),
        },
        FieldKind::Bool {} if value.is_boolean() => Ok(()),
        FieldKind::Bool {} => Err("Answer yes or no.".to_owned()),
        FieldKind::Choice { options, multiple } => {
            let known =
                |value: &Value| options.iter().any(|option| Some(option.value.as_str()) == value.as_str());
            let fine = match value {
                Value::Array(items) if *multiple => items.len() <= MOST_ENTRIES && items.iter().all(known),
                value => !*multiple && known(value),
            };
            if fine { Ok(()) } else { Err("Choose from the list.".to_owned()) }
        }
        FieldKind::People { max, .. } => ids(value, at_most(max, MOST_ENTRIES)),
        FieldKind::File { max, .. } => ids(value, at_most(max, 1)),
        FieldKind::Ref { .. } => match value.as_str().map(Uuid::try_parse) {
            Some(Ok(_)) => Ok(()),
            _ => Err("Choose from the list.".to_owned()),
        },
        FieldKind::Money { min, max, currency } => {
            let money: Money = serde_json::from_value(value.clone())
                .map_err(|_| "Write an amount and its currency, such as 1250.00 EUR.".to_owned())?;
            Money::new(money.amount, &money.currency).map_err(|error| error.to_string())?;
            if let Some(only) = currency.as_ref().filter(|only| **only != money.currency) {
                return Err(format!("The amount must be in {only}."));
            }
            let show = |amount| Money { amount, currency: money.currency.clone() };
            match (min, max) {
                (Some(min), _) if money.amount < *min => {
                    Err(format!("The amount must be at least {}.", show(*min)))
                }
                (_, Some(max)) if money.amount > *max => {
                    Err(format!("The amount may be at most {}.", show(*max)))
                }
                _ => Ok(()),
            }
        }
    }
}

fn within(number: f64, min: Option<f64>, max: Option<f64>) -> Result<(), String> {
    match (min, max) {
        (Some(min), _) if number < min => Err(format!("The number must be at least {min}.")),
        (_, Some(max)) if number > max => Err(format!("The number may be at most {max}.")),
        _ => Ok(()),
    }
}

/// What people read at a field.
fn title(name: &str, field: &Field) -> String {
    field.title.clone().unwrap_or_else(|| name.replace('_', " "))
}

/// What people call a record: the field that names it, its number, or its first text.
pub(crate) fn record_title(
    kind: &Record,
    name: &str,
    number: Option<&str>,
    fields: &Map<String, Value>,
) -> String {
    let text =
        |field: &String| fields.get(field).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
    let first = || {
        kind.fields
            .iter()
            .filter(|(_, field)| matches!(field.kind, FieldKind::Text { .. }))
            .find_map(|(name, _)| text(name))
    };
    kind.label
        .as_ref()
        .and_then(text)
        .or(number)
        .or_else(first)
        .map_or_else(|| kind.title.clone().unwrap_or_else(|| name.replace('_', " ")), str::to_owned)
}

/// The people, records and files that the fields name.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Named {
    /// People of the firm.
    pub(crate) staff: Vec<PersonId>,
    /// People of the account.
    pub(crate) external: Vec<PersonId>,
    /// Other records: the field, the kind it refers to, the id.
    pub(crate) records: Vec<(String, String, Uuid)>,
    /// Documents: the field and the id.
    pub(crate) files: Vec<(String, Uuid)>,
}

/// Whom and what the fields name, each once, in order.
pub(crate) fn named(kind: &Record, fields: &Map<String, Value>) -> Named {
    let mut named = Named::default();
    for (name, field) in &kind.fields {
        let Some(value) = fields.get(name) else { continue };
        let ids = || {
            let listed = value.as_array().map(Vec::as_slice).unwrap_or_default();
            listed.iter().filter_map(|id| Uuid::try_parse(id.as_str()?).ok())
        };
        match &field.kind {
            FieldKind::People { side, .. } => {
                let list = if *side == Side::Internal { &mut named.staff } else { &mut named.external };
                for id in ids().map(PersonId) {
                    if !list.contains(&id) {
                        list.push(id);
                    }
                }
            }
            FieldKind::Ref { to } => {
                let id = value.as_str().and_then(|id| Uuid::try_parse(id).ok());
                named.records.extend(id.map(|id| (name.clone(), to.clone(), id)));
            }
            FieldKind::File { .. } => named.files.extend(ids().map(|id| (name.clone(), id))),
            _ => {}
        }
    }
    named
}

/// Values that may stand only once: the field, where, and the value.
pub(crate) fn unique_values(
    kind: &Record,
    fields: &Map<String, Value>,
) -> Vec<(String, UniqueWithin, String)> {
    let unique = kind.fields.iter().filter_map(|(name, field)| Some((name, field.unique_within?)));
    unique
        .filter_map(|(name, within)| {
            let value = fields.get(name)?;
            // Two spellings of one number are one number.
            let text = value.as_str().map_or_else(|| value.to_string(), |text| text.trim().to_lowercase());
            Some((name.clone(), within, text))
        })
        .collect()
}

/// Whether a text has no control characters but tabs and the ends of lines.
pub(crate) fn is_plain(text: &str) -> bool {
    !text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
}

/// How a value reads in a text, as people write it who read this language.
pub(crate) fn spoken(
    words: Words,
    kind: Option<&FieldKind>,
    value: &Value,
    labels: &BTreeMap<String, String>,
) -> String {
    match (kind, value) {
        (Some(FieldKind::Money { .. }), value) => serde_json::from_value::<Money>(value.clone())
            .map(|money| words.amount(&money))
            .unwrap_or_default(),
        (Some(FieldKind::Date {}), Value::String(day)) => {
            day.parse::<NaiveDate>().map_or_else(|_| day.clone(), |day| words.date(day))
        }
        (Some(FieldKind::Choice { options, .. }), Value::String(chosen)) => options
            .iter()
            .find(|option| option.value == *chosen)
            .map_or_else(|| chosen.clone(), |option| option.title.clone().unwrap_or_else(|| chosen.clone())),
        (_, Value::Bool(yes)) => words.yes_or_no(*yes).to_owned(),
        (_, Value::Array(items)) => {
            items.iter().map(|item| spoken(words, kind, item, labels)).collect::<Vec<_>>().join(", ")
        }
        (_, Value::String(text)) => labels.get(text).cloned().unwrap_or_else(|| text.clone()),
        (_, Value::Number(number)) => number.to_string(),
        (_, Value::Null | Value::Object(_)) => String::new(),
    }
}

/// A name of the definition as words: `in_review` reads “in review”.
pub(crate) fn words(name: &str) -> String {
    name.replace('_', " ")
}

/// A kind of record, where the definition has it.
pub(crate) fn kind_of<'a>(definition: &'a Definition, kind: &str) -> Option<&'a Record> {
    definition.spec.records.get(kind)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn invoice() -> Record {
        let definition = portico_definition::parse(portico_definition::gallery()[1].yaml).unwrap();
        definition.spec.records["invoice"].clone()
    }

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    const ALL: [&str; 4] = ["purchase_order", "amount", "supplier_no", "file"];

    #[test]
    fn every_field_at_fault_is_named_at_once() {
        let given = object(
            json!({"amount": {"amount": 0, "currency": "EUR"}, "supplier_no": "a\nb", "colour": "red"}),
        );
        let problem = change(&invoice(), &Map::new(), &given, &ALL).unwrap_err();
        let fields: Vec<_> = problem.fields.iter().map(|fault| fault.field.as_str()).collect();
        assert_eq!(
            fields,
            ["fields.colour", "fields.purchase_order", "fields.amount", "fields.supplier_no", "fields.file"]
        );
        assert!(problem.fields[2].description.contains("at least 0.01 EUR"), "{problem:?}");
    }

    #[test]
    fn a_field_that_one_may_not_set_does_not_exist() {
        let definition = portico_definition::parse(portico_definition::gallery()[0].yaml).unwrap();
        let engagement = &definition.spec.records["engagement"];
        let given = object(json!({"title": "Audit", "fee": {"amount": 1, "currency": "EUR"}}));
        let problem = change(engagement, &Map::new(), &given, &["title"]).unwrap_err();
        assert_eq!(problem.fields[0].field, "fields.fee");
        assert!(change(engagement, &Map::new(), &given, &["title", "fee"]).is_ok());
    }

    #[test]
    fn values_read_as_people_write_them() {
        let kind = invoice();
        let amount = spoken(
            Words::English,
            Some(&kind.fields["amount"].kind),
            &json!({"amount": 123_450, "currency": "EUR"}),
            &BTreeMap::new(),
        );
        assert_eq!(amount, "1,234.50 EUR");
        assert_eq!(words("in_review"), "in review");
    }
}
