//! The fields of a new record as a form. Pure; its tests stand with `new_values`, which reads the same form back.

use portico_definition::{AcceptedType, FieldKind, Record as Kind};
use serde_json::{Map, Value};

use super::task::request::accept_attribute;
use crate::{components::Choice, layout::Shell, values::field_title};

/// Currencies that are offered where the definition allows any; another one can be typed.
pub(super) const CURRENCIES: [&str; 6] = ["EUR", "USD", "GBP", "CHF", "PLN", "JPY"];

/// How a field is filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Input {
    /// One line, with the kind of its input.
    Line(&'static str),
    /// Several lines.
    Lines(u32),
    /// One of a list.
    Select,
    /// Several of a list.
    Checks,
    /// Yes or no.
    YesNo,
    /// An amount with its currency.
    Money,
    /// Files, with what a browser lets one choose.
    File { accept: String, multiple: bool },
}

/// One field of the form.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) name: String,
    pub(super) label: String,
    pub(super) hint: String,
    pub(super) optional: bool,
    pub(super) input: Input,
    pub(super) value: String,
    pub(super) choices: Vec<Choice>,
    /// For money: the currencies.
    pub(super) currencies: Vec<Choice>,
    /// For files: those that have arrived, as `id` and name.
    pub(super) arrived: Vec<(String, String)>,
}

impl Asked {
    pub(super) fn kind(&self) -> &'static str {
        if let Input::Line(kind) = self.input { kind } else { "text" }
    }

    pub(super) fn limit(&self) -> u32 {
        if let Input::Lines(limit) = self.input { limit } else { 4000 }
    }

    pub(super) fn accept(&self) -> &str {
        if let Input::File { accept, .. } = &self.input { accept } else { "" }
    }

    pub(super) fn multiple(&self) -> bool {
        matches!(self.input, Input::File { multiple: true, .. })
    }
}

/// What a browser sent.
pub(super) type Pairs = Vec<(String, String)>;

pub(super) fn all<'a>(pairs: &'a Pairs, name: &str) -> Vec<&'a str> {
    pairs
        .iter()
        .filter(|(key, value)| key == name && !value.trim().is_empty())
        .map(|(_, value)| value.as_str())
        .collect()
}

pub(super) fn first<'a>(pairs: &'a Pairs, name: &str) -> &'a str {
    all(pairs, name).first().copied().unwrap_or_default()
}

/// The fields that the reader sees and can fill in here, in the order of the kind. `refs` holds the records that a
/// reference can name, by the field's name.
pub(super) fn asked(
    s: &Shell,
    kind: &Kind,
    visible: &[&str],
    refs: &Map<String, Value>,
    pairs: &Pairs,
) -> Vec<Asked> {
    kind.fields
        .iter()
        .filter(|(name, field)| {
            visible.contains(&name.as_str()) && !matches!(field.kind, FieldKind::People { .. })
        })
        .map(|(name, field)| {
            let given = all(pairs, name);
            let current = given.first().copied().unwrap_or_default();
            let mut choices = Vec::new();
            let mut currencies = Vec::new();
            let input = match &field.kind {
                FieldKind::Text { .. } | FieldKind::Number { .. } | FieldKind::People { .. } => {
                    Input::Line("text")
                }
                FieldKind::LongText { max, .. } => Input::Lines(max.unwrap_or(4000)),
                FieldKind::Date {} => Input::Line("date"),
                FieldKind::Bool {} => {
                    choices =
                        vec![Choice::new("yes", s.t("yes"), current), Choice::new("no", s.t("no"), current)];
                    Input::YesNo
                }
                FieldKind::Choice { options, multiple } => {
                    choices = options
                        .iter()
                        .map(|option| {
                            let label = option.title.clone().unwrap_or_else(|| option.value.clone());
                            let chosen = given.contains(&option.value.as_str());
                            Choice { value: option.value.clone(), label, hint: String::new(), chosen }
                        })
                        .collect();
                    if *multiple { Input::Checks } else { Input::Select }
                }
                FieldKind::Money { currency, .. } => {
                    let chosen = first(pairs, &format!("{name}.currency"));
                    let offered = currency.as_deref().map_or_else(|| CURRENCIES.to_vec(), |only| vec![only]);
                    currencies = offered.into_iter().map(|each| Choice::new(each, each, chosen)).collect();
                    Input::Money
                }
                FieldKind::Ref { .. } => {
                    let records = refs.get(name).and_then(Value::as_object);
                    choices = records
                        .into_iter()
                        .flatten()
                        .map(|(id, label)| Choice::new(id, label.as_str().unwrap_or(id), current))
                        .collect();
                    Input::Select
                }
                FieldKind::File { accept, max } => Input::File {
                    accept: accept_attribute(&accept.iter().map(word).collect::<Vec<_>>()),
                    multiple: max.is_some_and(|max| max > 1),
                },
            };
            if input == Input::Select {
                choices.insert(0, Choice::new("", s.t("choose"), current));
            }
            Asked {
                name: name.clone(),
                label: field_title(kind, name),
                hint: field.help.clone().unwrap_or_default(),
                optional: !field.required,
                value: current.to_owned(),
                input,
                choices,
                currencies,
                arrived: arrived(pairs, name, &field.kind),
            }
        })
        .collect()
}

fn word(accepted: &AcceptedType) -> String {
    match accepted {
        AcceptedType::Pdf => "pdf",
        AcceptedType::Image => "image",
        AcceptedType::Office => "office",
        AcceptedType::Zip => "zip",
        AcceptedType::Text => "text",
    }
    .to_owned()
}

/// Files that have arrived, also with an earlier try: `<field>.file` holds id and name. Where there can be one only,
/// the newest takes the place of the others.
pub(super) fn arrived(pairs: &Pairs, name: &str, kind: &FieldKind) -> Vec<(String, String)> {
    let mut held = all(pairs, &format!("{name}.file"));
    if !matches!(kind, FieldKind::File { max: Some(2..), .. }) {
        held.drain(..held.len().saturating_sub(1));
    }
    held.iter()
        .filter_map(|each| each.split_once(' '))
        .map(|(id, name)| (id.to_owned(), name.to_owned()))
        .collect()
}
