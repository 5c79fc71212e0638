//! What the owners of steps, timers and the record report.

use portico_core::StepId;
use portico_definition::{Condition, MeetingTimes, StepKind};

use super::{
    Asked, Assignment, Command, Deliverable, Fact, RunStatus, StepRecord, StepStatus, Tell, TimerKind, Turn,
    decide::Decision, fact::StepPlan, schedule,
};

impl Decision<'_, '_> {
    pub(super) fn start(&mut self, ids: &[StepId]) {
        if self.run.status != RunStatus::New {
            return;
        }
        let external = |role: &String| {
            self.ctx
                .definition
                .spec
                .roles
                .get(role)
                .is_some_and(|role| role.side == portico_definition::Side::External)
        };
        let steps = self.ctx.workflow.steps.iter().zip(ids).map(|(step, id)| StepPlan {
            id: *id,
            key: Some(step.id.clone()),
            title: step.title.clone(),
            kind: step.kind.name().to_owned(),
            needs: step.needs.clone(),
            client_visible: step.visible_to.is_empty() || step.visible_to.iter().any(external),
            visible_to: step.visible_to.clone(),
            asks: None,
        });
        let fact = Fact::Started {
            record_state: self.ctx.record.state.map(str::to_owned),
            steps: steps.collect(),
            milestones: self
                .ctx
                .workflow
                .milestones
                .iter()
                .map(|one| (one.id.clone(), one.title.clone()))
                .collect(),
        };
        self.note(fact);
        for portico_definition::StartAction::Invite { to, .. } in &self.ctx.workflow.start {
            let people: Vec<_> =
                self.ctx.people_of(to).into_iter().map(|id| self.ctx.directory.person(id)).collect();
            if !people.is_empty() {
                self.commands.push(Command::Invite(people));
            }
        }
    }

    /// A state that the record has entered counts once; other changes matter to waits only.
    pub(super) fn record_changed(&mut self, state: Option<&str>) {
        if self.run.status.is_ended() || self.run.status == RunStatus::New {
            return;
        }
        match state {
            Some(state) if self.run.record_state.as_deref() != Some(state) => {
                self.note(Fact::RecordEntered { state: state.to_owned() });
            }
            _ => self.end_waits(),
        }
    }

    pub(super) fn timer_fired(&mut self, id: StepId, timer: TimerKind) {
        // What is no longer wanted, or has been moved, is not acted on: that is what keeps a repeated timer silent.
        let wanted = schedule::timers(self.ctx, &self.run).get(&(id, timer)).copied();
        let Some(step) = self.run.step(id).cloned() else { return };
        if wanted.is_none_or(|at| at > self.ctx.now) {
            return;
        }
        match timer {
            TimerKind::Wait => self.note(Fact::Done { step: id, outcome: String::new() }),
            TimerKind::Due => self.note(Fact::Overdue { step: id }),
            TimerKind::Times => self.times_left(id, None),
            TimerKind::Expire => {
                self.note(Fact::Expired { step: id });
                self.commands.push(Command::Withdraw(id, StepStatus::Expired));
            }
            TimerKind::Escalate => {
                let declared = self.ctx.declared(step.key.as_deref()).and_then(|step| step.escalate.as_ref());
                self.note(Fact::Escalated { step: id });
                if let Some(escalation) = declared {
                    self.tell(Tell::Escalation { step: id }, self.ctx.party(&escalation.to));
                }
            }
            TimerKind::Remind(rule) => {
                self.note(Fact::Reminded { step: id, rule });
                let count = step.reminded.get(&rule).map_or(0, |sent| sent.count) + 1;
                self.tell(Tell::Reminder { step: id, rule, count }, step.turn);
            }
        }
    }

    pub(super) fn fulfilled(&mut self, id: StepId, attempt: u32, outcome: &str) {
        let Some(step) = self.run.step(id) else { return };
        if step.is_open() && step.attempt == attempt && !self.run.status.is_ended() {
            self.note(Fact::Done { step: id, outcome: outcome.to_owned() });
        }
    }

    /// A return opens the step again for its assignee, unless the workflow has an outcome for it, or it was a paper sent to many: then it is
    /// final.
    pub(super) fn returned(&mut self, id: StepId, attempt: u32, reason: &str) {
        let Some(step) = self.run.step(id).cloned() else { return };
        let reopens = step.status == StepStatus::Done && self.run.status != RunStatus::Cancelled;
        if step.attempt != attempt || !(reopens || (step.is_open() && !self.run.status.is_ended())) {
            return;
        }
        let outcome = step.key.as_deref().is_some_and(|key| {
            self.ctx
                .workflow
                .outcomes
                .iter()
                .any(|outcome| matches!(&outcome.when, Condition::Returned(keys) if keys.iter().any(|one| one == key)))
        });
        let closed = outcome || step.ends_when_returned();
        if !closed {
            self.void_approvals(id);
        }
        let owner = self.run.step(id).map(|step| step.owner.clone()).unwrap_or_default();
        let turn = self.supplier(&step.key).unwrap_or(owner);
        self.note(Fact::Returned { step: id, reason: reason.to_owned(), closed, turn: turn.clone() });
        if closed {
            return;
        }
        self.reopen_run();
        self.commands.push(Command::Activate(id));
        self.tell(Tell::Returned { step: id }, turn);
    }

    pub(super) fn progressed(&mut self, id: StepId, attempt: u32, turn: &Turn, progress: &str) {
        let Some(step) = self.run.step(id).cloned() else { return };
        if !step.is_open() || step.attempt != attempt || self.run.status.is_ended() {
            return;
        }
        let to = match turn {
            Turn::Owner => step.owner.clone(),
            Turn::Reviewer => self.reviewer(&step).unwrap_or_else(|| step.owner.clone()),
            Turn::Role(role) => self.ctx.role(role),
            // They alone: whoever has the role of the turn so far is not meant any more.
            Turn::Person { person, external } => Assignment {
                people: vec![person.clone()],
                roles: Vec::new(),
                external: *external,
                ..step.turn.clone()
            },
        };
        if to == step.turn && progress == step.progress {
            return;
        }
        let changed = to != step.turn;
        self.note(Fact::Progressed { step: id, turn: to.clone(), progress: progress.to_owned() });
        if changed && to != step.owner {
            self.tell(Tell::Tasks { steps: vec![id], mail: true }, to);
        }
    }

    /// A new version voids what was approved: the step is active again, and so is its run.
    pub(super) fn version_added(&mut self, id: StepId, deliverable: &Deliverable) {
        let Some(step) = self.run.step(id).cloned() else { return };
        let known = step
            .deliverable
            .as_ref()
            .is_some_and(|known| known.version == deliverable.version || known.number >= deliverable.number);
        if known || self.run.status == RunStatus::Cancelled || step.status == StepStatus::Blocked {
            return;
        }
        self.void_approvals(id);
        let Some(step) = self.run.step(id).cloned() else { return };
        self.note(Fact::VersionAdded {
            step: id,
            deliverable: deliverable.clone(),
            turn: step.owner.clone(),
        });
        if step.status == StepStatus::Done {
            self.reopen_run();
            self.note(Fact::Reopened { step: id, turn: step.owner.clone() });
            self.commands.push(Command::Activate(id));
        }
        if step.is_open() || step.status == StepStatus::Done {
            self.tell(Tell::Deliverable { step: id }, step.owner);
        }
    }

    pub(super) fn add_task(
        &mut self,
        id: StepId,
        title: &str,
        to: &Assignment,
        due: Option<chrono::DateTime<chrono::Utc>>,
        client_visible: bool,
        asks: Option<Box<Asked>>,
    ) {
        if self.run.step(id).is_some() {
            return;
        }
        let plan = StepPlan {
            id,
            key: None,
            title: title.to_owned(),
            kind: asks.as_ref().map_or("task", |asked| asked.kind()).to_owned(),
            needs: Vec::new(),
            client_visible: client_visible || to.external,
            visible_to: Vec::new(),
            asks,
        };
        self.note(Fact::TaskAdded { plan, due });
        self.note(Fact::Readied { step: id });
        self.note(Fact::Activated { step: id, owner: to.clone(), turn: to.clone(), wait_until: None });
        self.commands.push(Command::Activate(id));
        self.started_now.push(id);
    }

    /// Who must provide something before the owner of a step can act: the deliverable of an approval, times for a meeting.
    pub(super) fn supplier(&self, key: &Option<String>) -> Option<Assignment> {
        match &self.ctx.declared(key.as_deref())?.kind {
            StepKind::Approval(approval) => approval.of.as_ref().map(|of| self.ctx.role(&of.from.role)),
            // Where times come from the hours that are kept, there is always something to choose from.
            StepKind::Meeting(meeting) if meeting.times == MeetingTimes::Open => None,
            StepKind::Meeting(meeting) => Some(self.ctx.role(&meeting.with.role)),
            _ => None,
        }
    }

    fn reviewer(&self, step: &StepRecord) -> Option<Assignment> {
        if let Some(asked) = &step.asks {
            return asked.reviewer().cloned();
        }
        match &self.ctx.declared(step.key.as_deref())?.kind {
            StepKind::DocumentRequest(request) => {
                request.review.as_ref().map(|review| self.ctx.role(&review.role))
            }
            _ => None,
        }
    }

    pub(super) fn reopen_run(&mut self) {
        if self.run.status == RunStatus::Done {
            self.note(Fact::RunReopened);
        }
    }
}
