//! Gives up what is open of an invoice.

use portico_proto::billing::v1::{WriteOffInvoiceRequest, WriteOffInvoiceResponse};
use portico_service::Fields;
use uuid::Uuid;

use crate::{
    domain::{document::Kind, ledger::Booking},
    error::BillingError,
    events::publish,
    peers,
    service::{Call, Service},
    settling::{self, in_currency},
    store, view,
};

pub(super) async fn handle(
    service: &Service,
    call: Call,
    request: WriteOffInvoiceRequest,
) -> Result<WriteOffInvoiceResponse, BillingError> {
    let id: Uuid = request.sales_document_id.parse()?;
    let firm = peers::firm(service, &call.ctx).await?;
    let today = service.today(&firm);
    let mut tx = service.store.begin(&call.ctx).await?;
    let invoice = store::documents::read(&mut tx, id).await?.ok_or(BillingError::NotFound)?;
    if invoice.kind != Kind::Invoice || invoice.issued.is_none() {
        return Err(BillingError::WrongState("Only an invoice that was issued can be written off."));
    }
    let mut fields = Fields::default();
    let reason = fields.line("reason", &request.reason, 500);
    fields.check().map_err(BillingError::Invalid)?;
    store::hold_account(&mut tx, invoice.account_id).await?;
    let open = view::settled(&mut tx, id).await?.open();
    // A repeat finds nothing open and changes nothing.
    if open > 0 {
        let money = in_currency(open, &invoice.content.currency)?;
        let (label, key) = (invoice.number(), format!("write_off:{id}:{}", service.id()));
        settling::book(
            service,
            &mut tx,
            invoice.account_id,
            today,
            (label, &key),
            &Booking::write_off(id, &money),
        )
        .await?;
        store::reminders::stop(&mut tx, id).await?;
        publish::written_off(service, &mut tx, &invoice, &money, &reason).await?;
    }
    let document = view::document(&mut tx, invoice, today).await?;
    tx.commit().await?;
    Ok(WriteOffInvoiceResponse { document: Some(document) })
}

#[cfg(test)]
mod tests {
    use portico_core::{ErrorCode, Problem};
    use portico_proto::billing::v1::InvoiceWrittenOff;

    use super::*;
    use crate::testing::{Fixture, refused};

    #[tokio::test]
    async fn what_is_open_is_given_up_once_by_an_administrator() {
        let fixture = Fixture::new().await;
        let invoice = fixture.invoice().await;
        fixture.pay(42_800).await;
        let request = || WriteOffInvoiceRequest {
            sales_document_id: invoice.id.clone(),
            reason: "Insolvent".to_owned(),
        };
        for lesser in [fixture.staff(), fixture.client()] {
            let problem = refused(fixture.billing(&lesser).write_off_invoice(request()).await);
            assert_eq!(problem.code, ErrorCode::PermissionDenied);
        }
        for _ in 0..2 {
            let read =
                fixture.billing(&fixture.admin()).write_off_invoice(request()).await.unwrap().into_inner();
            let read = read.document.unwrap();
            assert_eq!(
                (read.state.as_str(), read.paid, read.written_off, read.open),
                ("written_off", 42_800, 100_000, 0)
            );
        }
        assert_eq!(fixture.published::<InvoiceWrittenOff>().await.len(), 1);
        let elsewhere = portico_testkit::staff(fixture.database.tenant(), &["admin"]);
        assert_eq!(
            refused(fixture.billing(&elsewhere).write_off_invoice(request()).await),
            Problem::not_found()
        );
    }
}
