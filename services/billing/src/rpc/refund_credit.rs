//! Records that money was given back.

use portico_proto::billing::v1::{RefundCreditRequest, RefundCreditResponse};
use portico_service::Fields;

use crate::{
    convert,
    domain::payment::Refund,
    error::BillingError,
    events::publish,
    peers,
    service::{Call, Service},
    settling::{self, in_currency},
    store,
};

pub(super) async fn handle(
    service: &Service,
    call: Call,
    request: RefundCreditRequest,
) -> Result<RefundCreditResponse, BillingError> {
    let source = convert::source(&request.payment_id, &request.credit_note_id)?;
    let firm = peers::firm(service, &call.ctx).await?;
    let today = service.today(&firm);
    let mut tx = service.store.begin(&call.ctx).await?;
    let (account, credit) = store::payments::credit(&mut tx, source).await?.ok_or(BillingError::NotFound)?;
    if credit.at_provider {
        // The provider tells of what it gives back; by hand as well, it would be in the books twice.
        return Err(BillingError::WrongState(
            "Refund it at the payment provider; it is booked here by itself.",
        ));
    }
    let key = convert::required_key(&request.idempotency_key)?;
    let mut fields = Fields::default();
    let reason = fields.line("reason", &request.reason, 500);
    fields.check().map_err(BillingError::Invalid)?;
    let refunded_on = convert::day("refunded_on", &request.refunded_on)?.unwrap_or(today);
    if refunded_on > today {
        return Err(BillingError::field("refunded_on", "Enter a day that is not in the future."));
    }
    let refund = Refund {
        id: service.id(),
        account_id: account,
        source,
        money: in_currency(request.amount, &credit.money.currency)?,
        refunded_on,
        reason,
        reference: String::new(),
        recorded_by: call.ctx.actor.person,
    };
    if refund.money.amount <= 0 {
        return Err(crate::domain::settlement::Refused::Nothing.into());
    }
    let event = settling::refund(service, &mut tx, &firm, &refund, key).await?;
    if event.is_some() {
        publish::refund_explained(service, &mut tx, &refund).await?;
    }
    let (_, credit) = store::payments::credit(&mut tx, source).await?.ok_or(BillingError::NotFound)?;
    tx.commit().await?;
    Ok(RefundCreditResponse { credit: Some(convert::credit(credit, true)), event: event.unwrap_or_default() })
}

#[cfg(test)]
mod tests {
    use portico_core::{Clock as _, ErrorCode, Problem};
    use portico_proto::{
        billing::v1::{GetStatementRequest, ListCreditsRequest, PaymentRefunded, StartPaymentRequest},
        events::v1::AuditEntry,
    };
    use serde_json::json;

    use super::*;
    use crate::{
        fake_stripe::WEBHOOK_SECRETS,
        providers::sign,
        testing::{Fixture, refused},
    };

    #[tokio::test]
    async fn what_came_through_a_provider_is_given_back_there() {
        let (fixture, stripe) = Fixture::with_stripe().await;
        let invoice = fixture.invoice().await;
        let start = StartPaymentRequest { sales_document_id: invoice.id.clone() };
        fixture.billing(&fixture.client()).start_payment(start).await.unwrap();
        let checkout = stripe.lock().unwrap().forms[0]["metadata[checkout]"].clone();
        let paid = json!({ "id": "pi_1", "status": "succeeded", "amount_received": 142_800, "currency": "eur",
            "created": 1_800_003_600, "metadata": { "checkout": checkout } });
        let body = json!({ "id": "evt_1", "type": "payment_intent.succeeded", "data": { "object": paid } })
            .to_string();
        let signature = sign(body.as_bytes(), WEBHOOK_SECRETS[0], fixture.database.clock.now());
        let system = portico_testkit::system(fixture.tenant);
        assert_eq!(fixture.post(&system, "/providers/webhook", &signature, body).await, 204);
        let mut admin = fixture.billing(&fixture.admin());
        let listed = ListCreditsRequest { account_id: fixture.acme.to_string(), ..Default::default() };
        let credit = admin.list_credits(listed).await.unwrap().into_inner().credits.remove(0);
        assert!(credit.at_provider, "nobody is offered to give it back here");
        let request = RefundCreditRequest {
            payment_id: credit.payment_id,
            amount: 100,
            reason: "Agreed".to_owned(),
            idempotency_key: "k".to_owned(),
            ..RefundCreditRequest::default()
        };
        let problem = refused(admin.refund_credit(request).await);
        assert_eq!(problem.code, ErrorCode::FailedPrecondition);
        assert_eq!(problem.message, "Refund it at the payment provider; it is booked here by itself.");
        assert_eq!((fixture.rows("refunds").await, fixture.read(&invoice.id).await.paid), (0, 142_800));
    }

    #[tokio::test]
    async fn why_money_was_given_back_is_for_the_firm_alone() {
        let fixture = Fixture::new().await;
        let invoice = fixture.invoice().await;
        let payment = fixture.pay(142_800).await;
        let request = RefundCreditRequest {
            payment_id: payment.payment_id,
            amount: 42_800,
            reason: "Threatens to leave".to_owned(),
            idempotency_key: "k".to_owned(),
            ..RefundCreditRequest::default()
        };
        fixture.tick();
        fixture.billing(&fixture.admin()).refund_credit(request).await.unwrap();
        let client = fixture.client();
        let asked = GetStatementRequest {
            account_id: fixture.acme.to_string(),
            from: "2027-01-01".to_owned(),
            to: "2027-01-31".to_owned(),
            currency: String::new(),
        };
        let statement = fixture.billing(&client).get_statement(asked).await.unwrap().into_inner();
        let given = statement.movements.last().unwrap();
        assert_eq!((given.act.as_str(), given.label.as_str()), ("refunded", "bank_transfer"));
        let read = fixture.read_as(&client, &invoice.id).await;
        assert!(!format!("{statement:?}{read:?}").contains("Threatens"));
        let audited = fixture.published::<AuditEntry>().await;
        let telling: Vec<&AuditEntry> =
            audited.iter().filter(|entry| format!("{entry:?}").contains("Threatens")).collect();
        assert!(matches!(telling[..], [entry] if entry.internal && entry.action == "refund.explained"));
    }

    #[tokio::test]
    async fn what_is_given_back_is_owed_again_and_never_more_than_came_in() {
        let fixture = Fixture::new().await;
        let invoice = fixture.invoice().await;
        let payment = fixture.pay(150_000).await;
        let refund = |amount: i64, key: &str| RefundCreditRequest {
            payment_id: payment.payment_id.clone(),
            amount,
            reason: "Paid twice".to_owned(),
            idempotency_key: key.to_owned(),
            ..RefundCreditRequest::default()
        };
        let mut admin = fixture.billing(&fixture.admin());
        let first = admin.refund_credit(refund(7_200, "k")).await.unwrap().into_inner().credit.unwrap();
        assert_eq!((first.left, first.refunded), (0, 7_200));
        assert_eq!(fixture.read(&invoice.id).await.state, "paid");
        let again = admin.refund_credit(refund(7_200, "k")).await.unwrap().into_inner();
        assert_eq!((again.credit.unwrap(), again.event.as_str()), (first, ""));
        admin.refund_credit(refund(42_800, "l")).await.unwrap();
        let read = fixture.read(&invoice.id).await;
        assert_eq!((read.state.as_str(), read.paid, read.open), ("partly_paid", 100_000, 42_800));
        for amount in [0, -1, 100_001] {
            assert_eq!(refused(admin.refund_credit(refund(amount, "m")).await).fields[0].field, "amount");
        }
        assert_eq!(fixture.published::<PaymentRefunded>().await.len(), 2);
        assert_eq!(fixture.balances().await.iter().map(|(_, amount)| amount).sum::<i64>(), 0);
        for lesser in [fixture.staff(), fixture.client()] {
            let problem = refused(fixture.billing(&lesser).refund_credit(refund(1, "n")).await);
            assert_eq!(problem.code, ErrorCode::PermissionDenied);
        }
        let elsewhere = portico_testkit::staff(fixture.database.tenant(), &["admin"]);
        assert_eq!(
            refused(fixture.billing(&elsewhere).refund_credit(refund(1, "n")).await),
            Problem::not_found()
        );
    }
}
