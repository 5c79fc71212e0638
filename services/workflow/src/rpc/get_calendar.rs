//! Reads which calendar of one's own is connected.

use portico_core::{Ctx, PersonId};
use portico_db::Tx;
use portico_proto::{
    time::timestamp,
    workflow::v1::{Calendar as Message, CalendarTrouble, GetCalendarRequest, GetCalendarResponse},
};

use crate::{
    calendars::{COUNTS, Trouble},
    error::WorkflowError,
    service::Service,
    store,
};

/// Nobody reads anybody else's, administrators included: what is busy there shows in the times that are offered alone.
pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    _: GetCalendarRequest,
) -> Result<GetCalendarResponse, WorkflowError> {
    let me = ctx.actor.person.ok_or(WorkflowError::NotAllowed)?;
    let mut tx = service.store.begin(&ctx).await?;
    Ok(GetCalendarResponse { calendar: message(service, &mut tx, me).await? })
}

/// Somebody's calendar, with how much of it is busy, and without its password.
pub(super) async fn message(
    service: &Service,
    tx: &mut Tx,
    person: PersonId,
) -> Result<Option<Message>, WorkflowError> {
    let Some(calendar) = store::calendars::read(tx, person).await? else { return Ok(None) };
    let busy = store::calendars::count(tx, person, service.clock.now()).await?;
    let trouble = calendar.trouble.map(|(trouble, _)| named(trouble)).unwrap_or_default();
    Ok(Some(Message {
        address: calendar.address,
        user_name: calendar.user_name,
        calendars: i32::try_from(calendar.collections.len()).unwrap_or(i32::MAX),
        read_at: Some(timestamp(calendar.read_at)),
        busy_stretches: i32::try_from(busy).unwrap_or(i32::MAX),
        not_understood: calendar.not_understood,
        trouble: trouble.into(),
        failing_since: calendar.trouble.map(|(_, since)| timestamp(since)),
        counts_until: Some(timestamp(calendar.read_at + COUNTS)),
    }))
}

const fn named(trouble: Trouble) -> CalendarTrouble {
    match trouble {
        Trouble::Password => CalendarTrouble::Password,
        Trouble::Refused => CalendarTrouble::Refused,
        Trouble::Missing => CalendarTrouble::Missing,
        Trouble::NoCalendar => CalendarTrouble::NoCalendar,
        Trouble::Elsewhere => CalendarTrouble::Elsewhere,
        Trouble::Certificate => CalendarTrouble::Certificate,
        Trouble::Away => CalendarTrouble::Away,
        Trouble::ClosedNetwork => CalendarTrouble::ClosedNetwork,
        Trouble::TooLarge => CalendarTrouble::TooLarge,
    }
}
