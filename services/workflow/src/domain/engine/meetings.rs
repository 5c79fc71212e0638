//! Meetings: it is the firm's turn while no time can be chosen, and the client's while one can.

use chrono::{DateTime, Utc};
use portico_core::StepId;

use super::{Command, Fact, Refusal, RunStatus, StepRecord, StepStatus, Tell, decide::Decision, schedule};

impl Decision<'_, '_> {
    /// What staff took to offer times does not count against whoever chooses: the due date moves by those working days.
    pub(super) fn times_offered(&mut self, id: StepId, until: DateTime<Utc>) -> Result<(), Refusal> {
        let step = self.step(id)?;
        if !step.is_open() || step.kind != "meeting" {
            return Err(Refusal::NOT_OPEN);
        }
        let choosing = step.turn == step.owner && step.offered_until.is_some();
        if choosing && step.offered_until == Some(until) {
            return Ok(());
        }
        let moments = if choosing {
            schedule::moments(self.ctx, &self.run, &step)
        } else {
            schedule::given_back(self.ctx, &self.run, &step)
        };
        self.note(Fact::TimesOffered { step: id, turn: step.owner.clone(), until, moments });
        if !choosing {
            self.tell(Tell::ChooseTime { step: id }, step.owner);
        }
        Ok(())
    }

    /// Once nothing is left to choose from, it is the turn of whoever offers times.
    pub(super) fn times_left(&mut self, id: StepId, until: Option<DateTime<Utc>>) {
        let open = |step: &&StepRecord| step.is_open() && step.offered_until.is_some();
        let Some(step) = self.run.step(id).filter(open).cloned() else { return };
        if self.run.status.is_ended() || self.run.status == RunStatus::New || step.offered_until == until {
            return;
        }
        if let Some(until) = until {
            self.note(Fact::TimesLeft { step: id, until });
            return;
        }
        let host = self.supplier(&step.key);
        self.note(Fact::TimesGone { step: id, turn: host.clone().unwrap_or(step.owner) });
        if let Some(host) = host {
            self.tell(Tell::OfferTimes { step: id, again: true }, host);
        }
    }

    /// Both sides hear of it by mail, with the file for their calendars; nothing else changes.
    pub(super) fn meeting_moved(&mut self, id: StepId, outcome: &str) -> Result<(), Refusal> {
        let step = self.step(id)?;
        if step.kind != "meeting"
            || step.status != StepStatus::Done
            || self.run.status == RunStatus::Cancelled
        {
            return Err(Refusal::NOT_BOOKED);
        }
        self.note(Fact::MeetingMoved { step: id, outcome: outcome.to_owned() });
        Ok(())
    }

    /// Another time is to be found: by whoever offers times, or by whoever chooses among the hours that are kept.
    pub(super) fn meeting_cancelled(&mut self, id: StepId, reason: &str) -> Result<(), Refusal> {
        let step = self.step(id)?;
        if step.kind != "meeting"
            || step.status != StepStatus::Done
            || self.run.status == RunStatus::Cancelled
        {
            return Err(Refusal::NOT_BOOKED);
        }
        self.reopen_run();
        let host = self.supplier(&step.key);
        let turn = host.clone().unwrap_or(step.owner);
        self.note(Fact::MeetingCancelled { step: id, turn, reason: reason.to_owned() });
        self.commands.push(Command::Activate(id));
        if let Some(host) = host {
            self.tell(Tell::OfferTimes { step: id, again: true }, host);
        }
        Ok(())
    }

    /// Whoever is responsible for the run hears of it once a row, whether or not anybody checks what is handed in.
    pub(super) fn item_missing(&mut self, id: StepId, item: &str, name: &str, said: &str) {
        let Some(step) = self.run.step(id) else { return };
        if step.missing.contains(item) || self.run.status == RunStatus::Cancelled {
            return;
        }
        let (item, name, said) = (item.to_owned(), name.to_owned(), said.to_owned());
        self.note(Fact::Missing { step: id, item: item.clone(), name: name.clone(), said: said.clone() });
        self.tell(Tell::Missing { step: id, item, name, said }, self.ctx.contact());
    }
}
