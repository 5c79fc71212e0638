//! Gives money back through a provider, or records that it was given back by hand.

use portico_proto::billing::v1::{RefundCreditRequest, RefundCreditResponse};
use portico_service::Fields;

use crate::{
    convert,
    domain::{payment::Refund, provider::RefundState, settlement::Refused},
    error::BillingError,
    events::publish,
    peers,
    refunding::{self, Wish},
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
    let key = convert::required_key(&request.idempotency_key)?;
    let mut fields = Fields::default();
    let reason = fields.line("reason", &request.reason, 500);
    fields.check().map_err(BillingError::Invalid)?;
    let provider = service.providers.of(&firm.slug);
    if credit.provider.is_some() && !request.by_hand {
        drop(tx);
        let wish = Wish { account, payment: source.id(), amount: request.amount, reason, key };
        let pending = refunding::give_back(service, &call, wish).await? == RefundState::Pending;
        let mut tx = service.store.begin(&call.ctx).await?;
        let (_, credit) = store::payments::credit(&mut tx, source).await?.ok_or(BillingError::NotFound)?;
        let credit = Some(convert::credit_for_firm(credit, provider.name()));
        return Ok(RefundCreditResponse { credit, event: String::new(), pending });
    }
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
        return Err(Refused::Nothing.into());
    }
    // What a provider is giving back is not given back by hand as well. A retry is answered whatever is left by now.
    store::hold_account(&mut tx, account).await?;
    let (_, mut credit) = store::payments::credit(&mut tx, source).await?.ok_or(BillingError::NotFound)?;
    if credit.pending > 0 && credit.provider_gone(provider.name()) {
        refunding::give_up(service, &mut tx, &firm, source.id()).await?;
        credit.pending = 0;
    }
    let pending = credit.pending;
    let event = settling::refund(service, &mut tx, &firm, &refund, key).await?;
    if event.is_some() {
        if pending > 0 && refund.money.amount > credit.refundable() {
            return Err(Refused::MoreThanLeft.into());
        }
        publish::refund_explained(service, &mut tx, &refund).await?;
    }
    let (_, credit) = store::payments::credit(&mut tx, source).await?.ok_or(BillingError::NotFound)?;
    tx.commit().await?;
    let credit = Some(convert::credit_for_firm(credit, provider.name()));
    Ok(RefundCreditResponse { credit, event: event.unwrap_or_default(), pending: false })
}

#[cfg(test)]
mod tests {
    use portico_core::{ErrorCode, Problem};
    use portico_proto::{
        billing::v1::{GetStatementRequest, PaymentRefunded},
        events::v1::AuditEntry,
    };

    use super::*;
    use crate::testing::{Fixture, refused};

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
