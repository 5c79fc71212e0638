//! A record's form, made of the fields that its definition declares. The client's "new" page and the console's pages share it.
//!
//! The form is always made from pairs of names and values: those that were sent ([`receive`]), or those that a record would have
//! been sent as ([`pairs_of`]). So what comes back after a refusal is what was typed, whichever page it is.

mod receive;
mod sent;

use std::collections::HashMap;

use portico_core::{Money, Problem};
use portico_definition::{AcceptedType, Field, FieldKind, Record as Kind, Side};
use portico_proto::workflow::v1::Record;
use serde_json::Value;

pub(crate) use receive::receive;
pub(crate) use sent::{amount, changed, filled, values};

use crate::{
    components::Choice,
    layout::Shell,
    values::{field_title, fields_of},
    wording::{accept_attribute, takes},
};

/// Currencies that are offered where the definition allows any.
pub(crate) const CURRENCIES: [&str; 6] = ["EUR", "USD", "GBP", "CHF", "PLN", "JPY"];

/// The most characters of a long text whose definition sets no limit.
const LONGEST_TEXT: u32 = 4000;

/// What a browser sent, in its order; names may repeat.
pub(crate) type Pairs = Vec<(String, String)>;

/// What a field can be chosen from: people of either side, records that can be named.
#[derive(Debug, Default)]
pub(crate) struct Options {
    /// Ids and names of people of the account.
    pub(crate) external: Vec<(String, String)>,
    /// Ids and names of the firm's people.
    pub(crate) internal: Vec<(String, String)>,
    /// Ids and titles of records, by kind.
    pub(crate) records: HashMap<String, Vec<(String, String)>>,
    /// The account whose record it is, so that its files can travel by themselves; empty where it is chosen in the form.
    pub(crate) account: String,
    /// Names of what the record already holds, by id: who has left since is still somebody to keep or take off.
    pub(crate) held: HashMap<String, String>,
}

/// How a field is filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Input {
    /// One line, with the kind of its input.
    Line(&'static str),
    /// Several lines, of so many characters.
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
    File {
        /// As HTML's `accept`.
        accept: String,
        /// Whether there may be several.
        multiple: bool,
        /// Where they go on their own; empty where they come with the form.
        resume: String,
    },
}

/// One field of the form.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) hint: String,
    pub(crate) optional: bool,
    pub(crate) input: Input,
    pub(crate) value: String,
    /// What can be chosen; for files, those that are there, each ticked: unticked, it is taken off.
    pub(crate) choices: Vec<Choice>,
    /// For money: the currencies.
    pub(crate) currencies: Vec<Choice>,
}

impl Asked {
    pub(crate) fn kind(&self) -> &'static str {
        if let Input::Line(kind) = self.input { kind } else { "text" }
    }

    pub(crate) fn limit(&self) -> u32 {
        if let Input::Lines(limit) = self.input { limit } else { LONGEST_TEXT }
    }

    pub(crate) fn accept(&self) -> &str {
        if let Input::File { accept, .. } = &self.input { accept } else { "" }
    }

    pub(crate) fn multiple(&self) -> bool {
        matches!(self.input, Input::File { multiple: true, .. })
    }

    pub(crate) fn resume(&self) -> &str {
        if let Input::File { resume, .. } = &self.input { resume } else { "" }
    }

    /// The name under which a second part of the field is sent: `amount.currency`, `file.file`.
    pub(crate) fn part(&self, part: &str) -> String {
        format!("{}.{part}", self.name)
    }
}

fn all<'a>(pairs: &'a Pairs, name: &str) -> Vec<&'a str> {
    pairs
        .iter()
        .filter(|(key, value)| key == name && !value.trim().is_empty())
        .map(|(_, value)| value.trim())
        .collect()
}

/// A field as it was sent, without the blanks around it; empty where it was not.
pub(crate) fn first<'a>(pairs: &'a Pairs, name: &str) -> &'a str {
    all(pairs, name).first().copied().unwrap_or_default()
}

/// The form: those of the kind's fields that `visible` names, in the order of the kind.
pub(crate) fn asked(
    s: &Shell,
    kind: &Kind,
    visible: &[&str],
    options: &Options,
    pairs: &Pairs,
) -> Vec<Asked> {
    let seen = kind.fields.iter().filter(|(name, _)| visible.contains(&name.as_str()));
    seen.map(|(name, field)| one(s, kind, name, field, options, pairs)).collect()
}

fn one(s: &Shell, kind: &Kind, name: &str, field: &Field, options: &Options, pairs: &Pairs) -> Asked {
    let given = all(pairs, name);
    let current = given.first().copied().unwrap_or_default();
    let mut hint = field.help.clone().unwrap_or_default();
    let mut choices = Vec::new();
    let mut currencies = Vec::new();
    let input = match &field.kind {
        FieldKind::Text { .. } | FieldKind::Number { .. } => Input::Line("text"),
        FieldKind::LongText { max, .. } => Input::Lines(max.unwrap_or(LONGEST_TEXT)),
        FieldKind::Date {} => Input::Line("date"),
        FieldKind::Bool {} => {
            choices = vec![Choice::new("yes", s.t("yes"), current), Choice::new("no", s.t("no"), current)];
            Input::YesNo
        }
        FieldKind::Choice { options, multiple } => {
            let title = |option: &portico_definition::Choice| {
                option.title.clone().unwrap_or_else(|| option.value.clone())
            };
            let pairs: Vec<_> = options.iter().map(|option| (option.value.clone(), title(option))).collect();
            choices = ticked(&pairs, &given, &HashMap::new());
            if *multiple { Input::Checks } else { Input::Select }
        }
        FieldKind::People { side, .. } => {
            let people = if *side == Side::Internal { &options.internal } else { &options.external };
            choices = ticked(people, &given, &options.held);
            Input::Checks
        }
        FieldKind::Money { currency, .. } => {
            let chosen = first(pairs, &format!("{name}.currency"));
            let mut offered = currency.as_deref().map_or_else(|| CURRENCIES.to_vec(), |only| vec![only]);
            if currency.is_none() && !chosen.is_empty() && !offered.contains(&chosen) {
                offered.push(chosen);
            }
            currencies = offered.into_iter().map(|each| Choice::new(each, each, chosen)).collect();
            Input::Money
        }
        FieldKind::Ref { to } => {
            let records = options.records.get(to).map(Vec::as_slice).unwrap_or_default();
            choices = ticked(records, &given, &options.held);
            Input::Select
        }
        FieldKind::File { accept, max } => {
            choices = held_files(pairs, name, &field.kind)
                .into_iter()
                .map(|(id, name)| Choice {
                    chosen: true,
                    ..Choice::new(format!("{id} {name}"), name.clone(), "")
                })
                .collect();
            let kinds: Vec<String> = accept.iter().map(accepted).collect();
            hint = takes(s, &hint, &kinds);
            Input::File {
                accept: accept_attribute(&kinds),
                multiple: max.is_some_and(|max| max > 1),
                resume: record_files(&options.account, name),
            }
        }
    };
    if input == Input::Select {
        choices.insert(0, Choice::new("", s.t("choose"), current));
    }
    Asked {
        name: name.to_owned(),
        label: field_title(kind, name),
        hint,
        optional: !field.required,
        value: current.to_owned(),
        input,
        choices,
        currencies,
    }
}

/// What is offered, and what is chosen without being offered any more.
fn ticked(offered: &[(String, String)], chosen: &[&str], held: &HashMap<String, String>) -> Vec<Choice> {
    let gone = chosen
        .iter()
        .filter(|id| offered.iter().all(|(offered, _)| offered != *id))
        .filter_map(|id| Some(((*id).to_owned(), held.get(*id)?.clone())));
    let choice = |(value, label): (String, String)| Choice {
        chosen: chosen.contains(&value.as_str()),
        hint: String::new(),
        value,
        label,
    };
    offered.iter().cloned().chain(gone).map(choice).collect()
}

/// Where files for the field of a record, or for the question of a form, travel by themselves. Fields share the address.
pub(crate) fn record_files(account: &str, field: &str) -> String {
    if account.is_empty() { String::new() } else { format!("/uploads?for=record_file&id={account}#{field}") }
}

/// The word that a kind of file is written as.
pub(crate) fn accepted(accepted: &AcceptedType) -> String {
    match accepted {
        AcceptedType::Pdf => "pdf",
        AcceptedType::Image => "image",
        AcceptedType::Office => "office",
        AcceptedType::Zip => "zip",
        AcceptedType::Text => "text",
    }
    .to_owned()
}

/// Files that are there, stored before or with an earlier try: `<field>.file` holds id and name. Where there can be one only, the
/// newest takes the place of the others.
fn held_files(pairs: &Pairs, name: &str, kind: &FieldKind) -> Vec<(String, String)> {
    let mut held = all(pairs, &format!("{name}.file"));
    if !matches!(kind, FieldKind::File { max: Some(2..), .. }) {
        held.drain(..held.len().saturating_sub(1));
    }
    held.iter()
        .filter_map(|each| each.split_once(' '))
        .map(|(id, name)| (id.to_owned(), name.to_owned()))
        .collect()
}

/// A record as its form would have sent it.
pub(crate) fn pairs_of(kind: &Kind, record: &Record) -> Pairs {
    let mut pairs = Pairs::new();
    for (name, value) in fields_of(record) {
        let Some(field) = kind.fields.get(&name) else { continue };
        let each: Vec<Value> = match value {
            Value::Null => continue,
            Value::Array(items) => items,
            single => vec![single],
        };
        for value in each {
            match (&field.kind, value) {
                (FieldKind::File { .. }, Value::String(id)) => {
                    let label = record.labels.get(&id).cloned().unwrap_or_default();
                    pairs.push((format!("{name}.file"), format!("{id} {label}")));
                }
                (FieldKind::Money { .. }, value) => {
                    let Ok(money) = serde_json::from_value::<Money>(value) else { continue };
                    pairs.push((name.clone(), plain_amount(&money)));
                    pairs.push((format!("{name}.currency"), money.currency));
                }
                (FieldKind::Bool {}, value) => {
                    let word = if value == Value::Bool(true) { "yes" } else { "no" };
                    pairs.push((name.clone(), word.to_owned()));
                }
                (_, Value::String(text)) => pairs.push((name.clone(), text)),
                (FieldKind::Number { .. }, value) => {
                    // Structs hold every number as a double; a whole one is shown without its ".0".
                    let text = value.as_f64().map_or_else(|| value.to_string(), |number| number.to_string());
                    pairs.push((name.clone(), text));
                }
                (_, value) => pairs.push((name.clone(), value.to_string())),
            }
        }
    }
    pairs
}

/// A refusal with its fields named as the form names them: `fields.amount.currency` is `amount`, `fields.file[0]` is `file`.
pub(crate) fn at_fields(mut problem: Problem) -> Problem {
    for violation in &mut problem.fields {
        let bare = violation.field.strip_prefix("fields").unwrap_or(&violation.field);
        let bare = bare.trim_start_matches(['.', '/']);
        violation.field = bare.split(['.', '/', '[']).next().unwrap_or_default().to_owned();
    }
    problem
}

/// An amount as one types it: without currency and thousands.
pub(crate) fn plain_amount(money: &Money) -> String {
    money.to_string().trim_end_matches(&money.currency).trim().replace(',', "")
}

#[cfg(test)]
mod tests {
    use portico_proto::json::to_struct;
    use serde_json::json;

    use super::*;
    use crate::{layout::Area, text::Locale, values::tests::gallery};

    fn labels(asked: &Asked) -> Vec<&str> {
        asked.choices.iter().filter(|each| each.chosen).map(|each| each.label.as_str()).collect()
    }

    #[test]
    fn a_record_goes_into_its_form_and_comes_back_unchanged() {
        for locale in Locale::ALL {
            let s = crate::walk::shell(Area::Console, locale);
            let definition = gallery("vendor-invoices");
            let kind = &definition.spec.records["invoice"];
            let record = crate::values::tests::invoice();
            let pairs = pairs_of(kind, &record);
            let names: Vec<&str> = kind.fields.keys().map(String::as_str).collect();
            let (read, errors) = values(&s, kind, &names, &pairs);
            assert!(errors.is_empty(), "{errors:?}");
            assert!(changed(&fields_of(&record), read).is_empty(), "nothing was changed in {locale:?}");
            let form = asked(&s, kind, &names, &Options::default(), &pairs);
            let file = form.iter().find(|asked| asked.name == "file").unwrap();
            assert_eq!(labels(file), ["invoice.pdf"]);
            assert_eq!(file.choices[0].value, "doc-1 invoice.pdf");
        }
    }

    #[test]
    fn a_refusal_finds_its_field() {
        let problem = Problem::invalid("fields.amount.currency", "x").with_field("fields.file[0]", "y");
        let problem = at_fields(problem.with_field("portal_id", "z"));
        let fields: Vec<_> = problem.fields.iter().map(|violation| violation.field.as_str()).collect();
        assert_eq!(fields, ["amount", "file", "portal_id"]);
    }

    #[test]
    fn people_are_offered_from_their_side_and_who_has_left_can_be_kept() {
        let s = crate::walk::shell(Area::Console, Locale::En);
        let definition = gallery("client-onboarding");
        let kind = &definition.spec.records["engagement"];
        let record = Record {
            fields: Some(to_struct(
                &json!({"team": ["us", "left"], "fee": {"amount": 125_050, "currency": "BRL"}}),
            )),
            ..Record::default()
        };
        let pair = |id: &str| vec![(id.to_owned(), id.to_uppercase())];
        let options = Options {
            internal: pair("us"),
            external: pair("them"),
            held: [("left".to_owned(), "Former Colleague".to_owned())].into(),
            ..Options::default()
        };
        let form = asked(&s, kind, &["team", "contacts", "fee"], &options, &pairs_of(kind, &record));
        let by_name = |name: &str| form.iter().find(|asked| asked.name == name).unwrap();
        assert_eq!(labels(by_name("team")), ["US", "Former Colleague"]);
        assert_eq!(by_name("contacts").choices.len(), 1);
        assert!(labels(by_name("contacts")).is_empty());
        let fee = by_name("fee");
        assert_eq!(fee.value, "1250.50");
        let chosen: Vec<_> = fee.currencies.iter().filter(|each| each.chosen).collect();
        assert_eq!(chosen[0].value, "BRL", "a currency that is not in the list is kept");
    }
}
