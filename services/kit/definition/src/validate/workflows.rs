//! Workflows: what starts them, what they are on the way to, and what becomes of the record.

use super::Checker;
use crate::{Assignee, Condition, FieldKind, Party, Record, Side, StartAction, StepKind, Workflow};

/// The most steps of a workflow.
const MAX_STEPS: usize = 200;

impl<'a> Checker<'a> {
    pub(super) fn workflows(&mut self) {
        let definition = self.definition;
        for (name, workflow) in &definition.spec.workflows {
            let path = format!("spec.workflows.{name}");
            self.name(&path, name);
            self.optional_title(&path, workflow.title.as_ref());
            let Some(subject) = self.record(&format!("{path}.subject"), &workflow.subject) else { continue };
            self.trigger(&path, workflow, subject);
            for (place, action) in workflow.start.iter().enumerate() {
                self.start_action(&format!("{path}.start[{place}]"), action, &workflow.subject, subject);
            }
            if let Some(assignee) = &workflow.defaults.assignee {
                self.assignee(&format!("{path}.defaults.assignee"), assignee, workflow, subject);
            }
            if workflow.steps.is_empty() || workflow.steps.len() > MAX_STEPS {
                self.report(
                    format!("{path}.steps"),
                    format!("a workflow has between 1 and {MAX_STEPS} steps"),
                );
            }
            self.steps(&path, workflow, subject);
            self.consequences(&path, workflow, subject);
        }
    }

    fn trigger(&mut self, path: &str, workflow: &Workflow, subject: &Record) {
        let Some(trigger) = &workflow.trigger else { return };
        if self.record(&format!("{path}.trigger.record"), &trigger.record).is_none() {
            return;
        }
        if trigger.record != workflow.subject {
            self.report(
                format!("{path}.trigger.record"),
                format!("a run is about its subject, `{}`, so that is what starts it", workflow.subject),
            );
            return;
        }
        self.state(&format!("{path}.trigger.enters"), &workflow.subject, subject, &trigger.enters);
    }

    fn start_action(&mut self, path: &str, action: &StartAction, name: &str, subject: &Record) {
        let StartAction::Invite { to, role } = action;
        let found = self.role(&format!("{path}.role"), role);
        let field = self.people(&format!("{path}.to"), to, name, subject);
        if let (Some(role_found), Some(side)) = (found, field)
            && role_found.side != side
        {
            let message = format!("the field `{to}` does not name people of the side of the role `{role}`");
            self.report(format!("{path}.role"), message);
        }
    }

    /// The side of a people field; reports a field that is none.
    fn people(&mut self, path: &str, field: &str, name: &str, record: &Record) -> Option<Side> {
        match record.fields.get(field).map(|field| &field.kind) {
            Some(FieldKind::People { side, .. }) => Some(*side),
            Some(_) => {
                self.report(path, format!("`{field}` is no field for people"));
                None
            }
            None => {
                let hint = crate::finding::suggestion(field, record.fields.keys().map(String::as_str));
                self.report_with(path, format!("the record `{name}` has no field `{field}`"), hint);
                None
            }
        }
    }

    pub(super) fn party(&mut self, path: &str, party: &Party, name: &str, subject: &Record) {
        match party {
            Party::Role(role) => drop(self.role(&format!("{path}.role"), role)),
            Party::Field(field) => drop(self.people(&format!("{path}.field"), field, name, subject)),
        }
    }

    pub(super) fn assignee(
        &mut self,
        path: &str,
        assignee: &Assignee,
        workflow: &Workflow,
        subject: &Record,
    ) {
        self.party(path, &assignee.party, &workflow.subject, subject);
        if let Some(otherwise) = &assignee.otherwise {
            self.role(&format!("{path}.otherwise"), otherwise);
        }
        let roles = [
            (format!("{path}.role"), if let Party::Role(role) = &assignee.party { Some(role) } else { None }),
            (format!("{path}.otherwise"), assignee.otherwise.as_ref()),
        ];
        for (at, role) in roles {
            if let Some(role) = role {
                self.reads_subject(&at, role, workflow, subject);
            }
        }
    }

    /// Reports a role that has something to do with a record it may not read.
    pub(super) fn reads_subject(&mut self, path: &str, role: &str, workflow: &Workflow, subject: &Record) {
        let reads =
            subject.access.iter().any(|rule| rule.role == role && rule.can.contains(&crate::Action::Read));
        if self.definition.spec.roles.contains_key(role) && !reads && !subject.access.is_empty() {
            self.report_with(
                path,
                format!("the role `{role}` may not read the record `{}` it would work on", workflow.subject),
                Some(format!("add a rule with `can: [read]` for `{role}` to the record's access")),
            );
        }
    }

    fn consequences(&mut self, path: &str, workflow: &Workflow, subject: &Record) {
        for (place, milestone) in workflow.milestones.iter().enumerate() {
            let at = format!("{path}.milestones[{place}]");
            self.name(&format!("{at}.id"), &milestone.id);
            self.title(&format!("{at}.title"), &milestone.title);
            self.when(&format!("{at}.when"), &milestone.when, workflow, subject);
        }
        let ids = workflow.milestones.iter().map(|milestone| milestone.id.as_str());
        self.distinct("id", ids, |place| format!("{path}.milestones[{place}].id"));

        for (place, outcome) in workflow.outcomes.iter().enumerate() {
            let at = format!("{path}.outcomes[{place}]");
            self.when(&format!("{at}.when"), &outcome.when, workflow, subject);
            if matches!(outcome.when, Condition::State(_)) {
                self.report(
                    format!("{at}.when"),
                    "a state cannot follow from a state; use done, returned or expired",
                );
            }
            self.state(&format!("{at}.set.state"), &workflow.subject, subject, &outcome.set.state);
        }
        for (place, notification) in workflow.notify.iter().enumerate() {
            let at = format!("{path}.notify[{place}]");
            self.when(&format!("{at}.when"), &notification.when, workflow, subject);
            self.party(&format!("{at}.to"), &notification.to, &workflow.subject, subject);
            let notices = self.definition.spec.notices.keys().map(String::as_str);
            self.known(&format!("{at}.notice"), "notice", &notification.notice, notices);
            if notification.by.is_empty() {
                self.report(format!("{at}.by"), "say how they are told: mail, app or both");
            }
        }
    }

    fn when(&mut self, path: &str, condition: &Condition, workflow: &Workflow, subject: &Record) {
        let (key, names) = match condition {
            Condition::Done(steps) => ("done", steps),
            Condition::Returned(steps) => ("returned", steps),
            Condition::Expired(steps) => ("expired", steps),
            Condition::State(states) => ("state", states),
        };
        if names.is_empty() {
            self.report(format!("{path}.{key}"), format!("`{key}` needs at least one name"));
        }
        for (place, name) in names.iter().enumerate() {
            let at = format!("{path}.{key}[{place}]");
            if matches!(condition, Condition::State(_)) {
                self.state(&at, &workflow.subject, subject, name);
                continue;
            }
            if !self.known(&at, "step", name, workflow.steps.iter().map(|step| step.id.as_str())) {
                continue;
            }
            let Some(step) = workflow.steps.iter().find(|step| step.id == *name) else { continue };
            match condition {
                Condition::Returned(_) if !returnable(&step.kind) => {
                    self.report(
                        at,
                        format!("nobody ever returns `{name}`: it is neither an approval nor reviewed"),
                    );
                }
                Condition::Expired(_) if step.expire.is_none() => {
                    self.report(at, format!("`{name}` never expires; give it `expire`"));
                }
                _ => {}
            }
        }
    }
}

fn returnable(kind: &StepKind) -> bool {
    match kind {
        StepKind::Approval(_) => true,
        StepKind::DocumentRequest(request) => request.review.is_some(),
        _ => false,
    }
}
