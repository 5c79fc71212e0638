//! The steps of a workflow: what they refer to, in which order, and when.

use std::collections::{HashMap, HashSet};

use super::{Checker, conditions::RecordFields};
use crate::{
    Anchor, DocumentRequestStep, MeetingStep, Party, Period, Record, Step, StepKind, WaitStep, Workflow,
};

impl<'a> Checker<'a> {
    pub(super) fn steps(&mut self, path: &str, workflow: &'a Workflow, subject: &'a Record) {
        let ids = workflow.steps.iter().map(|step| step.id.as_str());
        self.distinct("id", ids, |place| format!("{path}.steps[{place}].id"));
        for (place, step) in workflow.steps.iter().enumerate() {
            let at = format!("{path}.steps[{place}]");
            self.name(&format!("{at}.id"), &step.id);
            if Anchor::RESERVED.contains(&step.id.as_str()) {
                self.report(
                    format!("{at}.id"),
                    format!("no step can be called `{}`: deadlines use the word", step.id),
                );
            }
            self.title(&format!("{at}.title"), &step.title);
            self.roles(&format!("{at}.visibleTo"), &step.visible_to);
            self.turn(&at, step, workflow, subject);
            self.order(&at, step, workflow);
            if let Some(condition) = &step.only_if {
                let fields =
                    RecordFields { definition: self.definition, name: &workflow.subject, record: subject };
                self.condition(&format!("{at}.onlyIf"), condition, &fields);
                if mentions_actor(condition) {
                    self.report(
                        format!("{at}.onlyIf"),
                        "nobody is asking when a run decides; use fields of the record",
                    );
                }
            }
            self.timing(&at, step, workflow, subject);
            self.step_kind(&at, step, workflow, subject);
        }
        self.cycles(path, workflow);
    }

    /// Whose turn the step is.
    fn turn(&mut self, path: &str, step: &Step, workflow: &Workflow, subject: &Record) {
        if let Some(assignee) = &step.assignee {
            self.assignee(&format!("{path}.assignee"), assignee, workflow, subject);
        }
        match (&step.kind, &step.assignee) {
            (StepKind::Wait(_), Some(_)) => {
                self.report(format!("{path}.assignee"), "a wait is nobody's turn; leave the assignee out");
            }
            (StepKind::Wait(_) | StepKind::Esign(_), None) => {}
            (StepKind::Approval(approval), Some(_)) if !approval.approvers.is_empty() => self.report(
                format!("{path}.assignee"),
                "the approvers decide; leave the assignee out, or name nobody in `approvers`",
            ),
            (StepKind::Approval(approval), None) if !approval.approvers.is_empty() => {}
            (_, None) if workflow.defaults.assignee.is_none() => self.report_with(
                path,
                format!("nobody would ever do `{}`", step.id),
                Some("give the step an `assignee`, or the workflow a default one".to_owned()),
            ),
            _ => {}
        }
    }

    fn order(&mut self, path: &str, step: &Step, workflow: &Workflow) {
        for (place, needed) in step.needs.iter().enumerate() {
            let at = format!("{path}.needs[{place}]");
            self.known(&at, "step", needed, workflow.steps.iter().map(|step| step.id.as_str()));
            if step.needs[..place].contains(needed) {
                self.report(at, format!("the step `{needed}` is listed twice"));
            }
        }
    }

    fn timing(&mut self, path: &str, step: &Step, workflow: &Workflow, subject: &Record) {
        if let Some(due) = &step.due {
            self.anchor(&format!("{path}.due.after"), &due.after, step, workflow);
            if due.after == Anchor::Due {
                self.report(format!("{path}.due.after"), "the due date cannot be counted from itself");
            }
        }
        if let Some(escalate) = &step.escalate {
            self.anchor(&format!("{path}.escalate.after"), &escalate.after, step, workflow);
            self.party(&format!("{path}.escalate.to"), &escalate.to, &workflow.subject, subject);
            if let Party::Role(role) = &escalate.to {
                self.reads_subject(&format!("{path}.escalate.to.role"), role, workflow, subject);
            }
        }
        if let Some(expire) = &step.expire {
            self.anchor(&format!("{path}.expire.after"), &expire.after, step, workflow);
        }
        let counted = [
            ("escalate", step.escalate.as_ref().map(|escalate| &escalate.after)),
            ("expire", step.expire.as_ref().map(|expire| &expire.after)),
        ];
        for (key, after) in counted {
            if after == Some(&Anchor::Due) && step.due.is_none() {
                self.report(
                    format!("{path}.{key}.after"),
                    "the step has no due date to count from; give it `due`",
                );
            }
        }
        if step.due.is_none() && step.remind.as_ref().is_some_and(|remind| !remind.is_empty()) {
            self.report(
                format!("{path}.remind"),
                "reminders are counted from the due date; give the step `due`",
            );
        }
    }

    fn anchor(&mut self, path: &str, anchor: &Anchor, step: &Step, workflow: &Workflow) {
        let Anchor::Step(name) = anchor else { return };
        if *name == step.id {
            self.report(path, "a step cannot wait for its own end");
            return;
        }
        let known: Vec<&str> =
            workflow.steps.iter().map(|step| step.id.as_str()).chain(Anchor::RESERVED).collect();
        self.known(path, "step", name, known);
    }

    fn step_kind(&mut self, path: &str, step: &Step, workflow: &Workflow, subject: &'a Record) {
        let spec = &self.definition.spec;
        match &step.kind {
            StepKind::Form(form) => {
                let known = spec.forms.keys().map(String::as_str);
                if self.known(&format!("{path}.form"), "form", &form.form, known)
                    && let Some(declared) = spec.forms.get(&form.form)
                {
                    self.prefills(path, &form.form, declared, &workflow.subject, subject);
                }
            }
            StepKind::DocumentRequest(request) => self.document_request(path, request, workflow, subject),
            StepKind::Approval(approval) => {
                if let Some(of) = &approval.of {
                    self.title(&format!("{path}.of.deliverable"), &of.deliverable);
                    self.role(&format!("{path}.of.from.role"), &of.from.role);
                    self.reads_subject(&format!("{path}.of.from.role"), &of.from.role, workflow, subject);
                }
                self.approvers(path, approval, step, workflow, subject);
            }
            StepKind::Esign(esign) => self.esign(path, esign, step, workflow, subject),
            StepKind::Meeting(meeting) => self.meeting(path, meeting, workflow, subject),
            StepKind::Task(_) => {}
            StepKind::Wait(wait) => self.wait(path, wait, workflow, subject),
        }
    }

    fn document_request(
        &mut self,
        path: &str,
        request: &DocumentRequestStep,
        workflow: &Workflow,
        subject: &Record,
    ) {
        if request.items.is_empty() {
            self.report(format!("{path}.items"), "say what is asked for: at least one item");
        }
        for (place, item) in request.items.iter().enumerate() {
            let at = format!("{path}.items[{place}]");
            self.title(&format!("{at}.name"), &item.name);
            if item.accept.is_empty() {
                self.report(format!("{at}.accept"), "say what may be uploaded, such as [pdf, image]");
            }
            if !(1..=100).contains(&item.max) || item.min > item.max {
                self.report(&at, "an item takes at least `min` and at most `max` files, `max` from 1 to 100");
            }
            if !(1..=5120).contains(&item.max_megabytes) {
                self.report(format!("{at}.maxMegabytes"), "a file is at most 1 to 5120 megabytes large");
            }
        }
        let names = request.items.iter().map(|item| item.name.as_str());
        self.distinct("item", names, |place| format!("{path}.items[{place}].name"));
        if let Some(review) = &request.review {
            self.role(&format!("{path}.review.role"), &review.role);
            self.reads_subject(&format!("{path}.review.role"), &review.role, workflow, subject);
        }
    }

    fn meeting(&mut self, path: &str, meeting: &MeetingStep, workflow: &Workflow, subject: &Record) {
        self.role(&format!("{path}.with.role"), &meeting.with.role);
        self.reads_subject(&format!("{path}.with.role"), &meeting.with.role, workflow, subject);
        if !(5..=24 * 60).contains(&meeting.duration.total_minutes()) {
            self.report(format!("{path}.duration"), "a meeting takes between 5 minutes and 24 hours");
        }
        if meeting.notice > Period::days(90) {
            self.report(format!("{path}.notice"), "the notice is at most 90 days");
        }
    }

    fn wait(&mut self, path: &str, wait: &WaitStep, workflow: &Workflow, subject: &'a Record) {
        match (&wait.period, &wait.until) {
            (Some(period), None) if period.is_zero() => {
                self.report(format!("{path}.for"), "a wait takes some time")
            }
            (Some(_), None) => {}
            (None, Some(until)) => {
                let name =
                    self.definition.spec.records.get_key_value(&workflow.subject).map(|(name, _)| name);
                if let Some(name) = name {
                    let fields = RecordFields { definition: self.definition, name, record: subject };
                    self.condition(&format!("{path}.until"), until, &fields);
                }
                if mentions_actor(until) {
                    self.report(
                        format!("{path}.until"),
                        "nobody is asking when a run decides; use fields of the record",
                    );
                }
            }
            _ => self.report(
                path,
                "a wait says exactly one of `for` (a length of time) and `until` (a condition)",
            ),
        }
    }

    /// Reports every step that waits for itself, over needs and over due dates counted from other steps.
    fn cycles(&mut self, path: &str, workflow: &Workflow) {
        let after: HashMap<&str, Vec<&str>> = workflow
            .steps
            .iter()
            .map(|step| (step.id.as_str(), step.needs.iter().map(String::as_str).collect()))
            .collect();
        for (place, step) in workflow.steps.iter().enumerate() {
            let mut seen = HashSet::new();
            let mut open: Vec<&str> = after[step.id.as_str()].clone();
            while let Some(next) = open.pop() {
                if next == step.id {
                    let message = format!("`{}` needs itself, over {}", step.id, step.needs.join(", "));
                    self.report(format!("{path}.steps[{place}].needs"), message);
                    break;
                }
                if seen.insert(next) {
                    open.extend(after.get(next).into_iter().flatten());
                }
            }
        }
    }
}

/// Whether the condition depends on who asks.
pub(super) fn mentions_actor(expr: &crate::Expr) -> bool {
    match expr {
        crate::Expr::AccountIsMine => true,
        crate::Expr::Compare(comparison) => comparison.operand == crate::Operand::Me,
        crate::Expr::And(parts) | crate::Expr::Or(parts) => parts.iter().any(mentions_actor),
    }
}
