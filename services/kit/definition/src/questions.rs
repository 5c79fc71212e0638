//! The questions of a form: what kind each is, on which page it stands, and whether it is shown.

use std::collections::HashSet;

use serde_json::{Map, Value};

use crate::{Actor, Expr, Form, FormPage, FormRule, RecordView, Truth, evaluate};

/// How a question is answered. How the answer looks in JSON stands with each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum QuestionKind {
    /// One line. A string.
    Text,
    /// Several lines. A string.
    LongText,
    /// A number.
    Number,
    /// An amount. `{amount, currency}`, in minor units.
    Money,
    /// A day. `2026-12-31`.
    Date,
    /// One of a list. One of the values of `enum`.
    Choice,
    /// Several of a list. A list of values of `enum`.
    Many,
    /// Yes or no. A boolean.
    YesNo,
    /// A postal address. An object with the texts `street`, `more`, `postcode`, `city`, `region` and `country`.
    Address,
    /// Files. A list of the ids of documents.
    File,
    /// Rows. A list of objects, one a row.
    Table,
    /// The name of whoever signs, and that they mean it. `{name, agreed: true}`; who and when is added as the form is handed in.
    Signature,
}

/// A text that may be longer than this is written in several lines.
const ONE_LINE: u64 = 200;

impl QuestionKind {
    /// The kind of a question, from its schema and its rule. Nothing for what nobody could be asked.
    #[must_use]
    pub fn of(property: &Value, rule: Option<&FormRule>) -> Option<Self> {
        let text = |key: &str| property.get(key).and_then(Value::as_str);
        let listed = |schema: &Value| schema.get("enum").is_some_and(Value::is_array);
        Some(match (text("type"), text("format")) {
            (Some("object"), Some("money")) => Self::Money,
            (Some("object"), Some("address")) => Self::Address,
            (Some("object"), Some("signature")) => Self::Signature,
            (Some("array"), Some("file")) => Self::File,
            (Some("array"), _) if property.get("items").is_some_and(listed) => Self::Many,
            (Some("array"), _)
                if property
                    .pointer("/items/properties")
                    .and_then(Value::as_object)
                    .is_some_and(|all| !all.is_empty()) =>
            {
                Self::Table
            }
            (Some("object" | "array"), _) => return None,
            (Some("boolean"), _) => Self::YesNo,
            (Some("string") | None, _) if listed(property) => Self::Choice,
            (Some("number" | "integer"), _) if listed(property) => Self::Choice,
            (Some("number" | "integer"), _) => Self::Number,
            (Some("string"), Some("date")) => Self::Date,
            (Some("string"), _) => {
                let longest = property.get("maxLength").and_then(Value::as_u64);
                let long =
                    rule.is_some_and(|rule| rule.multiline) || longest.is_some_and(|most| most > ONE_LINE);
                if long { Self::LongText } else { Self::Text }
            }
            _ => return None,
        })
    }
}

/// A page of a form as it is shown: one without a title where the form declares no pages.
#[derive(Debug, Clone, PartialEq)]
pub struct Section<'a> {
    /// What people read above the page; empty for the only page of a form that declares none.
    pub title: &'a str,
    /// A sentence of help; may be empty.
    pub help: &'a str,
    /// Headings with their help and questions, in order. The first has no heading where questions stand in no group.
    pub groups: Vec<(&'a str, &'a str, Vec<&'a str>)>,
}

impl<'a> Section<'a> {
    /// The page's questions, in order.
    pub fn questions(&self) -> impl Iterator<Item = &'a str> {
        self.groups.iter().flat_map(|(_, _, fields)| fields.iter().copied())
    }
}

impl Form {
    /// The names of its questions, in the order of the schema.
    pub fn questions(&self) -> impl Iterator<Item = &str> + Clone {
        self.schema["properties"].as_object().into_iter().flat_map(|all| all.keys().map(String::as_str))
    }

    /// How a question is shown; a column of a table is `table.column`.
    #[must_use]
    pub fn rule(&self, question: &str) -> Option<&FormRule> {
        self.ui.iter().find(|rule| rule.field == question)
    }

    /// The kind of a question; nothing where there is no such question.
    #[must_use]
    pub fn kind(&self, question: &str) -> Option<QuestionKind> {
        QuestionKind::of(self.schema["properties"].get(question)?, self.rule(question))
    }

    /// The columns of a table: their names and schemas, in order.
    pub fn columns(&self, table: &str) -> impl Iterator<Item = (&str, &Value)> {
        let items = &self.schema["properties"][table]["items"]["properties"];
        items.as_object().into_iter().flat_map(|all| all.iter().map(|(name, schema)| (name.as_str(), schema)))
    }

    /// Its pages, in order; at least one.
    #[must_use]
    pub fn sections(&self) -> Vec<Section<'_>> {
        if self.pages.is_empty() {
            return vec![Section { title: "", help: "", groups: vec![("", "", self.questions().collect())] }];
        }
        self.pages.iter().map(section).collect()
    }

    /// The conditions under which a question is shown: its own, its group's and its page's. All must hold.
    #[must_use]
    pub fn conditions(&self, question: &str) -> Vec<&Expr> {
        let mut found: Vec<&Expr> = Vec::new();
        for page in &self.pages {
            let group = page.groups.iter().find(|group| group.fields.iter().any(|name| name == question));
            if group.is_some() || page.fields.iter().any(|name| name == question) {
                found.extend(&page.visible_when);
                found.extend(group.and_then(|group| group.visible_when.as_ref()));
            }
        }
        found.extend(self.rule(question).and_then(|rule| rule.visible_when.as_ref()));
        found
    }

    /// The answers to the questions that are shown. What a hidden question hides in turn is hidden as well.
    #[must_use]
    pub fn drop_hidden(&self, mut answers: Map<String, Value>) -> Map<String, Value> {
        loop {
            let hidden = self
                .questions()
                .find(|question| answers.contains_key(*question) && !self.holds(question, &answers));
            let Some(question) = hidden.map(str::to_owned) else { return answers };
            answers.remove(&question);
        }
    }

    /// The questions that are shown to whoever has given these answers.
    #[must_use]
    pub fn shown(&self, answers: &Map<String, Value>) -> HashSet<&str> {
        let kept = self.drop_hidden(answers.clone());
        self.questions().filter(|question| self.holds(question, &kept)).collect()
    }

    /// Whether every condition of a question holds for these answers. What cannot be decided does not.
    fn holds(&self, question: &str, answers: &Map<String, Value>) -> bool {
        let view = RecordView {
            account: None,
            creator: None,
            state: None,
            number: None,
            fields: answers,
            related: None,
        };
        let holds = |condition: &&Expr| evaluate(condition, &view, &Actor::default()) == Truth::True;
        self.conditions(question).iter().all(holds)
    }
}

fn names(fields: &[String]) -> Vec<&str> {
    fields.iter().map(String::as_str).collect()
}

fn section(page: &FormPage) -> Section<'_> {
    let own = (!page.fields.is_empty()).then(|| ("", "", names(&page.fields)));
    let groups = page
        .groups
        .iter()
        .map(|group| (group.title.as_str(), group.help.as_deref().unwrap_or_default(), names(&group.fields)));
    Section {
        title: &page.title,
        help: page.help.as_deref().unwrap_or_default(),
        groups: own.into_iter().chain(groups).collect(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn form() -> Form {
        serde_json::from_value(json!({
            "schema": {"type": "object", "properties": {
                "kind": {"type": "string", "enum": ["company", "person"]},
                "register": {"type": "string"},
                "seat": {"type": "object", "format": "address"},
                "capital": {"type": "object", "format": "money"},
                "owners": {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"}}}},
                "note": {"type": "string", "maxLength": 2000},
            }},
            "ui": [{"field": "capital", "visibleWhen": {"field": "register", "contains": "HRB"}}],
            "pages": [
                {"title": "Who you are", "fields": ["kind"]},
                {"title": "The company", "visibleWhen": {"field": "kind", "is": "company"}, "fields": ["register"],
                 "groups": [{"title": "Money", "fields": ["capital", "owners"]}]},
                {"title": "Anything else", "fields": ["seat", "note"]},
            ],
        }))
        .unwrap()
    }

    fn answers(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn every_question_has_its_kind_and_its_place() {
        let form = form();
        let kinds: Vec<_> = form.questions().map(|name| form.kind(name).unwrap()).collect();
        use QuestionKind::{Address, Choice, LongText, Money, Table, Text};
        assert_eq!(kinds, [Choice, Text, Address, Money, Table, LongText]);
        let sections = form.sections();
        assert_eq!(sections[1].questions().collect::<Vec<_>>(), ["register", "capital", "owners"]);
        assert_eq!(sections[1].groups.iter().map(|(title, ..)| *title).collect::<Vec<_>>(), ["", "Money"]);
        assert_eq!(form.columns("owners").map(|(name, _)| name).collect::<Vec<_>>(), ["name"]);
    }

    #[test]
    fn a_hidden_page_hides_what_depends_on_it_as_well() {
        let form = form();
        let given = answers(
            json!({"kind": "person", "register": "HRB 1", "capital": {"amount": 1, "currency": "EUR"}, "note": "x"}),
        );
        assert_eq!(Value::Object(form.drop_hidden(given.clone())), json!({"kind": "person", "note": "x"}));
        let shown = form.shown(&given);
        assert!(shown.contains("seat") && !shown.contains("register") && !shown.contains("capital"));
        let company = answers(json!({"kind": "company", "register": "HRB 1"}));
        assert!(form.shown(&company).contains("capital") && form.shown(&company).contains("owners"));
        assert!(!form.shown(&answers(json!({}))).contains("register"), "what is undecided is hidden");
    }

    #[test]
    fn a_prefill_is_written_as_it_is_read() {
        for text in ["record.title", "account.name", "person.name", "person.email"] {
            let read: crate::Prefill = serde_json::from_value(json!(text)).unwrap();
            assert_eq!(serde_json::to_value(&read).unwrap(), json!(text));
        }
        assert!(serde_json::from_value::<crate::Prefill>(json!("firm.secret")).is_err());
    }
}
