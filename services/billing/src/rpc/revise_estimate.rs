//! Begins the next version of an estimate.

use portico_proto::billing::v1::{ReviseEstimateRequest, ReviseEstimateResponse};
use uuid::Uuid;

use crate::{
    domain::{document::NotIssuable, stored::Stored},
    error::BillingError,
    events::publish,
    peers,
    service::{Call, Service},
    store, view,
};

pub(super) async fn handle(
    service: &Service,
    call: Call,
    request: ReviseEstimateRequest,
) -> Result<ReviseEstimateResponse, BillingError> {
    let id: Uuid = request.estimate_id.parse()?;
    let firm = peers::firm(service, &call.ctx).await?;
    let today = service.today(&firm);
    let mut tx = service.store.begin(&call.ctx).await?;
    let estimate = store::estimates::hold(&mut tx, id).await?.ok_or(BillingError::NotFound)?;
    let newest =
        store::documents::versions(&mut tx, id).await?.into_iter().next().ok_or(BillingError::NotFound)?;
    let newest = store::documents::read(&mut tx, newest.id).await?.ok_or(BillingError::NotFound)?;
    if newest.issued.is_none() {
        let document = view::document(&mut tx, newest, today).await?;
        return Ok(ReviseEstimateResponse { document: Some(document) });
    }
    if store::estimates::decisions(&mut tx, &[id]).await?.iter().any(|decision| decision.accepted) {
        return Err(BillingError::WrongState(
            "The client has accepted this estimate. Make a new one instead.",
        ));
    }
    let mut content = newest.content;
    // A day that is over would keep the next version from being sent.
    content.until = content.until.filter(|until| *until >= today);
    let totals = content.totals().map_err(NotIssuable::from)?;
    let draft = Stored {
        id: service.id(),
        account_id: estimate.account_id,
        kind: newest.kind,
        legal_entity_id: estimate.legal_entity_id,
        estimate_id: Some(id),
        invoice_id: None,
        estimate_version: newest.estimate_version + 1,
        content,
        totals,
        issued: None,
        created_by: call.ctx.actor.person,
        created_at: service.clock.now(),
        version: 1,
    };
    store::documents::insert(&mut tx, &draft, None).await?;
    publish::draft_audited(service, &mut tx, "estimate.revised", &draft).await?;
    let document = view::document(&mut tx, draft, today).await?;
    tx.commit().await?;
    Ok(ReviseEstimateResponse { document: Some(document) })
}

#[cfg(test)]
mod tests {
    use portico_core::{ErrorCode, Problem};

    use super::*;
    use crate::testing::{Fixture, refused};

    #[tokio::test]
    async fn the_next_version_is_one_draft_and_supersedes_once_it_is_sent() {
        let fixture = Fixture::new().await;
        let first = fixture.estimate().await;
        let revise = || ReviseEstimateRequest { estimate_id: first.estimate_id.clone() };
        let mut staff = fixture.billing(&fixture.staff());
        let draft = staff.revise_estimate(revise()).await.unwrap().into_inner().document.unwrap();
        let again = staff.revise_estimate(revise()).await.unwrap().into_inner().document.unwrap();
        assert_eq!((draft.estimate_version, draft.state.as_str(), &again), (2, "draft", &draft));
        assert_eq!(fixture.read_as(&fixture.client(), &first.id).await.state, "sent");
        assert_eq!(fixture.get_refused(&fixture.client(), &draft.id).await, Problem::not_found());
        let second = fixture.send(&draft.id).await;
        assert_eq!((second.number, second.estimate_version), (first.number.clone(), 2));
        assert_eq!(fixture.read_as(&fixture.client(), &first.id).await.state, "superseded");
        let problem = refused(fixture.accept(&first).await);
        assert_eq!(problem.code, ErrorCode::FailedPrecondition);
        fixture.accept(&fixture.read(&draft.id).await).await.unwrap();
        assert_eq!(refused(staff.revise_estimate(revise()).await).reason, "wrong_state");
        let elsewhere = portico_testkit::staff(fixture.database.tenant(), &["admin"]);
        assert_eq!(
            refused(fixture.billing(&elsewhere).revise_estimate(revise()).await),
            Problem::not_found()
        );
    }
}
