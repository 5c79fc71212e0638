//! Metadata, calendar, sign-in and roles.

use super::Checker;
use crate::{Scope, Side};

impl Checker<'_> {
    pub(super) fn portal(&mut self) {
        let definition = self.definition;
        self.address_name("metadata.name", &definition.metadata.name);
        self.title("metadata.title", &definition.metadata.title);
        self.name("spec.audience", &definition.spec.audience);

        let calendar = &definition.spec.calendar;
        if calendar.workdays.is_empty() {
            self.report("spec.calendar.workdays", "a week needs at least one working day");
        }
        for (place, day) in calendar.workdays.iter().enumerate() {
            if calendar.workdays[..place].contains(day) {
                self.report(format!("spec.calendar.workdays[{place}]"), "this day is listed twice");
            }
        }
        let methods = &definition.spec.sign_in.methods;
        if methods.is_empty() {
            self.report("spec.signIn.methods", "people need at least one way to sign in");
        }
        for (place, method) in methods.iter().enumerate() {
            if methods[..place].contains(method) {
                self.report(format!("spec.signIn.methods[{place}]"), "this way to sign in is listed twice");
            }
        }
        self.every_role();
    }

    fn every_role(&mut self) {
        let roles = &self.definition.spec.roles;
        if roles.is_empty() {
            self.report("spec.roles", "a portal needs at least one role");
        }
        for (name, role) in roles {
            let path = format!("spec.roles.{name}");
            self.name(&path, name);
            self.optional_title(&path, role.title.as_ref());
            if role.side == Side::External && matches!(role.scope, Scope::Assigned | Scope::All) {
                self.report_with(
                    format!("{path}.scope"),
                    "people of an account never reach beyond their account",
                    Some("use `own`, `account` or `account_and_below`, or make the role internal".to_owned()),
                );
            }
        }
    }
}
