//! Keeps the audit log of all services, this one included.

use std::sync::Arc;

use async_trait::async_trait;
use portico_db::SERVICES;
use portico_events::{HandleError, Handler, Received, Subscription, Topics, Types, claim};
use portico_proto::events::v1::AuditEntry as AuditMessage;
use serde_json::{Value, json};

use crate::{domain::audit::AuditEntry, service::SharedService, store};

const CONSUMER: &str = "tenancy.audit_log";

struct AuditLog(SharedService);

pub(super) fn subscription(service: &SharedService) -> Subscription {
    Subscription {
        consumer: CONSUMER,
        topics: Topics::listed(SERVICES.map(|name| format!("portico.{name}.audit.v1"))),
        types: Types::only::<AuditMessage>(),
        handler: Arc::new(AuditLog(Arc::clone(service))),
        durable: true,
    }
}

#[async_trait]
impl Handler for AuditLog {
    async fn handle(&self, event: &Received) -> Result<(), HandleError> {
        let entry = entry(event)?;
        let mut tx = self.0.store.begin(&event.ctx("Audit log")).await?;
        if claim(&mut tx, CONSUMER, event).await? {
            store::audit::insert(&mut tx, &entry).await?;
            tx.commit().await?;
        }
        Ok(())
    }
}

fn entry(event: &Received) -> Result<AuditEntry, HandleError> {
    let message: AuditMessage = event.decode()?;
    let mut details: Value = if message.details_json.is_empty() {
        json!({})
    } else {
        serde_json::from_str(&message.details_json)
            .map_err(|error| HandleError::Reject(format!("the details are no JSON: {error}")))?
    };
    if let (Value::Object(facts), Some(impersonator)) = (&mut details, &event.actor.impersonator) {
        facts.insert(
            "impersonator".to_owned(),
            json!({ "person": impersonator.person, "reason": impersonator.reason }),
        );
    }
    Ok(AuditEntry {
        id: event.id.0,
        account_id: event.account,
        account_name: String::new(),
        internal: message.internal,
        at: event.occurred_at,
        actor_kind: event.actor.kind.as_str().to_owned(),
        actor_id: event.actor.person,
        actor_name: event.actor.name.clone(),
        address: event.address.clone().unwrap_or_default(),
        action: message.action,
        object_kind: message.object_kind,
        object_id: message.object_id,
        object_label: message.object_label,
        version: message.version,
        details,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::audit::AuditFilter, testing::Fixture};

    #[tokio::test]
    async fn an_entry_is_kept_once_and_shown_to_those_it_concerns() {
        let fixture = Fixture::new().await;
        let account = fixture.account("Acme").await;
        let other = fixture.account("Globex").await;
        let handler = AuditLog(Arc::clone(&fixture.service));
        let message = AuditMessage {
            action: "record.moved".to_owned(),
            object_kind: "record".to_owned(),
            object_id: "d".to_owned(),
            ..AuditMessage::default()
        };
        let shared = fixture.received(&message, Some(account));
        let internal = fixture.received(&AuditMessage { internal: true, ..message.clone() }, Some(account));
        let of_the_firm = fixture.received(&message, None);
        for event in [&shared, &shared, &internal, &of_the_firm] {
            handler.handle(event).await.unwrap();
        }
        let seen = async |ctx: &portico_core::Ctx| {
            let mut tx = fixture.service.store.begin(ctx).await.unwrap();
            let entries = store::audit::list(&mut tx, &AuditFilter::default(), None, 50).await.unwrap();
            entries.into_iter().map(|entry| entry.id).collect::<std::collections::BTreeSet<_>>()
        };
        let all = [shared.id.0, internal.id.0, of_the_firm.id.0].into_iter().collect();
        assert_eq!(seen(&fixture.admin()).await, all);
        assert_eq!(seen(&fixture.client(&[account])).await, [shared.id.0].into_iter().collect());
        assert!(seen(&fixture.client(&[other])).await.is_empty());
        assert!(seen(&portico_testkit::staff(fixture.database.tenant(), &["admin"])).await.is_empty());
    }

    #[tokio::test]
    async fn an_entry_that_cannot_be_read_is_rejected() {
        let fixture = Fixture::new().await;
        let message = AuditMessage { details_json: "{".to_owned(), ..AuditMessage::default() };
        let outcome = AuditLog(Arc::clone(&fixture.service)).handle(&fixture.received(&message, None)).await;
        assert!(matches!(outcome, Err(HandleError::Reject(_))), "{outcome:?}");
    }

    #[tokio::test]
    async fn the_log_only_grows() {
        let fixture = Fixture::new().await;
        let mut tx = fixture.service.store.begin(&fixture.admin()).await.unwrap();
        let outcome = sqlx::query("delete from tenancy.audit_entries").execute(tx.conn()).await;
        assert_eq!(outcome.unwrap_err().into_database_error().unwrap().code().as_deref(), Some("42501"));
    }
}
