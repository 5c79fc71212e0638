//! Texts with `{{…}}`: each must name something that exists and that its readers may see.

use super::Checker;
use crate::{FieldKind, Party, Record, Side, Workflow, placeholders, visible_fields};

/// What every notice may speak of, whatever the record.
const COMMON: [&str; 8] = [
    "account.name",
    "person.name",
    "tenant.name",
    "portal.title",
    "portal.link",
    "run.link",
    "run.title",
    "record.link",
];
/// What a text on a page may speak of.
const ON_PAGES: [&str; 4] = ["account.name", "person.name", "tenant.name", "portal.title"];
/// What a record has beside its fields.
const OF_RECORDS: [&str; 5] = ["label", "link", "created", "state", "number"];

impl<'a> Checker<'a> {
    pub(super) fn notices(&mut self) {
        let definition = self.definition;
        for (name, notice) in &definition.spec.notices {
            let path = format!("spec.notices.{name}");
            self.name(&path, name);
            self.title(&format!("{path}.subject"), &notice.subject);
            if notice.body.trim().is_empty() {
                self.report(format!("{path}.body"), "this is what people read; it cannot be empty");
            }
            let uses: Vec<(&Workflow, &Party)> = definition
                .spec
                .workflows
                .values()
                .flat_map(|workflow| workflow.notify.iter().map(move |notify| (workflow, notify)))
                .filter(|(_, notify)| notify.notice == *name)
                .map(|(workflow, notify)| (workflow, &notify.to))
                .collect();
            for (key, text) in [("subject", &notice.subject), ("body", &notice.body)] {
                let mut checked: Vec<&str> = Vec::new();
                for placeholder in placeholders(text) {
                    if !checked.contains(&placeholder.name) {
                        checked.push(placeholder.name);
                        self.placeholder(&format!("{path}.{key}"), placeholder.name, &uses);
                    }
                }
            }
        }
    }

    fn placeholder(&mut self, path: &str, name: &str, uses: &[(&'a Workflow, &'a Party)]) {
        if COMMON.contains(&name) {
            return;
        }
        let Some(field) = name.strip_prefix("record.") else {
            let hint = crate::finding::suggestion(name, COMMON);
            self.report_with(path, format!("`{{{{{name}}}}}` stands for nothing"), hint);
            return;
        };
        for (workflow, to) in uses {
            if let Some(subject) = self.definition.spec.records.get(&workflow.subject)
                && !self.record_placeholder(path, field, &workflow.subject, subject, to)
            {
                return;
            }
        }
    }

    /// Whether the field exists and its readers may see it; reports it where not.
    fn record_placeholder(
        &mut self,
        path: &str,
        field: &str,
        of: &str,
        record: &'a Record,
        to: &Party,
    ) -> bool {
        let (own, other) = field.split_once('.').map_or((field, None), |(own, other)| (own, Some(other)));
        if other.is_none() && has(record, own) {
            return true;
        }
        let Some(found) = record.fields.get(own) else {
            let known = record.fields.keys().map(String::as_str).chain(OF_RECORDS);
            let hint = crate::finding::suggestion(own, known);
            self.report_with(
                path,
                format!("`{{{{record.{field}}}}}`: the record `{of}` has no field `{own}`"),
                hint,
            );
            return false;
        };
        if !self.readers_see(path, own, of, to) {
            return false;
        }
        match (other, &found.kind) {
            (None, _) => true,
            (Some(other), FieldKind::Ref { .. }) if other.contains('.') => {
                self.report(
                    path,
                    format!("`{{{{record.{field}}}}}` goes too far: one reference may be followed"),
                );
                false
            }
            (Some(other), FieldKind::Ref { to: target }) => match self.definition.spec.records.get(target) {
                Some(target_record) => self.record_placeholder(path, other, target, target_record, to),
                None => false,
            },
            (Some(_), _) => {
                self.report(
                    path,
                    format!("`{{{{record.{field}}}}}`: `{own}` does not refer to another record"),
                );
                false
            }
        }
    }

    /// Whether everybody who gets the text may see the field.
    fn readers_see(&mut self, path: &str, field: &str, of: &str, to: &Party) -> bool {
        let spec = &self.definition.spec;
        let readers: Vec<String> = match to {
            Party::Role(role) => vec![role.clone()],
            // Whoever a field names may have any external role.
            Party::Field(_) => spec
                .roles
                .iter()
                .filter(|(_, role)| role.side == Side::External)
                .map(|(name, _)| name.clone())
                .collect(),
        };
        let blind = readers.iter().find(|role| {
            spec.roles.contains_key(*role)
                && !visible_fields(self.definition, std::slice::from_ref(role), of).contains(&field)
        });
        if let Some(role) = blind {
            let message =
                format!("`{{{{record.{field}}}}}` would tell the role `{role}` what it may not see");
            self.report(path, message);
            return false;
        }
        true
    }

    pub(super) fn text_placeholders(&mut self, path: &str, text: &str) {
        for placeholder in placeholders(text) {
            if !ON_PAGES.contains(&placeholder.name) {
                let hint = crate::finding::suggestion(placeholder.name, ON_PAGES);
                self.report_with(
                    path,
                    format!("`{{{{{}}}}}` stands for nothing on a page", placeholder.name),
                    hint,
                );
            }
        }
    }
}

fn has(record: &Record, name: &str) -> bool {
    match name {
        "state" => record.states.is_some(),
        "number" => record.number.is_some(),
        _ => OF_RECORDS.contains(&name),
    }
}
