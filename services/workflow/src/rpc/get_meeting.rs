//! Reads a meeting step: times that are offered, or the time that is booked.

use chrono::{DateTime, TimeDelta, Utc};
use portico_core::{Ctx, PersonId, StepId};
use portico_definition::{MeetingHost, MeetingStep, StepKind};
use portico_proto::{
    identity::v1::Person,
    time::timestamp,
    workflow::v1::{self as proto, GetMeetingRequest, GetMeetingResponse},
};

use super::{
    change::Held,
    meeting_mail::attendee,
    open_times::{self, OpenTimes},
};
use crate::{
    convert,
    domain::{
        calendar_file::{self, Method},
        engine::{RunStatus, StepRecord, StepStatus},
        permissions::{StepAction, Verdict, Viewer},
    },
    error::WorkflowError,
    peers,
    reach::{self, RunInReach},
    service::{Firm, Service},
    store::{self, meetings::Slot},
};

pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: GetMeetingRequest,
) -> Result<GetMeetingResponse, WorkflowError> {
    let id: StepId = request.step_id.parse()?;
    let viewer = Viewer::of(&ctx);
    let firm = peers::firm(service, &ctx).await?;
    let mut tx = service.store.begin(&ctx).await?;
    let (step, found) = reach::step(service, &mut tx, &viewer, id, StepAction::View).await?;
    let meeting = meeting_of(&found, &step)?;
    tx.rollback().await?;
    let hosts = open_times::hosts(service, &ctx, &found, meeting).await?;
    let mut tx = service.store.begin(&ctx).await?;
    let booked = store::meetings::booked(&mut tx, id).await?;
    let earliest = service.clock.now() + minutes(meeting.notice.total_minutes());
    let mut slots = store::meetings::slots(&mut tx, id).await?;
    slots.retain(|slot| !viewer.is_client() || (slot.free && slot.starts_at > earliest));
    let now = service.clock.now();
    let open = OpenTimes::read(&mut tx, &hosts, meeting, id, now).await?;
    let length = minutes(meeting.duration.total_minutes());
    let taken: Vec<_> = slots.iter().map(|slot| slot.starts_at).collect();
    let kept = open.slots().into_iter().filter(|(start, _)| !taken.contains(start));
    let mut listed: Vec<proto::Slot> = slots.iter().map(convert::slot).collect();
    let first = kept.clone().next().map(|(_, host)| host);
    listed.extend(kept.map(|(start, _)| proto::Slot {
        id: start.timestamp().to_string(),
        starts_at: Some(timestamp(start)),
        ends_at: Some(timestamp(start + length)),
        free: true,
    }));
    // What is booked is not a time to move to.
    let own = booked.as_ref().map(|slot| slot.starts_at.timestamp());
    listed.retain(|slot| own.is_none() || slot.starts_at.as_ref().map(|at| at.seconds) != own);
    listed.sort_by_key(|slot| slot.starts_at.as_ref().map(|at| at.seconds));
    tx.rollback().await?;
    let here = viewer.at(found.run.account);
    let action = if viewer.is_client() { StepAction::Act } else { StepAction::Review };
    let changes =
        here.authorize(&step, found.declared(&step), found.reads_record, action) == Verdict::Allowed;
    let changeable = changes
        && step.status == StepStatus::Done
        && found.run.state.status != RunStatus::Cancelled
        && booked.as_ref().is_some_and(|slot| slot.starts_at > now);
    let pooled = meeting.host == MeetingHost::RoundRobin && hosts.len() > 1 && booked.is_none();
    let host =
        booked.as_ref().or(slots.first()).map(|slot| PersonId(slot.host)).or(first).filter(|_| !pooled);
    let with_name = match host {
        Some(host) => {
            let people = peers::people(service, &ctx, &[host]).await?;
            people.get(&host).map(|person| person.name.clone()).unwrap_or_default()
        }
        None => host_of(&found, meeting),
    };
    let calendar = booked
        .as_ref()
        .map(|slot| published(&firm, &found, &step, slot, &with_name, service.clock.now()))
        .unwrap_or_default();
    Ok(GetMeetingResponse {
        // Who may move the meeting chooses from the same times.
        slots: if booked.is_some() && !changeable { Vec::new() } else { listed },
        changeable,
        booked: booked.as_ref().map(convert::slot),
        with_name,
        duration_minutes: i32::try_from(meeting.duration.total_minutes()).unwrap_or(i32::MAX),
        calendar,
        step: Some(convert::step_of(&viewer, &found, &step)),
    })
}

/// The role that is met, where nobody has offered a time yet.
fn host_of(found: &RunInReach, meeting: &MeetingStep) -> String {
    let role = found.definition.spec.roles.get(&meeting.with.role);
    role.and_then(|role| role.title.clone()).unwrap_or_else(|| meeting.with.role.replace('_', " "))
}

/// The meeting of a step, as its definition declares it.
pub(crate) fn meeting_of<'a>(
    found: &'a RunInReach,
    step: &StepRecord,
) -> Result<&'a MeetingStep, WorkflowError> {
    match found.declared(step).map(|declared| &declared.kind) {
        Some(StepKind::Meeting(meeting)) => Ok(meeting),
        _ => Err(WorkflowError::Precondition {
            reason: "not_a_meeting",
            message: "There is no meeting here.".to_owned(),
        }),
    }
}

pub(crate) fn minutes(minutes: u64) -> TimeDelta {
    TimeDelta::try_minutes(i64::try_from(minutes).unwrap_or(i64::MAX)).unwrap_or(TimeDelta::MAX)
}

/// The booked meeting as a file that somebody puts into their calendar themselves.
fn published(
    firm: &Firm,
    found: &RunInReach,
    step: &StepRecord,
    slot: &Slot,
    with_name: &str,
    now: DateTime<Utc>,
) -> String {
    let description = format!("{}\n{} with {with_name}", step.title, firm.name);
    let about = About { found, step, slot, sequence: step.told, now };
    about.write(Method::Publish, &description, None)
}

/// The meeting as a calendar is told of it by mail: `between` whoever invites and whoever is invited.
pub(super) fn file(
    held: &Held<'_>,
    slot: &Slot,
    sequence: u32,
    method: Method,
    between: Option<(&Person, &Person)>,
) -> String {
    let description = format!("{}\n{}", held.step.title, held.stage.prepared.firm.name);
    let about = About { found: &held.found, step: &held.step, slot, sequence, now: held.stage.now };
    about.write(method, &description, between)
}

struct About<'a> {
    found: &'a RunInReach,
    step: &'a StepRecord,
    slot: &'a Slot,
    sequence: u32,
    now: DateTime<Utc>,
}

impl About<'_> {
    fn write(&self, method: Method, description: &str, between: Option<(&Person, &Person)>) -> String {
        let summary = format!("{}: {}", self.found.record.account_name, self.found.record.title);
        calendar_file::write(&calendar_file::Entry {
            // One meeting a step: it keeps its id however often it is moved.
            uid: format!("{}-meeting", self.step.id),
            sequence: self.sequence,
            method,
            made_at: self.now,
            starts_at: self.slot.starts_at,
            ends_at: self.slot.ends_at,
            summary: &summary,
            description,
            organizer: between.and_then(|(organizer, _)| attendee(organizer)),
            attendee: between.and_then(|(_, invited)| attendee(invited)),
        })
    }
}
