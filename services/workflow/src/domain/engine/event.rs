//! What happens to a run, and what follows.

use std::{fmt, str::FromStr};

use chrono::{DateTime, Utc};
use portico_core::StepId;

use super::{Asked, Assignment, Deliverable, PersonRef, Pin, RunFact, StepStatus};

/// Something that happens to a run.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Event {
    /// The run begins. One id for each declared step, in order.
    Start { steps: Vec<StepId> },
    /// What the step asked for is done.
    Fulfilled { step: StepId, attempt: u32, by: Option<PersonRef>, outcome: String },
    /// Somebody approves, perhaps for somebody who has asked them to. Administrators may stand in for the firm's side.
    Approved { step: StepId, attempt: u32, by: PersonRef, on_behalf: Option<PersonRef>, stands_in: bool },
    /// What was returned has comments at places in it.
    Pinned { step: StepId, pins: Vec<Pin> },
    /// It has to be done again, or an approval is refused.
    Returned { step: StepId, attempt: u32, by: Option<PersonRef>, reason: String },
    /// Somebody else is to act now.
    Progressed { step: StepId, attempt: u32, turn: Turn, progress: String },
    /// A deliverable has a new version.
    VersionAdded { step: StepId, deliverable: Deliverable },
    /// Staff offer times for a meeting; until when one of them can be chosen.
    TimesOffered { step: StepId, until: DateTime<Utc> },
    /// Some of the times that were offered are taken by others; until when one of the rest can be chosen.
    TimesLeft { step: StepId, until: Option<DateTime<Utc>> },
    /// The meeting takes place at another time; when, in words.
    MeetingMoved { step: StepId, outcome: String },
    /// The meeting does not take place at its time, and another is to be found.
    MeetingCancelled { step: StepId, reason: String },
    /// The client says that they do not have what a row of a request asks for.
    ItemMissing { step: StepId, item: String, name: String, said: String },
    /// The subject record has changed; its state now.
    RecordChanged { state: Option<String> },
    /// A moment has come.
    TimerFired { step: StepId, timer: TimerKind },
    /// Staff decide that a step is not needed.
    Waived { step: StepId, reason: String },
    /// Staff move a due date.
    DueMoved { step: StepId, due: DateTime<Utc>, reason: String },
    /// The step is given to others.
    Reassigned { step: StepId, to: Assignment, reason: String },
    /// Somebody says that they are not the right person, without naming another.
    Declined { step: StepId, message: String },
    /// Staff remind the client whose turn a step is; of a request also of what is still asked for, by name.
    Nudged { step: StepId, wanted: Vec<String> },
    /// Staff add a task of their own.
    TaskAdded {
        step: StepId,
        title: String,
        to: Assignment,
        due: Option<DateTime<Utc>>,
        client_visible: bool,
        /// The documents that it asks for; nothing for a plain task.
        asks: Option<Box<Asked>>,
    },
    /// Staff hold the run.
    Paused { reason: String },
    /// Staff let it go on.
    Resumed,
    /// Staff end it.
    Cancelled { reason: String },
}

/// Whose turn it has become.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Turn {
    /// Whose step it is.
    Owner,
    /// Who checks it.
    Reviewer,
    /// Whoever has this role.
    Role(String),
    /// This person, of the account where `external`, of the firm otherwise.
    Person { person: PersonRef, external: bool },
}

/// A moment that a step waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum TimerKind {
    /// The reminder rule at this place.
    Remind(usize),
    /// The due date passes.
    Due,
    /// Somebody else is told.
    Escalate,
    /// The step can no longer be done.
    Expire,
    /// A wait is over.
    Wait,
    /// The last of the times offered for a meeting can no longer be chosen.
    Times,
}

impl fmt::Display for TimerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Remind(place) => write!(f, "remind:{place}"),
            Self::Due => f.write_str("due"),
            Self::Escalate => f.write_str("escalate"),
            Self::Expire => f.write_str("expire"),
            Self::Wait => f.write_str("wait"),
            Self::Times => f.write_str("times"),
        }
    }
}

impl FromStr for TimerKind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "due" => Ok(Self::Due),
            "escalate" => Ok(Self::Escalate),
            "expire" => Ok(Self::Expire),
            "wait" => Ok(Self::Wait),
            "times" => Ok(Self::Times),
            _ => {
                text.strip_prefix("remind:").and_then(|place| place.parse().ok()).map(Self::Remind).ok_or(())
            }
        }
    }
}

/// Something that somebody is told; texts are written where records and links are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tell {
    /// These steps are theirs now. By mail as well unless an invitation says it already.
    Tasks { steps: Vec<StepId>, mail: bool },
    /// Times are to be offered for a meeting; again where those offered before have passed or were taken.
    OfferTimes { step: StepId, again: bool },
    /// Times are offered; one is to be chosen.
    ChooseTime { step: StepId },
    /// The client does not have what a row of a request asks for.
    Missing { step: StepId, item: String, name: String, said: String },
    /// A reminder: the how-manieth.
    Reminder { step: StepId, rule: usize, count: u32 },
    /// A reminder that staff send, with what is still asked for.
    Nudge { step: StepId, wanted: Vec<String> },
    /// A step is still open.
    Escalation { step: StepId },
    /// A step came back with a reason.
    Returned { step: StepId },
    /// A new version of a deliverable is there.
    Deliverable { step: StepId },
    /// Somebody says that they are not the right person.
    Declined { step: StepId },
    /// The workflow's own notification at this place.
    Notification { place: usize, entry: u32 },
    /// What staff have changed, for those it concerns.
    Changed { step: Option<StepId>, what: Change },
}

/// What staff have changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Waived,
    DueMoved,
    Paused,
    Resumed,
    Cancelled,
}

/// What follows from an event. Carried out in order, in one transaction.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Command {
    /// Write this down; the run changes by it.
    Note(RunFact),
    /// The owner of the step's type makes its object.
    Activate(StepId),
    /// The step has ended without its owner.
    Withdraw(StepId, StepStatus),
    /// The step is somebody else's.
    Reassign(StepId),
    /// Tell somebody.
    Tell(Tell, Assignment),
    /// Invite people for the record's account.
    Invite(Vec<PersonRef>),
    /// Move the subject record.
    SetRecordState(String),
    /// Wake the run at a moment.
    SetTimer(StepId, TimerKind, DateTime<Utc>),
    /// Do not wake it any more.
    ClearTimer(StepId, TimerKind),
}

/// Why something cannot be done to the run as it stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Refusal {
    /// A stable word.
    pub(crate) reason: &'static str,
    /// What to tell the person.
    pub(crate) message: &'static str,
}

impl Refusal {
    pub(crate) const ENDED: Self =
        Self { reason: "run_ended", message: "This is over: nothing more can be done here." };
    pub(crate) const PAUSED: Self = Self {
        reason: "run_paused",
        message: "This is on hold at the moment. Please come back when it goes on.",
    };
    pub(crate) const NOT_OPEN: Self =
        Self { reason: "step_not_open", message: "This cannot be done at the moment: it is not open." };
    pub(crate) const STEP_ENDED: Self =
        Self { reason: "step_ended", message: "This has ended already and cannot be changed." };
    pub(crate) const NO_STEP: Self =
        Self { reason: "no_such_step", message: "There is no such step in this run." };
    pub(crate) const NOT_HANDED_OVER: Self = Self {
        reason: "nothing_to_approve",
        message: "There is nothing to approve yet: the document has not been handed over.",
    };
    pub(crate) const NOT_YOURS: Self =
        Self { reason: "not_your_turn", message: "It is somebody else's turn to approve this." };
    pub(crate) const APPROVED_ALREADY: Self = Self {
        reason: "approved_already",
        message: "You have approved this already. Now it waits for somebody else.",
    };
    pub(crate) const SEVERAL_APPROVE: Self = Self {
        reason: "several_approve",
        message: "Several roles approve this, so it cannot be given to one person. Whoever is away can name a stand-in.",
    };
    pub(crate) const NOT_BOOKED: Self =
        Self { reason: "not_booked", message: "No time is booked here that could be changed." };
    pub(crate) const NOT_WITH_CLIENT: Self = Self {
        reason: "not_with_client",
        message: "It is not the client's turn, so there is nobody to remind.",
    };
    pub(crate) const REMINDED: Self = Self {
        reason: "reminded_lately",
        message: "They were reminded less than an hour ago. Wait a little before you remind them again.",
    };
    pub(crate) const NOT_PAUSED: Self = Self { reason: "run_not_paused", message: "This is not on hold." };
}
