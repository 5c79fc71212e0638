//! What must hold between the parts of a definition. Every finding is given at once; any of them refuses it.

mod access_tests;
mod approvals;
mod conditions;
mod esign;
mod forms;
mod names;
mod notices;
mod pages;
mod portal;
mod prefills;
mod records;
mod steps;
mod workflows;

use crate::{Definition, Finding, Record, Role, finding::suggestion};

pub use pages::RESERVED_PATHS;

impl Definition {
    /// Everything that is wrong with the definition, in no particular order and without lines (see
    /// [`crate::parse`]); empty when it may be published.
    #[must_use]
    pub fn validate(&self) -> Vec<Finding> {
        let mut checker = Checker { definition: self, findings: Vec::new() };
        checker.portal();
        checker.records();
        checker.forms();
        checker.templates();
        checker.workflows();
        checker.pages();
        checker.notices();
        checker.access_tests();
        checker.findings
    }
}

/// Walks a definition and keeps what it finds.
struct Checker<'a> {
    definition: &'a Definition,
    findings: Vec<Finding>,
}

impl<'a> Checker<'a> {
    fn report(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.report_with(path, message, None);
    }

    fn report_with(&mut self, path: impl Into<String>, message: impl Into<String>, hint: Option<String>) {
        let (path, message) = (path.into(), message.into());
        self.findings.push(Finding { path, line: 0, column: 0, message, hint });
    }

    /// Reports a name that is not among `known`, and says whether it is.
    fn known<'n>(
        &mut self,
        path: &str,
        what: &str,
        name: &str,
        known: impl IntoIterator<Item = &'n str> + Clone,
    ) -> bool {
        if known.clone().into_iter().any(|candidate| candidate == name) {
            return true;
        }
        self.report_with(path, format!("there is no {what} `{name}`"), suggestion(name, known));
        false
    }

    fn role(&mut self, path: &str, name: &str) -> Option<&'a Role> {
        let roles = &self.definition.spec.roles;
        self.known(path, "role", name, roles.keys().map(String::as_str)).then(|| roles.get(name)).flatten()
    }

    fn roles(&mut self, path: &str, names: &[String]) {
        for (place, name) in names.iter().enumerate() {
            let at = format!("{path}[{place}]");
            self.role(&at, name);
            if names[..place].contains(name) {
                self.report(at, format!("the role `{name}` is listed twice"));
            }
        }
    }

    fn record(&mut self, path: &str, name: &str) -> Option<&'a Record> {
        let records = &self.definition.spec.records;
        self.known(path, "record", name, records.keys().map(String::as_str))
            .then(|| records.get(name))
            .flatten()
    }

    fn state(&mut self, path: &str, record_name: &str, record: &Record, state: &str) -> bool {
        match &record.states {
            Some(states) => self.known(path, "state", state, states.next.keys().map(String::as_str)),
            None => {
                self.report(path, format!("the record `{record_name}` has no states"));
                false
            }
        }
    }

    fn workflow(&mut self, path: &str, name: &str) -> bool {
        let workflows = &self.definition.spec.workflows;
        self.known(path, "workflow", name, workflows.keys().map(String::as_str))
    }

    /// Reports every name that occurs a second time, at `paths` made of its place.
    fn distinct<'n>(
        &mut self,
        what: &str,
        names: impl IntoIterator<Item = &'n str>,
        path: impl Fn(usize) -> String,
    ) {
        let mut seen = std::collections::HashSet::new();
        for (place, name) in names.into_iter().enumerate() {
            if !seen.insert(name) {
                self.report(path(place), format!("the {what} `{name}` occurs twice"));
            }
        }
    }
}
