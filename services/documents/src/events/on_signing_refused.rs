//! Writes down that a run took no step for a paper that was sent to many accounts.

use std::sync::Arc;

use async_trait::async_trait;
use portico_core::StepId;
use portico_events::{HandleError, Handler, Received, Subscription, Topics, Types, claim};
use portico_proto::events::v1::SigningRefused;

use super::on_step_activated::verdict;
use crate::{
    error::DocumentsError,
    service::{Service, SharedService},
    store,
};

const CONSUMER: &str = "documents.signings";

pub(super) struct Refused(pub(super) SharedService);

pub(super) fn subscription(service: &SharedService) -> Subscription {
    Subscription {
        consumer: CONSUMER,
        topics: Topics::All,
        types: Types::only::<SigningRefused>(),
        handler: Arc::new(Refused(Arc::clone(service))),
        durable: true,
    }
}

#[async_trait]
impl Handler for Refused {
    async fn handle(&self, event: &Received) -> Result<(), HandleError> {
        let message: SigningRefused = event.decode()?;
        note(&self.0, event, &message).await.map_err(verdict)
    }
}

async fn note(service: &Service, event: &Received, message: &SigningRefused) -> Result<(), DocumentsError> {
    let step: StepId = message.step_id.parse()?;
    let mut tx = service.store.begin(&event.ctx("Workflow")).await?;
    if !claim(&mut tx, CONSUMER, event).await? {
        return Ok(());
    }
    store::sendings::fail(&mut tx, step, &message.reason).await?;
    Ok(tx.commit().await?)
}
