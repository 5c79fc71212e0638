//! Forms and document templates.

use serde_json::Value;

use super::{
    Checker,
    conditions::{Comparable, Fields},
};
use crate::{DocumentTemplate, Expr, Form, FormPage, QuestionKind, TemplateField};

/// The most columns of a table.
const MOST_COLUMNS: usize = 10;

/// The questions of a form.
struct Questions<'a> {
    name: &'a str,
    form: &'a Form,
}

impl<'a> Fields<'a> for Questions<'a> {
    fn find(&self, name: &str) -> Result<Comparable<'a>, Vec<String>> {
        let Some(properties) = self.form.schema["properties"].as_object() else { return Err(Vec::new()) };
        let Some(question) = properties.get(name) else { return Err(properties.keys().cloned().collect()) };
        let words = |schema: &'a Value| -> Option<Vec<&'a str>> {
            schema["enum"].as_array().map(|words| words.iter().filter_map(Value::as_str).collect())
        };
        Ok(match (question["type"].as_str(), question["format"].as_str()) {
            (Some("string"), Some("date")) => Comparable::Date,
            (Some("string"), _) => words(question).map_or(Comparable::Text, Comparable::Word),
            (Some("number" | "integer"), _) => Comparable::Number,
            (Some("boolean"), _) => Comparable::Bool,
            (Some("object"), Some("money")) => {
                Comparable::Money(self.form.rule(name).and_then(|rule| rule.currency.as_deref()))
            }
            (Some("object"), _) => Comparable::Nothing("only amounts among such answers can be compared"),
            (Some("array"), _) => words(&question["items"])
                .map_or(Comparable::Nothing("only a list with an enum can be compared"), Comparable::Words),
            _ => Comparable::Nothing("give the question a type: string, number, integer, boolean or array"),
        })
    }

    fn holder(&self) -> String {
        format!("the form `{}`", self.name)
    }

    fn has_account(&self) -> bool {
        false
    }
}

impl<'a> Checker<'a> {
    pub(super) fn forms(&mut self) {
        for (name, form) in &self.definition.spec.forms {
            let path = format!("spec.forms.{name}");
            self.name(&path, name);
            self.optional_title(&path, form.title.as_ref());
            self.form_schema(&format!("{path}.schema"), &form.schema);
            let questions = Questions { name, form };
            self.question_kinds(&format!("{path}.schema.properties"), form);
            for (place, rule) in form.ui.iter().enumerate() {
                let at = format!("{path}.ui[{place}]");
                let column = rule
                    .field
                    .split_once('.')
                    .filter(|(table, column)| form.columns(table).any(|(name, _)| name == *column));
                let found = questions.find(&rule.field);
                if let (Err(known), None) = (found, column) {
                    let hint = crate::finding::suggestion(&rule.field, known.iter().map(String::as_str));
                    let message = format!("the form `{name}` has no question `{}`", rule.field);
                    self.report_with(format!("{at}.field"), message, hint);
                }
                if let Some(condition) = &rule.visible_when {
                    let own = [rule.field.as_str()];
                    self.shown_when(&format!("{at}.visibleWhen"), condition, &questions, &own);
                    if column.is_some() {
                        self.report(format!("{at}.visibleWhen"), "a column is shown with its whole table");
                    }
                }
                self.question_rule(&at, form, rule);
            }
            let fields = form.ui.iter().map(|rule| rule.field.as_str());
            self.distinct("question", fields, |place| format!("{path}.ui[{place}].field"));
            self.form_pages(&path, &questions);
        }
    }

    /// A condition over other questions than those that it shows.
    fn shown_when(&mut self, path: &str, condition: &'a Expr, questions: &Questions<'a>, shows: &[&str]) {
        self.condition(path, condition, questions);
        let own = |field: &str| shows.contains(&field);
        if condition.comparisons().iter().any(|comparison| own(&comparison.field)) {
            self.report(path, "a question cannot decide whether it is itself shown");
        }
    }

    /// Whether everything can be asked.
    fn question_kinds(&mut self, path: &str, form: &Form) {
        for question in form.questions() {
            let at = format!("{path}.{question}");
            match form.kind(question) {
                None => self.report_with(
                    at,
                    format!("nobody could be asked `{question}`"),
                    Some(
                        "give it the type string, number, integer or boolean; object with the format money, address or \
                         signature; or array with an enum, the format file, or columns in `items.properties`"
                            .to_owned(),
                    ),
                ),
                Some(QuestionKind::Table) => self.table_columns(&at, form, question),
                Some(_) => {}
            }
        }
    }

    fn table_columns(&mut self, path: &str, form: &Form, table: &str) {
        use QuestionKind::{Choice, Date, LongText, Money, Number, Text, YesNo};
        if form.columns(table).count() > MOST_COLUMNS {
            self.report(path, format!("a table has at most {MOST_COLUMNS} columns"));
        }
        for (column, schema) in form.columns(table) {
            let kind = QuestionKind::of(schema, None);
            if !matches!(kind, Some(Text | LongText | Number | Money | Date | Choice | YesNo)) {
                self.report_with(
                    format!("{path}.items.properties.{column}"),
                    format!("`{column}` cannot be a column"),
                    Some(
                        "a column is a text, a number, an amount, a date, a choice, or yes or no".to_owned(),
                    ),
                );
            }
        }
    }

    fn question_rule(&mut self, path: &str, form: &Form, rule: &crate::FormRule) {
        let kind = match rule.field.split_once('.') {
            Some((table, column)) => form
                .columns(table)
                .find(|(name, _)| *name == column)
                .and_then(|(_, schema)| QuestionKind::of(schema, Some(rule))),
            None => form.kind(&rule.field),
        };
        if let Some(currency) = &rule.currency {
            let written = currency.len() == 3 && currency.bytes().all(|byte| byte.is_ascii_uppercase());
            if kind != Some(QuestionKind::Money) {
                self.report(format!("{path}.currency"), "only an amount has a currency");
            } else if !written {
                self.report(format!("{path}.currency"), "a currency is three capital letters, such as EUR");
            }
        }
        if !rule.accept.is_empty() && kind != Some(QuestionKind::File) {
            self.report(format!("{path}.accept"), "only a question for files says what may be uploaded");
        }
        let prefilled = matches!(
            kind,
            None | Some(
                QuestionKind::Text
                    | QuestionKind::LongText
                    | QuestionKind::Number
                    | QuestionKind::Money
                    | QuestionKind::Date
                    | QuestionKind::Choice
                    | QuestionKind::YesNo
            )
        );
        if rule.prefill.is_some() && (!prefilled || rule.field.contains('.')) {
            self.report(format!("{path}.prefill"), "such a question cannot be filled in before");
        }
    }

    /// Every question on exactly one page, and no page that depends on a later one.
    fn form_pages(&mut self, path: &str, questions: &Questions<'a>) {
        let form = questions.form;
        if form.pages.is_empty() {
            return;
        }
        let mut placed: Vec<&str> = Vec::new();
        for (place, page) in form.pages.iter().enumerate() {
            let at = format!("{path}.pages[{place}]");
            self.title(&format!("{at}.title"), &page.title);
            if page.fields.is_empty() && page.groups.is_empty() {
                self.report(&at, "a page has at least one question, in `fields` or in `groups`");
            }
            let before = placed.clone();
            self.place(&format!("{at}.fields"), &page.fields, questions, &mut placed);
            for (place, group) in page.groups.iter().enumerate() {
                let at = format!("{at}.groups[{place}]");
                self.title(&format!("{at}.title"), &group.title);
                if group.fields.is_empty() {
                    self.report(&at, "a group has at least one question in `fields`");
                }
                self.place(&format!("{at}.fields"), &group.fields, questions, &mut placed);
            }
            if let Some(condition) = &page.visible_when {
                self.condition(&format!("{at}.visibleWhen"), condition, questions);
                self.asked_before(&format!("{at}.visibleWhen"), condition, &before);
            }
            self.page_conditions(&at, page, questions, &placed);
        }
        for question in form.questions().filter(|question| !placed.contains(question)) {
            self.report(format!("{path}.pages"), format!("the question `{question}` stands on no page"));
        }
    }

    fn page_conditions(&mut self, path: &str, page: &'a FormPage, questions: &Questions<'a>, asked: &[&str]) {
        for (place, group) in page.groups.iter().enumerate() {
            if let Some(condition) = &group.visible_when {
                let at = format!("{path}.groups[{place}].visibleWhen");
                let own: Vec<&str> = group.fields.iter().map(String::as_str).collect();
                self.shown_when(&at, condition, questions, &own);
                self.asked_before(&at, condition, asked);
            }
        }
        let here: Vec<&String> =
            page.fields.iter().chain(page.groups.iter().flat_map(|group| &group.fields)).collect();
        for question in here {
            let Some(place) = questions.form.ui.iter().position(|rule| rule.field == *question) else {
                continue;
            };
            if let Some(condition) = &questions.form.ui[place].visible_when {
                let ui = path.split(".pages[").next().unwrap_or(path);
                self.asked_before(&format!("{ui}.ui[{place}].visibleWhen"), condition, asked);
            }
        }
    }

    fn place(
        &mut self,
        path: &str,
        fields: &'a [String],
        questions: &Questions<'a>,
        placed: &mut Vec<&'a str>,
    ) {
        for (place, field) in fields.iter().enumerate() {
            let at = format!("{path}[{place}]");
            self.known(&at, "question", field, questions.form.questions());
            if placed.contains(&field.as_str()) {
                self.report(at, format!("the question `{field}` stands on the pages twice"));
            }
            placed.push(field);
        }
    }

    fn asked_before(&mut self, path: &str, condition: &Expr, asked: &[&str]) {
        for comparison in condition.comparisons() {
            let known = |name: &str| asked.contains(&name);
            if !known(&comparison.field) {
                let message = format!("`{}` is asked later than what depends on it", comparison.field);
                self.report(path, message);
            }
        }
    }

    fn form_schema(&mut self, path: &str, schema: &Value) {
        if let Some(outside) = outside_reference(schema) {
            self.report_with(
                path,
                format!("the form refers to another document, `{outside}`"),
                Some("a form is whole in itself: use `#/$defs/…`".to_owned()),
            );
            return;
        }
        if let Err(error) = jsonschema::draft202012::meta::validate(schema) {
            let inside = error.instance_path().to_string();
            self.report(format!("{path}{}", dotted(&inside)), format!("this is no JSON Schema: {error}"));
            return;
        }
        if let Err(error) = jsonschema::draft202012::new(schema) {
            self.report(path, format!("this JSON Schema cannot be used: {error}"));
            return;
        }
        let properties = schema["properties"].as_object();
        let Some(properties) =
            properties.filter(|properties| schema["type"] == "object" && !properties.is_empty())
        else {
            self.report(
                path,
                "a form is a schema of `type: object` with at least one question in `properties`",
            );
            return;
        };
        for (place, required) in schema["required"].as_array().into_iter().flatten().enumerate() {
            if let Some(name) = required.as_str() {
                let known = properties.keys().map(String::as_str);
                self.known(&format!("{path}.required[{place}]"), "question", name, known);
            }
        }
    }

    pub(super) fn templates(&mut self) {
        for (name, template) in &self.definition.spec.document_templates {
            let path = format!("spec.documentTemplates.{name}");
            self.name(&path, name);
            self.optional_title(&path, template.title.as_ref());
            self.template(&path, template);
        }
    }

    fn template(&mut self, path: &str, template: &DocumentTemplate) {
        let file = &template.file;
        let steps_out = file.split('/').any(|part| part.is_empty() || part == "." || part == "..");
        if steps_out || file.contains('\\') || !file.to_ascii_lowercase().ends_with(".pdf") {
            self.report_with(
                format!("{path}.file"),
                format!("`{file}` is not the path of a PDF beside the definition"),
                Some("write it as templates/name.pdf".to_owned()),
            );
        }
        if template.fields.is_empty() {
            self.report(format!("{path}.fields"), "a document without a place to sign cannot be signed");
        }
        for (place, field) in template.fields.iter().enumerate() {
            let at = format!("{path}.fields[{place}]");
            self.name(&format!("{at}.id"), &field.id);
            self.role(&format!("{at}.signer"), &field.signer);
            self.area(&at, field);
        }
        let ids = template.fields.iter().map(|field| field.id.as_str());
        self.distinct("id", ids, |place| format!("{path}.fields[{place}].id"));
    }

    fn area(&mut self, path: &str, field: &TemplateField) {
        if !(1..=2000).contains(&field.page) {
            self.report(format!("{path}.page"), "pages are counted from 1 and go up to 2000");
        }
        let [left, top, width, height] = field.area;
        let inside = [left, top].iter().all(|edge| (0.0..1.0).contains(edge))
            && width > 0.0
            && height > 0.0
            && left + width <= 1.0 + f64::EPSILON
            && top + height <= 1.0 + f64::EPSILON;
        if !inside {
            self.report_with(
                format!("{path}.box"),
                "the box does not lie on the page",
                Some("write left, top, width and height as parts of the page, 0 to 1".to_owned()),
            );
        }
    }
}

/// The first `$ref` or `$dynamicRef` that leaves the schema.
fn outside_reference(schema: &Value) -> Option<&str> {
    match schema {
        Value::Object(entries) => {
            entries.iter().find_map(|(key, value)| match (key.as_str(), value.as_str()) {
                ("$ref" | "$dynamicRef" | "$schema", Some(target)) => {
                    let own = target.starts_with('#')
                        || key == "$schema" && target.ends_with("/draft/2020-12/schema");
                    (!own).then_some(target)
                }
                _ => outside_reference(value),
            })
        }
        Value::Array(items) => items.iter().find_map(outside_reference),
        _ => None,
    }
}

/// A JSON pointer as the tail of a path.
fn dotted(pointer: &str) -> String {
    let parts = pointer.split('/').skip(1).map(|part| match part.parse::<usize>() {
        Ok(place) => format!("[{place}]"),
        Err(_) => format!(".{}", part.replace("~1", "/").replace("~0", "~")),
    });
    parts.collect()
}
