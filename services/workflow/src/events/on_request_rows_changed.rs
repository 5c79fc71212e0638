//! Keeps the rows of requests as documents tells of them, for the list of what is outstanding.

use std::sync::Arc;

use async_trait::async_trait;
use portico_core::StepId;
use portico_events::{HandleError, Handler, Received, Subscription, Topics, Types, claim};
use portico_proto::documents::v1::RequestRowsChanged;

use crate::{
    domain::outstanding::{RequestRow, RowState},
    service::SharedService,
    store,
};

const CONSUMER: &str = "workflow.request_rows";

pub(super) struct RequestRows(pub(super) SharedService);

pub(super) fn subscription(service: &SharedService) -> Subscription {
    Subscription {
        consumer: CONSUMER,
        topics: Topics::listed(["portico.documents.request.v1"]),
        types: Types::only::<RequestRowsChanged>(),
        handler: Arc::new(RequestRows(Arc::clone(service))),
        durable: true,
    }
}

fn read(message: RequestRowsChanged) -> Option<(StepId, Vec<RequestRow>)> {
    let rows = message.rows.into_iter().map(|row| {
        let (id, state) = (row.item_id.parse().ok()?, RowState::of(&row.state)?);
        Some(RequestRow { id, name: row.name, required: row.required, state })
    });
    Some((message.step_id.parse().ok()?, rows.collect::<Option<_>>()?))
}

#[async_trait]
impl Handler for RequestRows {
    async fn handle(&self, event: &Received) -> Result<(), HandleError> {
        let unreadable = || HandleError::Reject("the event names no step, or a row that is none".to_owned());
        let (step, rows) = read(event.decode()?).ok_or_else(unreadable)?;
        let mut tx = self.0.store.begin(&event.ctx("Workflow")).await?;
        if claim(&mut tx, CONSUMER, event).await? {
            if !store::outstanding::keep(&mut tx, step, &rows, event.occurred_at).await? {
                return Err(HandleError::Reject("the event is about a step that is not there".to_owned()));
            }
            tx.commit().await?;
        }
        Ok(())
    }
}
