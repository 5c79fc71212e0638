//! Closes what belongs to a step that has ended without it.

use std::sync::Arc;

use async_trait::async_trait;
use portico_core::StepId;
use portico_db::Tx;
use portico_events::{HandleError, Handler, Received, Subscription, Topics, Types, claim};
use portico_proto::events::v1::StepWithdrawn;
use serde_json::json;

use super::{on_step_activated::verdict, publish};
use crate::{
    domain::{
        request::RequestState,
        signature::{Envelope, EnvelopeState, SignerStatus},
    },
    error::DocumentsError,
    service::{Service, SharedService},
    store,
};

const CONSUMER: &str = "documents.withdraw";

pub(super) struct Withdraw(pub(super) SharedService);

pub(super) fn subscription(service: &SharedService) -> Subscription {
    Subscription {
        consumer: CONSUMER,
        topics: Topics::All,
        types: Types::only::<StepWithdrawn>(),
        handler: Arc::new(Withdraw(Arc::clone(service))),
        durable: true,
    }
}

#[async_trait]
impl Handler for Withdraw {
    async fn handle(&self, event: &Received) -> Result<(), HandleError> {
        let message: StepWithdrawn = event.decode()?;
        withdraw(&self.0, event, &message).await.map_err(verdict)
    }
}

async fn withdraw(
    service: &Service,
    event: &Received,
    message: &StepWithdrawn,
) -> Result<(), DocumentsError> {
    let step: StepId = message.step_id.parse()?;
    let mut tx = service.store.begin(&event.ctx("Workflow")).await?;
    if !claim(&mut tx, CONSUMER, event).await? {
        return Ok(());
    }
    if let Some(request) = store::requests::find_by_step(&mut tx, step).await?
        && let Some(mut request) = store::requests::lock(&mut tx, request.id).await?
        && request.state == RequestState::Open
        && request.attempt <= message.attempt
    {
        request.state = RequestState::Withdrawn;
        store::requests::update(&mut tx, &request).await?;
    }
    store::deliverables::withdraw(&mut tx, step, message.attempt).await?;
    if let Some(envelope) = store::envelopes::find_by_step(&mut tx, step).await?
        && let Some(envelope) = store::envelopes::lock(&mut tx, envelope.id).await?
        && envelope.attempt <= message.attempt
    {
        withdraw_envelope(service, &mut tx, envelope, &message.state).await?;
    }
    Ok(tx.commit().await?)
}

/// Ends an envelope that nobody is to sign any more, where it is open; `why` is a word for the record.
pub(super) async fn withdraw_envelope(
    service: &Service,
    tx: &mut Tx,
    mut envelope: Envelope,
    why: &str,
) -> Result<(), DocumentsError> {
    if envelope.state != EnvelopeState::Open {
        return Ok(());
    }
    for signer in envelope.signers.iter_mut().filter(|signer| signer.status == SignerStatus::Ready) {
        signer.status = SignerStatus::Waiting;
        store::envelopes::update_signer(tx, signer, "").await?;
    }
    store::nudges::end(tx, envelope.id).await?;
    store::signing_drafts::end(tx, envelope.id).await?;
    envelope.state = EnvelopeState::Withdrawn;
    store::envelopes::end(tx, envelope.id, EnvelopeState::Withdrawn, why, None, service.clock.now()).await?;
    publish::envelope_changed(service, tx, "envelope.withdrawn", &envelope, json!({ "step": why })).await?;
    Ok(())
}
