//! Records: fields, states and access rules.

use std::collections::HashSet;

use super::{
    Checker,
    conditions::{RecordFields, is_currency},
};
use crate::{AccessRule, Action, Field, FieldKind, Record, Side, States, UniqueWithin};

/// Names with a meaning of their own in columns, placeholders and conditions.
const RESERVED_FIELDS: [&str; 7] = ["id", "state", "number", "account", "created", "link", "label"];

impl<'a> Checker<'a> {
    pub(super) fn records(&mut self) {
        let definition = self.definition;
        for (name, record) in &definition.spec.records {
            let path = format!("spec.records.{name}");
            self.name(&path, name);
            self.optional_title(&path, record.title.as_ref());
            if let Some(number) = &record.number
                && number.prefix.chars().count() > 12
            {
                self.report(format!("{path}.number.prefix"), "a prefix has at most 12 characters");
            }
            if let Some(states) = &record.states {
                self.states(&format!("{path}.states"), states);
            }
            for (field_name, field) in &record.fields {
                self.field(&format!("{path}.fields.{field_name}"), field_name, field, record);
            }
            self.label(&path, name, record);
            self.access(&path, name, record);
        }
    }

    fn label(&mut self, path: &str, name: &str, record: &Record) {
        let Some(label) = &record.label else { return };
        let at = format!("{path}.label");
        match record.fields.get(label).map(|field| &field.kind) {
            Some(FieldKind::Text { .. }) => {}
            Some(_) => self.report(at, format!("the label must be a text field; `{label}` is none")),
            None => {
                let known = record.fields.keys().map(String::as_str);
                let hint = crate::finding::suggestion(label, known);
                self.report_with(at, format!("the record `{name}` has no field `{label}`"), hint);
            }
        }
    }

    fn states(&mut self, path: &str, states: &States) {
        let known = || states.next.keys().map(String::as_str);
        self.known(&format!("{path}.initial"), "state", &states.initial, known());
        let mut reached = HashSet::from([states.initial.as_str()]);
        let mut open = vec![states.initial.as_str()];
        while let Some(state) = open.pop() {
            for next in states.next.get(state).into_iter().flatten() {
                if reached.insert(next) {
                    open.push(next);
                }
            }
        }
        for (state, next) in &states.next {
            let at = format!("{path}.{state}");
            self.name(&at, state);
            for (place, target) in next.iter().enumerate() {
                let at = format!("{at}[{place}]");
                if self.known(&at, "state", target, known()) && target == state {
                    self.report(at, format!("`{state}` cannot follow itself"));
                }
            }
            if states.next.contains_key(&states.initial) && !reached.contains(state.as_str()) {
                self.report(at, format!("no record ever reaches the state `{state}`"));
            }
        }
    }

    fn field(&mut self, path: &str, name: &str, field: &Field, record: &Record) {
        self.name(path, name);
        if RESERVED_FIELDS.contains(&name) {
            self.report(
                path,
                format!("`{name}` is a name of the platform's own; call the field something else"),
            );
        }
        self.optional_title(path, field.title.as_ref());
        self.roles(&format!("{path}.visibleTo"), &field.visible_to);
        if field.unique_within.is_some() && !matches!(field.kind, FieldKind::Text { .. }) {
            self.report(format!("{path}.uniqueWithin"), "only text fields can be unique");
        }
        if field.unique_within == Some(UniqueWithin::Tenant) && self.external_people_set(field, record) {
            self.report_with(
                format!("{path}.uniqueWithin"),
                "people of one account could find out what others have entered",
                Some("use `account`, or let only internal roles create, update and see the field".to_owned()),
            );
        }
        self.field_kind(path, &field.kind);
    }

    fn external_people_set(&self, field: &Field, record: &Record) -> bool {
        let sets =
            |rule: &&AccessRule| rule.can.contains(&Action::Create) || rule.can.contains(&Action::Update);
        let sees =
            |role: &str| field.visible_to.is_empty() || field.visible_to.iter().any(|seer| seer == role);
        record.access.iter().filter(sets).any(|rule| {
            let role = self.definition.spec.roles.get(&rule.role);
            role.is_some_and(|role| role.side == Side::External) && sees(&rule.role)
        })
    }

    fn field_kind(&mut self, path: &str, kind: &FieldKind) {
        let reversed = match kind {
            FieldKind::Text { min: Some(min), max: Some(max) }
            | FieldKind::LongText { min: Some(min), max: Some(max) } => min > max,
            FieldKind::Number { min: Some(min), max: Some(max) } => min > max,
            FieldKind::Money { min: Some(min), max: Some(max), .. } => min > max,
            _ => false,
        };
        if reversed {
            self.report(format!("{path}.min"), "`min` is larger than `max`: nothing fits");
        }
        match kind {
            FieldKind::Choice { options, .. } => {
                if options.is_empty() {
                    self.report(format!("{path}.options"), "a choice needs at least one option");
                }
                for (place, option) in options.iter().enumerate() {
                    self.title(&format!("{path}.options[{place}].value"), &option.value);
                }
                let values = options.iter().map(|option| option.value.as_str());
                self.distinct("option", values, |place| format!("{path}.options[{place}].value"));
            }
            FieldKind::Ref { to } => drop(self.record(&format!("{path}.to"), to)),
            FieldKind::Money { currency: Some(currency), .. } if !is_currency(currency) => {
                self.report(format!("{path}.currency"), "a currency is three capital letters, such as EUR");
            }
            FieldKind::File { accept, max } => {
                if accept.is_empty() {
                    self.report(format!("{path}.accept"), "say what may be uploaded, such as [pdf, image]");
                }
                if max.is_some_and(|max| !(1..=100).contains(&max)) {
                    self.report(format!("{path}.max"), "a field holds between 1 and 100 files");
                }
            }
            FieldKind::People { max: Some(0), .. } => {
                self.report(format!("{path}.max"), "a field for nobody cannot be filled");
            }
            _ => {}
        }
    }

    fn access(&mut self, path: &str, name: &'a str, record: &'a Record) {
        if record.access.is_empty() {
            self.report_with(
                path,
                format!("the record `{name}` has no access rule, so nobody could ever see one"),
                Some(
                    "add `access:` with at least one rule: {role: …, can: [read], where: {account: mine}}"
                        .to_owned(),
                ),
            );
        }
        let fields = RecordFields { definition: self.definition, name, record };
        for (place, rule) in record.access.iter().enumerate() {
            let at = format!("{path}.access[{place}]");
            self.role(&format!("{at}.role"), &rule.role);
            if rule.can.is_empty() {
                self.report(
                    format!("{at}.can"),
                    "the rule allows nothing; name at least one of read, create, update, delete",
                );
            }
            for (index, action) in rule.can.iter().enumerate() {
                if rule.can[..index].contains(action) {
                    self.report(format!("{at}.can[{index}]"), "this is listed twice");
                }
            }
            if let Some(condition) = &rule.condition {
                self.condition(&format!("{at}.where"), condition, &fields);
            }
        }
    }
}
