//! What was sent with a record's form, as values of its fields. Pure: workflow decides what is right.

use portico_core::Money;
use portico_definition::{FieldKind, Record as Kind};
use serde_json::{Map, Number, Value, json};

use super::{Pairs, all, first, held_files};
use crate::{form::Errors, layout::Shell, text::Locale};

/// What was sent, as the values of the fields that `visible` names; an empty field is null or an empty list. What cannot be read as
/// a value is told at its field.
pub(crate) fn values(
    s: &Shell,
    kind: &Kind,
    visible: &[&str],
    pairs: &Pairs,
) -> (Map<String, Value>, Errors) {
    let mut errors = Errors::none();
    let mut values = Map::new();
    for (name, field) in kind.fields.iter().filter(|(name, _)| visible.contains(&name.as_str())) {
        match value(s.texts.locale, name, &field.kind, pairs) {
            Ok(value) => drop(values.insert(name.clone(), value)),
            Err(key) => errors.add(name, s.t(key)),
        }
    }
    (values, errors)
}

/// The value of one field, or the key of the sentence that says what is wrong with it.
fn value(locale: Locale, name: &str, kind: &FieldKind, pairs: &Pairs) -> Result<Value, &'static str> {
    let given = all(pairs, name);
    let text = given.first().copied().unwrap_or_default();
    Ok(match kind {
        FieldKind::File { .. } => {
            json!(held_files(pairs, name, kind).into_iter().map(|(id, _)| id).collect::<Vec<_>>())
        }
        FieldKind::Choice { multiple: true, .. } | FieldKind::People { .. } => json!(given),
        _ if text.is_empty() => Value::Null,
        FieldKind::Number { .. } => {
            let number = amount(locale, text).and_then(|text| text.parse().ok()).and_then(Number::from_f64);
            Value::Number(number.ok_or("number-wrong")?)
        }
        FieldKind::Bool {} => json!(text == "yes"),
        FieldKind::Money { currency, .. } => {
            let currency = currency.as_deref().unwrap_or_else(|| first(pairs, &format!("{name}.currency")));
            let money = amount(locale, text).and_then(|text| Money::parse(&text, currency).ok());
            json!(money.ok_or("money-wrong")?)
        }
        _ => json!(text),
    })
}

/// An amount with a point before the decimals. A comma is a separator of thousands only where three digits follow; where it could
/// mean either, nothing is guessed.
pub(crate) fn amount(locale: Locale, text: &str) -> Option<String> {
    let german = locale == Locale::De && text.contains(',');
    let (thousands, decimal) = if german { ('.', ',') } else { (',', '.') };
    let (whole, fraction) = text.split_once(decimal).unwrap_or((text, ""));
    let mut groups = whole.split(thousands);
    let head = groups.next().unwrap_or_default();
    let grouped = groups.clone().all(|group| group.len() == 3);
    if !grouped
        || fraction.contains([',', '.'])
        || (head.trim_start_matches('-').len() > 3 && groups.next().is_some())
    {
        return None;
    }
    let whole: String = whole.chars().filter(|c| *c != thousands).collect();
    Some(if fraction.is_empty() { whole } else { format!("{whole}.{fraction}") })
}

fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_array().is_some_and(Vec::is_empty)
}

/// The values of a new record: what was left empty is not there.
pub(crate) fn filled(values: Map<String, Value>) -> Map<String, Value> {
    values.into_iter().filter(|(_, value)| !is_empty(value)).collect()
}

/// The fields of `new` that differ from what is there.
pub(crate) fn changed(there: &Map<String, Value>, new: Map<String, Value>) -> Map<String, Value> {
    let same = |old: &Value, new: &Value| old == new || (is_empty(old) && is_empty(new)) || alike(old, new);
    new.into_iter().filter(|(name, value)| !same(there.get(name).unwrap_or(&Value::Null), value)).collect()
}

/// Whether two values differ only in how their numbers are written: structs hold every number as a double.
fn alike(old: &Value, new: &Value) -> bool {
    match (old, new) {
        (Value::Number(old), Value::Number(new)) => old.as_f64() == new.as_f64(),
        (Value::Object(old), Value::Object(new)) => {
            old.len() == new.len()
                && old
                    .iter()
                    .all(|(name, value)| new.get(name).is_some_and(|new| value == new || alike(value, new)))
        }
        // A file field of one may hold its id without a list.
        (Value::String(_), Value::Array(items)) => items.len() == 1 && items.first() == Some(old),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{super::asked, *};
    use crate::{layout::Area, record_form::Options, values::tests::gallery};

    fn pairs(list: &[(&str, &str)]) -> Pairs {
        list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn an_invoice_is_read_from_its_form() {
        let s = crate::walk::shell(Area::Portal, Locale::En);
        let definition = gallery("vendor-invoices");
        let kind = &definition.spec.records["invoice"];
        let visible = ["purchase_order", "amount", "supplier_no", "file"];
        let sent = pairs(&[
            ("purchase_order", "po-1"),
            ("amount", "12,345.60"),
            ("amount.currency", "EUR"),
            ("supplier_no", " R-77 "),
            ("file.file", "doc-0 older.pdf"),
            ("file.file", "doc-1 scan of it.pdf"),
            ("stranger", "x"),
        ]);
        let (value, errors) = values(&s, kind, &visible, &sent);
        assert!(errors.is_empty());
        let expected = json!({"purchase_order": "po-1", "amount": {"amount": 1_234_560, "currency": "EUR"}, "supplier_no": "R-77", "file": ["doc-1"]});
        assert_eq!(Value::Object(value), expected);
        let options = Options {
            records: [("purchase_order".to_owned(), vec![("po-1".to_owned(), "PO-00012".to_owned())])].into(),
            ..Options::default()
        };
        let fields = asked(&s, kind, &visible, &options, &sent);
        let chosen: Vec<_> = fields[0].choices.iter().filter(|choice| choice.chosen).collect();
        assert_eq!(chosen[0].label, "PO-00012");
        assert_eq!(fields[3].choices[0].label, "scan of it.pdf");
        assert_eq!(fields[3].accept(), ".pdf,application/pdf,image/*,.heic,.heif,.tif,.tiff");
        assert_eq!(asked(&s, kind, &["amount"], &Options::default(), &Vec::new()).len(), 1);
    }

    #[test]
    fn an_engagement_is_read_with_its_people_and_its_gaps() {
        let s = crate::walk::shell(Area::Console, Locale::En);
        let definition = gallery("client-onboarding");
        let kind = &definition.spec.records["engagement"];
        let names: Vec<&str> = kind.fields.keys().map(String::as_str).collect();
        let sent = pairs(&[
            ("title", "Website"),
            ("start_date", ""),
            ("team", "p1"),
            ("team", "p2"),
            ("fee", "1,250.50"),
            ("fee.currency", "EUR"),
        ]);
        let (read, errors) = values(&s, kind, &names, &sent);
        assert!(errors.is_empty());
        let expected = json!({"title": "Website", "start_date": null, "team": ["p1", "p2"], "contacts": [],
            "fee": {"amount": 125_050, "currency": "EUR"}});
        assert_eq!(Value::Object(read.clone()), expected);
        let made =
            json!({"title": "Website", "team": ["p1", "p2"], "fee": {"amount": 125_050, "currency": "EUR"}});
        assert_eq!(Value::Object(filled(read)), made);
        for (typed, currency) in [("a lot", "EUR"), ("1", ""), ("1", "euro")] {
            let (_, errors) = values(&s, kind, &names, &pairs(&[("fee", typed), ("fee.currency", currency)]));
            assert_eq!(errors.of("fee"), s.t("money-wrong"), "{typed} {currency}");
        }
    }

    #[test]
    fn only_what_differs_is_sent_on() {
        let there = json!({"title": "Website", "team": ["a"], "hours": 2, "fee": {"amount": 1.0, "currency": "EUR"}, "scan": "d1"});
        let new = json!({"title": "Website", "team": [], "contacts": [], "goal": null, "hours": 2.0,
            "fee": {"amount": 1, "currency": "EUR"}, "start_date": "2026-12-03", "scan": ["d1"], "agreed": false});
        let changed = changed(there.as_object().unwrap(), new.as_object().unwrap().clone());
        assert_eq!(
            Value::Object(changed),
            json!({"team": [], "start_date": "2026-12-03", "agreed": false}),
            "a no is an answer, an empty field is none"
        );
    }

    #[test]
    fn an_amount_is_never_guessed() {
        for (locale, text, read) in [
            (Locale::En, "1,234.50", Some("1234.50")),
            (Locale::En, "1234.5", Some("1234.5")),
            (Locale::En, "1234,56", None),
            (Locale::En, "12,34", None),
            (Locale::De, "1.234,50", Some("1234.50")),
            (Locale::De, "1234,5", Some("1234.5")),
            (Locale::De, "1234.56", Some("1234.56")),
            (Locale::De, "1,234,5", None),
            (Locale::En, "1234,567", None),
        ] {
            assert_eq!(amount(locale, text).as_deref(), read, "{text} in {locale:?}");
        }
    }
}
