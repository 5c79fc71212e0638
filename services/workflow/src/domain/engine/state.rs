//! A run as it stands.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use portico_core::{PersonId, StepId};
use portico_definition::{DocumentRequestStep, EsignStep, SigningLevel, Step, StepKind};
use serde::{Deserialize, Serialize};

use super::{Assignment, PersonRef};

/// How a run stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RunStatus {
    /// Not started.
    #[default]
    New,
    /// Going on.
    Active,
    /// Held by staff.
    Paused,
    /// Every step has ended.
    Done,
    /// Ended by staff.
    Cancelled,
}

impl RunStatus {
    /// The word in the database and in events.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Active => "active",
            Self::Paused => "paused",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing more happens by itself.
    pub(crate) const fn is_ended(self) -> bool {
        matches!(self, Self::Done | Self::Cancelled)
    }
}

/// How a step stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StepStatus {
    /// Waits for other steps.
    #[default]
    Blocked,
    /// Everything it needs is done.
    Ready,
    /// Somebody can act.
    Active,
    /// Done.
    Done,
    /// Its condition did not hold.
    Skipped,
    /// Staff decided that it is not needed.
    Waived,
    /// Its time ran out.
    Expired,
    /// Returned with a reason: to be done again, or final where the workflow has an outcome for it.
    Returned,
    /// Ended with its run, or with a step it needs.
    Cancelled,
}

impl StepStatus {
    /// The word in the database and in events.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Blocked => "blocked",
            Self::Ready => "ready",
            Self::Active => "active",
            Self::Done => "done",
            Self::Skipped => "skipped",
            Self::Waived => "waived",
            Self::Expired => "expired",
            Self::Returned => "returned",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether it satisfies `needs` and `done`.
    pub(crate) const fn satisfies(self) -> bool {
        matches!(self, Self::Done | Self::Skipped | Self::Waived)
    }
}

/// The version of a deliverable that an approval is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Deliverable {
    pub(crate) document: String,
    pub(crate) version: String,
    pub(crate) number: i32,
    pub(crate) sha256: String,
    pub(crate) file_name: String,
    /// Who handed it over; nobody where that was not kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) by: Option<PersonRef>,
}

/// A role that is asked for its approval, as the record was when the step began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Seat {
    pub(crate) role: String,
    /// How many people who have it must approve.
    pub(crate) needed: u32,
}

/// An approval that was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Approval {
    /// The role, by its place among the seats; 0 where there are none.
    pub(crate) seat: usize,
    pub(crate) by: PersonRef,
    /// For whom, where it was given by a delegate.
    pub(crate) on_behalf: Option<PersonRef>,
    pub(crate) at: DateTime<Utc>,
}

/// A comment pinned to a place in what was returned: the page, counted from 1, and a rectangle as parts of it, 0 to 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Pin {
    pub(crate) page: u32,
    pub(crate) area: [f64; 4],
    pub(crate) text: String,
}

/// Reminders of one rule that went out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reminded {
    pub(crate) count: u32,
    pub(crate) last: DateTime<Utc>,
}

/// The last reminder of a step, by whatever rule or hand it went out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct LastReminder {
    pub(crate) at: DateTime<Utc>,
    /// Whose turn it was.
    pub(crate) to: Assignment,
    /// The member of staff who sent it; nobody where it went out by itself.
    pub(crate) by: Option<PersonRef>,
}

/// What a one-off step asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Asked {
    /// Documents.
    Documents {
        request: DocumentRequestStep,
        /// Who looks at what comes; nobody where an upload counts as accepted.
        reviewer: Option<Assignment>,
    },
    /// Signatures under a paper that the firm has sent to many accounts. Who signs where is known to documents.
    Signatures {
        /// What the paper is called.
        paper: String,
    },
}

impl Asked {
    /// The type of the step.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Documents { .. } => "document_request",
            Self::Signatures { .. } => "esign",
        }
    }

    /// Who looks at what comes.
    pub(crate) const fn reviewer(&self) -> Option<&Assignment> {
        match self {
            Self::Documents { reviewer, .. } => reviewer.as_ref(),
            Self::Signatures { .. } => None,
        }
    }

    /// The same as a definition would declare it.
    fn declared(&self) -> StepKind {
        match self {
            Self::Documents { request, .. } => StepKind::DocumentRequest(request.clone()),
            Self::Signatures { paper } => StepKind::Esign(EsignStep {
                template: paper.clone(),
                also: Vec::new(),
                order: Vec::new(),
                together: Vec::new(),
                approvers: Vec::new(),
                viewers: Vec::new(),
                copies: Vec::new(),
                level: SigningLevel::Sign,
                sign_within: None,
                remind_every: None,
                invite_others: false,
            }),
        }
    }
}

/// A step of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct StepRecord {
    pub(crate) id: StepId,
    /// The name in the definition; none for a one-off task.
    pub(crate) key: Option<String>,
    pub(crate) title: String,
    pub(crate) kind: String,
    pub(crate) needs: Vec<String>,
    pub(crate) client_visible: bool,
    /// The roles that see it; everybody who sees the run where empty.
    pub(crate) visible_to: Vec<String>,
    pub(crate) status: StepStatus,
    /// A return that is final.
    pub(crate) closed: bool,
    pub(crate) attempt: u32,
    /// Whose step it is.
    pub(crate) owner: Assignment,
    /// Whose turn it is now.
    pub(crate) turn: Assignment,
    pub(crate) turn_since: Option<DateTime<Utc>>,
    pub(crate) due: Option<DateTime<Utc>>,
    pub(crate) escalate_at: Option<DateTime<Utc>>,
    pub(crate) expire_at: Option<DateTime<Utc>>,
    pub(crate) wait_until: Option<DateTime<Utc>>,
    pub(crate) reminded: BTreeMap<usize, Reminded>,
    /// The last reminder of all. It stays where it is when dates move.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) last_reminder: Option<Box<LastReminder>>,
    pub(crate) escalated: bool,
    pub(crate) overdue: bool,
    pub(crate) ready_at: Option<DateTime<Utc>>,
    pub(crate) activated_at: Option<DateTime<Utc>>,
    pub(crate) ended_at: Option<DateTime<Utc>>,
    pub(crate) ended_by: Option<PersonRef>,
    pub(crate) reason: String,
    pub(crate) outcome: String,
    pub(crate) progress: String,
    pub(crate) deliverable: Option<Deliverable>,
    /// Until when one of the times offered for a meeting can be chosen; nothing while none can.
    #[serde(default)]
    pub(crate) offered_until: Option<DateTime<Utc>>,
    /// The rows of a request for documents that the client says they do not have.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) missing: BTreeSet<String>,
    /// What somebody said who is not the right person.
    pub(crate) declined: Option<String>,
    /// The roles that are asked for their approval; none where the owner alone decides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) seats: Vec<Seat>,
    /// The approvals given so far, in this round.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) approvals: Vec<Approval>,
    /// How often calendars were told of the meeting: the number of the next version.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) told: u32,
    /// What was pinned to the version that was returned last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) pins: Vec<Pin>,
    /// What a one-off step asks for. What a declared step asks for stands in the definition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) asks: Option<Box<Asked>>,
}

const fn is_zero(count: &u32) -> bool {
    *count == 0
}

impl StepRecord {
    /// Whether all people of the account who read its record may see it.
    pub(crate) fn is_for_everybody(&self) -> bool {
        self.client_visible && self.visible_to.is_empty()
    }

    /// Whether somebody can act.
    pub(crate) fn is_open(&self) -> bool {
        match self.status {
            StepStatus::Ready | StepStatus::Active => true,
            StepStatus::Returned => !self.closed,
            _ => false,
        }
    }

    /// The declaration of a one-off step that asks for something, as a definition would have it.
    pub(crate) fn own_declaration(&self) -> Option<Step> {
        let asked = self.asks.as_ref()?;
        Some(Step {
            id: "request".to_owned(),
            title: self.title.clone(),
            help: None,
            assignee: None,
            visible_to: Vec::new(),
            needs: Vec::new(),
            only_if: None,
            due: None,
            remind: None,
            escalate: None,
            expire: None,
            kind: asked.declared(),
        })
    }

    /// Whether a return ends it: a paper that somebody declined to sign is not asked for again by itself.
    pub(crate) fn ends_when_returned(&self) -> bool {
        matches!(self.asks.as_deref(), Some(Asked::Signatures { .. }))
    }

    /// Whether nothing more happens to it by itself.
    pub(crate) fn is_ended(&self) -> bool {
        !self.is_open() && self.status != StepStatus::Blocked
    }

    /// Everybody who has done it: whoever ended it, and whoever approved or had it approved for them. Nobody before it is done, except
    /// those who have approved already.
    pub(crate) fn doers(&self) -> Vec<PersonId> {
        // Whoever waives an approval has decided about it as well.
        let decided =
            self.status == StepStatus::Done || (self.status == StepStatus::Waived && self.kind == "approval");
        let ended = self.ended_by.as_ref().filter(|_| decided);
        let approved = self.approvals.iter().flat_map(|one| std::iter::once(&one.by).chain(&one.on_behalf));
        ended.into_iter().chain(approved).map(|person| person.id).collect()
    }

    /// Whether steps that need it will never start, unless staff waive or reopen it.
    pub(crate) fn is_dead_end(&self) -> bool {
        self.status == StepStatus::Cancelled || (self.status == StepStatus::Returned && self.closed)
    }
}

/// A milestone of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MilestoneRecord {
    pub(crate) key: String,
    pub(crate) title: String,
    pub(crate) reached_at: Option<DateTime<Utc>>,
    pub(crate) estimate: Option<DateTime<Utc>>,
    pub(crate) first_estimate: Option<DateTime<Utc>>,
}

/// A run, whole.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct RunState {
    pub(crate) status: RunStatus,
    pub(crate) reason: String,
    pub(crate) started_at: Option<DateTime<Utc>>,
    pub(crate) ended_at: Option<DateTime<Utc>>,
    pub(crate) paused_at: Option<DateTime<Utc>>,
    /// The state of the subject record, as far as this run has heard.
    pub(crate) record_state: Option<String>,
    /// Counts the states that the record has entered since the start.
    pub(crate) entries: u32,
    pub(crate) steps: Vec<StepRecord>,
    pub(crate) milestones: Vec<MilestoneRecord>,
    /// Outcomes that are applied or left out, by place.
    pub(crate) outcomes: BTreeSet<usize>,
    /// Notifications that went out, by place; those about states also by entry.
    pub(crate) notified: BTreeSet<(usize, u32)>,
}

impl RunState {
    /// A step by its id.
    pub(crate) fn step(&self, id: StepId) -> Option<&StepRecord> {
        self.steps.iter().find(|step| step.id == id)
    }

    /// A step by its name in the definition.
    pub(crate) fn named(&self, key: &str) -> Option<&StepRecord> {
        self.steps.iter().find(|step| step.key.as_deref() == Some(key))
    }
}
