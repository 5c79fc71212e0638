//! Keeps the names of accounts.

use std::sync::Arc;

use async_trait::async_trait;
use portico_core::AccountId;
use portico_events::{HandleError, Handler, Received, Subscription, Topics, Types, claim};
use portico_proto::tenancy::v1::AccountChanged;

use crate::{service::SharedService, store};

const CONSUMER: &str = "workflow.accounts";

pub(super) struct Accounts(pub(super) SharedService);

pub(super) fn subscription(service: &SharedService) -> Subscription {
    Subscription {
        consumer: CONSUMER,
        topics: Topics::listed(["portico.tenancy.account.v1"]),
        types: Types::only::<AccountChanged>(),
        handler: Arc::new(Accounts(Arc::clone(service))),
        durable: true,
    }
}

#[async_trait]
impl Handler for Accounts {
    async fn handle(&self, event: &Received) -> Result<(), HandleError> {
        let message: AccountChanged = event.decode()?;
        let account: AccountId = message
            .account_id
            .parse()
            .map_err(|_| HandleError::Reject("the event names no account".to_owned()))?;
        let mut tx = self.0.store.begin(&event.ctx("Workflow")).await?;
        if claim(&mut tx, CONSUMER, event).await? {
            store::accounts::upsert(&mut tx, account, &message.name).await?;
            tx.commit().await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Fixture;

    #[tokio::test]
    async fn a_renamed_account_is_called_by_its_new_name() {
        let fixture = Fixture::new().await;
        let one = fixture.engagement().await;
        let message = AccountChanged {
            account_id: fixture.acme.to_string(),
            name: "Acme & Sons".to_owned(),
            kind: "client".to_owned(),
        };
        let event = fixture.receive(&message).await;
        fixture.deliver(&event).await;
        assert_eq!(fixture.run(&one.client, &one.run).await.account_name, "Acme & Sons");
    }
}
