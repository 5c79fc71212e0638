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
    use chrono::TimeDelta;
    use portico_proto::workflow::v1::{
        GetFormRequest, GetRecordRequest, SubmitFormRequest, TransitionRecordRequest,
    };
    use portico_rpc::ServiceError as _;
    use serde_json::json;

    use super::*;
    use crate::{
        rpc::{get_form, get_record, submit_form, transition_record},
        testing::{Fixture, ONBOARDING, id},
    };

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

    /// The shipped onboarding as a later version might be: another question, other words.
    fn changed() -> String {
        let yaml = portico_definition::gallery()[ONBOARDING].yaml;
        let changes = [
            ("[company_legal_name, goals]", "[company_legal_name]"),
            ("Legal name of your company", "What are you called?"),
            ("Complete the intake questionnaire", "Tell us about you"),
            (
                "goals:               {type: string, maxLength: 4000",
                "aims:                {type: string, maxLength: 4000",
            ),
        ];
        changes.iter().fold(yaml.to_owned(), |text, (from, to)| {
            assert!(text.contains(from), "{from}");
            text.replacen(from, to, 1)
        })
    }

    #[tokio::test]
    async fn a_run_keeps_its_version_and_a_new_run_takes_the_new_one() {
        let fixture = Fixture::new().await;
        let one = fixture.engagement().await;
        let form = async |run: &str| {
            let step = fixture.step(&one.client, run, "intake").await;
            let request = GetFormRequest { step_id: step.id.clone() };
            let form = get_form::handle(&fixture.service, one.client.clone(), request).await.unwrap();
            (step.title, form.schema_json)
        };
        let before = form(&one.run).await;
        fixture.publish_version(one.portal, 2, &changed()).await;
        assert_eq!(form(&one.run).await, before, "title and questions are those that the run started with");
        assert!(before.1.contains("Legal name of your company"));

        let fields = json!({"title": "Shop", "team": [id(&one.manager)], "contacts": [id(&one.client)]});
        let record = fixture.record(&one.admin, one.portal, "engagement", fixture.acme, fields).await;
        let request = TransitionRecordRequest {
            record_id: record.id,
            to_state: "signed".to_owned(),
            ..Default::default()
        };
        let moved = transition_record::handle(&fixture.service, one.manager.clone(), request).await.unwrap();
        let fresh = moved.run_ids[0].clone();
        assert_eq!(fixture.run(&one.client, &fresh).await.portal_version, 2);
        let now = form(&fresh).await;
        assert_eq!(now.0, "Tell us about you");
        assert!(now.1.contains("What are you called?") && !now.1.contains("\"goals\""));

        // Each is handed in by the rules of its own version.
        let submit = async |run: &str| {
            let step = fixture.step(&one.client, run, "intake").await.id;
            let answers_json = json!({"company_legal_name": "Acme"}).to_string();
            let request = SubmitFormRequest { step_id: step, answers_json, etag: String::new() };
            submit_form::handle(&fixture.service, one.client.clone(), request).await
        };
        assert_eq!(submit(&one.run).await.unwrap_err().problem().fields[0].field, "goals");
        submit(&fresh).await.unwrap();

        // Timers of the old run go by the old version too, and its record still opens.
        fixture.pass(TimeDelta::days(9)).await;
        let run = fixture.run(&one.manager, &one.run).await;
        assert_eq!((run.portal_version, run.record_title.as_str()), (1, "New website"));
        let request = GetRecordRequest { record_id: one.record.id.clone() };
        let record = get_record::handle(&fixture.service, one.client.clone(), request).await.unwrap();
        assert_eq!(record.record.unwrap().title, "New website");
        let mut tx = fixture.service.store.begin(&portico_testkit::system(fixture.tenant)).await.unwrap();
        assert!(store::portals::body(&mut tx, one.portal, 1).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn a_process_that_starts_afresh_reads_old_runs_too() {
        let fixture = Fixture::new().await;
        let one = fixture.engagement().await;
        fixture.publish_version(one.portal, 2, &changed()).await;
        fixture
            .publish_version(one.portal, 3, &changed().replace("Tell us about you", "Introduce yourself"))
            .await;
        // Nothing is remembered from before.
        fixture.service.forget_definitions();
        assert_eq!(
            fixture.step(&one.client, &one.run, "intake").await.title,
            "Complete the intake questionnaire"
        );
        let mut tx = fixture.service.store.begin(&portico_testkit::system(fixture.tenant)).await.unwrap();
        for (version, kept) in [(1, true), (2, false), (3, true)] {
            let body = store::portals::body(&mut tx, one.portal, version).await.unwrap();
            assert_eq!(body.is_some(), kept, "version {version}");
        }
        assert_eq!(store::portals::newest(&mut tx, one.portal).await.unwrap(), Some(3));
    }
}
