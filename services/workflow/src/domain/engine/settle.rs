//! What follows by itself once something has changed: steps start, outcomes apply, milestones are reached, people are told, and
//! in the end the run is done.

use portico_definition::{Condition, MeetingTimes, StepKind, Truth, calendar::add_period};

use super::{
    Assignment, Command, Fact, RunState, RunStatus, StepRecord, StepStatus, Tell, decide::Decision, schedule,
};

impl Decision<'_, '_> {
    /// Lets everything follow that follows. A run on hold only takes notes until it goes on.
    pub(super) fn settle(&mut self, at_start: bool) {
        if self.run.status == RunStatus::Active {
            loop {
                let before = self.commands.len();
                self.set_moments();
                self.start_steps();
                self.end_waits();
                self.apply_outcomes();
                if self.commands.len() == before {
                    break;
                }
            }
            self.milestones();
            self.notify();
            self.tell_new_tasks(at_start);
            let ended = self.run.steps.iter().all(StepRecord::is_ended);
            if ended {
                self.note(Fact::Finished);
            }
        }
        self.estimates();
    }

    fn set_moments(&mut self) {
        let unset: Vec<StepRecord> = self.run.steps.iter().filter(|step| !step.is_ended()).cloned().collect();
        for step in unset {
            let moments = schedule::moments(self.ctx, &self.run, &step);
            let same = (moments.due, moments.escalate_at, moments.expire_at)
                == (step.due, step.escalate_at, step.expire_at);
            if !same {
                self.note(Fact::Scheduled { step: step.id, moments });
            }
        }
    }

    fn start_steps(&mut self) {
        let blocked: Vec<StepRecord> =
            self.run.steps.iter().filter(|step| step.status == StepStatus::Blocked).cloned().collect();
        for step in blocked {
            let needed = || step.needs.iter().map(|key| self.run.named(key));
            if needed().any(|need| need.is_some_and(StepRecord::is_dead_end)) {
                self.note(Fact::StepCancelled { step: step.id });
            } else if needed().all(|need| need.is_none_or(|need| need.status.satisfies())) {
                self.start_step(&step);
            }
        }
    }

    fn start_step(&mut self, step: &StepRecord) {
        let Some(declared) = self.ctx.declared(step.key.as_deref()) else { return };
        if declared.only_if.as_ref().is_some_and(|condition| self.ctx.holds(condition) == Truth::False) {
            self.note(Fact::Skipped { step: step.id });
            return;
        }
        let seats = match &declared.kind {
            StepKind::Approval(approval) => self.seats(approval),
            _ => None,
        };
        if seats.as_ref().is_some_and(Vec::is_empty) {
            self.note(Fact::Skipped { step: step.id });
            return;
        }
        self.note(Fact::Readied { step: step.id });
        let owner = match &declared.kind {
            StepKind::Wait(_) => Assignment::default(),
            StepKind::Approval(_) if seats.is_some() => {
                let seats = seats.unwrap_or_default();
                self.note(Fact::Seated { step: step.id, seats: seats.clone() });
                self.seated(&StepRecord { seats, ..step.clone() })
            }
            StepKind::Esign(esign)
                if declared.assignee.is_none() && self.ctx.workflow.defaults.assignee.is_none() =>
            {
                esign.order.first().map(|role| self.ctx.role(role)).unwrap_or_default()
            }
            _ => declared
                .assignee
                .as_ref()
                .or(self.ctx.workflow.defaults.assignee.as_ref())
                .map(|assignee| self.ctx.assignee(assignee))
                .unwrap_or_default(),
        };
        let wait_until = match &declared.kind {
            StepKind::Wait(wait) => wait.period.map(|period| add_period(self.ctx.now, period, self.ctx.zone)),
            _ => None,
        };
        // An approval waits for whoever hands its deliverable over, a meeting for whoever offers times.
        let turn = self.supplier(&step.key).unwrap_or_else(|| owner.clone());
        self.note(Fact::Activated { step: step.id, owner, turn, wait_until });
        self.commands.push(Command::Activate(step.id));
        if let StepKind::Meeting(meeting) = &declared.kind
            && meeting.times == MeetingTimes::Offered
        {
            let host = self.ctx.role(&meeting.with.role);
            self.tell(Tell::OfferTimes { step: step.id, again: false }, host);
        } else {
            self.started_now.push(step.id);
        }
    }

    /// Ends the waits whose condition holds.
    pub(super) fn end_waits(&mut self) {
        if self.run.status != RunStatus::Active {
            return;
        }
        let waits: Vec<StepRecord> =
            self.run.steps.iter().filter(|step| step.kind == "wait" && step.is_open()).cloned().collect();
        for step in waits {
            let until = self.ctx.declared(step.key.as_deref()).and_then(|declared| match &declared.kind {
                StepKind::Wait(wait) => wait.until.as_ref(),
                _ => None,
            });
            if until.is_some_and(|until| self.ctx.holds(until) == Truth::True) {
                self.note(Fact::Done { step: step.id, outcome: String::new() });
            }
        }
    }

    fn apply_outcomes(&mut self) {
        for (place, outcome) in self.ctx.workflow.outcomes.iter().enumerate() {
            if self.run.outcomes.contains(&place) || !holds(&self.run, &outcome.when) {
                continue;
            }
            let state = outcome.set.state.clone();
            let now = self.run.record_state.as_deref();
            let states = self.ctx.subject().and_then(|subject| subject.states.as_ref());
            let allowed = states.zip(now).is_some_and(|(states, now)| states.allows(now, &state));
            if allowed {
                self.note(Fact::OutcomeApplied { place, state: state.clone() });
                self.commands.push(Command::SetRecordState(state));
            } else {
                self.note(Fact::OutcomeLeftOut { place, state });
            }
            self.notify_of_state();
            return;
        }
    }

    fn milestones(&mut self) {
        for milestone in &self.ctx.workflow.milestones {
            let reached =
                self.run.milestones.iter().any(|one| one.key == milestone.id && one.reached_at.is_some());
            let holds = holds(&self.run, &milestone.when);
            if holds && !reached {
                self.note(Fact::MilestoneReached { key: milestone.id.clone() });
            } else if reached && !holds && matches!(milestone.when, Condition::Done(_)) {
                self.note(Fact::MilestoneLost { key: milestone.id.clone() });
            }
        }
    }

    /// Each notification once; those about states once for each time the record enters one.
    fn notify(&mut self) {
        for (place, notification) in self.ctx.workflow.notify.iter().enumerate() {
            let about_state = matches!(notification.when, Condition::State(_));
            if !about_state
                && !self.run.notified.contains(&(place, 0))
                && holds(&self.run, &notification.when)
            {
                self.send(place, 0);
            }
        }
        self.notify_of_state();
    }

    fn notify_of_state(&mut self) {
        let entry = self.run.entries;
        for (place, notification) in self.ctx.workflow.notify.iter().enumerate() {
            let about_state = matches!(notification.when, Condition::State(_));
            let news = entry > 0 && !self.run.notified.contains(&(place, entry));
            if about_state && news && holds(&self.run, &notification.when) {
                self.send(place, entry);
            }
        }
    }

    fn send(&mut self, place: usize, entry: u32) {
        let Some(notification) = self.ctx.workflow.notify.get(place) else { return };
        self.note(Fact::Notified { place, entry });
        self.tell(Tell::Notification { place, entry }, self.ctx.party(&notification.to));
    }

    /// One notice for all that somebody has been given at once. Clients who are just being invited get no second mail.
    fn tell_new_tasks(&mut self, at_start: bool) {
        let mut given: Vec<(Assignment, Vec<portico_core::StepId>)> = Vec::new();
        for id in std::mem::take(&mut self.started_now) {
            let Some(step) = self.run.step(id).filter(|step| step.is_open()) else { continue };
            match given.iter_mut().find(|(to, _)| *to == step.turn) {
                Some((_, steps)) => steps.push(id),
                None => given.push((step.turn.clone(), vec![id])),
            }
        }
        let invited = at_start && !self.ctx.workflow.start.is_empty();
        for (to, steps) in given {
            let mail = !(invited && to.external);
            self.tell(Tell::Tasks { steps, mail }, to);
        }
    }

    fn estimates(&mut self) {
        if self.run.status.is_ended() {
            return;
        }
        for milestone in &self.ctx.workflow.milestones {
            let Some(known) = self.run.milestones.iter().find(|one| one.key == milestone.id) else {
                continue;
            };
            if known.reached_at.is_some() {
                continue;
            }
            let estimate = schedule::estimate(self.ctx, &self.run, &milestone.when);
            if let Some(at) = estimate.filter(|at| known.estimate != Some(*at)) {
                self.note(Fact::Estimated { key: milestone.id.clone(), at });
            }
        }
    }
}

/// Whether a condition holds for a run.
fn holds(run: &RunState, condition: &Condition) -> bool {
    let any = |keys: &[String], status| {
        keys.iter().any(|key| run.named(key).is_some_and(|step| step.status == status))
    };
    match condition {
        Condition::Done(keys) => {
            keys.iter().all(|key| run.named(key).is_some_and(|step| step.status.satisfies()))
        }
        Condition::Returned(keys) => any(keys, StepStatus::Returned),
        Condition::Expired(keys) => any(keys, StepStatus::Expired),
        Condition::State(states) => run.record_state.as_ref().is_some_and(|state| states.contains(state)),
    }
}
