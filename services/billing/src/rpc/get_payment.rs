//! Reads a payment: what came, what it pays, and what was given back of it.

use portico_proto::billing::v1::{GetPaymentRequest, GetPaymentResponse};
use uuid::Uuid;

use crate::{
    convert,
    error::BillingError,
    receipt,
    service::{Call, Service},
};

pub(super) async fn handle(
    service: &Service,
    call: Call,
    request: GetPaymentRequest,
) -> Result<GetPaymentResponse, BillingError> {
    let id: Uuid = request.payment_id.parse()?;
    let mut tx = service.store.begin(&call.ctx).await?;
    let receipt = receipt::read(&mut tx, id).await?;
    Ok(convert::receipt(receipt, call.ctx.is_internal()))
}

#[cfg(test)]
mod tests {
    use portico_core::Problem;
    use portico_proto::{billing::v1::RefundCreditRequest, events::v1::NoticeRequested};

    use super::*;
    use crate::testing::{Fixture, refused};

    #[tokio::test]
    async fn a_payment_says_what_it_pays_and_the_mail_about_it_leads_to_it() {
        let fixture = Fixture::new().await;
        let (first, second) = (fixture.invoice().await, fixture.invoice().await);
        let payment = fixture.pay(200_000).await.payment_id;
        let ask = || GetPaymentRequest { payment_id: payment.clone() };
        for (reader, noted) in [(fixture.client(), ""), (fixture.staff(), "noted")] {
            let read = fixture.billing(&reader).get_payment(ask()).await.unwrap().into_inner();
            let pays: Vec<_> = read.pays.iter().map(|one| (one.number.as_str(), one.amount)).collect();
            assert_eq!(pays, [("INV-00001", 142_800), ("INV-00002", 57_200)]);
            assert_eq!(read.account_id, fixture.acme.to_string());
            let paid = read.payment.unwrap();
            assert_eq!((paid.amount, paid.left, paid.method.as_str()), (200_000, 0, "bank_transfer"));
            assert_eq!(paid.note, noted, "what is noted is for the firm alone");
            assert_eq!(read.payer.unwrap().name, "Acme GmbH");
        }
        assert_eq!((first.number.as_str(), second.number.as_str()), ("INV-00001", "INV-00002"));
        fixture.tick();
        let back = RefundCreditRequest {
            payment_id: payment.clone(),
            amount: 60_000,
            reason: "Agreed".to_owned(),
            idempotency_key: "k".to_owned(),
            ..RefundCreditRequest::default()
        };
        fixture.billing(&fixture.admin()).refund_credit(back).await.unwrap();
        let read = fixture.billing(&fixture.client()).get_payment(ask()).await.unwrap().into_inner();
        assert_eq!(read.pays.iter().map(|one| one.amount).sum::<i64>(), 140_000);
        let back: Vec<_> = read.movements.iter().map(|one| (one.act.as_str(), one.amount)).collect();
        assert_eq!(back, [("refunded", 60_000)]);
        let told = fixture.published::<NoticeRequested>().await;
        let told: Vec<_> = told.iter().filter(|one| one.link.starts_with("/payments/")).collect();
        assert!(
            matches!(told[..], [notice] if notice.link == format!("/payments/{payment}")
                && notice.person_ids == [fixture.ana.to_string()]),
            "{told:?}"
        );
    }

    #[tokio::test]
    async fn i02_nobody_else_reads_a_payment() {
        let fixture = Fixture::new().await;
        let payment = fixture.pay(500).await.payment_id;
        for stranger in fixture.strangers() {
            let ask = GetPaymentRequest { payment_id: payment.clone() };
            assert_eq!(refused(fixture.billing(&stranger).get_payment(ask).await), Problem::not_found());
        }
        let nothing = GetPaymentRequest { payment_id: Uuid::from_u128(9).to_string() };
        assert_eq!(
            refused(fixture.billing(&fixture.staff()).get_payment(nothing).await),
            Problem::not_found()
        );
    }
}
