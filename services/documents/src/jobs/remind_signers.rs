//! Reminds everybody whose turn it is to sign, and says when somebody's time is over.
//!
//! What is done and what is due next are one transaction under the envelope's lock: a process that dies in between has done
//! nothing, and of two that look at the same time the second finds nothing to do.

use std::time::Duration;

use chrono::TimeDelta;
use portico_core::Ctx;
use serde_json::json;

use super::{BREATH, REST};
use crate::{
    domain::{envelope_chain::EventKind, nudge::Act},
    error::DocumentsError,
    events::{envelope_notices, publish},
    service::Service,
    store::{self, nudges::DueNudge},
};

/// Signers in one step.
const BATCH: i64 = 100;
/// How long one who could not be reminded is left alone.
const LATER: TimeDelta = TimeDelta::minutes(10);

/// Does what is due and says when to look again.
pub(super) async fn run(service: &Service) -> Result<Duration, DocumentsError> {
    let due = store::nudges::due(&service.store, service.clock.now(), BATCH).await?;
    let full = i64::try_from(due.len()).is_ok_and(|count| count == BATCH);
    for nudge in due {
        // One envelope's trouble is not another's.
        if let Err(error) = visit(service, nudge).await {
            tracing::warn!(%error, tenant = %nudge.tenant, envelope = %nudge.envelope, "a signer could not be reminded");
            let mut tx = service.store.begin(&context(nudge)).await?;
            store::nudges::postpone(&mut tx, nudge.signer, service.clock.now() + LATER).await?;
            tx.commit().await?;
        }
    }
    if full {
        return Ok(BREATH);
    }
    let next = store::nudges::next(&service.store).await?;
    let wait = next.map(|at| (at - service.clock.now()).to_std().unwrap_or_default());
    Ok(wait.unwrap_or(REST).clamp(BREATH, REST))
}

fn context(nudge: DueNudge) -> Ctx {
    Ctx::system(nudge.tenant, "documents.remind_signers")
}

async fn visit(service: &Service, due: DueNudge) -> Result<(), DocumentsError> {
    let now = service.clock.now();
    let zone = crate::peers::firm(service, &context(due)).await?.firm.zone;
    let mut tx = service.store.begin(&context(due)).await?;
    let envelope = store::envelopes::lock(&mut tx, due.envelope).await?;
    let found = envelope
        .as_ref()
        .and_then(|envelope| Some((envelope, envelope.ready().find(|one| one.id == due.signer)?)));
    let Some((envelope, signer)) = found else {
        // Signed, declined or withdrawn since.
        store::nudges::remove(&mut tx, due.signer).await?;
        return Ok(tx.commit().await?);
    };
    let Some(nudge) = store::nudges::read(&mut tx, envelope, signer).await? else { return Ok(()) };
    if let Some(act) = nudge.due(now) {
        let (kind, action) = match act {
            Act::Remind => {
                envelope_notices::remind_signer(service, &mut tx, envelope, signer, (&nudge, zone)).await?;
                (EventKind::Reminded, "envelope.reminded")
            }
            Act::Expire => {
                envelope_notices::tell_expired(service, &mut tx, envelope, signer).await?;
                store::signing_drafts::remove(&mut tx, signer.id).await?;
                (EventKind::Expired, "envelope.expired")
            }
        };
        let mut chain = store::envelope_events::chain(&mut tx, envelope.id).await?;
        chain.push(now, kind, &signer.certified(), None);
        store::envelope_events::append(&mut tx, envelope.id, envelope.account_id, &chain).await?;
        let details = json!({ "place": signer.place, "role": signer.role });
        publish::envelope_changed(service, &mut tx, action, envelope, details).await?;
        store::nudges::put(&mut tx, envelope, signer, &nudge.after(act, now)).await?;
    } else {
        store::nudges::put(&mut tx, envelope, signer, &nudge).await?;
    }
    Ok(tx.commit().await?)
}

#[cfg(test)]
mod tests;
