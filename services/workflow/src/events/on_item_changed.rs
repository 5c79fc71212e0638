//! "I don't have this": the client's answer to a row of a request, of which whoever is responsible for the run is told.

use std::sync::Arc;

use async_trait::async_trait;
use portico_core::StepId;
use portico_events::{HandleError, Handler, Received, Subscription, Topics, Types, claim};
use portico_proto::documents::v1::{Item, ItemChanged, ItemState};

use crate::{
    advance::{self, Stage},
    domain::{engine::Event, permissions::Viewer},
    error::WorkflowError,
    peers, reach,
    service::SharedService,
    store,
};

const CONSUMER: &str = "workflow.items";

pub(super) struct Items(pub(super) SharedService);

pub(super) fn subscription(service: &SharedService) -> Subscription {
    Subscription {
        consumer: CONSUMER,
        topics: Topics::listed(["portico.documents.request.v1"]),
        types: Types::only::<ItemChanged>(),
        handler: Arc::new(Items(Arc::clone(service))),
        durable: true,
    }
}

/// Whether a row was answered without a file. Where nobody checks, such an answer is accepted at once.
fn is_missing(item: &Item) -> bool {
    item.files.is_empty() && matches!(item.state(), ItemState::NotAvailable | ItemState::Accepted)
}

#[async_trait]
impl Handler for Items {
    async fn handle(&self, event: &Received) -> Result<(), HandleError> {
        let service = &*self.0;
        let message: ItemChanged = event.decode()?;
        if !matches!(message.state.as_str(), "not_available" | "accepted") {
            return Ok(());
        }
        let step: StepId =
            message.step_id.parse().map_err(|_| HandleError::Reject("the event names no step".to_owned()))?;
        let ctx = event.ctx("Workflow");
        let items = match peers::items(service, &ctx, step).await {
            Err(WorkflowError::NotFound) => return Ok(()),
            items => items?,
        };
        // What has been handed in meanwhile is no longer missing.
        let Some(item) = items.into_iter().find(|item| item.id == message.item_id && is_missing(item)) else {
            return Ok(());
        };
        let mut tx = service.store.begin(&ctx).await?;
        let Some(run) = store::runs::of_step(&mut tx, step).await? else { return Ok(()) };
        let found = reach::run(service, &mut tx, &Viewer::of(&ctx), run.id).await?;
        tx.rollback().await?;
        let prepared = advance::prepare_for(service, &ctx, &found, &[]).await?;
        let mut stage = Stage::open(service, &ctx, prepared, found.record.id).await?;
        if claim(&mut stage.tx, CONSUMER, event).await? {
            let missing = Event::ItemMissing { step, item: item.id, name: item.name, said: item.reason };
            stage.happen(run.id, missing).await?;
            stage.commit().await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use portico_proto::events::v1::NoticeRequested;

    use super::*;
    use crate::testing::{Fixture, id};

    #[tokio::test]
    async fn what_a_client_does_not_have_is_told_to_the_manager_once() {
        let fixture = Fixture::new().await;
        let one = fixture.engagement().await;
        let step = fixture.step(&one.client, &one.run, "sysdocs").await;
        let item = |id: &str, state: ItemState, files: usize| Item {
            id: id.to_owned(),
            name: "Current system documentation".to_owned(),
            state: state.into(),
            reason: "It was never written".to_owned(),
            files: vec![Default::default(); files],
            ..Item::default()
        };
        fixture.hold_items(
            &step.id,
            vec![
                item("a", ItemState::NotAvailable, 0),
                item("b", ItemState::Accepted, 1),
                item("c", ItemState::Accepted, 0),
            ],
        );
        let say = async |item: &str, state: &str| {
            let event = ItemChanged {
                item_id: item.to_owned(),
                step_id: step.id.clone(),
                account_id: fixture.acme.to_string(),
                state: state.to_owned(),
            };
            fixture.receive(&event).await
        };
        let told = async || {
            let told = fixture.said::<NoticeRequested>().await;
            told.into_iter().filter(|told| told.subject.starts_with("Not available")).collect::<Vec<_>>()
        };
        let first = say("a", "not_available").await;
        fixture.deliver(&first).await;
        say("a", "not_available").await;
        say("a", "accepted").await;
        say("b", "accepted").await;
        say("b", "checking").await;
        let notices = told().await;
        assert_eq!(notices.len(), 1, "{notices:?}");
        assert_eq!(notices[0].person_ids, [id(&one.manager)]);
        assert_eq!(notices[0].link, format!("/console/steps/{}", step.id));
        assert!(
            notices[0].body.contains("Current system documentation")
                && notices[0].body.contains("It was never written"),
            "{}",
            notices[0].body
        );
        say("c", "accepted").await;
        assert_eq!(told().await.len(), 2, "also where nobody checks what is handed in");
    }
}
