//! Conditions: do they speak of fields that exist, in ways that can be decided?

use serde_json::Value;

use super::Checker;
use crate::{Choice, Comparison, Definition, Expr, FieldKind, MAX_DEPTH, Operand, Operator, Record};

/// What a condition may compare.
#[derive(Clone, Debug)]
pub(super) enum Comparable<'a> {
    Text,
    Number,
    Date,
    Bool,
    /// One of these words.
    Word(Vec<&'a str>),
    /// Several of these words.
    Words(Vec<&'a str>),
    People,
    /// An amount; in one currency only where it is named.
    Money(Option<&'a str>),
    /// Something that cannot be compared, with the reason.
    Nothing(&'static str),
}

/// The fields a condition may speak of.
pub(super) trait Fields<'a> {
    /// What a field is, or the names there are.
    fn find(&self, name: &str) -> Result<Comparable<'a>, Vec<String>>;
    /// What holds them, for messages: "the record `invoice`".
    fn holder(&self) -> String;
    /// Whether there is a record with an account and a person asking.
    fn has_account(&self) -> bool;
}

/// The fields of a record, its state and number, and one hop over a reference.
pub(super) struct RecordFields<'a> {
    pub(super) definition: &'a Definition,
    pub(super) name: &'a str,
    pub(super) record: &'a Record,
}

impl<'a> RecordFields<'a> {
    fn own(record: &'a Record, name: &str) -> Option<Comparable<'a>> {
        match (name, &record.states, &record.number) {
            ("state", Some(states), _) => {
                return Some(Comparable::Word(states.next.keys().map(String::as_str).collect()));
            }
            ("number", _, Some(_)) => return Some(Comparable::Text),
            _ => {}
        }
        record.fields.get(name).map(|field| match &field.kind {
            FieldKind::Text { .. } | FieldKind::LongText { .. } => Comparable::Text,
            FieldKind::Number { .. } => Comparable::Number,
            FieldKind::Date {} => Comparable::Date,
            FieldKind::Bool {} => Comparable::Bool,
            FieldKind::Choice { options, multiple } => {
                let words = options.iter().map(|Choice { value, .. }| value.as_str()).collect();
                if *multiple { Comparable::Words(words) } else { Comparable::Word(words) }
            }
            FieldKind::People { .. } => Comparable::People,
            FieldKind::Money { currency, .. } => Comparable::Money(currency.as_deref()),
            FieldKind::Ref { .. } => {
                Comparable::Nothing("compare a field of the other record: `reference.field`")
            }
            FieldKind::File { .. } => Comparable::Nothing("files cannot be compared"),
        })
    }

    fn names(record: &Record) -> Vec<String> {
        let states = record.states.as_ref().map(|_| "state".to_owned());
        let number = record.number.as_ref().map(|_| "number".to_owned());
        record.fields.keys().cloned().chain(states).chain(number).collect()
    }
}

impl<'a> Fields<'a> for RecordFields<'a> {
    fn find(&self, name: &str) -> Result<Comparable<'a>, Vec<String>> {
        let Some((reference, field)) = name.split_once('.') else {
            return Self::own(self.record, name).ok_or_else(|| Self::names(self.record));
        };
        let Some(FieldKind::Ref { to }) = self.record.fields.get(reference).map(|field| &field.kind) else {
            return Err(Self::names(self.record));
        };
        match self.definition.spec.records.get(to) {
            Some(other) => Self::own(other, field)
                .ok_or_else(|| Self::names(other).iter().map(|name| format!("{reference}.{name}")).collect()),
            // The reference itself is reported where it is declared.
            None => Ok(Comparable::Nothing("the record it refers to does not exist")),
        }
    }

    fn holder(&self) -> String {
        format!("the record `{}`", self.name)
    }

    fn has_account(&self) -> bool {
        true
    }
}

impl<'a> Checker<'a> {
    /// Checks a condition and everything in it. `path` is the condition's own.
    pub(super) fn condition(&mut self, path: &str, expr: &Expr, fields: &dyn Fields<'a>) {
        if expr.depth() > MAX_DEPTH {
            self.report(path, "conditions nest at most 4 deep");
            return;
        }
        match expr {
            Expr::AccountIsMine if !fields.has_account() => {
                self.report(path, format!("{} belongs to no account", fields.holder()));
            }
            Expr::AccountIsMine => {}
            Expr::And(parts) | Expr::Or(parts) => {
                let key = if matches!(expr, Expr::And(_)) { "and" } else { "or" };
                if parts.is_empty() {
                    self.report(path, format!("an empty `{key}` allows nobody"));
                }
                for (place, part) in parts.iter().enumerate() {
                    self.condition(&format!("{path}.{key}[{place}]"), part, fields);
                }
            }
            Expr::Compare(comparison) => self.comparison(path, comparison, fields),
        }
    }

    fn comparison(&mut self, path: &str, comparison: &Comparison, fields: &dyn Fields<'a>) {
        let Comparison { field, operator, operand } = comparison;
        let kind = match fields.find(field) {
            Ok(kind) => kind,
            Err(known) => {
                let hint = crate::finding::suggestion(field, known.iter().map(String::as_str));
                let message = format!("{} has no field `{field}`", fields.holder());
                self.report_with(format!("{path}.field"), message, hint);
                return;
            }
        };
        let at = format!("{path}.{}", operator.key());
        let operators: &[Operator] = match kind {
            Comparable::Text => &[Operator::Is, Operator::IsNot, Operator::Contains, Operator::In],
            Comparable::Number | Comparable::Date => &[
                Operator::Is,
                Operator::IsNot,
                Operator::Above,
                Operator::Below,
                Operator::AtLeast,
                Operator::AtMost,
                Operator::In,
            ],
            Comparable::Money(_) => &[
                Operator::Is,
                Operator::IsNot,
                Operator::Above,
                Operator::Below,
                Operator::AtLeast,
                Operator::AtMost,
            ],
            Comparable::Bool => &[Operator::Is, Operator::IsNot],
            Comparable::Word(_) => &[Operator::Is, Operator::IsNot, Operator::In],
            Comparable::Words(_) | Comparable::People => &[Operator::Contains],
            Comparable::Nothing(reason) => {
                self.report(
                    format!("{path}.field"),
                    format!("`{field}` cannot stand in a condition: {reason}"),
                );
                return;
            }
        };
        if !operators.contains(operator) {
            let keys: Vec<_> = operators.iter().map(|operator| operator.key()).collect();
            let message = format!("`{}` does not go with `{field}`", operator.key());
            self.report_with(at, message, Some(format!("use {}", keys.join(", "))));
            return;
        }
        match (operand, operator) {
            (Operand::Me, _) if matches!(kind, Comparable::People) => {}
            (Operand::Constant(_), _) if matches!(kind, Comparable::People) => {
                self.report(at, "people can only be compared with `me`");
            }
            (Operand::Me, _) => self.constant(&at, &Value::from("me"), &kind),
            (Operand::Constant(Value::Array(values)), Operator::In) if !values.is_empty() => {
                for (place, value) in values.iter().enumerate() {
                    self.constant(&format!("{at}[{place}]"), value, &kind);
                }
            }
            (Operand::Constant(_), Operator::In) => {
                self.report(at, "`in` takes a list with at least one value")
            }
            (Operand::Constant(value), _) => self.constant(&at, value, &kind),
        }
    }

    fn constant(&mut self, path: &str, value: &Value, kind: &Comparable<'_>) {
        let expected = match kind {
            Comparable::Text if value.is_string() => return,
            Comparable::Number if value.is_number() => return,
            Comparable::Bool if value.is_boolean() => return,
            Comparable::Date
                if value.as_str().is_some_and(|day| day.parse::<chrono::NaiveDate>().is_ok()) =>
            {
                return;
            }
            Comparable::Word(words) | Comparable::Words(words) => {
                match value.as_str() {
                    Some(word) => drop(self.known(path, "choice", word, words.iter().copied())),
                    None => self.report(path, format!("expected one of {}", words.join(", "))),
                }
                return;
            }
            Comparable::Money(currency) => return self.money(path, value, *currency),
            Comparable::Text => "a text",
            Comparable::Number => "a number",
            Comparable::Bool => "true or false",
            Comparable::Date => "a day such as 2026-03-01",
            Comparable::People | Comparable::Nothing(_) => return,
        };
        self.report(path, format!("expected {expected}, found {value}"));
    }

    fn money(&mut self, path: &str, value: &Value, only: Option<&str>) {
        let keys = value.as_object().map_or(0, serde_json::Map::len);
        let (amount, currency) = (value["amount"].as_i64(), value["currency"].as_str());
        match (keys, amount, currency) {
            (2, Some(_), Some(currency)) if !is_currency(currency) => {
                self.report(format!("{path}.currency"), "a currency is three capital letters, such as EUR");
            }
            (2, Some(_), Some(currency)) => match only {
                Some(only) if only != currency => {
                    let message =
                        format!("the field is always in {only}; {currency} can never be compared with it");
                    self.report(format!("{path}.currency"), message);
                }
                _ => {}
            },
            _ => self.report_with(
                path,
                format!("expected an amount of money, found {value}"),
                Some("write {amount: 100000, currency: EUR}, the amount in minor units (cents)".to_owned()),
            ),
        }
    }
}

/// Whether a text looks like an ISO 4217 code.
pub(super) fn is_currency(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase())
}
