//! The values of a record's fields as people read them.

use std::collections::HashMap;

use chrono::NaiveDate;
use portico_core::Money;
use portico_definition::{Definition, FieldKind, Record as Kind};
use portico_proto::{json::from_struct, time::moment, workflow::v1::Record};
use serde_json::{Map, Value};

use crate::{layout::Shell, wording::humanize};

/// One value of a field; a field of several has several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    /// What is read.
    pub(crate) text: String,
    /// The page it leads to; empty for none.
    pub(crate) href: String,
}

impl Shown {
    fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), href: String::new() }
    }
}

/// A field with its name and its values; none where it is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    /// The field's title.
    pub(crate) label: String,
    /// Its values.
    pub(crate) values: Vec<Shown>,
    /// Whether it is a number, an amount or a date, which stand to the right in tables.
    pub(crate) numeric: bool,
}

impl Line {
    /// The values in one line, for tables.
    pub(crate) fn joined(&self) -> String {
        self.values.iter().map(|value| value.text.as_str()).collect::<Vec<_>>().join(", ")
    }
}

/// A record's fields as JSON.
pub(crate) fn fields_of(record: &Record) -> Map<String, Value> {
    match record.fields.as_ref().map(from_struct) {
        Some(Value::Object(fields)) => fields,
        _ => Map::new(),
    }
}

/// A field's title.
pub(crate) fn field_title(kind: &Kind, field: &str) -> String {
    kind.fields.get(field).and_then(|field| field.title.clone()).unwrap_or_else(|| humanize(field))
}

/// What a kind of record is called.
pub(crate) fn kind_title(definition: &Definition, kind: &str) -> String {
    definition.spec.records.get(kind).and_then(|kind| kind.title.clone()).unwrap_or_else(|| humanize(kind))
}

/// One column of a record: a field, or what every record has (`state`, `number`, `account`, `created`, `label`).
pub(crate) fn line(s: &Shell, kind: &Kind, record: &Record, column: &str) -> Line {
    let built_in = |key: &str, text: String| Line {
        label: s.t(key),
        values: if text.is_empty() { Vec::new() } else { vec![Shown::plain(text)] },
        numeric: false,
    };
    match column {
        "state" => built_in("field-state", humanize(&record.state)),
        "number" => built_in("field-number", record.number.clone()),
        "account" => built_in("field-account", record.account_name.clone()),
        "label" => built_in("field-label", record.title.clone()),
        "created" => {
            let created =
                record.created_at.as_ref().and_then(moment).map(|at| s.date(&at)).unwrap_or_default();
            Line { numeric: true, ..built_in("field-created", created) }
        }
        field => {
            let label = field_title(kind, field);
            let fields = fields_of(record);
            let (Some(declared), Some(value)) = (kind.fields.get(field), fields.get(field)) else {
                return Line { label, values: Vec::new(), numeric: false };
            };
            let numeric = matches!(
                declared.kind,
                FieldKind::Number { .. } | FieldKind::Money { .. } | FieldKind::Date {}
            );
            Line { label, values: values(s, &declared.kind, value, &record.labels), numeric }
        }
    }
}

/// Every field that came with the record, in the order of its kind.
pub(crate) fn lines(s: &Shell, kind: &Kind, record: &Record, only: &[String]) -> Vec<Line> {
    let fields = fields_of(record);
    kind.fields
        .keys()
        .filter(|field| fields.contains_key(*field) && (only.is_empty() || only.contains(field)))
        .map(|field| line(s, kind, record, field))
        .collect()
}

fn values(s: &Shell, kind: &FieldKind, value: &Value, labels: &HashMap<String, String>) -> Vec<Shown> {
    let each: Vec<&Value> = match value {
        Value::Null => return Vec::new(),
        Value::Array(items) => items.iter().collect(),
        single => vec![single],
    };
    each.into_iter().filter_map(|value| one(s, kind, value, labels)).collect()
}

fn one(s: &Shell, kind: &FieldKind, value: &Value, labels: &HashMap<String, String>) -> Option<Shown> {
    let named = |id: &str, href: String| Shown { text: labels.get(id).cloned().unwrap_or_default(), href };
    let shown = match kind {
        FieldKind::Text { .. } | FieldKind::LongText { .. } => Shown::plain(value.as_str()?),
        FieldKind::Number { .. } => Shown::plain(match value.as_i64() {
            Some(whole) => s.formats.number(&whole),
            None => value.to_string(),
        }),
        FieldKind::Date {} => Shown::plain(s.formats.day(&value.as_str()?.parse::<NaiveDate>().ok()?)),
        FieldKind::Bool {} => Shown::plain(s.t(if value.as_bool()? { "yes" } else { "no" })),
        FieldKind::Choice { options, .. } => {
            let chosen = value.as_str()?;
            let option = options.iter().find(|option| option.value == chosen);
            Shown::plain(option.and_then(|option| option.title.clone()).unwrap_or_else(|| chosen.to_owned()))
        }
        FieldKind::Money { .. } => {
            let money: Money = serde_json::from_value(value.clone()).ok()?;
            Shown::plain(s.formats.money(&money))
        }
        FieldKind::People { .. } => named(value.as_str()?, String::new()),
        FieldKind::Ref { .. } => named(value.as_str()?, format!("/records/{}", value.as_str()?)),
        FieldKind::File { .. } => named(value.as_str()?, format!("/documents/{}", value.as_str()?)),
    };
    // Whoever may not see the other end gets no name for it, and then nothing is shown.
    (!shown.text.is_empty()).then_some(shown)
}

#[cfg(test)]
pub(crate) mod tests {
    use portico_definition::Definition;
    use portico_proto::json::to_struct;
    use serde_json::json;

    use super::*;
    use crate::{layout::Area, text::Locale};

    /// The shipped definition whose text has this beginning of a name.
    pub(crate) fn gallery(name: &str) -> Definition {
        let entry = portico_definition::gallery().iter().find(|entry| entry.yaml.contains(name)).unwrap();
        portico_definition::parse(entry.yaml).unwrap()
    }

    pub(crate) fn invoice() -> Record {
        let fields = json!({
            "purchase_order": "po-1", "amount": {"amount": 1_234_500, "currency": "EUR"},
            "supplier_no": "R-77", "file": ["doc-1"],
        });
        Record {
            id: "0190aaaa-0000-7000-8000-00000000000a".to_owned(),
            kind: "invoice".to_owned(),
            title: "R-77".to_owned(),
            state: "submitted".to_owned(),
            account_name: "Acme".to_owned(),
            fields: Some(to_struct(&fields)),
            labels: [("po-1", "PO-00012"), ("doc-1", "invoice.pdf")]
                .map(|(id, name)| (id.to_owned(), name.to_owned()))
                .into(),
            ..Record::default()
        }
    }

    #[test]
    fn values_read_as_people_write_them() {
        let s = crate::walk::shell(Area::Portal, Locale::De);
        let definition = gallery("vendor-invoices");
        let kind = &definition.spec.records["invoice"];
        let record = invoice();
        assert_eq!(line(&s, kind, &record, "amount").joined(), "12.345,00 EUR");
        let order = line(&s, kind, &record, "purchase_order");
        assert_eq!(order.values, [Shown { text: "PO-00012".to_owned(), href: "/records/po-1".to_owned() }]);
        assert_eq!(line(&s, kind, &record, "file").values[0].href, "/documents/doc-1");
        assert_eq!(line(&s, kind, &record, "state").joined(), "Submitted");
        assert_eq!(lines(&s, kind, &record, &[]).len(), 4);
        assert_eq!(lines(&s, kind, &record, &["amount".to_owned()]).len(), 1);
    }

    #[test]
    fn what_has_no_name_for_the_reader_is_not_shown() {
        let s = crate::walk::shell(Area::Portal, Locale::En);
        let definition = gallery("vendor-invoices");
        let mut record = invoice();
        record.labels.clear();
        let kind = &definition.spec.records["invoice"];
        assert!(line(&s, kind, &record, "purchase_order").values.is_empty());
        assert!(line(&s, kind, &record, "no_such_field").values.is_empty());
    }
}
