//! Reads the hours that somebody of the firm keeps for meetings.

use portico_core::{Ctx, PersonId};
use portico_proto::{
    identity::v1::Side,
    workflow::v1::{
        Availability, ExceptionDay, GetAvailabilityRequest, GetAvailabilityResponse, Window as Message,
    },
};

use crate::{
    domain::{
        availability::{Hours, Window},
        permissions::Viewer,
    },
    error::WorkflowError,
    peers,
    service::Service,
    store,
};

pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: GetAvailabilityRequest,
) -> Result<GetAvailabilityResponse, WorkflowError> {
    let person = whose(service, &ctx, &request.person_id).await?;
    let mut tx = service.store.begin(&ctx).await?;
    let kept = store::availability::read(&mut tx, person).await?;
    let availability = match kept {
        Some((hours, version)) => message(person, &hours, version),
        None => Availability { person_id: person.to_string(), ..Availability::default() },
    };
    Ok(GetAvailabilityResponse { availability: Some(availability) })
}

/// Whose hours somebody may read and set: their own, and an administrator those of everybody of the firm.
///
/// # Errors
/// NOT_FOUND for anybody else.
pub(super) async fn whose(service: &Service, ctx: &Ctx, person_id: &str) -> Result<PersonId, WorkflowError> {
    let me = ctx.actor.person.ok_or(WorkflowError::NotAllowed)?;
    if person_id.is_empty() {
        return Ok(me);
    }
    let other: PersonId = person_id.parse()?;
    if other == me {
        return Ok(me);
    }
    if !Viewer::of(ctx).sees_everything() {
        return Err(WorkflowError::NotFound);
    }
    let people = peers::people(service, ctx, &[other]).await?;
    let staff = people.get(&other).filter(|person| person.side() == Side::Staff);
    staff.map(|_| other).ok_or(WorkflowError::NotFound)
}

pub(super) fn message(person: PersonId, hours: &Hours, version: i32) -> Availability {
    let window = |day: usize, window: &Window| Message {
        day: i32::try_from(day).unwrap_or_default(),
        from_minute: i32::from(window.from),
        until_minute: i32::from(window.until),
    };
    let weekly =
        hours.weekly.iter().zip(1..).flat_map(|(windows, day)| windows.iter().map(move |one| (day, one)));
    let exceptions = hours.exceptions.iter().map(|(date, windows)| ExceptionDay {
        date: date.to_string(),
        windows: windows.iter().map(|one| window(0, one)).collect(),
    });
    Availability {
        person_id: person.to_string(),
        kept: true,
        time_zone: hours.zone.name().to_owned(),
        weekly: weekly.map(|(day, one)| window(day, one)).collect(),
        exceptions: exceptions.collect(),
        buffer_before_minutes: i32::from(hours.before),
        buffer_after_minutes: i32::from(hours.after),
        notice_minutes: i32::try_from(hours.notice).unwrap_or(i32::MAX),
        horizon_days: i32::from(hours.horizon),
        step_minutes: i32::from(hours.step),
        etag: version.to_string(),
    }
}
