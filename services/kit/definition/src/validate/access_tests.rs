//! The definition's own tests: are they about something, and do they hold?

use super::Checker;
use crate::{Side, TestTarget, run_access_tests};

/// The accounts a test may speak of.
const ACCOUNTS: [&str; 2] = ["account-a", "account-b"];

impl Checker<'_> {
    pub(super) fn access_tests(&mut self) {
        let definition = self.definition;
        let before = self.findings.len();
        for (place, test) in definition.spec.tests.iter().enumerate() {
            let path = format!("spec.tests[{place}]");
            self.title(&format!("{path}.name"), &test.name);
            let role = self.role(&format!("{path}.as.role"), &test.actor.role);
            match &test.actor.of {
                Some(of) => drop(self.known(&format!("{path}.as.of"), "made-up account", of, ACCOUNTS)),
                None if role.is_some_and(|role| role.side == Side::External) => {
                    self.report(format!("{path}.as"), "say whose person acts: `of: account-a`");
                }
                None => {}
            }
            self.known(&format!("{path}.what.of"), "made-up account", &test.of, ACCOUNTS);
            match &test.what {
                TestTarget::Record(name) => drop(self.record(&format!("{path}.what.record"), name)),
                TestTarget::Field { record, field } => {
                    let at = format!("{path}.what.field");
                    if let Some(found) = self.record(&at, record) {
                        self.known(&at, "field", field, found.fields.keys().map(String::as_str));
                    }
                }
                TestTarget::Step { workflow, step } => {
                    let at = format!("{path}.what.step");
                    let found = definition.spec.workflows.get(workflow);
                    if self.workflow(&at, workflow)
                        && let Some(found) = found
                    {
                        self.known(&at, "step", step, found.steps.iter().map(|step| step.id.as_str()));
                    }
                }
            }
        }
        let names = definition.spec.tests.iter().map(|test| test.name.as_str());
        self.distinct("test", names, |place| format!("spec.tests[{place}].name"));
        if self.findings.len() == before {
            for (place, result) in run_access_tests(definition).into_iter().enumerate() {
                if !result.passed {
                    let message = format!("the access test does not hold: {}", result.explanation);
                    self.report(format!("spec.tests[{place}].name"), message);
                }
            }
        }
    }
}
