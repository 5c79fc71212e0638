//! Sends the mails that are due.
//!
//! Each is leased before it is sent, so that several processes never send the same one at once; the lease ends by itself where a
//! process does not come back. Between the mail server's yes and our commit a crash may repeat a mail: it then carries the same
//! Message-ID.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use futures_util::{StreamExt as _, stream};
use portico_core::{Ctx, PersonId, Problem};
use portico_db::Tx;
use portico_rpc::ServiceError as _;
use portico_service::Job;

use crate::{
    domain::mail::{Mail, Outcome, State, Verdict, after_failure},
    error::MessagingError,
    events::publish,
    mail::{deliver, deliver_digest},
    service::{Service, SharedService},
    store::{self, mails::Due},
};

/// Longer than any attempt takes: peers and the mail server answer or time out within it.
const LEASE: TimeDelta = TimeDelta::minutes(5);
/// An attempt that takes longer has failed for now.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(120);
/// Said of such a mail.
const TOO_LATE: &str = "The mail server did not answer in time.";
/// Mails taken up at once.
const BATCH: i64 = 64;
/// Attempts that run side by side.
const SIDE_BY_SIDE: usize = 4;
/// Look again at least this often.
const LONGEST_REST: Duration = Duration::from_secs(30);

pub(super) fn job(service: &SharedService) -> Job {
    let wake = Arc::clone(&service.mail_written);
    let service = Arc::clone(service);
    Job::new("messaging.send_mails", wake, move || run(Arc::clone(&service)))
}

/// Sends what is due and answers how long to wait for more.
///
/// # Errors
/// The database does not answer.
pub(crate) async fn run(service: SharedService) -> Result<Duration, Problem> {
    send_due(&service).await.map_err(|error| error.problem())
}

async fn send_due(service: &SharedService) -> Result<Duration, MessagingError> {
    let due = store::mails::due(&service.store, service.clock.now(), BATCH).await?;
    let full = i64::try_from(due.len()).is_ok_and(|count| count == BATCH);
    let outcomes: Vec<Result<(), MessagingError>> =
        stream::iter(due).map(|due| send(service, due)).buffer_unordered(SIDE_BY_SIDE).collect().await;
    outcomes.into_iter().collect::<Result<(), _>>()?;
    if full {
        return Ok(Duration::ZERO);
    }
    let next = store::mails::next_due(&service.store).await?;
    let rest = next.map(|next| (next - service.clock.now()).to_std().unwrap_or_default());
    Ok(rest.unwrap_or(LONGEST_REST).min(LONGEST_REST))
}

async fn send(service: &Service, due: Due) -> Result<(), MessagingError> {
    let ctx = Ctx::system(due.tenant, "Mail");
    if let Some(person) = due.digest_of {
        return send_digest(service, &ctx, person).await;
    }
    let now = service.clock.now();
    let mut tx = service.store.begin(&ctx).await?;
    let leased = store::mails::lease(&mut tx, due.mail, now, now + LEASE).await?;
    tx.commit().await?;
    let Some(mut mail) = leased else { return Ok(()) };
    let outcome = tokio::time::timeout(ATTEMPT_TIMEOUT, deliver(service, &ctx, &mut mail)).await;
    let outcome = outcome.unwrap_or_else(|_| Outcome::Later(TOO_LATE.to_owned()));
    settle(service, &ctx, vec![(&mail, outcome)]).await
}

/// Sends everything that is due for a person's digest as one mail.
async fn send_digest(service: &Service, ctx: &Ctx, person: PersonId) -> Result<(), MessagingError> {
    let now = service.clock.now();
    let mut tx = service.store.begin(ctx).await?;
    let mut mails = store::mails::lease_digest(&mut tx, person, now, now + LEASE).await?;
    tx.commit().await?;
    if mails.is_empty() {
        return Ok(());
    }
    // The oldest gives the digest its id, at every attempt.
    mails.sort_by_key(|mail| (mail.created_at, mail.id));
    let outcomes = tokio::time::timeout(ATTEMPT_TIMEOUT, deliver_digest(service, ctx, &mut mails)).await;
    let outcomes = outcomes.unwrap_or_else(|_| vec![Outcome::Later(TOO_LATE.to_owned()); mails.len()]);
    settle(service, ctx, mails.iter().zip(outcomes).collect()).await
}

/// Writes down what became of mails of one attempt: of all, or of none, so that what one mail has told is not told again in part.
async fn settle(service: &Service, ctx: &Ctx, settled: Vec<(&Mail, Outcome)>) -> Result<(), MessagingError> {
    let mut tx = service.store.begin(ctx).await?;
    for (mail, outcome) in settled {
        settle_one(service, &mut tx, mail, outcome).await?;
    }
    tx.commit().await?;
    Ok(())
}

async fn settle_one(
    service: &Service,
    tx: &mut Tx,
    mail: &Mail,
    outcome: Outcome,
) -> Result<(), MessagingError> {
    let now = service.clock.now();
    let settled = match outcome {
        Outcome::Sent(parts) => {
            store::mails::settle_sent(tx, mail, parts.as_ref(), now).await?.then_some(State::Sent)
        }
        Outcome::Pointless => {
            store::mails::delete(tx, mail).await?;
            None
        }
        Outcome::Later(reason) => fail(tx, mail, after_failure(mail.attempts, false, reason, now)).await?,
        Outcome::Never(reason) => fail(tx, mail, after_failure(mail.attempts, true, reason, now)).await?,
    };
    if let Some(state) = settled {
        publish::mail_settled(service, tx, mail, state).await?;
    }
    Ok(())
}

/// Answers the state where the mail has come to an end.
async fn fail(tx: &mut Tx, mail: &Mail, verdict: Verdict) -> Result<Option<State>, MessagingError> {
    let held = store::mails::settle_failure(tx, mail, &verdict).await?;
    Ok((held && verdict.state == State::Failed).then_some(State::Failed))
}

#[cfg(test)]
mod tests;
