//! The engine: what follows from an event in a run.
//!
//! [`decide`] takes the definition, the run as it stands and one event, and answers commands. Nothing is changed by it. Among the
//! commands are [`Fact`]s; [`apply`] is the only thing that changes a run, so that replaying the facts gives the run again.

mod actions;
mod approvals;
mod context;
mod decide;
mod event;
mod fact;
mod meetings;
mod schedule;
mod settle;
mod state;
#[cfg(test)]
mod tests;

pub(crate) use approvals::barred;
pub(crate) use context::{Assignment, Context, Directory, PersonRef, RoleHolders, mentioned_roles};
pub(crate) use decide::decide;
pub(crate) use event::{Change, Command, Event, Refusal, Tell, TimerKind, Turn};
pub(crate) use fact::{Fact, RunFact, apply};
pub(crate) use state::{
    Approval, Asked, Deliverable, LastReminder, MilestoneRecord, Pin, RunState, RunStatus, Seat, StepRecord,
    StepStatus,
};
