//! Records money that came in.

use portico_core::{AccountId, Money};
use portico_proto::billing::v1::{RecordPaymentRequest, RecordPaymentResponse};
use portico_service::Fields;
use uuid::Uuid;

use crate::{
    convert,
    domain::{
        document::Kind,
        ledger::Source,
        lines::LARGEST,
        party::optional,
        payment::{METHODS, Payment},
    },
    error::BillingError,
    peers,
    service::{Call, Service},
    settling::{self, Pays},
    store,
};

pub(super) async fn handle(
    service: &Service,
    call: Call,
    request: RecordPaymentRequest,
) -> Result<RecordPaymentResponse, BillingError> {
    let account: AccountId = request.account_id.parse()?;
    peers::account(service, &call, account).await?;
    let firm = peers::firm(service, &call.ctx).await?;
    let today = service.today(&firm);
    let mut fields = Fields::default();
    if !(1..=LARGEST).contains(&request.amount) {
        fields.refuse("amount", "Enter an amount of more than zero.");
    }
    let money = Money::new(request.amount, &request.currency);
    if let Err(error) = &money {
        fields.refuse("currency", error.to_string());
    }
    if !METHODS.contains(&request.method.as_str()) {
        fields.refuse("method", "Choose how the money came.");
    }
    let received_on = request.received_on.parse().unwrap_or_else(|_| {
        fields.refuse("received_on", "Write the day like 2026-12-25.");
        today
    });
    if received_on > today {
        fields.refuse("received_on", "Enter a day that is not in the future.");
    }
    let reference = optional(&mut fields, "reference", &request.reference, 140);
    let note = optional(&mut fields, "note", &request.note, 500);
    fields.check().map_err(BillingError::Invalid)?;
    let key = convert::key(&request.idempotency_key)?;
    let pays = match (request.keep_as_credit, request.sales_document_id.as_str()) {
        (true, _) => Pays::Nothing,
        (false, "") => Pays::Oldest,
        (false, id) => Pays::Invoice(id.parse()?),
    };
    let payment = Payment {
        id: service.id(),
        account_id: account,
        money: money.map_err(|error| BillingError::field("currency", &error.to_string()))?,
        method: request.method,
        provider: "manual".to_owned(),
        reference,
        received_on,
        note,
        recorded_by: call.ctx.actor.person,
    };
    let people = peers::members(service, &call.ctx, account).await?;
    let mut tx = service.store.begin(&call.ctx).await?;
    if let Pays::Invoice(id) = pays {
        check_invoice(&mut tx, id, account, &payment.money.currency).await?;
    }
    let event = settling::receive(service, &mut tx, &payment, key, pays, (&firm, &people)).await?;
    let id = match (&event, key) {
        (None, Some(key)) => {
            store::payments::find_by_key(&mut tx, account, key).await?.ok_or(BillingError::Stale)?
        }
        _ => payment.id,
    };
    let (_, credit) =
        store::payments::credit(&mut tx, Source::Payment(id)).await?.ok_or(BillingError::NotFound)?;
    tx.commit().await?;
    Ok(RecordPaymentResponse {
        payment: Some(convert::credit_for_firm(credit, service.providers.of(&firm.slug).name())),
        event: event.unwrap_or_default(),
    })
}

async fn check_invoice(
    tx: &mut portico_db::Tx,
    id: Uuid,
    account: AccountId,
    currency: &str,
) -> Result<(), BillingError> {
    let invoice = store::documents::read(tx, id).await?.filter(|invoice| invoice.account_id == account);
    let invoice = invoice.ok_or(BillingError::NotFound)?;
    if invoice.kind != Kind::Invoice || invoice.issued.is_none() {
        return Err(BillingError::WrongState("Only an invoice that was issued can be paid."));
    }
    if invoice.content.currency != currency {
        return Err(BillingError::field("currency", "Enter the payment in the currency of the invoice."));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use portico_core::{ErrorCode, Problem};
    use portico_proto::billing::v1::{InvoicePaid, PaymentRecorded};

    use super::*;
    use crate::testing::{Fixture, refused};

    fn payment(fixture: &Fixture, amount: i64, key: &str) -> RecordPaymentRequest {
        RecordPaymentRequest {
            account_id: fixture.acme.to_string(),
            currency: "EUR".to_owned(),
            amount,
            method: "bank_transfer".to_owned(),
            received_on: "2027-01-15".to_owned(),
            reference: "INV-00001 Acme".to_owned(),
            note: "seen by Paul".to_owned(),
            idempotency_key: key.to_owned(),
            ..RecordPaymentRequest::default()
        }
    }

    #[tokio::test]
    async fn a_payment_pays_the_oldest_first_and_what_is_too_much_stays_to_the_credit() {
        let fixture = Fixture::new().await;
        let (first, second) = (fixture.invoice().await, fixture.invoice().await);
        let mut staff = fixture.billing(&fixture.staff());
        let answer = staff.record_payment(payment(&fixture, 200_000, "k")).await.unwrap().into_inner();
        let credit = answer.payment.unwrap();
        assert_eq!((credit.amount, credit.left), (200_000, 0));
        assert_eq!(fixture.read(&first.id).await.state, "paid");
        let read = fixture.read(&second.id).await;
        assert_eq!((read.state.as_str(), read.paid, read.open), ("partly_paid", 57_200, 85_600));
        let again = staff.record_payment(payment(&fixture, 200_000, "k")).await.unwrap().into_inner();
        assert_eq!((again.payment.unwrap(), again.event.as_str()), (credit, ""));
        let more = staff
            .record_payment(payment(&fixture, 100_000, "l"))
            .await
            .unwrap()
            .into_inner()
            .payment
            .unwrap();
        assert_eq!(more.left, 14_400);
        assert_eq!(fixture.published::<PaymentRecorded>().await.len(), 2);
        let paid: Vec<String> =
            fixture.published::<InvoicePaid>().await.into_iter().map(|paid| paid.number).collect();
        assert_eq!(paid, ["INV-00001", "INV-00002"]);
        assert_eq!(fixture.balances().await.iter().map(|(_, amount)| amount).sum::<i64>(), 0);
    }

    #[tokio::test]
    async fn payments_that_meet_never_pay_more_than_is_open() {
        let fixture = Fixture::new().await;
        let invoice = fixture.invoice().await;
        let requests = (0..6).map(|number| {
            let (fixture, number) = (&fixture, format!("k{}", number / 2));
            async move {
                fixture.billing(&fixture.staff()).record_payment(payment(fixture, 100_000, &number)).await
            }
        });
        for answer in futures_util::future::join_all(requests).await {
            answer.unwrap();
        }
        let read = fixture.read(&invoice.id).await;
        assert_eq!((read.state.as_str(), read.paid, read.open), ("paid", 142_800, 0));
        assert_eq!(fixture.rows("payments").await, 3);
        let balances = fixture.balances().await;
        assert!(
            balances.contains(&("bank", 300_000)) && balances.contains(&("client_credit", -157_200)),
            "{balances:?}"
        );
    }

    #[tokio::test]
    async fn a_payment_of_one_invoice_leaves_the_others_alone() {
        let fixture = Fixture::new().await;
        let (first, second) = (fixture.invoice().await, fixture.invoice().await);
        let mut staff = fixture.billing(&fixture.staff());
        let named =
            RecordPaymentRequest { sales_document_id: second.id.clone(), ..payment(&fixture, 150_000, "") };
        let credit = staff.record_payment(named.clone()).await.unwrap().into_inner().payment.unwrap();
        assert_eq!((credit.left, fixture.read(&first.id).await.state.as_str()), (7_200, "open"));
        let kept = RecordPaymentRequest { keep_as_credit: true, ..payment(&fixture, 500, "") };
        assert_eq!(staff.record_payment(kept).await.unwrap().into_inner().payment.unwrap().left, 500);
        let dollars = RecordPaymentRequest { currency: "USD".to_owned(), ..named };
        assert_eq!(refused(staff.record_payment(dollars).await).fields[0].field, "currency");
        let usd = RecordPaymentRequest { currency: "USD".to_owned(), ..payment(&fixture, 700, "") };
        assert_eq!(staff.record_payment(usd).await.unwrap().into_inner().payment.unwrap().left, 700);
    }

    #[tokio::test]
    async fn i10_nobody_pays_for_a_foreign_account_and_mistakes_are_named() {
        let fixture = Fixture::new().await;
        let invoice = fixture.invoice().await;
        let elsewhere = portico_testkit::staff(fixture.database.tenant(), &["admin"]);
        assert_eq!(
            refused(fixture.billing(&elsewhere).record_payment(payment(&fixture, 1, "")).await),
            Problem::not_found()
        );
        let client =
            refused(fixture.billing(&fixture.client()).record_payment(payment(&fixture, 1, "")).await);
        assert_eq!(client.code, ErrorCode::PermissionDenied);
        let other = RecordPaymentRequest {
            account_id: fixture.globex.to_string(),
            sales_document_id: invoice.id,
            ..payment(&fixture, 1, "")
        };
        assert_eq!(
            refused(fixture.billing(&fixture.staff()).record_payment(other).await),
            Problem::not_found()
        );
        let wrong = RecordPaymentRequest {
            amount: 0,
            currency: "x".to_owned(),
            method: "barter".to_owned(),
            received_on: "2027-01-16".to_owned(),
            reference: "x".repeat(141),
            ..payment(&fixture, 0, "")
        };
        let problem = refused(fixture.billing(&fixture.staff()).record_payment(wrong).await);
        let named: Vec<_> = problem.fields.iter().map(|at| at.field.as_str()).collect();
        assert_eq!(named, ["amount", "currency", "method", "received_on", "reference"]);
    }
}
