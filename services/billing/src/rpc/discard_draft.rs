//! Throws a draft away.

use portico_proto::billing::v1::{DiscardDraftRequest, DiscardDraftResponse};
use uuid::Uuid;

use crate::{
    convert,
    domain::document::Kind,
    error::BillingError,
    events::publish,
    issuing,
    service::{Call, Service},
    store,
};

pub(super) async fn handle(
    service: &Service,
    call: Call,
    request: DiscardDraftRequest,
) -> Result<DiscardDraftResponse, BillingError> {
    let id: Uuid = request.sales_document_id.parse()?;
    let mut tx = service.store.begin(&call.ctx).await?;
    store::documents::read(&mut tx, id).await?.ok_or(BillingError::NotFound)?;
    let draft = issuing::hold_draft(&mut tx, id, convert::version(&request.etag)?).await?;
    store::documents::delete(&mut tx, id).await?;
    let action = match (draft.kind, draft.estimate_id) {
        (Kind::Estimate, Some(estimate)) => {
            store::estimates::delete_empty(&mut tx, estimate).await?;
            "estimate.draft_discarded"
        }
        _ => "invoice.draft_discarded",
    };
    publish::draft_audited(service, &mut tx, action, &draft).await?;
    tx.commit().await?;
    Ok(DiscardDraftResponse {})
}

#[cfg(test)]
mod tests {
    use portico_core::Problem;
    use portico_proto::billing::v1::DocumentKind;

    use super::*;
    use crate::testing::{Fixture, refused};

    #[tokio::test]
    async fn a_draft_goes_and_an_issued_document_stays() {
        let fixture = Fixture::new().await;
        let discard = async |id: &str, etag: &str| {
            let request = DiscardDraftRequest { sales_document_id: id.to_owned(), etag: etag.to_owned() };
            fixture.billing(&fixture.staff()).discard_draft(request).await
        };
        for kind in [DocumentKind::Estimate, DocumentKind::Invoice] {
            let draft = fixture.draft(kind).await;
            discard(&draft.id, "1").await.unwrap();
            assert_eq!(refused(discard(&draft.id, "1").await), Problem::not_found());
        }
        assert_eq!(
            (fixture.rows("documents").await, fixture.rows("lines").await, fixture.rows("estimates").await),
            (0, 0, 0)
        );
        let invoice = fixture.invoice().await;
        assert_eq!(refused(discard(&invoice.id, "1").await).reason, "issued");
        let elsewhere = portico_testkit::staff(fixture.database.tenant(), &[]);
        let request = DiscardDraftRequest { sales_document_id: invoice.id, etag: "1".to_owned() };
        assert_eq!(refused(fixture.billing(&elsewhere).discard_draft(request).await), Problem::not_found());
    }
}
