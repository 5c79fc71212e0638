//! Makes the link when a workflow invites a person.

use std::sync::Arc;

use async_trait::async_trait;
use portico_core::PersonId;
use portico_events::{HandleError, Handler, Received, Subscription, Topics, Types, claim};
use portico_proto::events::v1::InvitationRequested;

use crate::{
    domain::link::Purpose,
    issue::{LinkDraft, issue_link},
    service::SharedService,
    store,
};

const CONSUMER: &str = "identity.invitations";

struct Invitations(SharedService);

pub(super) fn subscription(service: &SharedService) -> Subscription {
    Subscription {
        consumer: CONSUMER,
        // Whoever owns the process invites; the type says it, not the topic.
        topics: Topics::All,
        types: Types::only::<InvitationRequested>(),
        handler: Arc::new(Invitations(Arc::clone(service))),
        durable: true,
    }
}

#[async_trait]
impl Handler for Invitations {
    /// Somebody who has joined needs no invitation: notices reach them as they are. Somebody deactivated gets none.
    async fn handle(&self, event: &Received) -> Result<(), HandleError> {
        let request: InvitationRequested = event.decode()?;
        let person: PersonId = id(&request.person_id)?;
        let account = if request.account_id.is_empty() { None } else { Some(id(&request.account_id)?) };
        let reply_to =
            if request.reply_to_person_id.is_empty() { None } else { Some(id(&request.reply_to_person_id)?) };

        let service = &self.0;
        let mut tx = service.store.begin(&event.ctx("Invitations")).await?;
        if !claim(&mut tx, CONSUMER, event).await? {
            return Ok(());
        }
        let person = store::people::read(&mut tx, person).await?;
        let person = person.ok_or_else(|| HandleError::Reject("there is no such person".to_owned()))?;
        if person.active && person.joined_at.is_none() {
            let draft = LinkDraft {
                purpose: Purpose::Invitation,
                account,
                return_to: "",
                reply_to,
                message: &request.message,
            };
            issue_link(service, &mut tx, &person, draft).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}

fn id<I: std::str::FromStr<Err = portico_core::ParseIdError>>(text: &str) -> Result<I, HandleError> {
    text.parse().map_err(|error: portico_core::ParseIdError| HandleError::Reject(error.to_string()))
}

#[cfg(test)]
mod tests {
    use portico_proto::{events::v1::LinkIssued, identity::v1::Side};

    use super::*;
    use crate::testing::Fixture;

    #[tokio::test]
    async fn a_workflow_invites_once_and_only_who_has_not_joined() {
        let fixture = Fixture::new().await;
        let person = fixture.person("ana@acme.example", Side::External).await;
        let account = fixture.database.account();
        let handler = Invitations(Arc::clone(&fixture.service));
        let request = InvitationRequested {
            person_id: person.to_string(),
            account_id: account.to_string(),
            ..Default::default()
        };
        let event = fixture.received(&request);
        handler.handle(&event).await.unwrap();
        handler.handle(&event).await.unwrap();
        assert_eq!(fixture.published::<LinkIssued>().await, 1);

        let secret = fixture.mint_newest().await;
        fixture.redeem(&secret).await.unwrap();
        handler.handle(&fixture.received(&request)).await.unwrap();
        assert_eq!(fixture.published::<LinkIssued>().await, 1);

        let unknown = InvitationRequested { person_id: account.to_string(), ..Default::default() };
        let outcome = handler.handle(&fixture.received(&unknown)).await;
        assert!(matches!(outcome, Err(HandleError::Reject(_))), "{outcome:?}");
    }
}
