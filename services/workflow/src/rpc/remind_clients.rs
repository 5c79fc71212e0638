//! Reminds clients at once, because somebody of the firm asks for it.

use chrono::{DateTime, Utc};
use portico_core::Ctx;
use portico_proto::{
    time::timestamp,
    workflow::v1::{RemindClientsRequest, RemindClientsResponse, RemindOutcome, RemindResult},
};
use serde_json::json;

use super::change::{self, Need};
use crate::{
    convert,
    domain::{
        engine::{Event, Refusal, StepRecord},
        outstanding,
        permissions::Viewer,
    },
    error::WorkflowError,
    peers,
    service::Service,
    store,
};

const COMMAND: &str = "remind_clients";
const ACTION: &str = "step.reminded";
/// The steps of which clients are reminded at once.
const MOST_STEPS: usize = 100;

pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: RemindClientsRequest,
) -> Result<RemindClientsResponse, WorkflowError> {
    if request.step_ids.is_empty() || request.step_ids.len() > MOST_STEPS {
        let text = format!("Choose between 1 and {MOST_STEPS} requests.");
        return Err(WorkflowError::invalid("step_ids", text));
    }
    let key = convert::idempotency_key(&request.idempotency_key)?;
    if key.is_empty() || key.len() > 80 {
        let text = "Send a key of 1 to 80 characters, so that a repeat reminds nobody twice.";
        return Err(WorkflowError::invalid("idempotency_key", text));
    }
    claim(service, &ctx, &request).await?;
    let viewer = Viewer::of(&ctx);
    let mut answer = RemindClientsResponse::default();
    for step in &request.step_ids {
        // One step's trouble is not the others': who repeats the request goes on with it.
        let (outcome, at, event) = remind(service, &ctx, &viewer, step, key).await.unwrap_or_else(|error| {
            tracing::warn!(%error, step, "a reminder could not be sent");
            (RemindOutcome::Failed, None, String::new())
        });
        answer.results.push(RemindResult { outcome: outcome.into(), reminded_at: at.map(timestamp) });
        if !event.is_empty() {
            answer.event = event;
        }
    }
    Ok(answer)
}

/// Takes the key for these steps and no others.
async fn claim(service: &Service, ctx: &Ctx, request: &RemindClientsRequest) -> Result<(), WorkflowError> {
    let mut body = request.clone();
    body.step_ids.sort_unstable();
    let (key, hash) = (&request.idempotency_key, convert::body_hash(&body));
    let mut tx = service.store.begin(ctx).await?;
    if !store::idempotency::claim(&mut tx, COMMAND, key, hash, service.clock.now()).await? {
        let text = "This was sent before for other requests. Open the page anew to remind of these.";
        return Err(WorkflowError::invalid("idempotency_key", text));
    }
    Ok(tx.commit().await?)
}

type Outcome = (RemindOutcome, Option<DateTime<Utc>>, String);

async fn remind(
    service: &Service,
    ctx: &Ctx,
    viewer: &Viewer,
    step_id: &str,
    key: &str,
) -> Result<Outcome, WorkflowError> {
    let nothing = |outcome| Ok((outcome, None, String::new()));
    let (step, found) = match change::find(service, ctx, viewer, step_id, Need::Manage).await {
        Err(WorkflowError::NotFound | WorkflowError::NotAllowed) => return nothing(RemindOutcome::NotFound),
        found => found?,
    };
    // Documents knows first what has just come: nobody is reminded of what is all there.
    let rows = if step.kind == "document_request" {
        match peers::request_rows(service, ctx, step.id).await {
            Err(WorkflowError::NotFound) => Vec::new(),
            rows => rows?,
        }
    } else {
        Vec::new()
    };
    let wanted = outstanding::wanted(&rows);
    let complete = !rows.is_empty() && wanted.is_empty();
    let mut held = change::hold(service, ctx, viewer, &step, found, Need::Manage, &[]).await?;
    if held.was_given(ACTION, key).await? {
        return Ok((RemindOutcome::Sent, last_at(&held.step), String::new()));
    }
    if complete {
        return Ok((RemindOutcome::NotWaiting, last_at(&held.step), String::new()));
    }
    let (step, before, items) = (held.step.id, last_at(&held.step), wanted.len());
    match held.happen(Event::Nudged { step, wanted }).await {
        Err(WorkflowError::Refused(Refusal::REMINDED)) => {
            return Ok((RemindOutcome::TooSoon, before, String::new()));
        }
        Err(WorkflowError::Refused(_)) => return Ok((RemindOutcome::NotWaiting, before, String::new())),
        happened => happened?,
    }
    let at = last_at(&held.step);
    let (_, event) = held.finish_once(ACTION, key, json!({ "items": items })).await?;
    Ok((RemindOutcome::Sent, at, event))
}

fn last_at(step: &StepRecord) -> Option<DateTime<Utc>> {
    step.last_reminder.as_ref().map(|last| last.at)
}

#[cfg(test)]
mod tests;
