//! Accepts or declines the version of an estimate that the client has before their eyes.

use portico_proto::billing::v1::{
    AcceptEstimateRequest, AcceptEstimateResponse, DeclineEstimateRequest, DeclineEstimateResponse, Document,
};
use portico_service::Fields;
use uuid::Uuid;

use crate::{
    domain::{document::Kind, estimate::Decision, party::optional},
    error::BillingError,
    events::publish::{self, Notice},
    peers,
    service::{Call, Service},
    store, view,
};

pub(super) async fn accept(
    service: &Service,
    call: Call,
    request: AcceptEstimateRequest,
) -> Result<AcceptEstimateResponse, BillingError> {
    let (document, event) =
        decide(service, call, &request.sales_document_id, &request.hash, true, String::new()).await?;
    Ok(AcceptEstimateResponse { document: Some(document), event })
}

pub(super) async fn decline(
    service: &Service,
    call: Call,
    request: DeclineEstimateRequest,
) -> Result<DeclineEstimateResponse, BillingError> {
    let mut fields = Fields::default();
    let one_line = request.reason.split_whitespace().collect::<Vec<_>>().join(" ");
    let reason = optional(&mut fields, "reason", &one_line, 1000);
    fields.check().map_err(BillingError::Invalid)?;
    let (document, event) =
        decide(service, call, &request.sales_document_id, &request.hash, false, reason).await?;
    Ok(DeclineEstimateResponse { document: Some(document), event })
}

async fn decide(
    service: &Service,
    call: Call,
    id: &str,
    hash: &str,
    accepted: bool,
    reason: String,
) -> Result<(Document, String), BillingError> {
    let id: Uuid = id.parse()?;
    let firm = peers::firm(service, &call.ctx).await?;
    let today = service.today(&firm);
    let mut tx = service.store.begin(&call.ctx).await?;
    let stored = store::documents::read(&mut tx, id).await?.ok_or(BillingError::NotFound)?;
    let (Kind::Estimate, Some(estimate), Some(document)) =
        (stored.kind, stored.estimate_id, stored.document())
    else {
        return Err(BillingError::NotFound);
    };
    if call.ctx.actor.impersonator.is_some() {
        return Err(BillingError::Impersonator);
    }
    let Some(person_id) = call.ctx.actor.person else { return Err(BillingError::NotFound) };
    let estimate = store::estimates::hold(&mut tx, estimate).await?.ok_or(BillingError::NotFound)?;
    let decisions = store::estimates::decisions(&mut tx, &[estimate.id]).await?;
    let repeat = decisions.iter().find(|decision| decision.document_id == id);
    if repeat.is_some_and(|decision| decision.accepted == accepted && decision.person_id == person_id) {
        return Ok((view::document(&mut tx, stored, today).await?, String::new()));
    }
    let newest = store::estimates::newest(&mut tx, &[estimate.id]).await?;
    if let Some(why) = view::estimate_state(&stored, &newest, &decisions, today).undecidable() {
        return Err(BillingError::WrongState(why));
    }
    let stored_hash = stored.issued.as_ref().map(|issued| issued.hash.as_str()).unwrap_or_default();
    if hash != stored_hash {
        return Err(BillingError::OtherHash);
    }
    let decision = Decision {
        document_id: id,
        accepted,
        person_id,
        person_name: call.ctx.actor.name.clone(),
        reason,
        decided_at: service.clock.now(),
    };
    store::estimates::decide(&mut tx, &estimate, hash, &decision).await?;
    let event = publish::estimate_decided(service, &mut tx, estimate.id, &document, hash, &decision).await?;
    let told =
        firm.words.estimate_decided(&document.number, &decision.person_name, accepted, &decision.reason);
    let notice = Notice {
        key: format!("estimate-decided:{id}"),
        people: stored.created_by.as_slice(),
        told,
        link: publish::page(Kind::Estimate, id, false),
        kind: "notice",
        reply_to: Some(person_id),
    };
    publish::tell(service, &mut tx, estimate.id, document.account_id, notice).await?;
    let document = view::document(&mut tx, stored, today).await?;
    tx.commit().await?;
    Ok((document, event))
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use portico_core::{ErrorCode, Impersonator, PersonId, Problem};
    use portico_proto::{
        billing::v1::{EstimateAccepted, EstimateDeclined, GetDocumentRequest},
        events::v1::NoticeRequested,
    };

    use super::*;
    use crate::testing::{Fixture, refused};

    #[tokio::test]
    async fn a_client_accepts_what_they_saw_once() {
        let fixture = Fixture::new().await;
        let estimate = fixture.estimate().await;
        let client = fixture.client();
        let accept = |hash: &str| AcceptEstimateRequest {
            sales_document_id: estimate.id.clone(),
            hash: hash.to_owned(),
        };
        let mut billing = fixture.billing(&client);
        assert_eq!(refused(billing.accept_estimate(accept("0")).await).reason, "another_version");
        let accepted = billing.accept_estimate(accept(&estimate.hash)).await.unwrap().into_inner();
        assert_eq!(accepted.document.unwrap().state, "accepted");
        assert!(accepted.event.starts_with("portico.billing.v1.EstimateAccepted;"));
        let again = billing.accept_estimate(accept(&estimate.hash)).await.unwrap().into_inner();
        assert_eq!((again.document.unwrap().state.as_str(), again.event.as_str()), ("accepted", ""));
        let events = fixture.published::<EstimateAccepted>().await;
        assert_eq!((events.len(), events[0].hash.as_str()), (1, estimate.hash.as_str()));
        let read = GetDocumentRequest { sales_document_id: estimate.id.clone() };
        let decision = fixture
            .billing(&fixture.staff())
            .get_document(read)
            .await
            .unwrap()
            .into_inner()
            .decision
            .unwrap();
        assert!(decision.accepted && decision.person_id == client.actor.person.unwrap().to_string());
        let notices = fixture.published::<NoticeRequested>().await;
        assert_eq!(notices.last().unwrap().link, format!("/console/billing/{}", estimate.id));
    }

    #[tokio::test]
    async fn a_client_declines_with_a_reason_and_not_after_the_last_day() {
        let fixture = Fixture::new().await;
        let decline = |id: &str, hash: &str| DeclineEstimateRequest {
            sales_document_id: id.to_owned(),
            hash: hash.to_owned(),
            reason: "Too dear\nfor us".to_owned(),
        };
        let estimate = fixture.estimate().await;
        let mut client = fixture.billing(&fixture.client());
        let declined =
            client.decline_estimate(decline(&estimate.id, &estimate.hash)).await.unwrap().into_inner();
        assert_eq!(declined.document.unwrap().state, "declined");
        assert_eq!(fixture.published::<EstimateDeclined>().await.len(), 1);
        assert_eq!(refused(fixture.accept(&estimate).await).reason, "wrong_state");
        let late = fixture.estimate().await;
        fixture.database.clock.advance(TimeDelta::days(30));
        assert_eq!(fixture.read(&late.id).await.state, "expired");
        let mut client = fixture.billing(&fixture.client());
        assert_eq!(
            refused(client.decline_estimate(decline(&late.id, &late.hash)).await).reason,
            "wrong_state"
        );
    }

    #[tokio::test]
    async fn i02_nobody_decides_for_the_client() {
        let fixture = Fixture::new().await;
        let estimate = fixture.estimate().await;
        let accept =
            || AcceptEstimateRequest { sales_document_id: estimate.id.clone(), hash: estimate.hash.clone() };
        for stranger in fixture.strangers() {
            let problem = refused(fixture.billing(&stranger).accept_estimate(accept()).await);
            assert!(
                problem == Problem::not_found() || problem.code == ErrorCode::PermissionDenied,
                "{problem:?}"
            );
        }
        let staff = refused(fixture.billing(&fixture.admin()).accept_estimate(accept()).await);
        assert_eq!(staff.code, ErrorCode::PermissionDenied);
        let mut looking = fixture.client();
        let person = PersonId(fixture.database.account().0);
        looking.actor.impersonator = Some(Impersonator { person, reason: "support".to_owned() });
        assert_eq!(refused(fixture.billing(&looking).accept_estimate(accept()).await).reason, "view_only");
        assert_eq!(fixture.read(&estimate.id).await.state, "sent");
    }
}
