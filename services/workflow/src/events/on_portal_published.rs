//! Keeps every version of a portal that runs need.

use std::sync::Arc;

use async_trait::async_trait;
use portico_core::PortalId;
use portico_events::{HandleError, Handler, Received, Subscription, Topics, Types, claim};
use portico_proto::tenancy::v1::PortalPublished;

use crate::{error::WorkflowError, peers, service::SharedService, store};

const CONSUMER: &str = "workflow.portals";

pub(super) struct Portals(pub(super) SharedService);

pub(super) fn subscription(service: &SharedService) -> Subscription {
    Subscription {
        consumer: CONSUMER,
        topics: Topics::listed(["portico.tenancy.portal.v1"]),
        types: Types::only::<PortalPublished>(),
        handler: Arc::new(Portals(Arc::clone(service))),
        durable: true,
    }
}

#[async_trait]
impl Handler for Portals {
    async fn handle(&self, event: &Received) -> Result<(), HandleError> {
        let message: PortalPublished = event.decode()?;
        let portal: PortalId = message
            .portal_id
            .parse()
            .map_err(|_| HandleError::Reject("the event names no portal".to_owned()))?;
        let ctx = event.ctx("Workflow");
        let answer = peers::portal(&self.0, &ctx, portal, message.version).await?;
        // A version that cannot be read must not become the newest: whatever ran before goes on.
        let definition: portico_definition::Definition = serde_json::from_str(&answer.definition_json)
            .map_err(|error| HandleError::Reject(format!("the definition cannot be read: {error}")))?;
        let body = serde_json::to_string(&definition).map_err(WorkflowError::from)?;
        let mut tx = self.0.store.begin(&ctx).await?;
        if claim(&mut tx, CONSUMER, event).await? {
            store::portals::insert(&mut tx, portal, &message.name, message.version, &message.hash, &body)
                .await?;
            store::portals::sweep(&mut tx, portal).await?;
            tx.commit().await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Fixture, ONBOARDING};

    use super::*;

    #[tokio::test]
    async fn an_older_version_that_arrives_late_is_not_the_newest() {
        let fixture = Fixture::new().await;
        let portal = fixture.publish(ONBOARDING).await;
        let event = |version| PortalPublished {
            portal_id: portal.to_string(),
            name: "client-onboarding".to_owned(),
            version,
            hash: String::new(),
        };
        let third = fixture.receive(&event(3)).await;
        fixture.deliver(&third).await;
        fixture.receive(&event(2)).await;
        let mut tx = fixture.service.store.begin(&portico_testkit::system(fixture.tenant)).await.unwrap();
        assert_eq!(store::portals::newest(&mut tx, portal).await.unwrap(), Some(3));
        // The first is neither the newest nor needed by a run.
        assert_eq!(store::portals::body(&mut tx, portal, 1).await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_version_with_open_runs_is_kept() {
        let fixture = Fixture::new().await;
        let one = fixture.engagement().await;
        let event = PortalPublished {
            portal_id: one.portal.to_string(),
            name: "client-onboarding".to_owned(),
            version: 2,
            hash: String::new(),
        };
        fixture.receive(&event).await;
        let run = fixture.run(&one.client, &one.run).await;
        assert_eq!(run.portal_version, 1, "a run keeps the version it started with");
        let step = fixture.step(&one.client, &one.run, "intake").await;
        fixture.fulfil(&one.run, &step).await;
    }
}
