//! Makes the draft of an invoice from an accepted estimate.

use portico_proto::billing::v1::{ConvertEstimateRequest, ConvertEstimateResponse};
use uuid::Uuid;

use crate::{
    domain::{
        document::{Kind, NotIssuable},
        stored::Stored,
    },
    error::BillingError,
    events::publish,
    peers,
    service::{Call, Service},
    store, view,
};

pub(super) async fn handle(
    service: &Service,
    call: Call,
    request: ConvertEstimateRequest,
) -> Result<ConvertEstimateResponse, BillingError> {
    let id: Uuid = request.estimate_id.parse()?;
    let firm = peers::firm(service, &call.ctx).await?;
    let today = service.today(&firm);
    let mut tx = service.store.begin(&call.ctx).await?;
    let estimate = store::estimates::hold(&mut tx, id).await?.ok_or(BillingError::NotFound)?;
    if let Some(made) = store::documents::converted(&mut tx, id).await? {
        return Ok(ConvertEstimateResponse { document: Some(view::document(&mut tx, made, today).await?) });
    }
    let decisions = store::estimates::decisions(&mut tx, &[id]).await?;
    let accepted = decisions
        .iter()
        .find(|decision| decision.accepted)
        .ok_or(BillingError::WrongState("The client has not accepted this estimate yet."))?;
    let accepted =
        store::documents::read(&mut tx, accepted.document_id).await?.ok_or(BillingError::NotFound)?;
    let mut content = accepted.content;
    content.until = None;
    let totals = content.totals().map_err(NotIssuable::from)?;
    let draft = Stored {
        id: service.id(),
        account_id: estimate.account_id,
        kind: Kind::Invoice,
        legal_entity_id: estimate.legal_entity_id,
        estimate_id: Some(id),
        invoice_id: None,
        estimate_version: 1,
        content,
        totals,
        issued: None,
        created_by: call.ctx.actor.person,
        created_at: service.clock.now(),
        version: 1,
    };
    store::documents::insert(&mut tx, &draft, None).await?;
    publish::draft_audited(service, &mut tx, "invoice.drafted", &draft).await?;
    let document = view::document(&mut tx, draft, today).await?;
    tx.commit().await?;
    Ok(ConvertEstimateResponse { document: Some(document) })
}

#[cfg(test)]
mod tests {
    use portico_core::Problem;

    use super::*;
    use crate::testing::{Fixture, refused};

    #[tokio::test]
    async fn an_accepted_estimate_becomes_one_invoice() {
        let fixture = Fixture::new().await;
        let estimate = fixture.estimate().await;
        let convert = || ConvertEstimateRequest { estimate_id: estimate.estimate_id.clone() };
        let mut staff = fixture.billing(&fixture.staff());
        assert_eq!(refused(staff.convert_estimate(convert()).await).reason, "wrong_state");
        fixture.accept(&estimate).await.unwrap();
        let draft = staff.convert_estimate(convert()).await.unwrap().into_inner().document.unwrap();
        let again = staff.convert_estimate(convert()).await.unwrap().into_inner().document.unwrap();
        assert_eq!((draft.state.as_str(), draft.gross, &again), ("draft", estimate.gross, &draft));
        let invoice = fixture.issue(&draft.id).await;
        assert_eq!(
            (invoice.number.as_str(), invoice.content.unwrap().until.as_str()),
            ("INV-00001", "2027-01-29")
        );
        assert_eq!(
            staff.convert_estimate(convert()).await.unwrap().into_inner().document.unwrap().state,
            "open"
        );
        let elsewhere = portico_testkit::staff(fixture.database.tenant(), &["admin"]);
        assert_eq!(
            refused(fixture.billing(&elsewhere).convert_estimate(convert()).await),
            Problem::not_found()
        );
    }
}
