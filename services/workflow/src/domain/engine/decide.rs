//! From an event to commands.

use chrono::TimeDelta;
use portico_core::StepId;

use super::{
    Assignment, Change, Command, Context, Event, Fact, Refusal, RunFact, RunState, RunStatus, StepRecord,
    StepStatus, Tell, apply, schedule,
};

/// The time from one reminder of a step to the next that staff may send.
const NUDGE_PAUSE: TimeDelta = TimeDelta::hours(1);

/// What follows from `event` in `run`. Nothing follows from an event that was seen before, that answers an earlier attempt, or
/// whose moment has passed.
///
/// # Errors
/// [`Refusal`] where a person asks for something that cannot be done to the run as it stands.
pub(crate) fn decide(ctx: &Context<'_>, run: &RunState, event: &Event) -> Result<Vec<Command>, Refusal> {
    let mut decision = Decision { ctx, run: run.clone(), commands: Vec::new(), started_now: Vec::new() };
    decision.take(event)?;
    if decision.commands.is_empty() {
        return Ok(Vec::new());
    }
    decision.settle(matches!(event, Event::Start { .. }));
    let (before, after) = (schedule::timers(ctx, run), schedule::timers(ctx, &decision.run));
    let mut commands = decision.commands;
    for (step, kind) in before.keys().filter(|key| !after.contains_key(key)) {
        commands.push(Command::ClearTimer(*step, *kind));
    }
    for ((step, kind), at) in after.iter().filter(|(key, at)| before.get(key) != Some(at)) {
        commands.push(Command::SetTimer(*step, *kind, *at));
    }
    Ok(commands)
}

/// A decision under way: the run as it will be, and the commands that lead there.
pub(super) struct Decision<'c, 'a> {
    pub(super) ctx: &'c Context<'a>,
    pub(super) run: RunState,
    pub(super) commands: Vec<Command>,
    /// Steps that somebody has been given by this event.
    pub(super) started_now: Vec<StepId>,
}

impl Decision<'_, '_> {
    pub(super) fn note(&mut self, fact: Fact) {
        let line = RunFact { at: self.ctx.now, by: self.ctx.by.clone(), fact };
        apply(&mut self.run, &line);
        self.commands.push(Command::Note(line));
    }

    pub(super) fn tell(&mut self, tell: Tell, to: Assignment) {
        if !to.is_nobody() {
            self.commands.push(Command::Tell(tell, to));
        }
    }

    pub(super) fn step(&self, id: StepId) -> Result<StepRecord, Refusal> {
        self.run.step(id).cloned().ok_or(Refusal::NO_STEP)
    }

    fn take(&mut self, event: &Event) -> Result<(), Refusal> {
        match event {
            Event::Start { steps } => self.start(steps),
            Event::RecordChanged { state } => self.record_changed(state.as_deref()),
            Event::TimerFired { step, timer } => self.timer_fired(*step, *timer),
            Event::Fulfilled { step, attempt, outcome, .. } => self.fulfilled(*step, *attempt, outcome),
            Event::Approved { step, attempt, by, on_behalf, stands_in } => {
                return self.approved(*step, *attempt, by, on_behalf.as_ref(), *stands_in);
            }
            Event::Pinned { step, pins } => self.pinned(*step, pins),
            Event::Returned { step, attempt, reason, .. } => self.returned(*step, *attempt, reason),
            Event::Progressed { step, attempt, turn, progress } => {
                self.progressed(*step, *attempt, turn, progress)
            }
            Event::VersionAdded { step, deliverable } => self.version_added(*step, deliverable),
            Event::TimesLeft { step, until } => self.times_left(*step, *until),
            Event::MeetingMoved { step, outcome } => return self.meeting_moved(*step, outcome),
            Event::MeetingCancelled { step, reason } => return self.meeting_cancelled(*step, reason),
            Event::ItemMissing { step, item, name, said } => self.item_missing(*step, item, name, said),
            _ => return self.take_from_staff(event),
        }
        Ok(())
    }

    /// What people change about a run; these are refused where they cannot be done.
    fn take_from_staff(&mut self, event: &Event) -> Result<(), Refusal> {
        match (self.run.status, event) {
            (RunStatus::Cancelled, Event::Cancelled { .. }) => return Ok(()),
            (RunStatus::New | RunStatus::Done | RunStatus::Cancelled, _) => return Err(Refusal::ENDED),
            (RunStatus::Active | RunStatus::Paused, _) => {}
        }
        match event {
            Event::Waived { step, reason } => self.waive(*step, reason),
            Event::DueMoved { step, due, reason } => self.move_due(*step, *due, reason),
            Event::TimesOffered { step, until } => self.times_offered(*step, *until),
            Event::Nudged { step, wanted } => self.nudge(*step, wanted),
            Event::Reassigned { step, to, reason } => self.reassign(*step, to, reason),
            Event::Declined { step, message } => self.decline(*step, message),
            Event::TaskAdded { step, title, to, due, client_visible, asks } => {
                self.add_task(*step, title, to, *due, *client_visible, asks.clone());
                Ok(())
            }
            Event::Paused { reason } => {
                if self.run.status == RunStatus::Active {
                    self.note(Fact::Paused { reason: reason.clone() });
                    self.tell_clients(Change::Paused);
                }
                Ok(())
            }
            Event::Resumed => self.resume(),
            Event::Cancelled { reason } => {
                self.tell_clients(Change::Cancelled);
                let open: Vec<StepRecord> =
                    self.run.steps.iter().filter(|step| !step.is_ended()).cloned().collect();
                for step in open {
                    self.note(Fact::StepCancelled { step: step.id });
                    self.commands.push(Command::Withdraw(step.id, StepStatus::Cancelled));
                }
                self.note(Fact::Cancelled { reason: reason.clone() });
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn waive(&mut self, id: StepId, reason: &str) -> Result<(), Refusal> {
        let step = self.step(id)?;
        if step.status == StepStatus::Waived {
            return Ok(());
        }
        if step.is_ended() && step.status != StepStatus::Expired {
            return Err(Refusal::STEP_ENDED);
        }
        self.note(Fact::Waived { step: id, reason: reason.to_owned() });
        self.commands.push(Command::Withdraw(id, StepStatus::Waived));
        if step.owner.external {
            self.tell(Tell::Changed { step: Some(id), what: Change::Waived }, step.owner);
        }
        Ok(())
    }

    /// Moving the date of an expired step opens it again.
    fn move_due(
        &mut self,
        id: StepId,
        due: chrono::DateTime<chrono::Utc>,
        reason: &str,
    ) -> Result<(), Refusal> {
        let step = self.step(id)?;
        if step.is_ended() && step.status != StepStatus::Expired {
            return Err(Refusal::STEP_ENDED);
        }
        if step.due == Some(due) && step.status != StepStatus::Expired {
            return Ok(());
        }
        let mut moments = schedule::moved(self.ctx, &step, due);
        if moments.expire_at.is_some_and(|at| at <= self.ctx.now) {
            moments.expire_at = None;
        }
        self.note(Fact::DueMoved { step: id, moments, reason: reason.to_owned() });
        if step.status == StepStatus::Expired {
            let unoffered = step.kind == "meeting" && step.offered_until.is_none();
            let supplier = self.supplier(&step.key).filter(|_| unoffered);
            let unoffered = supplier.is_some();
            let turn = supplier.unwrap_or_else(|| step.owner.clone());
            self.note(Fact::Reopened { step: id, turn: turn.clone() });
            self.commands.push(Command::Activate(id));
            if unoffered {
                self.tell(Tell::OfferTimes { step: id, again: true }, turn);
            }
        }
        if step.owner.external && step.is_open() {
            self.tell(Tell::Changed { step: Some(id), what: Change::DueMoved }, step.owner);
        }
        Ok(())
    }

    /// However many of the firm press the button, a client hears of one step at most once in [`NUDGE_PAUSE`].
    fn nudge(&mut self, id: StepId, wanted: &[String]) -> Result<(), Refusal> {
        let step = self.step(id)?;
        if self.run.status == RunStatus::Paused {
            return Err(Refusal::PAUSED);
        }
        if !step.is_open() {
            return Err(if step.is_ended() { Refusal::STEP_ENDED } else { Refusal::NOT_OPEN });
        }
        if !step.turn.external || step.turn.is_nobody() {
            return Err(Refusal::NOT_WITH_CLIENT);
        }
        if step.last_reminder.as_ref().is_some_and(|last| self.ctx.now - last.at < NUDGE_PAUSE) {
            return Err(Refusal::REMINDED);
        }
        self.note(Fact::Nudged { step: id });
        self.tell(Tell::Nudge { step: id, wanted: wanted.to_vec() }, step.turn);
        Ok(())
    }

    fn reassign(&mut self, id: StepId, to: &Assignment, reason: &str) -> Result<(), Refusal> {
        let step = self.step(id)?;
        if step.is_ended() {
            return Err(Refusal::STEP_ENDED);
        }
        if !step.is_open() {
            return Err(Refusal::NOT_OPEN);
        }
        if !step.seats.is_empty() {
            return Err(Refusal::SEVERAL_APPROVE);
        }
        if step.owner == *to || step.turn == *to {
            return Ok(());
        }
        self.note(Fact::Reassigned { step: id, to: to.clone(), reason: reason.to_owned() });
        self.commands.push(Command::Reassign(id));
        // Whoever cannot act yet is told when they can.
        if self.run.step(id).is_some_and(|now| now.turn == *to) {
            self.tell(Tell::Tasks { steps: vec![id], mail: true }, to.clone());
        }
        Ok(())
    }

    fn decline(&mut self, id: StepId, message: &str) -> Result<(), Refusal> {
        let step = self.step(id)?;
        if !step.is_open() {
            return Err(Refusal::NOT_OPEN);
        }
        if step.declined.as_deref() != Some(message) {
            self.note(Fact::Declined { step: id, message: message.to_owned() });
            self.tell(Tell::Declined { step: id }, self.ctx.contact());
        }
        Ok(())
    }

    fn resume(&mut self) -> Result<(), Refusal> {
        let Some(since) = self.run.paused_at else {
            return if self.run.status == RunStatus::Active { Ok(()) } else { Err(Refusal::NOT_PAUSED) };
        };
        let seconds = self.ctx.now.signed_duration_since(since).max(TimeDelta::zero()).num_seconds();
        self.note(Fact::Resumed { seconds });
        self.tell_clients(Change::Resumed);
        Ok(())
    }

    /// Tells the clients who have something open; each set of people once.
    fn tell_clients(&mut self, what: Change) {
        let mut told: Vec<Assignment> = Vec::new();
        for step in self.run.steps.iter().filter(|step| step.is_open() && step.owner.external) {
            if !told.contains(&step.owner) {
                told.push(step.owner.clone());
            }
        }
        for to in told {
            self.tell(Tell::Changed { step: None, what }, to);
        }
    }
}
