//! Replaces what a draft says.

use portico_proto::billing::v1::{UpdateDraftRequest, UpdateDraftResponse};
use portico_service::Fields;
use uuid::Uuid;

use crate::{
    convert,
    domain::document::{Kind, NotIssuable},
    error::BillingError,
    events::publish,
    issuing, peers,
    service::{Call, Service},
    store, view,
};

pub(super) async fn handle(
    service: &Service,
    call: Call,
    request: UpdateDraftRequest,
) -> Result<UpdateDraftResponse, BillingError> {
    let id: Uuid = request.sales_document_id.parse()?;
    let firm = peers::firm(service, &call.ctx).await?;
    let mut tx = service.store.begin(&call.ctx).await?;
    store::documents::read(&mut tx, id).await?.ok_or(BillingError::NotFound)?;
    let mut draft = issuing::hold_draft(&mut tx, id, convert::version(&request.etag)?).await?;
    let mut fields = Fields::default();
    let content = convert::typed(request.content).check(draft.content.rounding, &mut fields);
    fields.check().map_err(BillingError::Invalid)?;
    draft.totals = content.totals().map_err(NotIssuable::from)?;
    draft.content = content;
    draft.version += 1;
    store::documents::update(&mut tx, &draft, service.clock.now()).await?;
    let action = match draft.kind {
        Kind::Estimate => "estimate.draft_updated",
        Kind::Invoice | Kind::CreditNote => "invoice.draft_updated",
    };
    publish::draft_audited(service, &mut tx, action, &draft).await?;
    let document = view::document(&mut tx, draft, service.today(&firm)).await?;
    tx.commit().await?;
    Ok(UpdateDraftResponse { document: Some(document) })
}

#[cfg(test)]
mod tests {
    use portico_core::{ErrorCode, Problem};
    use portico_proto::billing::v1::{Content, DocumentKind};

    use super::*;
    use crate::testing::{Fixture, content, refused};

    #[tokio::test]
    async fn a_draft_changes_for_whoever_has_read_it_and_never_once_it_is_issued() {
        let fixture = Fixture::new().await;
        let draft = fixture.draft(DocumentKind::Invoice).await;
        let update = |etag: &str, content: Content| UpdateDraftRequest {
            sales_document_id: draft.id.clone(),
            content: Some(content),
            etag: etag.to_owned(),
        };
        let mut staff = fixture.billing(&fixture.staff());
        let mut more = content();
        more.lines.push(more.lines[0].clone());
        let changed = staff.update_draft(update("1", more)).await.unwrap().into_inner().document.unwrap();
        assert_eq!(
            (changed.gross, changed.etag.as_str(), changed.content.unwrap().lines.len()),
            (285_600, "2", 2)
        );
        assert_eq!(refused(staff.update_draft(update("1", content())).await).code, ErrorCode::Conflict);
        for stranger in [fixture.client(), portico_testkit::staff(fixture.database.tenant(), &["admin"])] {
            let problem = refused(fixture.billing(&stranger).update_draft(update("2", content())).await);
            assert!(matches!(problem.code, ErrorCode::PermissionDenied) || problem == Problem::not_found());
        }
        fixture.issue(&draft.id).await;
        assert_eq!(refused(staff.update_draft(update("2", content())).await).reason, "issued");
    }

    #[tokio::test]
    async fn the_database_itself_refuses_to_change_what_is_issued() {
        let fixture = Fixture::new().await;
        let invoice = fixture.invoice().await;
        for statement in [
            "update billing.documents set gross = 1, net = 1, tax = 0",
            "update billing.documents set issued_at = null, internal = true, number = '', seller = null, buyer = null, hash = ''",
            "delete from billing.documents",
            "update billing.lines set net = 1",
            "delete from billing.lines",
            "update billing.tax_totals set tax = 1",
            "delete from billing.tax_totals",
            "insert into billing.lines select tenant_id, document_id, 99, account_id, internal, description, quantity, unit, unit_price,
               tax_category, tax_basis_points, exemption_reason, net from billing.lines",
            "update billing.ledger_entries set amount = 1",
            "delete from billing.ledger_entries",
            "update billing.ledger_transactions set label = ''",
            "delete from billing.payments",
            "delete from billing.decisions",
        ] {
            let mut tx = fixture.store().begin(&fixture.admin()).await.unwrap();
            let outcome = sqlx::raw_sql(statement).execute(tx.conn()).await;
            let code = outcome.unwrap_err().into_database_error().unwrap().code().unwrap().into_owned();
            assert_eq!(code, "42501", "{statement}");
        }
        assert_eq!(fixture.read(&invoice.id).await, invoice);
    }
}
