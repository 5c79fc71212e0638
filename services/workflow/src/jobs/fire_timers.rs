//! Wakes runs at the moments they wait for.
//!
//! Due timers are found over all firms, then each is leased within its firm, decided upon, and cleared or moved in the very
//! transaction of what follows from it: a process that dies in between leaves the timer where it was, and once the lease is over
//! another fires it. A holder whose lease ran out meanwhile finds another fence and leaves the timer alone.

use std::time::Duration;

use chrono::TimeDelta;
use portico_core::Ctx;

use super::{free_times, learn_rows};
use crate::{
    advance::{self, Stage},
    domain::{
        engine::{Event, TimerKind},
        permissions::Viewer,
    },
    error::WorkflowError,
    reach,
    service::Service,
    store::{self, timers::DueTimer},
};

/// How many are taken in one round.
const ROUND: i64 = 100;
/// The longest time between two looks.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Fires what is due and says when to look again.
pub(crate) async fn run(service: &Service) -> Result<Duration, WorkflowError> {
    let due = store::timers::due(&service.store, service.clock.now(), ROUND).await?;
    let full = i64::try_from(due.len()).unwrap_or(i64::MAX) == ROUND;
    for timer in due {
        // One firm's trouble is not another's: what failed stays leased for a while and is tried again.
        if let Err(error) = fire(service, &timer).await {
            tracing::warn!(%error, tenant = %timer.tenant, run = %timer.run, kind = timer.kind, "a timer could not be fired");
        }
    }
    if full {
        return Ok(Duration::ZERO);
    }
    let next = store::timers::next(&service.store).await?;
    let wait =
        next.map(|at| at.signed_duration_since(service.clock.now()).to_std().unwrap_or(Duration::ZERO));
    Ok(wait.unwrap_or(LONGEST_WAIT).clamp(Duration::from_millis(100), LONGEST_WAIT))
}

async fn fire(service: &Service, timer: &DueTimer) -> Result<(), WorkflowError> {
    let Some(fence) = lease(service, timer).await? else { return Ok(()) };
    fire_leased(service, timer, fence).await
}

/// Takes the timer for this process alone.
pub(super) async fn lease(service: &Service, timer: &DueTimer) -> Result<Option<i64>, WorkflowError> {
    let now = service.clock.now();
    let until = now + TimeDelta::from_std(service.config.timer_lease).unwrap_or(TimeDelta::seconds(60));
    let mut tx = service.store.begin(&context(timer)).await?;
    let fence = store::timers::lease(&mut tx, timer, now, until).await?;
    tx.commit().await?;
    Ok(fence)
}

fn context(timer: &DueTimer) -> Ctx {
    Ctx::system(timer.tenant, "Timers")
}

/// Lets the run decide what the moment means, if this process still holds the timer.
pub(super) async fn fire_leased(
    service: &Service,
    timer: &DueTimer,
    fence: i64,
) -> Result<(), WorkflowError> {
    let ctx = context(timer);
    if timer.kind == free_times::TIMER {
        return free_times::run(service, &ctx, timer, fence).await;
    }
    if timer.kind == learn_rows::TIMER {
        return learn_rows::run(service, &ctx, timer, fence).await;
    }
    let mut tx = service.store.begin(&ctx).await?;
    let found = reach::run(service, &mut tx, &Viewer::of(&ctx), timer.run).await?;
    tx.rollback().await?;
    let prepared = advance::prepare_for(service, &ctx, &found, &[]).await?;

    let mut stage = Stage::open(service, &ctx, prepared, found.record.id).await?;
    if !store::timers::holds(&mut stage.tx, timer, fence).await? {
        return Ok(());
    }
    match timer.kind.parse::<TimerKind>() {
        Ok(kind) => {
            let run = stage.happen(timer.run, Event::TimerFired { step: timer.step, timer: kind }).await?;
            // A moment that the run no longer waits for would otherwise come again and again.
            let waits = run.state.step(timer.step).is_some_and(crate::domain::engine::StepRecord::is_open);
            if !waits {
                store::timers::clear(&mut stage.tx, timer.step, &timer.kind).await?;
            }
        }
        Err(()) => store::timers::clear(&mut stage.tx, timer.step, &timer.kind).await?,
    }
    stage.commit().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use portico_proto::events::v1::NoticeRequested;

    use super::*;
    use crate::testing::{Fixture, INVOICES, id};

    async fn reminders(fixture: &Fixture) -> usize {
        fixture.said::<NoticeRequested>().await.iter().filter(|notice| notice.kind == "reminder").count()
    }

    #[tokio::test]
    async fn reminders_go_out_once_each_and_never_when_done() {
        let fixture = Fixture::new().await;
        let one = fixture.engagement().await;
        // Due at the end of Friday in a week; the first reminder two days before.
        fixture.pass(TimeDelta::days(5)).await;
        assert_eq!(reminders(&fixture).await, 0);
        fixture.pass(TimeDelta::days(1)).await;
        assert_eq!(reminders(&fixture).await, 1);
        run(&fixture.service).await.unwrap();
        assert_eq!(reminders(&fixture).await, 1, "a second look finds nothing");
        for key in ["intake", "sysdocs", "agreement", "kickoff"] {
            let step = fixture.step(&one.client, &one.run, key).await;
            fixture.fulfil(&one.run, &step).await;
        }
        fixture.pass(TimeDelta::days(60)).await;
        assert_eq!(reminders(&fixture).await, 1);
    }

    #[tokio::test]
    async fn of_two_holders_only_the_present_one_fires_and_a_crash_loses_nothing() {
        let fixture = Fixture::new().await;
        let _one = fixture.engagement().await;
        fixture.database.clock.advance(TimeDelta::days(6));
        let now = fixture.service.clock.now();
        let due = store::timers::due(&fixture.service.store, now, 10).await.unwrap();
        let timer = due.first().unwrap();
        let dead = lease(&fixture.service, timer).await.unwrap().unwrap();
        assert_eq!(lease(&fixture.service, timer).await.unwrap(), None, "somebody has it");
        // The holder dies; after its lease another takes over, and the late one finds another fence.
        fixture.database.clock.advance(TimeDelta::minutes(2));
        let alive = lease(&fixture.service, timer).await.unwrap().unwrap();
        assert!(alive > dead);
        fire_leased(&fixture.service, timer, dead).await.unwrap();
        assert_eq!(reminders(&fixture).await, 0);
        fire_leased(&fixture.service, timer, alive).await.unwrap();
        assert_eq!(reminders(&fixture).await, 1);
        fire_leased(&fixture.service, timer, alive).await.unwrap();
        assert_eq!(reminders(&fixture).await, 1);
    }

    #[tokio::test]
    async fn a_late_approval_is_escalated_once() {
        let fixture = Fixture::new().await;
        let portal = fixture.publish(INVOICES).await;
        let (finance, vendor) =
            (fixture.staff("Fin", &["finance"]), fixture.client("Vera", fixture.acme, &["vendor"]));
        let total = serde_json::json!({"total": {"amount": 100, "currency": "USD"}});
        let order = fixture.record(&finance, portal, "purchase_order", fixture.acme, total).await;
        let invoice = serde_json::json!({
            "purchase_order": order.id, "supplier_no": "1", "file": [id(&vendor)], "amount": {"amount": 5, "currency": "USD"},
        });
        fixture.record(&vendor, portal, "invoice", fixture.acme, invoice).await;
        for _ in 0..3 {
            fixture.pass(TimeDelta::days(8)).await;
        }
        let told = fixture.said::<NoticeRequested>().await;
        let escalated: Vec<_> = told.iter().filter(|notice| notice.kind == "escalation").collect();
        assert_eq!((escalated.len(), escalated[0].role.as_str()), (1, "controller"));
        assert!(escalated[0].translations[0].subject.starts_with("Verspätet: "));
        // Whatever a run tells, the words that are ours stand there in German as well.
        for notice in &told {
            let [german] = notice.translations.as_slice() else { panic!("{notice:?}") };
            assert_eq!(german.language, "de");
            assert!(!german.subject.is_empty() && !german.body.is_empty(), "{notice:?}");
            assert_ne!(german.link_text, notice.link_text);
        }
    }
}
