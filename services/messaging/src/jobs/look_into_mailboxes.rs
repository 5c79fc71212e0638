//! Looks into the mailboxes that are due.
//!
//! Each is leased first, so that of several processes one looks; whoever was overtaken notes nothing.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use futures_util::{StreamExt as _, stream};
use portico_core::{Ctx, Problem, TenantId};
use portico_rpc::ServiceError as _;
use portico_service::Job;

use crate::{
    domain::mailbox::next_look,
    error::MessagingError,
    mail::{Reason, Refused},
    mailbox::{Stopped, look},
    service::{Service, SharedService},
    store,
};

/// Longer than any look takes.
const LEASE: TimeDelta = TimeDelta::minutes(10);
/// A look that takes longer ends where it is.
const LOOK_TIMEOUT: Duration = Duration::from_secs(90);
/// After so long a mailbox is looked into again in which there is more: others come first.
const MORE: TimeDelta = TimeDelta::seconds(15);
/// Mailboxes taken up at once.
const BATCH: i64 = 16;
/// Looks that run side by side: each may hold a large mail.
const SIDE_BY_SIDE: usize = 2;
/// Look again at least this often.
const LONGEST_REST: Duration = Duration::from_secs(30);

pub(super) fn job(service: &SharedService) -> Job {
    let wake = Arc::clone(&service.mailbox_due);
    let service = Arc::clone(service);
    Job::new("messaging.look_into_mailboxes", wake, move || run(Arc::clone(&service)))
}

/// Looks into what is due and answers how long to wait.
///
/// # Errors
/// The database does not answer.
pub(crate) async fn run(service: SharedService) -> Result<Duration, Problem> {
    look_into_due(&service).await.map_err(|error| error.problem())
}

async fn look_into_due(service: &SharedService) -> Result<Duration, MessagingError> {
    let due = store::mailboxes::due(&service.store, service.clock.now(), BATCH).await?;
    let outcomes: Vec<Result<(), MessagingError>> = stream::iter(due)
        .map(|tenant| look_into(service, tenant))
        .buffer_unordered(SIDE_BY_SIDE)
        .collect()
        .await;
    outcomes.into_iter().collect::<Result<(), _>>()?;
    let next = store::mailboxes::next_due(&service.store).await?;
    let rest = next.map(|next| (next - service.clock.now()).to_std().unwrap_or_default());
    Ok(rest.unwrap_or(LONGEST_REST).min(LONGEST_REST))
}

async fn look_into(service: &Service, tenant: TenantId) -> Result<(), MessagingError> {
    let ctx = Ctx::system(tenant, "Mailbox");
    let now = service.clock.now();
    let mut tx = service.store.begin(&ctx).await?;
    let leased = store::mailboxes::lease(&mut tx, now, now + LEASE).await?;
    tx.commit().await?;
    let Some(leased) = leased else { return Ok(()) };
    let looked = match tokio::time::timeout(LOOK_TIMEOUT, look(service, &ctx, &leased)).await {
        Ok(looked) => looked,
        Err(_) => Err(Refused::later(Reason::Timeout, "The mailbox took too long.").into()),
    };
    let now = service.clock.now();
    let (outcome, due) = match looked {
        Ok(more) => (Ok(()), if more { now + MORE } else { next_look(0, now) }),
        Err(Stopped::Lost) => return Ok(()),
        Err(Stopped::Refused(refused)) => (Err(refused), next_look(leased.failures + 1, now)),
        Err(Stopped::Ours(error)) => {
            tracing::error!(%error, "a mailbox could not be looked through");
            let refused = Refused::later(Reason::Later, "Part of the portal was away. It is tried again.");
            (Err(refused), next_look(leased.failures + 1, now))
        }
    };
    let outcome = outcome
        .as_ref()
        .copied()
        .map_err(|refused: &Refused| (refused.reason.as_str(), refused.answer.as_str()));
    let mut tx = service.store.begin(&ctx).await?;
    store::mailboxes::settle(&mut tx, &leased, outcome, now, due).await?;
    tx.commit().await?;
    Ok(())
}
