//! Moves a booked meeting to another time.

use portico_core::{Ctx, PersonId};
use portico_proto::workflow::v1::{MoveMeetingRequest, MoveMeetingResponse};
use serde_json::json;

use super::{
    book_time::taken,
    cancel_meeting::{booked_ahead, need},
    change,
    chosen_time::Choice,
    get_meeting::meeting_of,
    meeting_mail,
};
use crate::{
    convert,
    domain::{
        engine::Event,
        permissions::Viewer,
        words::{News, Words},
    },
    error::WorkflowError,
    jobs::free_times,
    service::Service,
    store,
};

const MOVED: &str = "meeting.moved";

/// Either side may, until it begins. Both are told, and their calendars move it. The same time again changes nothing.
pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: MoveMeetingRequest,
) -> Result<MoveMeetingResponse, WorkflowError> {
    let viewer = Viewer::of(&ctx);
    let (step, found) = change::find(service, &ctx, &viewer, &request.step_id, need(&viewer)).await?;
    let meeting = meeting_of(&found, &step)?.clone();
    let choice = Choice::read(service, &ctx, &step, &found, &meeting, &request.slot_id).await?;
    let others = choice.people();
    let mut held = change::hold(service, &ctx, &viewer, &step, found, need(&viewer), &others).await?;
    let before = booked_ahead(&mut held).await?;
    if choice.is(&before) {
        let round = held.step.told;
        let (_, event) = held.repeated(MOVED, round).await?;
        return Ok(MoveMeetingResponse { booked: Some(convert::slot(&before)), event });
    }
    // One meeting a step: what it had makes room first, and comes back with the whole transaction where the new time is gone.
    store::meetings::release(&mut held.stage.tx, step.id).await?;
    let slot = choice.book(&mut held, service, &meeting).await?.ok_or_else(taken)?;
    let zone = held.stage.prepared.firm.zone;
    let to = Words::English.moment(slot.starts_at, zone);
    held.happen(Event::MeetingMoved { step: step.id, outcome: to }).await?;
    let guest = held.step.ended_by.as_ref().map(|by| by.id);
    let parties = choice.parties(PersonId(slot.host), guest);
    let sequence = held.step.told;
    meeting_mail::tell(&mut held, &parties, &slot, sequence, News::Moved { from: before.starts_at }).await?;
    held.stage.wake(&held.found.run, step.id, free_times::TIMER).await?;
    let details = json!({ "from": before.starts_at, "to": slot.starts_at });
    let (_, event) = held.finish_once(MOVED, sequence, details).await?;
    let booked = store::meetings::Slot { free: false, ..slot };
    Ok(MoveMeetingResponse { booked: Some(convert::slot(&booked)), event })
}
