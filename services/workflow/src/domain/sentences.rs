//! What happened in a run, and what comes next, in plain words.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::{
    engine::{Assignment, Fact, RunFact, RunState, StepRecord},
    words::Words,
};

/// A line of the history in words, and whether clients may read it. Bookkeeping has no words.
pub(crate) fn sentence(run: &RunState, line: &RunFact, zone: Tz) -> Option<(String, bool)> {
    let step = line.fact.step().and_then(|id| run.step(id));
    let visible = step.is_none_or(|step| step.client_visible);
    let title = step.map(|step| step.title.as_str()).unwrap_or_default();
    let because = |reason: &str| if reason.is_empty() { String::new() } else { format!(" Reason: {reason}") };
    let milestone = |key: &str| {
        run.milestones.iter().find(|one| one.key == key).map(|one| one.title.clone()).unwrap_or_default()
    };
    let text = match &line.fact {
        Fact::Started { .. } => "This has begun.".to_owned(),
        Fact::Done { outcome, .. } if outcome.is_empty() => format!("“{title}” is done."),
        Fact::Done { outcome, .. } => format!("“{title}” is done: {outcome}."),
        Fact::Approved { by, on_behalf: Some(other), .. } => {
            format!("{} approved “{title}” for {}.", by.name, other.name)
        }
        // Where one approval is all, that the step is done says it.
        Fact::Approved { .. } if step.is_none_or(|step| step.seats.is_empty()) => return None,
        Fact::Approved { by, .. } => format!("{} approved “{title}”.", by.name),
        Fact::ApprovalsVoided { .. } => format!("The approvals given for “{title}” no longer count."),
        Fact::Skipped { .. } => format!("“{title}” is not needed here."),
        Fact::Waived { reason, .. } => format!("“{title}” was waived.{}", because(reason)),
        Fact::Returned { reason, .. } => format!("“{title}” was returned.{}", because(reason)),
        Fact::Reopened { .. } => format!("“{title}” is open again."),
        Fact::TimesOffered { .. } => format!("Times were offered for “{title}”."),
        Fact::TimesGone { .. } => format!("The times offered for “{title}” have passed or were taken."),
        Fact::MeetingMoved { outcome, .. } => format!("“{title}” was moved to {outcome}."),
        Fact::MeetingCancelled { reason, .. } => format!("“{title}” was cancelled.{}", because(reason)),
        Fact::Missing { name, said, .. } if said.is_empty() => {
            format!("“{name}” is not there, says the client.")
        }
        Fact::Missing { name, said, .. } => format!("“{name}” is not there, says the client: {said}"),
        Fact::Expired { .. } => format!("The time for “{title}” is over."),
        Fact::VersionAdded { deliverable, .. } => {
            format!(
                "Version {} of {} was handed over for “{title}”.",
                deliverable.number, deliverable.file_name
            )
        }
        Fact::DueMoved { moments, reason, .. } => {
            let day = moments.due.map(|due| day(due, zone)).unwrap_or_default();
            format!("“{title}” is now due on {day}.{}", because(reason))
        }
        Fact::Reassigned { to, reason, .. } => {
            format!("“{title}” was given to {}.{}", who(to), because(reason))
        }
        Fact::Declined { message, .. } => format!("Somebody else should do “{title}”.{}", because(message)),
        Fact::TaskAdded { plan, .. } => {
            return Some((format!("“{}” was added.", plan.title), plan.client_visible));
        }
        Fact::Escalated { .. } => {
            return Some((format!("“{title}” is late; somebody else was told."), false));
        }
        Fact::Nudged { .. } => return Some((format!("A reminder about “{title}” was sent."), false)),
        Fact::Reminded { .. } => return Some((format!("A reminder about “{title}” went out."), false)),
        Fact::MilestoneReached { key } => format!("Milestone reached: {}.", milestone(key)),
        Fact::OutcomeApplied { state, .. } => format!("The state is now “{}”.", state.replace('_', " ")),
        Fact::OutcomeLeftOut { state, .. } => {
            return Some((
                format!("The state could not become “{}” from where it was.", state.replace('_', " ")),
                false,
            ));
        }
        Fact::Paused { reason } => format!("This was put on hold.{}", because(reason)),
        Fact::Resumed { .. } => "This goes on; all dates have moved by the length of the pause.".to_owned(),
        Fact::Cancelled { reason } => format!("This was cancelled.{}", because(reason)),
        Fact::Finished => "Everything is done.".to_owned(),
        Fact::RunReopened => "This is open again.".to_owned(),
        _ => return None,
    };
    Some((text, visible))
}

/// Who is to act, as one writes it in a sentence.
pub(crate) fn who(assignment: &Assignment) -> String {
    Words::English.who(assignment)
}

/// What happens next for somebody who has nothing to do: the open step that is due first, or the first that waits.
pub(crate) fn next<'a>(
    open: impl Iterator<Item = &'a StepRecord>,
    blocked: impl Iterator<Item = &'a StepRecord>,
    zone: Tz,
) -> String {
    let mut open: Vec<&StepRecord> = open.collect();
    open.sort_by_key(|step| (step.due.is_none(), step.due));
    if let Some(step) = open.first() {
        let until = step.due.map(|due| format!(" by {}", day(due, zone))).unwrap_or_default();
        let act = match (step.kind.as_str(), step.offered_until) {
            ("meeting", None) => "offer times for",
            ("meeting", Some(_)) => "choose a time for",
            _ => "act on",
        };
        return format!(
            "Next: {} will {act} “{}”{until}. There is nothing for you to do now.",
            who(&step.turn),
            step.title
        );
    }
    let mut blocked: Vec<&StepRecord> = blocked.collect();
    blocked.sort_by_key(|step| (step.due.is_none(), step.due));
    match blocked.first() {
        Some(step) => format!("Next: “{}”. You will be told as soon as it can begin.", step.title),
        None => String::new(),
    }
}

/// A day as people write it.
pub(crate) fn day(at: DateTime<Utc>, zone: Tz) -> String {
    Words::English.day(at, zone)
}
