//! Cancels a booked meeting, so that another time is found.

use portico_core::{Ctx, PersonId};
use portico_proto::workflow::v1::{CancelMeetingRequest, CancelMeetingResponse};
use serde_json::json;

use super::{
    change::{self, Held, Need},
    get_meeting::meeting_of,
    meeting_mail::{self, Parties},
};
use crate::{
    convert,
    domain::{
        engine::{Event, Refusal},
        permissions::Viewer,
        words::News,
    },
    error::WorkflowError,
    service::Service,
    store::{self, meetings::Slot},
};

/// Either side may, until it begins. Both are told with the reason, and their calendars take it out.
pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: CancelMeetingRequest,
) -> Result<CancelMeetingResponse, WorkflowError> {
    let viewer = Viewer::of(&ctx);
    let (step, found) = change::find(service, &ctx, &viewer, &request.step_id, need(&viewer)).await?;
    meeting_of(&found, &step)?;
    let reason = convert::text("reason", &request.reason, 0, 1000)?;
    let mut tx = service.store.begin(&ctx).await?;
    let booked = store::meetings::booked(&mut tx, step.id).await?.ok_or(Refusal::NOT_BOOKED)?;
    tx.rollback().await?;
    let guest = step.ended_by.as_ref().map(|by| by.id);
    let parties = Parties::of(service, &ctx, PersonId(booked.host), guest).await?;
    let mut held = change::hold(service, &ctx, &viewer, &step, found, need(&viewer), &[]).await?;
    let booked = booked_ahead(&mut held).await?;
    store::meetings::release(&mut held.stage.tx, step.id).await?;
    held.happen(Event::MeetingCancelled { step: step.id, reason: reason.clone() }).await?;
    let sequence = held.step.told.saturating_sub(1);
    meeting_mail::tell(&mut held, &parties, &booked, sequence, News::Cancelled { reason: &reason }).await?;
    let (step, event) = held.finish("meeting.cancelled", json!({ "starts_at": booked.starts_at })).await?;
    Ok(CancelMeetingResponse { step: Some(step), event })
}

/// What somebody needs to change a booked meeting: it is theirs to choose, or they are whom one meets.
pub(super) fn need(viewer: &Viewer) -> Need {
    if viewer.is_client() { Need::Act } else { Need::Review }
}

/// The booked time, as long as it lies ahead.
pub(super) async fn booked_ahead(held: &mut Held<'_>) -> Result<Slot, WorkflowError> {
    let booked =
        store::meetings::booked(&mut held.stage.tx, held.step.id).await?.ok_or(Refusal::NOT_BOOKED)?;
    if booked.starts_at > held.stage.now {
        return Ok(booked);
    }
    Err(WorkflowError::Precondition {
        reason: "meeting_begun",
        message: "This meeting has begun already, so it can no longer be changed.".to_owned(),
    })
}
