//! What is written down about a run, and what each line changes. Replaying the lines gives the run.

use chrono::{DateTime, TimeDelta, Utc};
use portico_core::StepId;
use serde::{Deserialize, Serialize};

use super::{
    Approval, Asked, Assignment, Deliverable, MilestoneRecord, PersonRef, Pin, RunState, RunStatus, Seat,
    StepRecord, StepStatus,
    state::{LastReminder, Reminded},
};

/// A line of a run's history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct RunFact {
    /// When.
    pub(crate) at: DateTime<Utc>,
    /// Who; nobody for the system.
    pub(crate) by: Option<PersonRef>,
    /// What.
    pub(crate) fact: Fact,
}

/// A step about to stand in a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct StepPlan {
    pub(crate) id: StepId,
    pub(crate) key: Option<String>,
    pub(crate) title: String,
    pub(crate) kind: String,
    pub(crate) needs: Vec<String>,
    pub(crate) client_visible: bool,
    pub(crate) visible_to: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) asks: Option<Box<Asked>>,
}

/// The moments of a step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Moments {
    pub(crate) due: Option<DateTime<Utc>>,
    pub(crate) escalate_at: Option<DateTime<Utc>>,
    pub(crate) expire_at: Option<DateTime<Utc>>,
}

/// Something that has happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub(crate) enum Fact {
    Started { record_state: Option<String>, steps: Vec<StepPlan>, milestones: Vec<(String, String)> },
    Readied { step: StepId },
    Scheduled { step: StepId, moments: Moments },
    Activated { step: StepId, owner: Assignment, turn: Assignment, wait_until: Option<DateTime<Utc>> },
    Skipped { step: StepId },
    Seated { step: StepId, seats: Vec<Seat> },
    Approved { step: StepId, seat: usize, by: PersonRef, on_behalf: Option<PersonRef>, owner: Assignment },
    ApprovalsVoided { step: StepId, owner: Assignment },
    Pinned { step: StepId, pins: Vec<Pin> },
    Done { step: StepId, outcome: String },
    Returned { step: StepId, reason: String, closed: bool, turn: Assignment },
    Progressed { step: StepId, turn: Assignment, progress: String },
    VersionAdded { step: StepId, deliverable: Deliverable, turn: Assignment },
    Reopened { step: StepId, turn: Assignment },
    TimesOffered { step: StepId, turn: Assignment, until: DateTime<Utc>, moments: Moments },
    TimesLeft { step: StepId, until: DateTime<Utc> },
    TimesGone { step: StepId, turn: Assignment },
    MeetingMoved { step: StepId, outcome: String },
    MeetingCancelled { step: StepId, turn: Assignment, reason: String },
    Missing { step: StepId, item: String, name: String, said: String },
    Waived { step: StepId, reason: String },
    Expired { step: StepId },
    StepCancelled { step: StepId },
    DueMoved { step: StepId, moments: Moments, reason: String },
    Reassigned { step: StepId, to: Assignment, reason: String },
    Declined { step: StepId, message: String },
    TaskAdded { plan: StepPlan, due: Option<DateTime<Utc>> },
    Reminded { step: StepId, rule: usize },
    Nudged { step: StepId },
    Overdue { step: StepId },
    Escalated { step: StepId },
    MilestoneReached { key: String },
    MilestoneLost { key: String },
    Estimated { key: String, at: DateTime<Utc> },
    OutcomeApplied { place: usize, state: String },
    OutcomeLeftOut { place: usize, state: String },
    Notified { place: usize, entry: u32 },
    RecordEntered { state: String },
    Paused { reason: String },
    Resumed { seconds: i64 },
    Cancelled { reason: String },
    Finished,
    RunReopened,
}

impl Fact {
    /// The step it is about, if it is about one.
    pub(crate) fn step(&self) -> Option<StepId> {
        match self {
            Self::Readied { step }
            | Self::Scheduled { step, .. }
            | Self::Activated { step, .. }
            | Self::Skipped { step }
            | Self::Seated { step, .. }
            | Self::Approved { step, .. }
            | Self::ApprovalsVoided { step, .. }
            | Self::Pinned { step, .. }
            | Self::Done { step, .. }
            | Self::Returned { step, .. }
            | Self::Progressed { step, .. }
            | Self::VersionAdded { step, .. }
            | Self::Reopened { step, .. }
            | Self::TimesOffered { step, .. }
            | Self::TimesLeft { step, .. }
            | Self::TimesGone { step, .. }
            | Self::MeetingMoved { step, .. }
            | Self::MeetingCancelled { step, .. }
            | Self::Missing { step, .. }
            | Self::Waived { step, .. }
            | Self::Expired { step }
            | Self::StepCancelled { step }
            | Self::DueMoved { step, .. }
            | Self::Reassigned { step, .. }
            | Self::Declined { step, .. }
            | Self::Reminded { step, .. }
            | Self::Nudged { step }
            | Self::Overdue { step }
            | Self::Escalated { step } => Some(*step),
            Self::TaskAdded { plan, .. } => Some(plan.id),
            _ => None,
        }
    }
}

/// Changes a run by one fact. A fact about a step that is not there changes nothing.
pub(crate) fn apply(run: &mut RunState, line: &RunFact) {
    if let Some(id) = line.fact.step()
        && let Some(step) = run.steps.iter_mut().find(|step| step.id == id)
    {
        apply_to_step(step, line);
        return;
    }
    apply_to_run(run, line);
}

fn apply_to_run(run: &mut RunState, line: &RunFact) {
    let at = line.at;
    match &line.fact {
        Fact::Started { record_state, steps, milestones } => {
            run.status = RunStatus::Active;
            run.started_at = Some(at);
            run.record_state.clone_from(record_state);
            run.steps = steps.iter().map(new_step).collect();
            run.milestones = milestones
                .iter()
                .map(|(key, title)| MilestoneRecord {
                    key: key.clone(),
                    title: title.clone(),
                    reached_at: None,
                    estimate: None,
                    first_estimate: None,
                })
                .collect();
        }
        Fact::TaskAdded { plan, due } => run.steps.push(StepRecord { due: *due, ..new_step(plan) }),
        Fact::MilestoneReached { key } => milestone(run, key, |one| one.reached_at = Some(at)),
        Fact::MilestoneLost { key } => milestone(run, key, |one| one.reached_at = None),
        Fact::Estimated { key, at } => milestone(run, key, |one| {
            one.estimate = Some(*at);
            one.first_estimate = one.first_estimate.or(Some(*at));
        }),
        Fact::OutcomeApplied { place, state } => {
            run.outcomes.insert(*place);
            enter(run, state);
        }
        Fact::OutcomeLeftOut { place, .. } => {
            run.outcomes.insert(*place);
        }
        Fact::Notified { place, entry } => {
            run.notified.insert((*place, *entry));
        }
        Fact::RecordEntered { state } => enter(run, state),
        Fact::Paused { reason } => {
            run.status = RunStatus::Paused;
            run.reason.clone_from(reason);
            run.paused_at = Some(at);
        }
        Fact::Resumed { seconds } => {
            run.status = RunStatus::Active;
            run.reason.clear();
            run.paused_at = None;
            let pause = TimeDelta::try_seconds(*seconds).unwrap_or_default();
            for step in run.steps.iter_mut().filter(|step| !step.is_ended()) {
                shift(step, pause);
            }
        }
        Fact::Cancelled { reason } => {
            run.status = RunStatus::Cancelled;
            run.reason.clone_from(reason);
            run.ended_at = Some(at);
        }
        Fact::Finished => {
            run.status = RunStatus::Done;
            run.ended_at = Some(at);
        }
        Fact::RunReopened => {
            run.status = RunStatus::Active;
            run.ended_at = None;
        }
        _ => {}
    }
}

fn enter(run: &mut RunState, state: &str) {
    run.record_state = Some(state.to_owned());
    run.entries += 1;
}

fn milestone(run: &mut RunState, key: &str, change: impl FnOnce(&mut MilestoneRecord)) {
    if let Some(found) = run.milestones.iter_mut().find(|milestone| milestone.key == key) {
        change(found);
    }
}

fn shift(step: &mut StepRecord, by: TimeDelta) {
    let moments = [
        &mut step.due,
        &mut step.escalate_at,
        &mut step.expire_at,
        &mut step.wait_until,
        &mut step.turn_since,
    ];
    for moment in moments.into_iter().flatten() {
        *moment = moment.checked_add_signed(by).unwrap_or(*moment);
    }
    for reminded in step.reminded.values_mut() {
        reminded.last = reminded.last.checked_add_signed(by).unwrap_or(reminded.last);
    }
}

fn apply_to_step(step: &mut StepRecord, line: &RunFact) {
    let at = line.at;
    match &line.fact {
        Fact::Readied { .. } => {
            step.status = StepStatus::Ready;
            step.ready_at = Some(at);
        }
        Fact::Scheduled { moments, .. } => set_moments(step, *moments),
        Fact::Activated { owner, turn, wait_until, .. } => {
            step.status = StepStatus::Active;
            step.attempt += 1;
            step.activated_at = Some(at);
            step.owner = owner.clone();
            step.wait_until = *wait_until;
            turn_to(step, turn, at);
        }
        Fact::Skipped { .. } => end(step, StepStatus::Skipped, line),
        Fact::Seated { seats, .. } => step.seats.clone_from(seats),
        Fact::Approved { seat, by, on_behalf, owner, .. } => {
            step.approvals.push(Approval { seat: *seat, by: by.clone(), on_behalf: on_behalf.clone(), at });
            step.status = StepStatus::Active;
            if !owner.is_nobody() {
                step.owner = owner.clone();
                turn_to(step, owner, at);
            }
        }
        Fact::ApprovalsVoided { owner, .. } => {
            step.approvals.clear();
            if step.turn == step.owner {
                step.turn = owner.clone();
            }
            step.owner = owner.clone();
        }
        Fact::Pinned { pins, .. } => step.pins.clone_from(pins),
        Fact::Done { outcome, .. } => {
            step.outcome.clone_from(outcome);
            step.reason.clear();
            step.pins.clear();
            end(step, StepStatus::Done, line);
        }
        Fact::Returned { reason, closed, turn, .. } => {
            step.status = StepStatus::Returned;
            step.closed = *closed;
            step.reason.clone_from(reason);
            if *closed {
                end(step, StepStatus::Returned, line);
            } else {
                reopen(step, turn, at);
            }
        }
        Fact::Progressed { turn, progress, .. } => {
            step.progress.clone_from(progress);
            turn_to(step, turn, at);
        }
        Fact::VersionAdded { deliverable, turn, .. } => {
            step.deliverable = Some(Deliverable { by: line.by.clone(), ..deliverable.clone() });
            if step.is_open() {
                step.status = StepStatus::Active;
                turn_to(step, turn, at);
            }
        }
        Fact::Reopened { turn, .. } => {
            step.status = StepStatus::Active;
            step.closed = false;
            reopen(step, turn, at);
        }
        Fact::TimesOffered { turn, until, moments, .. } => {
            step.offered_until = Some(*until);
            set_moments(step, *moments);
            step.overdue = step.overdue && step.due.is_some_and(|due| due <= at);
            if step.turn != *turn {
                turn_to(step, turn, at);
            }
        }
        Fact::TimesLeft { until, .. } => step.offered_until = Some(*until),
        Fact::TimesGone { turn, .. } => {
            step.offered_until = None;
            if step.turn != *turn {
                turn_to(step, turn, at);
            }
        }
        Fact::MeetingMoved { outcome, .. } => {
            step.outcome.clone_from(outcome);
            step.told += 1;
        }
        Fact::MeetingCancelled { turn, reason, .. } => {
            step.outcome.clear();
            step.reason.clone_from(reason);
            step.status = StepStatus::Active;
            step.offered_until = None;
            // One number for what is cancelled, and a higher one for what is booked in its place.
            step.told += 2;
            reopen(step, turn, at);
        }
        Fact::Missing { item, .. } => {
            step.missing.insert(item.clone());
        }
        Fact::Waived { reason, .. } => {
            step.reason.clone_from(reason);
            step.closed = false;
            end(step, StepStatus::Waived, line);
        }
        Fact::Expired { .. } => end(step, StepStatus::Expired, line),
        Fact::StepCancelled { .. } => end(step, StepStatus::Cancelled, line),
        Fact::DueMoved { moments, reason, .. } => {
            step.due = None;
            set_moments(step, *moments);
            step.reason.clone_from(reason);
            step.reminded.clear();
            step.escalated = false;
            step.overdue = false;
        }
        Fact::Reassigned { to, reason, .. } => {
            step.declined = None;
            step.reason.clone_from(reason);
            // While it is another's turn, only the side that the new people are on changes.
            let same = step.turn == step.owner;
            if same || to.external != step.turn.external {
                step.owner = to.clone();
            }
            if same || to.external == step.turn.external {
                turn_to(step, to, at);
            }
        }
        Fact::Declined { message, .. } => step.declined = Some(message.clone()),
        Fact::Reminded { rule, .. } => {
            let count = step.reminded.get(rule).map_or(0, |reminded| reminded.count);
            step.reminded.insert(*rule, Reminded { count: count + 1, last: at });
            remember_reminder(step, line);
        }
        Fact::Nudged { .. } => remember_reminder(step, line),
        Fact::Overdue { .. } => step.overdue = true,
        Fact::Escalated { .. } => step.escalated = true,
        _ => {}
    }
}

fn remember_reminder(step: &mut StepRecord, line: &RunFact) {
    let to = step.turn.clone();
    step.last_reminder = Some(Box::new(LastReminder { at: line.at, to, by: line.by.clone() }));
}

fn set_moments(step: &mut StepRecord, moments: Moments) {
    step.due = moments.due;
    step.escalate_at = moments.escalate_at;
    step.expire_at = moments.expire_at;
}

fn turn_to(step: &mut StepRecord, turn: &Assignment, at: DateTime<Utc>) {
    step.turn = turn.clone();
    step.turn_since = Some(at);
}

fn end(step: &mut StepRecord, status: StepStatus, line: &RunFact) {
    step.status = status;
    step.ended_at = Some(line.at);
    step.ended_by.clone_from(&line.by);
}

fn reopen(step: &mut StepRecord, turn: &Assignment, at: DateTime<Utc>) {
    step.attempt += 1;
    step.ended_at = None;
    step.ended_by = None;
    step.declined = None;
    turn_to(step, turn, at);
}

fn new_step(plan: &StepPlan) -> StepRecord {
    StepRecord {
        id: plan.id,
        key: plan.key.clone(),
        title: plan.title.clone(),
        kind: plan.kind.clone(),
        needs: plan.needs.clone(),
        client_visible: plan.client_visible,
        visible_to: plan.visible_to.clone(),
        status: StepStatus::Blocked,
        closed: false,
        attempt: 0,
        owner: Assignment::default(),
        turn: Assignment::default(),
        turn_since: None,
        due: None,
        escalate_at: None,
        expire_at: None,
        wait_until: None,
        reminded: Default::default(),
        last_reminder: None,
        escalated: false,
        overdue: false,
        ready_at: None,
        activated_at: None,
        ended_at: None,
        ended_by: None,
        reason: String::new(),
        outcome: String::new(),
        progress: String::new(),
        deliverable: None,
        offered_until: None,
        missing: Default::default(),
        declined: None,
        seats: Vec::new(),
        approvals: Vec::new(),
        told: 0,
        pins: Vec::new(),
        asks: plan.asks.clone(),
    }
}
