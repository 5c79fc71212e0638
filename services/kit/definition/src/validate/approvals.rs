//! Who approves, how many of them, and who must be somebody else.

use super::{Checker, conditions::RecordFields, steps::mentions_actor};
use crate::{ApprovalOrder, ApprovalStep, Record, Step, StepKind, Workflow};

/// The most people of one role who are asked.
const MOST_OF_A_ROLE: u32 = 20;

impl<'a> Checker<'a> {
    pub(super) fn approvers(
        &mut self,
        path: &str,
        approval: &ApprovalStep,
        step: &Step,
        workflow: &Workflow,
        subject: &'a Record,
    ) {
        let name = self.definition.spec.records.get_key_value(&workflow.subject).map(|(name, _)| name);
        let mut sides = Vec::new();
        for (place, approver) in approval.approvers.iter().enumerate() {
            let at = format!("{path}.approvers[{place}]");
            if let Some(role) = self.role(&format!("{at}.role"), &approver.role) {
                sides.push(role.side);
                self.reads_subject(&format!("{at}.role"), &approver.role, workflow, subject);
            }
            if !(1..=MOST_OF_A_ROLE).contains(&approver.count) {
                let message = format!("between 1 and {MOST_OF_A_ROLE} people of a role approve");
                self.report(format!("{at}.count"), message);
            }
            if let (Some(condition), Some(name)) = (&approver.only_if, name) {
                let fields = RecordFields { definition: self.definition, name, record: subject };
                self.condition(&format!("{at}.onlyIf"), condition, &fields);
                if mentions_actor(condition) {
                    self.report(
                        format!("{at}.onlyIf"),
                        "nobody is asking when a run decides; use fields of the record",
                    );
                }
            }
        }
        let roles = approval.approvers.iter().map(|approver| approver.role.as_str());
        self.distinct("role", roles, |place| format!("{path}.approvers[{place}].role"));
        if sides.windows(2).any(|pair| pair[0] != pair[1]) {
            self.report(
                format!("{path}.approvers"),
                "all approvers of a step are of one side; use two steps",
            );
        }
        self.at_least(path, approval);
        for (place, other) in approval.distinct_from.iter().enumerate() {
            let at = format!("{path}.distinctFrom[{place}]");
            let known = workflow.steps.iter().map(|step| step.id.as_str());
            if !self.known(&at, "step", other, known) {
                continue;
            }
            let kind = workflow.steps.iter().find(|one| one.id == *other).map(|one| &one.kind);
            if *other == step.id {
                self.report(at, "a step is always done by whoever does it; name another one");
            } else if !matches!(kind, Some(StepKind::Form(_) | StepKind::Task(_) | StepKind::Approval(_))) {
                self.report(at, "only forms, tasks and approvals say who has done them");
            }
        }
    }

    fn at_least(&mut self, path: &str, approval: &ApprovalStep) {
        let Some(enough) = approval.at_least else { return };
        let asked: u32 = approval.approvers.iter().map(|approver| approver.count).sum();
        if approval.order == ApprovalOrder::Sequential {
            self.report(
                format!("{path}.atLeast"),
                "one after the other means all of them; leave `atLeast` or `order` out",
            );
        } else if !(1..=asked.max(1)).contains(&enough) || approval.approvers.is_empty() {
            let message = format!("between 1 and all {asked} approvals that are asked for can be enough");
            self.report(format!("{path}.atLeast"), message);
        }
    }
}
