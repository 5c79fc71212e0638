//! Forms and document templates.

use serde_json::Value;

use super::{
    Checker,
    conditions::{Comparable, Fields},
};
use crate::{DocumentTemplate, TemplateField};

/// The questions of a form.
struct Questions<'a> {
    name: &'a str,
    schema: &'a Value,
}

impl<'a> Fields<'a> for Questions<'a> {
    fn find(&self, name: &str) -> Result<Comparable<'a>, Vec<String>> {
        let Some(properties) = self.schema["properties"].as_object() else { return Err(Vec::new()) };
        let Some(question) = properties.get(name) else { return Err(properties.keys().cloned().collect()) };
        let words = |schema: &'a Value| -> Option<Vec<&'a str>> {
            schema["enum"].as_array().map(|words| words.iter().filter_map(Value::as_str).collect())
        };
        Ok(match (question["type"].as_str(), question["format"].as_str()) {
            (Some("string"), Some("date")) => Comparable::Date,
            (Some("string"), _) => words(question).map_or(Comparable::Text, Comparable::Word),
            (Some("number" | "integer"), _) => Comparable::Number,
            (Some("boolean"), _) => Comparable::Bool,
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

impl Checker<'_> {
    pub(super) fn forms(&mut self) {
        for (name, form) in &self.definition.spec.forms {
            let path = format!("spec.forms.{name}");
            self.name(&path, name);
            self.optional_title(&path, form.title.as_ref());
            self.form_schema(&format!("{path}.schema"), &form.schema);
            let questions = Questions { name, schema: &form.schema };
            for (place, rule) in form.ui.iter().enumerate() {
                let at = format!("{path}.ui[{place}]");
                if let Err(known) = questions.find(&rule.field) {
                    let hint = crate::finding::suggestion(&rule.field, known.iter().map(String::as_str));
                    let message = format!("the form `{name}` has no question `{}`", rule.field);
                    self.report_with(format!("{at}.field"), message, hint);
                }
                if let Some(condition) = &rule.visible_when {
                    self.condition(&format!("{at}.visibleWhen"), condition, &questions);
                    if condition.comparisons().iter().any(|comparison| comparison.field == rule.field) {
                        self.report(
                            format!("{at}.visibleWhen"),
                            "a question cannot decide whether it is itself shown",
                        );
                    }
                }
            }
            let fields = form.ui.iter().map(|rule| rule.field.as_str());
            self.distinct("question", fields, |place| format!("{path}.ui[{place}].field"));
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
