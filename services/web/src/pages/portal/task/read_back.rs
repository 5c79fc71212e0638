//! A form's answers as people read them, page by page.

use std::collections::HashMap;

use chrono::DateTime;
use portico_core::Money;
use portico_definition::{Form, FormRule, QuestionKind, Section};
use serde_json::{Map, Value};

use super::{
    given::ADDRESS,
    questions::{choices, plain},
};
use crate::{layout::Shell, values::Shown, wording::humanize};

/// One question with its answer.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) name: String,
    pub(super) label: String,
    /// What was answered; nothing where nothing was.
    pub(super) lines: Vec<Shown>,
}

/// The answers under one heading.
#[derive(Debug, Clone)]
pub(super) struct Block {
    /// The page, counted from 1; 0 in a form that declares none.
    pub(super) page: usize,
    pub(super) title: String,
    /// Headings of groups, empty for what stands in none, with their answers.
    pub(super) groups: Vec<(String, Vec<Answer>)>,
}

/// The answers to the questions that are shown, in the order of the pages; pages without any are left out.
pub(super) fn blocks(
    s: &Shell,
    form: &Form,
    answers: &Map<String, Value>,
    labels: &HashMap<String, String>,
) -> Vec<Block> {
    let shown = form.shown(answers);
    let reader = Reader { s, form, labels };
    let block = |(place, section): (usize, &Section<'_>)| {
        let groups = section.groups.iter().filter_map(|(title, _, fields)| {
            let asked = fields.iter().filter(|name| shown.contains(*name));
            let answers: Vec<Answer> = asked.map(|name| reader.answer(name, answers.get(*name))).collect();
            (!answers.is_empty()).then(|| ((*title).to_owned(), answers))
        });
        let groups: Vec<_> = groups.collect();
        let page = if form.pages.is_empty() { 0 } else { place + 1 };
        (!groups.is_empty()).then(|| Block { page, title: section.title.to_owned(), groups })
    };
    form.sections().iter().enumerate().filter_map(block).collect()
}

struct Reader<'a> {
    s: &'a Shell,
    form: &'a Form,
    labels: &'a HashMap<String, String>,
}

impl Reader<'_> {
    fn answer(&self, name: &str, answer: Option<&Value>) -> Answer {
        let property = &self.form.schema["properties"][name];
        let label = property["title"].as_str().map_or_else(|| humanize(name), str::to_owned);
        let lines = match (self.form.kind(name), answer) {
            (Some(kind), Some(answer)) => self.lines(name, kind, property, self.form.rule(name), answer),
            _ => Vec::new(),
        };
        Answer {
            name: name.to_owned(),
            label,
            lines: lines.into_iter().filter(|line| !line.text.is_empty()).collect(),
        }
    }

    fn lines(
        &self,
        name: &str,
        kind: QuestionKind,
        property: &Value,
        rule: Option<&FormRule>,
        answer: &Value,
    ) -> Vec<Shown> {
        let line = |text: String| Shown { text, href: String::new() };
        match kind {
            QuestionKind::File => {
                let ids = answer.as_array().into_iter().flatten().filter_map(Value::as_str);
                let file = |id: &str| Shown {
                    text: self.labels.get(id).cloned().unwrap_or_else(|| self.s.t("form-file")),
                    href: format!("/documents/{id}"),
                };
                ids.map(file).collect()
            }
            QuestionKind::Address => {
                let text = |part: &str| answer[part].as_str().unwrap_or_default().to_owned();
                let town = [text("postcode"), text("city")].join(" ").trim().to_owned();
                let of = |part: &&str| if *part == "city" { town.clone() } else { text(part) };
                ADDRESS.iter().filter(|part| **part != "postcode").map(|part| line(of(part))).collect()
            }
            QuestionKind::Signature => {
                let name = answer["name"].as_str().unwrap_or_default();
                let at = answer["signed_at"].as_str().and_then(|at| DateTime::parse_from_rfc3339(at).ok());
                vec![line(match (at, answer["signed_by"].as_str()) {
                    (Some(at), Some(by)) => self
                        .s
                        .say("signature-given")
                        .arg("name", name)
                        .arg("by", by)
                        .arg("when", self.s.date_time(&at.to_utc()))
                        .to_string(),
                    _ => name.to_owned(),
                })]
            }
            QuestionKind::Table => {
                let rows = answer.as_array().into_iter().flatten();
                rows.map(|row| line(self.row(name, row))).collect()
            }
            _ => vec![line(self.text(kind, property, rule, answer))],
        }
    }

    /// A row in one line: "What: Desk · Cost: 3.00 EUR".
    fn row(&self, table: &str, row: &Value) -> String {
        let cell = |(column, schema): (&str, &Value)| {
            let rule = self.form.rule(&format!("{table}.{column}"));
            let text = self.text(QuestionKind::of(schema, rule)?, schema, rule, row.get(column)?);
            let label = schema["title"].as_str().map_or_else(|| humanize(column), str::to_owned);
            (!text.is_empty()).then(|| format!("{label}: {text}"))
        };
        self.form.columns(table).filter_map(cell).collect::<Vec<_>>().join(" · ")
    }

    fn text(&self, kind: QuestionKind, property: &Value, _: Option<&FormRule>, answer: &Value) -> String {
        match kind {
            QuestionKind::Date => match answer.as_str().and_then(|day| day.parse().ok()) {
                Some(day) => self.s.formats.day(&day),
                None => plain(answer),
            },
            QuestionKind::Money => match serde_json::from_value::<Money>(answer.clone()) {
                Ok(money) => self.s.formats.money(&money),
                Err(_) => plain(answer),
            },
            QuestionKind::Choice | QuestionKind::Many | QuestionKind::YesNo => {
                let chosen = choices(self.s, property, answer).into_iter().filter(|choice| choice.chosen);
                chosen.map(|choice| choice.label).collect::<Vec<_>>().join(", ")
            }
            _ => plain(answer),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{layout::Area, text::Locale};

    #[test]
    fn every_answer_is_read_back_in_its_place_and_in_the_readers_words() {
        let form: Form = serde_json::from_value(json!({"schema": {"type": "object", "properties": {
            "start": {"type": "string", "format": "date"}, "fee": {"type": "object", "format": "money"},
            "kind": {"type": "string", "enum": ["c"], "x-labels": {"c": "Company"}},
            "seat": {"type": "object", "format": "address"}, "scan": {"type": "array", "format": "file"},
            "sign": {"type": "object", "format": "signature"}, "old": {"type": "string"},
            "lines": {"type": "array", "items": {"type": "object", "properties": {
                "what": {"type": "string"}, "cost": {"type": "object", "format": "money"}}}},
        }}, "ui": [{"field": "old", "visibleWhen": {"field": "kind", "is": "d"}}], "pages": [
            {"title": "First", "fields": ["start", "kind"], "groups": [{"title": "Money", "fields": ["fee", "lines"]}]},
            {"title": "Never", "visibleWhen": {"field": "kind", "is": "d"}, "fields": ["old"]},
            {"title": "Last", "fields": ["seat", "scan", "sign"]}]}))
        .unwrap();
        let answers = json!({
            "start": "2026-12-24", "fee": {"amount": 125_050, "currency": "EUR"}, "kind": "c", "old": "hidden",
            "seat": {"street": "Hauptstr. 1", "postcode": "10115", "city": "Berlin", "country": "Germany"}, "scan": ["d1"],
            "sign": {"name": "Ana", "agreed": true, "signed_by": "Ana Souza", "signed_at": "2026-12-03T12:00:00Z"},
            "lines": [{"what": "Desk", "cost": {"amount": 300, "currency": "EUR"}}],
        });
        let labels = HashMap::from([("d1".to_owned(), "scan.pdf".to_owned())]);
        let s = crate::walk::shell(Area::Portal, Locale::En);
        let blocks = blocks(&s, &form, answers.as_object().unwrap(), &labels);
        assert_eq!(
            blocks.iter().map(|block| (block.page, block.title.as_str())).collect::<Vec<_>>(),
            [(1, "First"), (3, "Last")]
        );
        let text = |block: usize, group: usize, answer: usize| -> Vec<&str> {
            blocks[block].groups[group].1[answer].lines.iter().map(|line| line.text.as_str()).collect()
        };
        assert_eq!((text(0, 0, 0), text(0, 0, 1)), (vec!["24 December 2026"], vec!["Company"]));
        assert_eq!(blocks[0].groups[1].0, "Money");
        assert_eq!(text(0, 1, 1), ["What: Desk · Cost: 3.00 EUR"]);
        assert_eq!(text(1, 0, 0), ["Hauptstr. 1", "10115 Berlin", "Germany"]);
        assert_eq!(blocks[1].groups[0].1[1].lines[0].href, "/documents/d1");
        assert!(text(1, 0, 2)[0].contains("Ana Souza"), "{:?}", text(1, 0, 2));
    }
}
