//! Meetings: it is the firm's turn while no time can be chosen, and the client's while one can.

use chrono::{DateTime, Utc};
use portico_core::StepId;

use super::{Fact, Refusal, RunStatus, StepRecord, Tell, decide::Decision, schedule};

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
        let host = self.supplier(&step.key).unwrap_or(step.owner);
        self.note(Fact::TimesGone { step: id, turn: host.clone() });
        self.tell(Tell::OfferTimes { step: id, again: true }, host);
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
