//! Sets what is left of a payment or a credit note against an invoice.

use portico_proto::billing::v1::{AllocateCreditRequest, AllocateCreditResponse};
use uuid::Uuid;

use crate::{
    convert,
    domain::document::Kind,
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
    request: AllocateCreditRequest,
) -> Result<AllocateCreditResponse, BillingError> {
    let source = convert::source(&request.payment_id, &request.credit_note_id)?;
    let id: Uuid = request.sales_document_id.parse()?;
    let firm = peers::firm(service, &call.ctx).await?;
    let today = service.today(&firm);
    let mut tx = service.store.begin(&call.ctx).await?;
    let (account, credit) = store::payments::credit(&mut tx, source).await?.ok_or(BillingError::NotFound)?;
    let invoice = store::documents::read(&mut tx, id).await?.filter(|invoice| invoice.account_id == account);
    let invoice = invoice.ok_or(BillingError::NotFound)?;
    let key = convert::required_key(&request.idempotency_key)?;
    if invoice.kind != Kind::Invoice || invoice.issued.is_none() {
        return Err(BillingError::WrongState("Only an invoice that was issued can be paid."));
    }
    if invoice.content.currency != credit.money.currency {
        return Err(BillingError::WrongState("The credit and the invoice are in different currencies."));
    }
    store::hold_account(&mut tx, account).await?;
    let booking_key = format!("allocate:{}:{id}:{key}", source.id());
    if !store::ledger::is_booked(&mut tx, account, &booking_key).await? {
        let label = (credit.label.as_str(), booking_key.as_str());
        settling::allocate(service, &mut tx, source, id, request.amount, today, label).await?;
        let money = in_currency(request.amount, &credit.money.currency)?;
        publish::credit_allocated(service, &mut tx, source, &invoice, &money).await?;
    }
    let document = view::document(&mut tx, invoice, today).await?;
    tx.commit().await?;
    Ok(AllocateCreditResponse { document: Some(document) })
}

#[cfg(test)]
mod tests {
    use portico_core::{ErrorCode, Problem};

    use super::*;
    use crate::testing::{Fixture, refused};

    #[tokio::test]
    async fn a_credit_pays_up_to_what_is_left_and_what_is_open_and_a_retry_pays_nothing_twice() {
        let fixture = Fixture::new().await;
        let payment = fixture.pay(150_000).await;
        let invoice = fixture.invoice().await;
        let allocate = |amount: i64, key: &str| AllocateCreditRequest {
            payment_id: payment.payment_id.clone(),
            sales_document_id: invoice.id.clone(),
            amount,
            idempotency_key: key.to_owned(),
            ..AllocateCreditRequest::default()
        };
        let mut staff = fixture.billing(&fixture.staff());
        for amount in [0, -5, 142_801, 150_001] {
            let problem = refused(staff.allocate_credit(allocate(amount, "k")).await);
            assert_eq!(
                (problem.code, problem.fields[0].field.as_str()),
                (ErrorCode::InvalidArgument, "amount")
            );
        }
        for _ in 0..2 {
            let read =
                staff.allocate_credit(allocate(100_000, "k")).await.unwrap().into_inner().document.unwrap();
            assert_eq!((read.paid, read.open), (100_000, 42_800));
        }
        let read = staff.allocate_credit(allocate(42_800, "l")).await.unwrap().into_inner().document.unwrap();
        assert_eq!((read.state.as_str(), read.open), ("paid", 0));
        assert_eq!(refused(staff.allocate_credit(allocate(1, "")).await).fields[0].field, "idempotency_key");
        let elsewhere = portico_testkit::staff(fixture.database.tenant(), &["admin"]);
        assert_eq!(
            refused(fixture.billing(&elsewhere).allocate_credit(allocate(1, "m")).await),
            Problem::not_found()
        );
        assert_eq!(
            refused(fixture.billing(&fixture.client()).allocate_credit(allocate(1, "m")).await).code,
            ErrorCode::PermissionDenied
        );
    }
}
