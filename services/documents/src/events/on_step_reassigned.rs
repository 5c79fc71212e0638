//! Names the one who signs now, after the step was given to somebody else.

use std::sync::Arc;

use async_trait::async_trait;
use portico_core::{AccountId, ActorKind, PersonId, StepId};
use portico_events::{HandleError, Handler, Received, Subscription, Topics, Types, claim};
use portico_proto::events::v1::StepReassigned;
use serde_json::json;

use super::{expected, on_step_activated::verdict, publish};
use crate::{
    domain::{
        envelope_chain::EventKind,
        signature::{Envelope, Signer},
    },
    error::DocumentsError,
    peers,
    service::{Service, SharedService},
    store,
};

const CONSUMER: &str = "documents.reassign";

pub(super) struct Reassign(pub(super) SharedService);

pub(super) fn subscription(service: &SharedService) -> Subscription {
    Subscription {
        consumer: CONSUMER,
        topics: Topics::All,
        types: Types::only::<StepReassigned>(),
        handler: Arc::new(Reassign(Arc::clone(service))),
        durable: true,
    }
}

/// The place of whoever gave it away, where they are known to be the one who is to sign there.
fn turn<'a>(envelope: &'a Envelope, event: &Received) -> Option<&'a Signer> {
    let person = event.actor.person?;
    envelope.ready().find(|signer| signer.expected.as_ref().is_some_and(|expected| expected.person == person))
}

#[async_trait]
impl Handler for Reassign {
    async fn handle(&self, event: &Received) -> Result<(), HandleError> {
        let message: StepReassigned = event.decode()?;
        reassign(&self.0, event, &message).await.map_err(verdict)
    }
}

async fn reassign(
    service: &Service,
    event: &Received,
    message: &StepReassigned,
) -> Result<(), DocumentsError> {
    let ctx = event.ctx("Workflow");
    let (step, account): (StepId, AccountId) = (message.step_id.parse()?, message.account_id.parse()?);
    let mut tx = service.store.begin(&ctx).await?;
    // Most steps are not about a signature.
    let Some(envelope) = store::envelopes::find_by_step(&mut tx, step).await? else { return Ok(()) };
    drop(tx);
    let people = if message.assignee_ids.is_empty() {
        peers::people_in_role(service, &ctx, &message.assignee_role, account).await?
    } else {
        message.assignee_ids.iter().map(|id| id.parse::<PersonId>()).collect::<Result<Vec<_>, _>>()?
    };
    let expected = expected::only(service, &ctx, &people).await?;

    let mut tx = service.store.begin(&ctx).await?;
    if !claim(&mut tx, CONSUMER, event).await? {
        return Ok(());
    }
    let envelope = store::envelopes::lock(&mut tx, envelope.id).await?;
    if let Some(envelope) = envelope
        && let Some(ready) = turn(&envelope, event).or_else(|| envelope.ready().next())
    {
        // A client who gives their place to a colleague stands on the certificate.
        let delegated = event.actor.kind == ActorKind::Client && expected.is_some();
        let by = if delegated { event.actor.name.as_str() } else { "" };
        store::envelopes::expect(&mut tx, ready.id, expected.as_ref(), by).await?;
        if let Some(expected) = expected.as_ref().filter(|_| delegated) {
            let mut chain = store::envelope_events::chain(&mut tx, envelope.id).await?;
            let who = format!("by {by} to {} ({})", expected.name, ready.role_title);
            chain.push(service.clock.now(), EventKind::Delegated, &who, event.actor.person);
            store::envelope_events::append(&mut tx, envelope.id, envelope.account_id, &chain).await?;
            let details = json!({ "place": ready.place, "role": ready.role, "to": expected.person });
            publish::envelope_changed(service, &mut tx, "envelope.delegated", &envelope, details).await?;
        }
    }
    Ok(tx.commit().await?)
}
