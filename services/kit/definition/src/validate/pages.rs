//! Pages and their blocks.

use super::{Checker, conditions::RecordFields};
use crate::{Block, BlockKind, FormBlock, Page, Record, RecordList, Side, visible_fields};

/// First words of paths that belong to the platform; no page may begin with them.
pub const RESERVED_PATHS: [&str; 16] = [
    "admin",
    "api",
    "assets",
    "auth",
    "console",
    "events",
    "files",
    "healthz",
    "invitations",
    "live",
    "notifications",
    "oauth",
    "readyz",
    "setup",
    "sign-in",
    "sign-out",
];

/// What a record list can show beside fields.
const COLUMNS: [&str; 4] = ["state", "number", "account", "created"];

impl<'a> Checker<'a> {
    pub(super) fn pages(&mut self) {
        let pages = &self.definition.spec.pages;
        self.distinct("id", pages.iter().map(|page| page.id.as_str()), |place| {
            format!("spec.pages[{place}].id")
        });
        for (place, page) in pages.iter().enumerate() {
            let path = format!("spec.pages[{place}]");
            self.name(&format!("{path}.id"), &page.id);
            self.title(&format!("{path}.title"), &page.title);
            self.page_path(&path, page);
            if let Some(other) = pages[..place].iter().find(|other| other.path == page.path) {
                let message = format!("the page `{}` has the same path", other.id);
                self.report(format!("{path}.path"), message);
            }
            if page.visible_to.is_empty() {
                self.report(format!("{path}.visibleTo"), "name at least one role, or nobody sees the page");
            }
            self.roles(&format!("{path}.visibleTo"), &page.visible_to);
            for (index, block) in page.blocks.iter().enumerate() {
                self.block(&format!("{path}.blocks[{index}]"), block, page);
            }
        }
    }

    fn page_path(&mut self, path: &str, page: &Page) {
        let word = |word: &str| {
            !word.is_empty()
                && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        };
        let rest = page.path.strip_prefix('/');
        if !rest.is_some_and(|rest| rest.is_empty() || rest.split('/').all(word)) {
            self.report_with(
                format!("{path}.path"),
                format!("`{}` is no path of a page", page.path),
                Some("write `/` or `/word`, in lower-case letters, digits and hyphens".to_owned()),
            );
            return;
        }
        let first = rest.and_then(|rest| rest.split('/').next()).unwrap_or_default();
        if RESERVED_PATHS.contains(&first) {
            self.report(format!("{path}.path"), format!("paths under `/{first}` belong to the platform"));
        }
    }

    fn block(&mut self, path: &str, block: &Block, page: &Page) {
        self.optional_title(path, block.title.as_ref());
        self.roles(&format!("{path}.visibleTo"), &block.visible_to);
        for (place, role) in block.visible_to.iter().enumerate() {
            if self.definition.spec.roles.contains_key(role) && !page.visible_to.contains(role) {
                let message = format!("the role `{role}` does not see the page `{}`", page.id);
                self.report(format!("{path}.visibleTo[{place}]"), message);
            }
        }
        let seen_by = if block.visible_to.is_empty() { &page.visible_to } else { &block.visible_to };
        match &block.kind {
            BlockKind::Checklist(list) => drop(self.workflow(&format!("{path}.workflow"), &list.workflow)),
            BlockKind::Timeline(line) => drop(self.workflow(&format!("{path}.workflow"), &line.workflow)),
            BlockKind::RunBoard(board) => {
                self.workflow(&format!("{path}.workflow"), &board.workflow);
                self.staff_only(path, &block.kind, seen_by);
            }
            // Clients see the plan of their own account, without the rows that are the firm's.
            BlockKind::Gantt(gantt) => {
                self.workflow(&format!("{path}.workflow"), &gantt.workflow);
            }
            BlockKind::Thread(thread) => drop(self.seen_record(&format!("{path}.on"), &thread.on, seen_by)),
            BlockKind::Contact(contact) => drop(self.role(&format!("{path}.role"), &contact.role)),
            BlockKind::RecordList(list) => self.record_list(path, list, seen_by),
            BlockKind::Record(record) => {
                if let Some(found) = self.seen_record(&format!("{path}.of"), &record.of, seen_by) {
                    self.columns(&format!("{path}.fields"), &record.fields, &record.of, found, seen_by);
                }
            }
            BlockKind::Form(form) => self.form_block(path, form),
            BlockKind::Documents(documents) => {
                if let Some(of) = &documents.of {
                    self.seen_record(&format!("{path}.of"), of, seen_by);
                }
            }
            BlockKind::Activity(activity) => {
                if let Some(of) = &activity.of {
                    self.seen_record(&format!("{path}.of"), of, seen_by);
                }
            }
            BlockKind::Text(text) => self.text_placeholders(&format!("{path}.body"), &text.body),
            BlockKind::Attention(_) | BlockKind::Invoices(_) | BlockKind::Meetings(_) => {}
        }
    }

    fn staff_only(&mut self, path: &str, kind: &BlockKind, seen_by: &[String]) {
        let roles = &self.definition.spec.roles;
        let outside =
            seen_by.iter().find(|role| roles.get(*role).is_some_and(|role| role.side == Side::External));
        if let Some(role) = outside {
            let message =
                format!("a `{}` shows every account's runs; the role `{role}` is no staff", kind.name());
            self.report(path, message);
        }
    }

    /// A record that at least one of the block's readers may read.
    fn seen_record(&mut self, path: &str, name: &str, seen_by: &[String]) -> Option<&'a Record> {
        let record = self.record(path, name)?;
        let reads = |role: &String| {
            record.access.iter().any(|rule| rule.role == *role && rule.can.contains(&crate::Action::Read))
        };
        if !record.access.is_empty() && !seen_by.is_empty() && !seen_by.iter().any(reads) {
            self.report(path, format!("none of those who see this may read the record `{name}`"));
        }
        Some(record)
    }

    fn record_list(&mut self, path: &str, list: &RecordList, seen_by: &[String]) {
        let Some(record) = self.seen_record(&format!("{path}.of"), &list.of, seen_by) else { return };
        self.columns(&format!("{path}.columns"), &list.columns, &list.of, record, seen_by);
        self.columns(&format!("{path}.filters"), &list.filters, &list.of, record, seen_by);
        if let Some(condition) = &list.condition {
            let name = self.definition.spec.records.get_key_value(&list.of).map(|(name, _)| name.as_str());
            let fields = RecordFields { definition: self.definition, name: name.unwrap_or_default(), record };
            self.condition(&format!("{path}.where"), condition, &fields);
        }
        let creates = |role: &String| {
            record.access.iter().any(|rule| rule.role == *role && rule.can.contains(&crate::Action::Create))
        };
        if list.create && !seen_by.iter().any(creates) {
            let message = format!("none of those who see this may create the record `{}`", list.of);
            self.report(format!("{path}.create"), message);
        }
    }

    fn columns(&mut self, path: &str, names: &[String], of: &str, record: &Record, seen_by: &[String]) {
        for (place, name) in names.iter().enumerate() {
            let at = format!("{path}[{place}]");
            let built_in = match name.as_str() {
                "state" => record.states.is_some(),
                "number" => record.number.is_some(),
                other => COLUMNS.contains(&other),
            };
            if built_in {
                continue;
            }
            if !record.fields.contains_key(name) {
                let known = record.fields.keys().map(String::as_str).chain(COLUMNS);
                let hint = crate::finding::suggestion(name, known);
                self.report_with(at, format!("the record `{of}` has no field `{name}`"), hint);
            } else if !seen_by.is_empty()
                && !visible_fields(self.definition, seen_by, of).contains(&name.as_str())
            {
                self.report(at, format!("none of those who see this may see the field `{name}`"));
            }
        }
        self.distinct("name", names.iter().map(String::as_str), |place| format!("{path}[{place}]"));
    }

    fn form_block(&mut self, path: &str, block: &FormBlock) {
        let forms = &self.definition.spec.forms;
        let known =
            self.known(&format!("{path}.form"), "form", &block.form, forms.keys().map(String::as_str));
        let record = self.record(&format!("{path}.creates"), &block.creates);
        let (true, Some(record), Some(form)) = (known, record, forms.get(&block.form)) else { return };
        for question in
            form.schema["properties"].as_object().into_iter().flat_map(|questions| questions.keys())
        {
            if !record.fields.contains_key(question) {
                let message =
                    format!("the question `{question}` is no field of the record `{}`", block.creates);
                self.report(format!("{path}.creates"), message);
            }
        }
    }
}
