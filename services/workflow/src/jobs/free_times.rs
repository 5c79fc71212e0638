//! After a time of somebody is booked: the meetings for which the same time was offered to others hear what is left of theirs.
//!
//! Those are other accounts' and out of reach of whoever booked, so a timer of the booked step carries the news, with a lease and
//! a fence like any other. Repeating it says nothing new.

use portico_core::{Ctx, StepId};

use crate::{
    advance::{self, Stage},
    domain::{engine::Event, permissions::Viewer, times},
    error::WorkflowError,
    reach,
    rpc::get_meeting::{meeting_of, minutes},
    service::Service,
    store::{self, timers::DueTimer},
};

/// The name of the timer.
pub(crate) const TIMER: &str = "booked";

/// Tells every meeting that the booking touches.
pub(super) async fn run(
    service: &Service,
    ctx: &Ctx,
    timer: &DueTimer,
    fence: i64,
) -> Result<(), WorkflowError> {
    let mut tx = service.store.begin(ctx).await?;
    if !store::timers::holds(&mut tx, timer, fence).await? {
        return Ok(());
    }
    let others = match store::meetings::booked(&mut tx, timer.step).await? {
        Some(booked) => store::meetings::overlapping(&mut tx, timer.step, &booked).await?,
        None => Vec::new(),
    };
    tx.rollback().await?;
    for step in others {
        tell(service, ctx, step).await?;
    }
    let mut tx = service.store.begin(ctx).await?;
    if store::timers::holds(&mut tx, timer, fence).await? {
        store::timers::clear(&mut tx, timer.step, &timer.kind).await?;
        tx.commit().await?;
    }
    Ok(())
}

async fn tell(service: &Service, ctx: &Ctx, id: StepId) -> Result<(), WorkflowError> {
    let mut tx = service.store.begin(ctx).await?;
    let Some(run) = store::runs::of_step(&mut tx, id).await? else { return Ok(()) };
    let found = reach::run(service, &mut tx, &Viewer::of(ctx), run.id).await?;
    tx.rollback().await?;
    let Some(step) = found.run.state.step(id) else { return Ok(()) };
    let notice = minutes(meeting_of(&found, step)?.notice.total_minutes());
    let prepared = advance::prepare_for(service, ctx, &found, &[]).await?;

    let mut stage = Stage::open(service, ctx, prepared, found.record.id).await?;
    let slots = store::meetings::slots(&mut stage.tx, id).await?;
    let now = stage.now;
    let until = times::last_chance(slots.iter().map(|slot| (slot.starts_at, slot.free)), notice, now);
    stage.happen(run.id, Event::TimesLeft { step: id, until }).await?;
    stage.commit().await?;
    Ok(())
}
