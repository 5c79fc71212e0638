//! Reads a meeting step: times that are offered, or the time that is booked.

use chrono::TimeDelta;
use portico_core::{Ctx, PersonId, StepId};
use portico_definition::{MeetingStep, StepKind};
use portico_proto::workflow::v1::{GetMeetingRequest, GetMeetingResponse};

use crate::{
    convert,
    domain::{
        calendar_file,
        engine::StepRecord,
        permissions::{StepAction, Viewer},
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
    let booked = store::meetings::booked(&mut tx, id).await?;
    let earliest = service.clock.now() + minutes(meeting.notice.total_minutes());
    let mut slots = store::meetings::slots(&mut tx, id).await?;
    slots.retain(|slot| !viewer.is_client() || (slot.free && slot.starts_at > earliest));
    tx.rollback().await?;
    let host = booked.as_ref().or(slots.first()).map(|slot| PersonId(slot.host));
    let with_name = match host {
        Some(host) => {
            let people = peers::people(service, &ctx, &[host]).await?;
            people.get(&host).map(|person| person.name.clone()).unwrap_or_default()
        }
        None => host_of(&found, meeting),
    };
    let calendar =
        booked.as_ref().map(|slot| file(&firm, &found, &step, slot, &with_name)).unwrap_or_default();
    Ok(GetMeetingResponse {
        slots: if booked.is_some() { Vec::new() } else { slots.iter().map(convert::slot).collect() },
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

/// The booked meeting for a calendar.
pub(super) fn file(
    firm: &Firm,
    found: &RunInReach,
    step: &StepRecord,
    slot: &Slot,
    with_name: &str,
) -> String {
    let summary = format!("{}: {}", found.record.account_name, found.record.title);
    let description = format!("{}\n{} with {with_name}", step.title, firm.name);
    calendar_file::write(&calendar_file::Entry {
        uid: format!("{}-{}", step.id, slot.id),
        made_at: step.activated_at.unwrap_or(slot.starts_at),
        starts_at: slot.starts_at,
        ends_at: slot.ends_at,
        summary: &summary,
        description: &description,
    })
}
