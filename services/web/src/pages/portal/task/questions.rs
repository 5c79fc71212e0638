//! A form's questions as a page asks them. Pure: workflow decides what is right.

use std::collections::{HashMap, HashSet};

use portico_core::Money;
use portico_definition::{Expr, Form, FormRule, Operand, Operator, QuestionKind};
use serde_json::{Map, Value};

use super::given::ADDRESS;
use crate::{
    components::Choice,
    layout::Shell,
    record_form::{CURRENCIES, accepted, plain_amount, record_files},
    wording::{accept_attribute, humanize, takes},
};

/// Up to this many answers are shown at once; more become a list to open.
const AT_ONCE: usize = 5;

/// How a question is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// One line, with the kind of its input.
    Line(&'static str),
    /// Several lines, with the most characters.
    Lines(u64),
    /// One of a few.
    Radios,
    /// One of many.
    Select,
    /// Several of a list.
    Checks,
    /// An amount: its first part is the number, its second the currency where there is a choice.
    Money,
    /// An address, by its parts.
    Address,
    /// A name and a box to tick.
    Signature,
    /// Files. The choices are those that are there.
    Files(Files),
    /// Rows of questions.
    Table,
}

/// How files are chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Files {
    /// As HTML's `accept`.
    accept: String,
    multiple: bool,
    /// Where they go on their own.
    resume: String,
}

/// One question with its answer so far.
#[derive(Debug, Clone)]
pub(super) struct Question {
    /// The name its input is sent under.
    pub(super) name: String,
    pub(super) label: String,
    pub(super) hint: String,
    pub(super) optional: bool,
    pub(super) kind: Kind,
    pub(super) value: String,
    pub(super) choices: Vec<Choice>,
    /// What it consists of: an amount, an address, a signature.
    pub(super) parts: Vec<Question>,
    /// The rows of a table; the last may be empty.
    pub(super) rows: Vec<Vec<Question>>,
    /// For `data-visible-when`: a condition that the browser can decide by itself; empty for none.
    pub(super) visible_when: String,
    /// Whether only the server can say whether it shows.
    pub(super) asked_of_server: bool,
    /// Whether it does not show with the answers so far.
    pub(super) hidden: bool,
    /// Whether it is short, as numbers and dates are.
    pub(super) short: bool,
    /// For `autocomplete`.
    pub(super) autocomplete: &'static str,
}

impl Question {
    pub(super) const fn limit(&self) -> u64 {
        if let Kind::Lines(limit) = self.kind { limit } else { 4000 }
    }

    pub(super) const fn width(&self) -> &'static str {
        if self.short { "w-10" } else { "" }
    }

    pub(super) const fn input(&self) -> &'static str {
        if let Kind::Line(kind) = self.kind { kind } else { "text" }
    }

    pub(super) fn accept(&self) -> &str {
        if let Kind::Files(files) = &self.kind { &files.accept } else { "" }
    }

    pub(super) const fn multiple(&self) -> bool {
        matches!(self.kind, Kind::Files(Files { multiple: true, .. }))
    }

    pub(super) fn resume(&self) -> &str {
        if let Kind::Files(files) = &self.kind { &files.resume } else { "" }
    }

    /// The name under which files that are there already are sent.
    pub(super) fn held_name(&self) -> String {
        format!("{}.file", self.name)
    }

    /// Whether its only box is ticked.
    pub(super) fn ticked(&self) -> bool {
        self.choices.iter().any(|choice| choice.chosen)
    }

    /// Whether it depends on other answers.
    pub(super) const fn is_conditional(&self) -> bool {
        self.asked_of_server || !self.visible_when.is_empty()
    }
}

/// What questions are made from.
pub(super) struct Asking<'a> {
    pub(super) s: &'a Shell,
    pub(super) form: &'a Form,
    pub(super) answers: &'a Map<String, Value>,
    /// Names of files, by id.
    pub(super) labels: &'a HashMap<String, String>,
    /// Whose files are uploaded.
    pub(super) account: &'a str,
    /// The table to which an empty row is added.
    pub(super) add: &'a str,
}

impl Asking<'_> {
    /// These questions, as one page asks them.
    pub(super) fn questions(&self, names: &[&str], here: &[&str]) -> Vec<Question> {
        let required = ever_required(&self.form.schema);
        let shown = self.form.shown(self.answers);
        let one = |name: &&str| {
            let property = self.form.schema["properties"].get(*name)?;
            let rule = self.form.rule(name);
            let answer = self.answers.get(*name).unwrap_or(&Value::Null);
            let mut question = self.question(name, property, rule, answer, required.contains(name))?;
            // The page itself is shown; its condition is not for the browser.
            let conditions: Vec<&Expr> = self.conditions_within(name);
            let local = match conditions.as_slice() {
                [one] => local_condition(one, here, &|name| self.form.kind(name) == Some(QuestionKind::Many)),
                _ => None,
            };
            question.asked_of_server = !conditions.is_empty() && local.is_none();
            question.visible_when = local.unwrap_or_default();
            question.hidden = !shown.contains(name);
            Some(question)
        };
        names.iter().filter_map(one).collect()
    }

    /// The conditions of a question beside that of its page.
    fn conditions_within(&self, name: &str) -> Vec<&Expr> {
        let page = self.form.pages.iter().find_map(|page| {
            let here = page.fields.iter().chain(page.groups.iter().flat_map(|group| &group.fields));
            let condition = page.visible_when.as_ref()?;
            here.into_iter().any(|field| field == name).then_some(condition)
        });
        let all = self.form.conditions(name).into_iter();
        all.filter(|condition| page.is_none_or(|page| !std::ptr::eq(page, *condition))).collect()
    }

    /// One question; nothing for what nobody could be asked.
    fn question(
        &self,
        name: &str,
        property: &Value,
        rule: Option<&FormRule>,
        answer: &Value,
        required: bool,
    ) -> Option<Question> {
        let s = self.s;
        let text = |key: &str| property.get(key).and_then(Value::as_str);
        let kind = QuestionKind::of(property, rule)?;
        let own = name.rsplit('.').next().unwrap_or(name);
        let label = text("title").map_or_else(|| humanize(own), str::to_owned);
        let hint =
            rule.and_then(|rule| rule.help.as_deref()).or_else(|| text("description")).unwrap_or_default();
        let mut question = Question {
            name: name.to_owned(),
            label,
            hint: hint.to_owned(),
            optional: !required,
            kind: Kind::Line("text"),
            value: plain(answer),
            choices: Vec::new(),
            parts: Vec::new(),
            rows: Vec::new(),
            visible_when: String::new(),
            asked_of_server: false,
            hidden: false,
            short: false,
            autocomplete: "off",
        };
        match kind {
            QuestionKind::Text => {
                question.kind = Kind::Line(match text("format") {
                    Some("email") => "email",
                    Some("uri") => "url",
                    _ => "text",
                });
            }
            QuestionKind::LongText => {
                question.kind =
                    Kind::Lines(property.get("maxLength").and_then(Value::as_u64).unwrap_or(4000));
            }
            QuestionKind::Number => question.short = true,
            QuestionKind::Date => (question.kind, question.short) = (Kind::Line("date"), true),
            QuestionKind::YesNo | QuestionKind::Choice => {
                question.choices = choices(s, property, answer);
                let few = question.choices.len() <= AT_ONCE;
                question.kind = if few { Kind::Radios } else { Kind::Select };
                if !few {
                    question.choices.insert(0, Choice::new("", s.t("choose"), &question.value));
                }
            }
            QuestionKind::Many => {
                (question.kind, question.choices) = (Kind::Checks, choices(s, property, answer));
            }
            QuestionKind::Money => self.money(&mut question, rule, answer),
            QuestionKind::Address => self.address(&mut question, answer),
            QuestionKind::Signature => self.signature(&mut question, answer),
            QuestionKind::File => self.files(&mut question, property, rule, answer),
            QuestionKind::Table => self.table(&mut question, answer),
        }
        Some(question)
    }

    fn part(&self, of: &Question, part: &str, label: String, value: &str) -> Question {
        Question {
            name: format!("{}.{part}", of.name),
            label,
            value: value.to_owned(),
            hint: String::new(),
            ..of.clone()
        }
    }

    fn money(&self, question: &mut Question, rule: Option<&FormRule>, answer: &Value) {
        let money = serde_json::from_value::<Money>(answer.clone()).ok();
        let typed = answer.as_str().unwrap_or_default();
        question.value = money.as_ref().map_or_else(|| typed.to_owned(), plain_amount);
        question.short = true;
        let only = rule.and_then(|rule| rule.currency.as_deref());
        if let Some(only) = only {
            question.label = format!("{} ({only})", question.label);
        } else {
            let chosen = money.map(|money| money.currency).unwrap_or_default();
            let mut currency = self.part(question, "currency", self.s.t("currency"), &chosen);
            currency.kind = Kind::Select;
            currency.choices = CURRENCIES.iter().map(|each| Choice::new(*each, *each, &chosen)).collect();
            if !chosen.is_empty() && !CURRENCIES.contains(&chosen.as_str()) {
                currency.choices.push(Choice::new(chosen.clone(), chosen.clone(), &chosen));
            }
            currency.optional = false;
            question.parts = vec![currency];
        }
        question.kind = Kind::Money;
    }

    fn address(&self, question: &mut Question, answer: &Value) {
        let tokens = [
            "address-line1",
            "address-line2",
            "postal-code",
            "address-level2",
            "address-level1",
            "country-name",
        ];
        let parts = ADDRESS.iter().zip(tokens).map(|(part, token)| Question {
            autocomplete: token,
            short: *part == "postcode",
            optional: matches!(*part, "more" | "postcode" | "region"),
            ..self.part(
                question,
                part,
                self.s.t(&format!("address-{part}")),
                answer[*part].as_str().unwrap_or_default(),
            )
        });
        question.parts = parts.collect();
        question.kind = Kind::Address;
    }

    fn signature(&self, question: &mut Question, answer: &Value) {
        let name = answer["name"].as_str().unwrap_or_default();
        let mut signed = self.part(question, "name", self.s.t("signature-name"), name);
        (signed.optional, signed.autocomplete) = (false, "name");
        let mut agreed = self.part(question, "agreed", self.s.t("signature-agreed"), "yes");
        agreed.choices =
            vec![Choice::new("yes", agreed.label.clone(), if answer["agreed"] == true { "yes" } else { "" })];
        question.parts = vec![signed, agreed];
        question.kind = Kind::Signature;
    }

    fn files(&self, question: &mut Question, property: &Value, rule: Option<&FormRule>, answer: &Value) {
        let held = answer.as_array().into_iter().flatten().filter_map(Value::as_str);
        let choice = |id: &str| {
            let name = self.labels.get(id).cloned().unwrap_or_else(|| self.s.t("form-file"));
            Choice { chosen: true, ..Choice::new(format!("{id} {name}"), name, "") }
        };
        question.choices = held.map(choice).collect();
        let words: Vec<String> = rule.into_iter().flat_map(|rule| &rule.accept).map(accepted).collect();
        question.hint = takes(self.s, &question.hint, &words);
        question.kind = Kind::Files(Files {
            accept: accept_attribute(&words),
            multiple: property["maxItems"] != 1,
            resume: record_files(self.account, &question.name),
        });
    }

    fn table(&self, question: &mut Question, answer: &Value) {
        let none = Vec::new();
        let rows = answer.as_array().unwrap_or(&none);
        let required = ever_required(&self.form.schema["properties"][&question.name]["items"]);
        let row = |(place, cells): (usize, &Value)| -> Vec<Question> {
            let cell = |(column, schema): (&str, &Value)| {
                let rule = self.form.rule(&format!("{}.{column}", question.name));
                let name = format!("{}.{place}.{column}", question.name);
                self.question(
                    &name,
                    schema,
                    rule,
                    cells.get(column).unwrap_or(&Value::Null),
                    required.contains(column),
                )
            };
            self.form.columns(&question.name).filter_map(cell).collect()
        };
        let empty = Value::Null;
        let blank = rows.is_empty() || self.add == question.name;
        let all = rows.iter().chain(blank.then_some(&empty)).enumerate();
        question.rows = all.map(row).collect();
        question.kind = Kind::Table;
    }
}

/// The names that are required always or under some condition: none of them is called optional.
fn ever_required(schema: &Value) -> HashSet<&str> {
    let mut found = HashSet::new();
    let mut parts = vec![schema];
    while let Some(part) = parts.pop() {
        found.extend(
            part.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str),
        );
        parts.extend(part.get("allOf").and_then(Value::as_array).into_iter().flatten());
        parts.extend(["then", "else"].into_iter().filter_map(|key| part.get(key)));
    }
    found
}

pub(super) fn choices(s: &Shell, property: &Value, answer: &Value) -> Vec<Choice> {
    let values = |property: &Value| property.get("enum").and_then(Value::as_array).cloned();
    if property.get("type").and_then(Value::as_str) == Some("boolean") {
        let current = match answer {
            Value::Bool(true) => "yes",
            Value::Bool(false) => "no",
            _ => "",
        };
        return vec![Choice::new("yes", s.t("yes"), current), Choice::new("no", s.t("no"), current)];
    }
    let several = property.get("items").and_then(values);
    let listed = values(property).or(several).unwrap_or_default();
    let given: Vec<String> = match answer {
        Value::Array(items) => items.iter().map(plain).collect(),
        single => vec![plain(single)],
    };
    let labels = property.get("x-labels").and_then(Value::as_object);
    listed
        .iter()
        .map(plain)
        .map(|value| {
            let label = labels
                .and_then(|labels| labels.get(&value))
                .and_then(Value::as_str)
                .unwrap_or(&value)
                .to_owned();
            let chosen = given.contains(&value);
            Choice { value, label, hint: String::new(), chosen }
        })
        .collect()
}

pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        other => other.to_string(),
    }
}

/// A condition that the browser decides by itself, over questions of the same page; nothing for one that the server must decide.
fn local_condition(rule: &Expr, here: &[&str], is_list: &dyn Fn(&str) -> bool) -> Option<String> {
    let Expr::Compare(comparison) = rule else { return None };
    let Operand::Constant(constant) = &comparison.operand else { return None };
    if !here.contains(&comparison.field.as_str()) {
        return None;
    }
    let word = |value: &Value| matches!(value, Value::String(_) | Value::Bool(_));
    match (comparison.operator, constant) {
        (Operator::In, Value::Array(items)) if items.iter().all(word) => {
            Some(format!("{}={}", comparison.field, items.iter().map(plain).collect::<Vec<_>>().join("|")))
        }
        // A text that contains a word is not the word.
        (Operator::Contains, _) if !is_list(&comparison.field) => None,
        (Operator::Is | Operator::Contains, value) if word(value) => {
            Some(format!("{}={}", comparison.field, plain(value)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{layout::Area, text::Locale, values::tests::gallery};

    fn asked(locale: Locale, form: &Form, answers: &Value) -> Vec<Question> {
        let s = crate::walk::shell(Area::Portal, locale);
        let labels = HashMap::from([("d1".to_owned(), "scan.pdf".to_owned())]);
        let answers = answers.as_object().unwrap();
        let names: Vec<&str> = form.questions().collect();
        Asking { s: &s, form, answers, labels: &labels, account: "a1", add: "" }.questions(&names, &names)
    }

    #[test]
    fn the_shipped_questionnaire_becomes_questions() {
        let definition = gallery("client-onboarding");
        let form = &definition.spec.forms["intake_questionnaire"];
        let found = asked(Locale::En, form, &json!({"has_existing_system": true, "goals": "More"}));
        let by = |name: &str| found.iter().find(|question| question.name == name).unwrap();
        assert_eq!(by("company_legal_name").kind, Kind::Line("text"));
        assert_eq!(by("goals").kind, Kind::Lines(4000));
        assert_eq!(by("has_existing_system").kind, Kind::Radios);
        assert_eq!(by("existing_system").visible_when, "has_existing_system=yes");
        assert!(!by("existing_system").optional, "required once it shows");
        assert!(by("has_existing_system").optional && !by("goals").optional);
        assert!(!by("existing_system").hidden);
        let before = asked(Locale::En, form, &json!({}));
        assert!(before.iter().any(|question| question.name == "existing_system" && question.hidden));
    }

    #[test]
    fn many_answers_become_a_list_and_what_consists_of_parts_has_them() {
        let form: Form = serde_json::from_value(json!({"schema": {"type": "object", "required": ["kind"], "properties": {
            "kind": {"type": "string", "enum": ["a", "b", "c", "d", "e", "f"]},
            "fee": {"type": "object", "format": "money"}, "seat": {"type": "object", "format": "address"},
            "scan": {"type": "array", "format": "file", "maxItems": 1}, "sign": {"type": "object", "format": "signature"},
            "lines": {"type": "array", "items": {"type": "object", "required": ["what"], "properties": {
                "what": {"type": "string"}, "cost": {"type": "object", "format": "money"}}}},
            "late": {"type": "string"},
        }}, "ui": [{"field": "scan", "accept": ["pdf"]},
            {"field": "late", "visibleWhen": {"and": [{"field": "kind", "is": "a"}, {"field": "fee", "above": {"amount": 1, "currency": "EUR"}}]}}]}))
        .unwrap();
        let answers = json!({"kind": "c", "fee": {"amount": 125_050, "currency": "BRL"}, "scan": ["d1"],
            "seat": {"city": "Berlin"}, "lines": [{"what": "Desk"}]});
        let found = asked(Locale::De, &form, &answers);
        let by = |name: &str| found.iter().find(|question| question.name == name).unwrap();
        assert_eq!(
            (by("kind").kind.clone(), by("kind").choices.len(), by("kind").optional),
            (Kind::Select, 7, false)
        );
        assert_eq!((by("fee").value.as_str(), by("fee").parts[0].value.as_str()), ("1250.50", "BRL"));
        assert_eq!(by("seat").parts[3].value, "Berlin");
        assert_eq!(by("scan").choices[0].value, "d1 scan.pdf");
        assert!(!by("scan").multiple() && by("scan").accept().contains(".pdf"));
        assert_eq!(by("scan").hint, "PDF. Bis zu 100 MB je Datei.", "said before it is chosen");
        assert_eq!(by("scan").resume(), "/uploads?for=record_file&id=a1#scan");
        assert_eq!(by("sign").parts.len(), 2);
        assert_eq!(by("lines").rows.len(), 1, "no empty row where there is one already");
        assert_eq!(by("lines").rows[0][1].name, "lines.0.cost");
        assert!(by("late").asked_of_server && by("late").hidden && by("late").visible_when.is_empty());
    }
}
