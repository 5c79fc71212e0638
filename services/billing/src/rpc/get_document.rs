//! Reads a document with everything on it and around it.

use portico_proto::billing::v1::{GetDocumentRequest, GetDocumentResponse};
use uuid::Uuid;

use crate::{
    convert,
    domain::{document::Kind, stored::Stored},
    einvoice,
    error::BillingError,
    peers,
    service::{Call, Service},
    store, view,
};

pub(super) async fn handle(
    service: &Service,
    call: Call,
    request: GetDocumentRequest,
) -> Result<GetDocumentResponse, BillingError> {
    let id: Uuid = request.sales_document_id.parse()?;
    let firm = peers::firm(service, &call.ctx).await?;
    let today = service.today(&firm);
    let mut tx = service.store.begin(&call.ctx).await?;
    let stored = store::documents::read(&mut tx, id).await?.ok_or(BillingError::NotFound)?;
    let mut answer = GetDocumentResponse::default();
    match (stored.kind, stored.estimate_id) {
        (Kind::Invoice, _) => {
            let settlements = store::ledger::settlements(&mut tx, id).await?;
            let online = service.providers.of(&firm.slug).name() != "manual";
            answer.can_pay_online = online && view::settled(&mut tx, id).await?.open() > 0;
            answer.settlements = settlements.into_iter().map(convert::settlement).collect();
            let notes = store::documents::credit_notes(&mut tx, id).await?;
            answer.credit_notes = view::documents(&mut tx, notes, today).await?;
        }
        (Kind::Estimate, Some(estimate)) => {
            let versions: Vec<Stored> = store::documents::versions(&mut tx, estimate).await?;
            answer.versions = view::documents(&mut tx, versions, today).await?;
            let decisions = store::estimates::decisions(&mut tx, &[estimate]).await?;
            answer.decision =
                decisions.iter().find(|decision| decision.document_id == id).map(convert::decision);
            let converted = store::documents::converted(&mut tx, estimate).await?;
            answer.converted_id = converted.map(|invoice| invoice.id.to_string()).unwrap_or_default();
        }
        _ => {}
    }
    answer.has_e_invoice = stored.document().is_some_and(|document| einvoice::possible(&document));
    answer.document = Some(view::document(&mut tx, stored, today).await?);
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use portico_core::Problem;

    use super::*;
    use crate::testing::{Fixture, refused};

    #[tokio::test]
    async fn what_never_was_looks_like_what_is_not_shared() {
        let fixture = Fixture::new().await;
        for id in ["", "x", "'; drop table billing.documents; --", &fixture.database.account().to_string()] {
            let request = GetDocumentRequest { sales_document_id: id.to_owned() };
            assert_eq!(
                refused(fixture.billing(&fixture.admin()).get_document(request).await),
                Problem::not_found()
            );
        }
    }
}
