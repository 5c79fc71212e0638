//! A record's form, made of the fields that its definition declares: what is shown, and what was sent as JSON.

use std::collections::HashMap;

use portico_core::{Money, Problem};
use portico_definition::{Field, FieldKind, Record as Kind, Side};
use serde_json::{Map, Value, json};

use super::attempt::{Attempt, Sent};
use crate::{components::Choice, layout::Shell, site::SignedIn, wording::humanize};

/// What a field can be chosen from: people of either side, records that can be named.
#[derive(Debug, Default)]
pub(super) struct Options {
    /// Ids and names of people of the account.
    pub(super) external: Vec<(String, String)>,
    /// Ids and names of the firm's people.
    pub(super) internal: Vec<(String, String)>,
    /// Ids and titles of records, by kind.
    pub(super) records: HashMap<String, Vec<(String, String)>>,
}

/// One field of the form.
#[derive(Debug)]
pub(super) struct Input {
    pub(super) name: String,
    pub(super) label: String,
    pub(super) hint: String,
    pub(super) optional: bool,
    pub(super) control: Control,
}

/// How a field is filled in.
#[derive(Debug)]
pub(super) enum Control {
    /// One line; the type is an HTML input's.
    Line { value: String, kind: &'static str },
    /// Several lines.
    Lines { value: String },
    /// One box to tick.
    Tick { on: bool },
    /// One of a list.
    Select { choices: Vec<Choice> },
    /// Several of a list.
    Boxes { choices: Vec<Choice> },
    /// An amount, with its currency in a field of its own unless it is fixed.
    Money { amount: String, currency: String, currency_name: String, fixed: bool },
    /// Files come in through the portal, not here.
    Files,
}

/// The fields that the reader sees and sets.
pub(super) fn visible<'a>(kind: &'a Kind, reader: &SignedIn) -> Vec<(&'a str, &'a Field)> {
    let seen = |field: &Field| {
        field.visible_to.is_empty()
            || reader.has_role("admin")
            || field.visible_to.iter().any(|role| reader.has_role(role))
    };
    kind.fields.iter().filter(|(_, field)| seen(field)).map(|(name, field)| (name.as_str(), field)).collect()
}

/// The form over `fields`, with what is there or what was typed.
pub(super) fn inputs(
    s: &Shell,
    fields: &[(&str, &Field)],
    there: &Map<String, Value>,
    options: &Options,
    attempt: &Attempt,
) -> Vec<Input> {
    let input = |(name, field): &(&str, &Field)| Input {
        label: field.title.clone().unwrap_or_else(|| humanize(name)),
        hint: field.help.clone().unwrap_or_default(),
        optional: !field.required && !matches!(field.kind, FieldKind::Bool {}),
        control: control(s, name, &field.kind, there.get(*name).unwrap_or(&Value::Null), options, attempt),
        name: (*name).to_owned(),
    };
    fields.iter().map(input).collect()
}

fn control(
    s: &Shell,
    name: &str,
    kind: &FieldKind,
    there: &Value,
    options: &Options,
    attempt: &Attempt,
) -> Control {
    let text = |there: &Value| match there {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    let one = || attempt.value("record", name, &text(there));
    let many = || attempt.values("record", name, &texts(there));
    let none = || Choice::new("", s.t("console-choose"), "-");
    match kind {
        FieldKind::Text { .. } => Control::Line { value: one(), kind: "text" },
        FieldKind::Number { .. } => Control::Line { value: one(), kind: "text" },
        FieldKind::Date {} => Control::Line { value: one(), kind: "date" },
        FieldKind::LongText { .. } => Control::Lines { value: one() },
        FieldKind::Bool {} => {
            Control::Tick { on: attempt.ticked("record", name, there.as_bool().unwrap_or(false)) }
        }
        FieldKind::Choice { options, multiple: true } => {
            let pairs: Vec<_> = options.iter().map(|option| (option.value.clone(), title(option))).collect();
            Control::Boxes { choices: ticked(&pairs, &many()) }
        }
        FieldKind::Choice { options, multiple: false } => {
            let current = one();
            let choices =
                options.iter().map(|option| Choice::new(option.value.clone(), title(option), &current));
            Control::Select { choices: std::iter::once(none()).chain(choices).collect() }
        }
        FieldKind::People { side, .. } => {
            let people = if *side == Side::Internal { &options.internal } else { &options.external };
            Control::Boxes { choices: ticked(people, &many()) }
        }
        FieldKind::Ref { to } => {
            let (current, records) = (one(), options.records.get(to).map(Vec::as_slice).unwrap_or_default());
            let choices = records.iter().map(|(id, title)| Choice::new(id.clone(), title.clone(), &current));
            Control::Select { choices: std::iter::once(none()).chain(choices).collect() }
        }
        FieldKind::Money { currency: only, .. } => {
            let money: Option<Money> = serde_json::from_value(there.clone()).ok();
            let (amount, currency) = money.map(|money| (plain(&money), money.currency)).unwrap_or_default();
            let currency_name = format!("{name}_currency");
            let currency = only.clone().unwrap_or_else(|| attempt.value("record", &currency_name, &currency));
            let amount = attempt.value("record", name, &amount);
            Control::Money { amount, currency, currency_name, fixed: only.is_some() }
        }
        FieldKind::File { .. } => Control::Files,
    }
}

fn title(option: &portico_definition::Choice) -> String {
    option.title.clone().unwrap_or_else(|| option.value.clone())
}

fn ticked(pairs: &[(String, String)], chosen: &[String]) -> Vec<Choice> {
    let choice = |(value, label): &(String, String)| Choice {
        chosen: chosen.contains(value),
        ..Choice::new(value.clone(), label.clone(), "-")
    };
    pairs.iter().map(choice).collect()
}

fn texts(value: &Value) -> Vec<String> {
    let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
    items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

/// An amount as one types it: without currency and thousands.
fn plain(money: &Money) -> String {
    money.to_string().trim_end_matches(&money.currency).trim().replace(',', "")
}

/// What was sent, as JSON: an empty field becomes null.
///
/// # Errors
/// Names every field that cannot be read, such as an amount that is no number.
pub(super) fn read(fields: &[(&str, &Field)], sent: &Sent) -> Result<Map<String, Value>, Problem> {
    let mut read = Map::new();
    let mut refused: Option<Problem> = None;
    for (name, field) in fields {
        match value(name, &field.kind, sent) {
            Ok(Some(value)) => {
                read.insert((*name).to_owned(), value);
            }
            Ok(None) => {}
            Err(message) => {
                refused = Some(match refused {
                    Some(problem) => problem.with_field(*name, message),
                    None => Problem::invalid(*name, message),
                });
            }
        }
    }
    refused.map_or(Ok(read), Err)
}

fn value(name: &str, kind: &FieldKind, sent: &Sent) -> Result<Option<Value>, String> {
    let text = sent.of(name);
    let or_null = |value: Value| if text.is_empty() { Value::Null } else { value };
    Ok(Some(match kind {
        FieldKind::File { .. } => return Ok(None),
        FieldKind::Text { .. } | FieldKind::LongText { .. } | FieldKind::Date {} | FieldKind::Ref { .. } => {
            or_null(json!(text))
        }
        FieldKind::Choice { multiple: false, .. } => or_null(json!(text)),
        FieldKind::Choice { multiple: true, .. } | FieldKind::People { .. } => json!(sent.all(name)),
        FieldKind::Bool {} => json!(sent.ticked(name)),
        FieldKind::Number { .. } if text.is_empty() => Value::Null,
        FieldKind::Number { .. } => {
            let number: f64 =
                text.parse().map_err(|_| "Write a number in digits, such as 12.5.".to_owned())?;
            serde_json::Number::from_f64(number).map(Value::Number).ok_or("This number is too large.")?
        }
        FieldKind::Money { .. } if text.is_empty() => Value::Null,
        FieldKind::Money { currency, .. } => {
            let typed = sent.of(&format!("{name}_currency")).to_uppercase();
            let money = Money::parse(text, currency.as_deref().unwrap_or(&typed)).map_err(sentence)?;
            json!(money)
        }
    }))
}

fn sentence(error: impl std::fmt::Display) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}

/// The fields of `new` that differ from what is there.
pub(super) fn changed(there: &Map<String, Value>, new: Map<String, Value>) -> Map<String, Value> {
    let empty = |value: &Value| {
        value.is_null() || value.as_array().is_some_and(Vec::is_empty) || *value == json!(false)
    };
    let same = |name: &String, value: &Value| match there.get(name) {
        Some(old) => old == value || (old.as_f64().is_some() && old.as_f64() == value.as_f64()),
        None => empty(value),
    };
    new.into_iter().filter(|(name, value)| !same(name, value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{layout::Area, text::Locale};

    fn engagement() -> Kind {
        let definition = portico_definition::parse(portico_definition::gallery()[0].yaml).unwrap();
        definition.spec.records["engagement"].clone()
    }

    fn sent(pairs: &[(&str, &str)]) -> Sent {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn all(kind: &Kind) -> Vec<(&str, &Field)> {
        kind.fields.iter().map(|(name, field)| (name.as_str(), field)).collect()
    }

    #[test]
    fn a_form_becomes_the_records_json() {
        let kind = engagement();
        let typed = sent(&[
            ("title", "Website"),
            ("start_date", ""),
            ("team", "p1"),
            ("team", "p2"),
            ("fee", "1,250.50"),
            ("fee_currency", "eur"),
        ]);
        let read = read(&all(&kind), &typed).unwrap();
        assert_eq!(
            Value::Object(read),
            json!({
                "title": "Website", "start_date": null, "team": ["p1", "p2"], "contacts": [],
                "fee": {"amount": 125_050, "currency": "EUR"}
            })
        );
    }

    #[test]
    fn what_cannot_be_read_is_named_at_its_field() {
        let kind = engagement();
        let problem = read(&all(&kind), &sent(&[("fee", "a lot"), ("fee_currency", "EUR")])).unwrap_err();
        assert_eq!(problem.fields[0].field, "fee");
        assert!(problem.fields[0].description.starts_with("Write the amount in digits"), "{problem:?}");
        let problem = read(&all(&kind), &sent(&[("fee", "1")])).unwrap_err();
        assert_eq!(problem.fields[0].description, "A currency is three capital letters, such as EUR.");
    }

    #[test]
    fn people_are_offered_from_the_right_side_and_money_is_shown_as_typed() {
        let (s, kind) = (crate::walk::shell(Area::Console, Locale::En), engagement());
        let pair = |id: &str| vec![(id.to_owned(), id.to_uppercase())];
        let options = Options { internal: pair("us"), external: pair("them"), ..Options::default() };
        let there = json!({"team": ["us"], "fee": {"amount": 125_050, "currency": "EUR"}});
        let there = there.as_object().unwrap();
        let inputs = inputs(&s, &all(&kind), there, &options, &Attempt::default());
        let Control::Boxes { choices } = &inputs[2].control else { panic!("{:?}", inputs[2]) };
        assert!(choices.len() == 1 && choices[0].value == "us" && choices[0].chosen);
        let Control::Money { amount, currency, fixed, .. } = &inputs[4].control else { panic!() };
        assert_eq!((amount.as_str(), currency.as_str(), *fixed), ("1250.50", "EUR", false));
        assert!(!inputs[0].optional && inputs[1].optional);
    }

    #[test]
    fn only_what_differs_is_sent_on() {
        let there = json!({"title": "Website", "team": ["a"], "hours": 2});
        let new = json!({"title": "Website", "team": [], "contacts": [], "fee": null, "hours": 2.0, "start_date": "2026-12-03"});
        let changed = changed(there.as_object().unwrap(), new.as_object().unwrap().clone());
        assert_eq!(Value::Object(changed), json!({"team": [], "start_date": "2026-12-03"}));
    }
}
