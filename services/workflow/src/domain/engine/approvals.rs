//! Approvals by several: who is asked, in which order, when it is enough, and what voids them.

use portico_core::{PersonId, StepId};
use portico_definition::{ApprovalOrder, ApprovalStep, StepKind, Truth, Workflow};

use super::{
    Assignment, Fact, PersonRef, Pin, Refusal, RunState, RunStatus, Seat, StepRecord, Tell, decide::Decision,
};

impl Decision<'_, '_> {
    /// The approval as it is declared.
    fn approval(&self, step: &StepRecord) -> Option<&ApprovalStep> {
        match &self.ctx.declared(step.key.as_deref())?.kind {
            StepKind::Approval(approval) => Some(approval),
            _ => None,
        }
    }

    /// Who is asked as the step begins: a role whose condition cannot be decided is asked. Nothing where the owner alone decides.
    pub(super) fn seats(&self, approval: &ApprovalStep) -> Option<Vec<Seat>> {
        let asked = approval.approvers.iter().filter(|approver| {
            approver.only_if.as_ref().is_none_or(|condition| self.ctx.holds(condition) != Truth::False)
        });
        let seats = asked.map(|approver| Seat { role: approver.role.clone(), needed: approver.count });
        (!approval.approvers.is_empty()).then(|| seats.collect())
    }

    /// The seats whose turn it is, by place: all that are still open, or the first of them.
    fn open_seats(&self, step: &StepRecord) -> Vec<usize> {
        let given = |seat: usize| step.approvals.iter().filter(|one| one.seat == seat).count();
        let open = step.seats.iter().enumerate().filter(|(place, seat)| given(*place) < seat.needed as usize);
        let open = open.map(|(place, _)| place);
        let one_by_one =
            self.approval(step).is_some_and(|approval| approval.order == ApprovalOrder::Sequential);
        if one_by_one { open.take(1).collect() } else { open.collect() }
    }

    /// Whose turn it is among the seats; of a step without any, its owner's.
    pub(super) fn seated(&self, step: &StepRecord) -> Assignment {
        if step.seats.is_empty() {
            return step.owner.clone();
        }
        let mut all = Assignment::default();
        let mut titles: Vec<String> = Vec::new();
        for place in self.open_seats(step) {
            let Some(seat) = step.seats.get(place) else { continue };
            let one = self.ctx.role(&seat.role);
            all.external |= one.external;
            all.role = all.role.or(one.role);
            titles.push(one.role_title);
            all.people.extend(
                one.people.into_iter().filter(|person| !all.people.contains(person)).collect::<Vec<_>>(),
            );
            all.roles.extend(one.roles);
        }
        all.role_title = titles.join(", ");
        all
    }

    /// Whether somebody is meant by an assignment: by name, or by a role that they have for the account.
    fn is_meant(&self, assignment: &Assignment, person: PersonId) -> bool {
        let holds = |role: &String| {
            self.ctx.directory.holders.0.get(role).is_some_and(|people| people.contains(&person))
        };
        assignment.people.iter().any(|one| one.id == person) || assignment.roles.iter().any(holds)
    }

    /// Somebody approves: once each, and only whose turn it is. The last that is needed ends the step.
    pub(super) fn approved(
        &mut self,
        id: StepId,
        attempt: u32,
        by: &PersonRef,
        on_behalf: Option<&PersonRef>,
        stands_in: bool,
    ) -> Result<(), Refusal> {
        let step = self.step(id)?;
        if !step.is_open() || step.attempt != attempt || self.run.status != RunStatus::Active {
            return Err(Refusal::NOT_OPEN);
        }
        let for_whom = on_behalf.unwrap_or(by);
        let doers = step.doers();
        if doers.contains(&by.id) || doers.contains(&for_whom.id) {
            return Err(Refusal::APPROVED_ALREADY);
        }
        let done = |decision: &mut Self| {
            decision.note(Fact::Done { step: id, outcome: "approved".to_owned() });
        };
        if step.seats.is_empty() {
            self.approve(&step, 0, by, on_behalf, Assignment::default());
            done(self);
            return Ok(());
        }
        let open = self.open_seats(&step);
        let theirs = |place: &&usize| {
            let seat = step.seats.get(**place);
            seat.is_some_and(|seat| self.is_meant(&self.ctx.role(&seat.role), for_whom.id))
        };
        let seat = open.iter().find(theirs).or_else(|| open.first().filter(|_| stands_in)).copied();
        let seat = seat.ok_or(Refusal::NOT_YOURS)?;
        let mut next = step.clone();
        next.approvals.push(super::Approval {
            seat,
            by: by.clone(),
            on_behalf: on_behalf.cloned(),
            at: self.ctx.now,
        });
        let enough = self.approval(&step).and_then(|approval| approval.at_least);
        let asked: u32 = step.seats.iter().map(|seat| seat.needed).sum();
        let complete = self.open_seats(&next).is_empty()
            || enough.is_some_and(|enough| next.approvals.len() >= enough.min(asked) as usize);
        if complete {
            self.approve(&step, seat, by, on_behalf, Assignment::default());
            done(self);
            return Ok(());
        }
        let turn = self.seated(&next);
        self.approve(&step, seat, by, on_behalf, turn.clone());
        let news = self.approval(&step).is_some_and(|approval| approval.order == ApprovalOrder::Sequential);
        if news && turn != step.turn {
            self.tell(Tell::Tasks { steps: vec![id], mail: true }, turn);
        }
        Ok(())
    }

    fn approve(
        &mut self,
        step: &StepRecord,
        seat: usize,
        by: &PersonRef,
        on_behalf: Option<&PersonRef>,
        owner: Assignment,
    ) {
        self.note(Fact::Approved {
            step: step.id,
            seat,
            by: by.clone(),
            on_behalf: on_behalf.cloned(),
            owner,
        });
    }

    /// What is returned or has changed has to be approved by everybody again.
    pub(super) fn void_approvals(&mut self, id: StepId) {
        let Some(step) = self.run.step(id).cloned() else { return };
        if step.approvals.is_empty() {
            return;
        }
        let fresh = StepRecord { approvals: Vec::new(), ..step };
        let owner = self.seated(&fresh);
        self.note(Fact::ApprovalsVoided { step: id, owner });
    }

    pub(super) fn pinned(&mut self, id: StepId, pins: &[Pin]) {
        if self.run.step(id).is_some_and(|step| step.pins != pins) {
            self.note(Fact::Pinned { step: id, pins: pins.to_vec() });
        }
    }
}

/// Four eyes: the step that one of these people has done, and because of which they cannot do this one. It holds both ways round.
pub(crate) fn barred<'r>(
    workflow: &Workflow,
    run: &'r RunState,
    step: &StepRecord,
    people: &[PersonId],
) -> Option<&'r StepRecord> {
    let key = step.key.as_deref()?;
    let names = |of: &str| -> &[String] {
        let kind = workflow.steps.iter().find(|step| step.id == of).map(|step| &step.kind);
        if let Some(StepKind::Approval(approval)) = kind { &approval.distinct_from } else { &[] }
    };
    let mine = names(key);
    run.steps.iter().filter(|other| other.id != step.id).find(|other| {
        let Some(other_key) = other.key.as_deref() else { return false };
        let apart =
            mine.iter().any(|name| name == other_key) || names(other_key).iter().any(|name| name == key);
        apart && other.doers().iter().any(|doer| people.contains(doer))
    })
}
