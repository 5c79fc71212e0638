//! Reads the calendars that staff have connected, every few minutes, and keeps the stretches that are busy.
//!
//! What was read counts for a day. A calendar that cannot be read changes nothing but what its owner is told.

use std::time::Duration;

use chrono::TimeDelta;
use futures_util::{StreamExt as _, stream};
use portico_core::{Ctx, PersonId};
use portico_keys::KmsError;
use portico_proto::identity::v1::Side;
use url::Url;

use crate::{
    calendars::{COUNTS, Reading, Trouble, Way},
    error::WorkflowError,
    peers,
    rpc::disconnect_calendar::forget,
    service::Service,
    store::{
        self,
        calendars::{Calendar, DueReading},
    },
};

/// How many are taken in one round.
const ROUND: i64 = 100;
/// How many are read at once: each waits for a server of its own.
const AT_ONCE: usize = 8;
/// The longest time between two looks.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// How long one process may take to read a calendar before another tries; longer than any reading.
const LEASE: TimeDelta = TimeDelta::minutes(3);
/// The time from one reading to the next.
pub(crate) const PERIOD: TimeDelta = TimeDelta::minutes(10);
/// The same after a password was refused: servers lock out who tries again and again.
const AFTER_REFUSAL: TimeDelta = TimeDelta::hours(1);

/// Reads what is due and says when to look again.
pub(crate) async fn run(service: &Service) -> Result<Duration, WorkflowError> {
    let due = store::calendars::due(&service.store, service.clock.now(), ROUND).await?;
    let full = i64::try_from(due.len()).unwrap_or(i64::MAX) == ROUND;
    let readings = stream::iter(due).for_each_concurrent(AT_ONCE, |reading| async move {
        // One person's trouble is not another's. What could not even be noted stays leased for a while and is tried again.
        if let Err(error) = read(service, reading).await {
            tracing::warn!(%error, tenant = %reading.tenant, person = %reading.person, "a calendar could not be looked after");
        }
    });
    readings.await;
    if full {
        return Ok(Duration::ZERO);
    }
    let next = store::calendars::next(&service.store).await?;
    let wait =
        next.map(|at| at.signed_duration_since(service.clock.now()).to_std().unwrap_or(Duration::ZERO));
    Ok(wait.unwrap_or(LONGEST_WAIT).clamp(Duration::from_millis(100), LONGEST_WAIT))
}

async fn read(service: &Service, DueReading { tenant, person }: DueReading) -> Result<(), WorkflowError> {
    let ctx = Ctx::system(tenant, "Calendars");
    let now = service.clock.now();
    let mut tx = service.store.begin(&ctx).await?;
    let Some(fence) = store::calendars::lease(&mut tx, person, now, now + LEASE).await? else {
        return Ok(());
    };
    let calendar = store::calendars::read(&mut tx, person).await?;
    tx.commit().await?;
    let Some(calendar) = calendar else { return Ok(()) };

    match look(service, &ctx, person, &calendar).await {
        Ok(None) => Ok(()),
        Ok(Some(read)) => note(service, &ctx, person, fence, read).await,
        Err(error) => {
            // It is the installation's own, and still its owner is told that nothing was read.
            let trouble = match error {
                WorkflowError::Keys(KmsError::Refused | KmsError::UnknownKey(_)) => Trouble::Password,
                _ => Trouble::Away,
            };
            note(service, &ctx, person, fence, Err(trouble)).await?;
            Err(error)
        }
    }
}

/// Reads somebody's calendar. Nothing where it is forgotten instead.
async fn look(
    service: &Service,
    ctx: &Ctx,
    person: PersonId,
    calendar: &Calendar,
) -> Result<Option<Result<Reading, Trouble>>, WorkflowError> {
    let people = peers::people(service, ctx, &[person]).await?;
    if !people.get(&person).is_some_and(|one| one.active && one.side() == Side::Staff) {
        // Who has left the firm is not looked after by it.
        forget(service, ctx, person).await?;
        return Ok(None);
    }
    let way = Way::sealed(service, ctx, &calendar.user_name, &calendar.secret).await?;
    let collections: Vec<Url> =
        calendar.collections.iter().filter_map(|address| Url::parse(address).ok()).collect();
    Ok(Some(way.read(service, ctx, person, &collections).await?))
}

/// Notes what was read, or why nothing was, and gives the calendar back until its next reading.
async fn note(
    service: &Service,
    ctx: &Ctx,
    person: PersonId,
    fence: i64,
    read: Result<Reading, Trouble>,
) -> Result<(), WorkflowError> {
    let next = match read {
        Err(Trouble::Password | Trouble::Refused) => AFTER_REFUSAL,
        _ => PERIOD,
    };
    let now = service.clock.now();
    let mut tx = service.store.begin(ctx).await?;
    if !store::calendars::lock(&mut tx, person).await? {
        return Ok(());
    }
    if !store::calendars::give_back(&mut tx, person, fence, now + next).await? {
        return Ok(());
    }
    match read {
        Ok(reading) => {
            store::calendars::keep(&mut tx, person, &reading.stretches, now + COUNTS).await?;
            store::calendars::succeeded(&mut tx, person, reading.not_understood, now).await?;
        }
        Err(trouble) => store::calendars::failed(&mut tx, person, trouble, now).await?,
    }
    tx.commit().await?;
    Ok(())
}
