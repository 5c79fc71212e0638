//! Moments: when a step is due, who is reminded when, and when a milestone is expected.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use portico_core::StepId;
use portico_definition::{
    Anchor, Condition, Delay, Reminder, StepKind,
    calendar::{add_period, subtract_period},
};

use super::{Context, RunState, RunStatus, StepRecord, TimerKind, fact::Moments};

/// The moments of a step, as far as they can be told: those that are set stay, the others are counted from their anchors.
pub(super) fn moments(ctx: &Context<'_>, run: &RunState, step: &StepRecord) -> Moments {
    let set = Moments { due: step.due, escalate_at: step.escalate_at, expire_at: step.expire_at };
    let Some(declared) = ctx.declared(step.key.as_deref()) else { return set };
    let count = |after: &Anchor, delay: Delay, due: Option<DateTime<Utc>>| {
        anchor(run, step, after, due).map(|from| moment_after(ctx, from, delay))
    };
    let due = set.due.or_else(|| count(&declared.due.as_ref()?.after, declared.due.as_ref()?.delay, None));
    let escalate = declared.escalate.as_ref();
    let escalate_at = set.escalate_at.or_else(|| count(&escalate?.after, escalate?.delay, due));
    let expire = declared.expire.as_ref();
    let expire_at = set.expire_at.or_else(|| count(&expire?.after, expire?.delay, due));
    Moments { due, escalate_at, expire_at }
}

/// The moments of a step whose due date is moved by hand: what is counted from it moves along.
pub(super) fn moved(ctx: &Context<'_>, step: &StepRecord, due: DateTime<Utc>) -> Moments {
    let declared = ctx.declared(step.key.as_deref());
    let follow = |after: &Anchor, delay| (*after == Anchor::Due).then(|| moment_after(ctx, due, delay));
    let escalate = declared.and_then(|step| step.escalate.as_ref());
    let expire = declared.and_then(|step| step.expire.as_ref());
    Moments {
        due: Some(due),
        escalate_at: escalate.and_then(|one| follow(&one.after, one.delay)).or(step.escalate_at),
        expire_at: expire.and_then(|one| follow(&one.after, one.delay)).or(step.expire_at),
    }
}

/// The moments of a step that comes back to its owner after others have had it: the due date moves by the working days that they
/// took, and what is counted from it moves along.
pub(super) fn given_back(ctx: &Context<'_>, run: &RunState, step: &StepRecord) -> Moments {
    let set = moments(ctx, run, step);
    let (Some(due), Some(since)) = (set.due, step.turn_since) else { return set };
    let day = |at: DateTime<Utc>| at.with_timezone(&ctx.zone).date_naive();
    let passed = day(since).iter_days().skip(1).take_while(|passed| *passed <= day(ctx.now));
    match u32::try_from(passed.filter(|passed| ctx.days.is_workday(*passed)).count()) {
        Ok(0) | Err(_) => set,
        Ok(taken) => moved(ctx, step, ctx.days.after(due, Delay::Workdays(taken), ctx.zone)),
    }
}

fn moment_after(ctx: &Context<'_>, from: DateTime<Utc>, delay: Delay) -> DateTime<Utc> {
    if delay == Delay::NONE { from } else { ctx.days.after(from, delay, ctx.zone) }
}

fn anchor(
    run: &RunState,
    step: &StepRecord,
    after: &Anchor,
    due: Option<DateTime<Utc>>,
) -> Option<DateTime<Utc>> {
    match after {
        Anchor::Start => run.started_at,
        Anchor::Ready => step.ready_at,
        Anchor::Due => due,
        Anchor::Step(key) => {
            run.named(key).filter(|other| other.status.satisfies()).and_then(|other| other.ended_at)
        }
    }
}

/// Every moment at which this run is to be woken, as it stands. A paused or ended run sleeps.
pub(super) fn timers(ctx: &Context<'_>, run: &RunState) -> BTreeMap<(StepId, TimerKind), DateTime<Utc>> {
    let mut timers = BTreeMap::new();
    if run.status != RunStatus::Active {
        return timers;
    }
    for step in run.steps.iter().filter(|step| step.is_open()) {
        let mut set = |kind, at: Option<DateTime<Utc>>| {
            if let Some(at) = at {
                timers.insert((step.id, kind), at);
            }
        };
        set(TimerKind::Wait, step.wait_until);
        set(TimerKind::Due, step.due.filter(|_| !step.overdue));
        set(TimerKind::Escalate, step.escalate_at.filter(|_| !step.escalated));
        set(TimerKind::Expire, step.expire_at);
        set(TimerKind::Times, step.offered_until);
        for (place, rule) in reminders(ctx, step).iter().enumerate() {
            set(TimerKind::Remind(place), next_reminder(ctx, step, place, *rule));
        }
    }
    timers
}

/// The reminder rules of a step: its own, or the workflow's. A one-off task has none of its own; like any step it reminds of
/// nothing where it has no due date. A document that reminds its own signers is left to do so.
fn reminders<'a>(ctx: &Context<'a>, step: &StepRecord) -> &'a [Reminder] {
    let declared = ctx.declared(step.key.as_deref());
    if declared.is_some_and(
        |declared| matches!(&declared.kind, StepKind::Esign(esign) if esign.remind_every.is_some()),
    ) {
        return &[];
    }
    declared.and_then(|declared| declared.remind.as_deref()).unwrap_or(&ctx.workflow.defaults.remind)
}

/// When a rule next reminds. Nobody is reminded while it is another's turn, and after a turn has come back the rule counts from
/// then on, so that nobody is reminded of what was returned a minute ago. After an outage reminders keep their distance.
fn next_reminder(
    ctx: &Context<'_>,
    step: &StepRecord,
    place: usize,
    rule: Reminder,
) -> Option<DateTime<Utc>> {
    let due = step.due?;
    if step.turn != step.owner || step.turn.is_nobody() {
        return None;
    }
    let since = step.turn_since?;
    let sent = step.reminded.get(&place);
    match rule {
        Reminder::Before(before) => {
            let at = subtract_period(due, before, ctx.zone);
            (sent.is_none() && at > since).then_some(at)
        }
        Reminder::After { after, every, max } => {
            let first = add_period(due.max(since), after, ctx.zone);
            let Some(sent) = sent else { return Some(first) };
            (sent.count < max).then(|| add_period(sent.last, every.unwrap_or(after), ctx.zone))
        }
    }
}

/// When a milestone is expected: the last of the dates of its steps. Nothing where none of them has a date.
pub(super) fn estimate(ctx: &Context<'_>, run: &RunState, condition: &Condition) -> Option<DateTime<Utc>> {
    let (Condition::Done(keys) | Condition::Returned(keys) | Condition::Expired(keys)) = condition else {
        return None;
    };
    let mut known = HashMap::new();
    keys.iter().filter_map(|key| expected_end(ctx, run, key, &mut known)).max()
}

/// When a step is expected to end: when it did, when it is due, or counted from what it waits for.
fn expected_end(
    ctx: &Context<'_>,
    run: &RunState,
    key: &str,
    known: &mut HashMap<String, Option<DateTime<Utc>>>,
) -> Option<DateTime<Utc>> {
    if let Some(found) = known.get(key) {
        return *found;
    }
    // A circle, which validation refuses, would end here.
    known.insert(key.to_owned(), None);
    let step = run.named(key)?;
    let found = if step.is_ended() {
        step.ended_at
    } else if let Some(due) = step.due {
        Some(due.max(ctx.now))
    } else {
        let before = step.needs.iter().filter_map(|need| expected_end(ctx, run, need, known)).max();
        let declared = ctx.declared(Some(key)).and_then(|declared| declared.due.as_ref());
        match declared {
            None => before,
            Some(due) => {
                let from = match &due.after {
                    Anchor::Start => run.started_at,
                    Anchor::Ready | Anchor::Due => step.ready_at.or(before),
                    Anchor::Step(other) => expected_end(ctx, run, other, known),
                };
                from.map(|from| moment_after(ctx, from, due.delay))
            }
        }
    };
    known.insert(key.to_owned(), found);
    found
}
