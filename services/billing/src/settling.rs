//! Setting money against invoices: what every way of paying has in common. The account is held from before what is left is read.

use chrono::NaiveDate;
use portico_core::{AccountId, Money, PersonId};
use portico_db::Tx;
use uuid::Uuid;

use crate::{
    domain::{
        ledger::{Booking, Source},
        payment::{BY_HAND, Payment, Refund},
        settlement::{self, Settled},
        stored::Stored,
    },
    error::BillingError,
    events::publish::{self, Notice},
    peers::Firm,
    service::Service,
    store::{self, ledger::About},
    view,
};

/// What a payment pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pays {
    /// The oldest invoices first.
    Oldest,
    /// This one.
    Invoice(Uuid),
    /// None: it stays to the client's credit.
    Nothing,
}

/// One booking about something.
pub(crate) async fn book(
    service: &Service,
    tx: &mut Tx,
    account: AccountId,
    on: NaiveDate,
    (label, key): (&str, &str),
    booking: &Booking,
) -> Result<bool, BillingError> {
    let (id, now) = (service.id(), service.clock.now());
    Ok(store::ledger::book(tx, About { id, account, on, label, key, now }, booking).await?)
}

/// Records a payment, sets it against invoices and tells the account's people; answers the event, or nothing where the payment is known.
pub(crate) async fn receive(
    service: &Service,
    tx: &mut Tx,
    payment: &Payment,
    key: Option<&str>,
    pays: Pays,
    (firm, people): (&Firm, &[PersonId]),
) -> Result<Option<String>, BillingError> {
    store::hold_account(tx, payment.account_id).await?;
    if !store::payments::insert(tx, payment, key, service.clock.now()).await? {
        return Ok(None);
    }
    let (account, source) = (payment.account_id, Source::Payment(payment.id));
    let by_number = payment.provider == BY_HAND && !payment.reference.is_empty();
    let label = if by_number { &payment.reference } else { &payment.method };
    let booking = Booking::payment(payment.id, &payment.money);
    let booking_key = format!("payment:{}", payment.id);
    book(service, tx, account, payment.received_on, (label, &booking_key), &booking).await?;
    let event = publish::payment_recorded(service, tx, payment).await?;
    let open = match pays {
        Pays::Nothing => Vec::new(),
        Pays::Oldest => store::ledger::open_invoices(tx, account, &payment.money.currency).await?,
        Pays::Invoice(id) => {
            let open = store::ledger::open_invoices(tx, account, &payment.money.currency).await?;
            open.into_iter().filter(|(invoice, _)| *invoice == id).collect()
        }
    };
    for (invoice, amount) in settlement::spread(payment.money.amount, &open) {
        let key = format!("allocate:{}:{invoice}", payment.id);
        allocate(service, tx, source, invoice, amount, payment.received_on, (label, &key)).await?;
    }
    let notice = Notice {
        key: booking_key,
        people,
        told: firm.words.payment_received(&payment.money, payment.received_on),
        link: format!("/payments/{}", payment.id),
        kind: "notice",
        reply_to: payment.recorded_by,
    };
    publish::tell(service, tx, payment.id, account, notice).await?;
    Ok(Some(event))
}

/// Sets an amount of a source against an invoice, as far as the rules let it; answers the invoice, and `None` for a key that is known.
pub(crate) async fn allocate(
    service: &Service,
    tx: &mut Tx,
    source: Source,
    invoice: Uuid,
    amount: i64,
    on: NaiveDate,
    (label, key): (&str, &str),
) -> Result<Option<(Stored, Settled)>, BillingError> {
    let invoice = store::documents::read(tx, invoice).await?.ok_or(BillingError::NotFound)?;
    let (left, settled) = (store::ledger::left(tx, source).await?, view::settled(tx, invoice.id).await?);
    let money = in_currency(amount, &invoice.content.currency)?;
    let booking = Booking::allocation(source, invoice.id, &money);
    settlement::check_allocation(amount, left, settled.open())?;
    if !book(service, tx, invoice.account_id, on, (label, key), &booking).await? {
        return Ok(None);
    }
    let settled = view::settled(tx, invoice.id).await?;
    if settled.open() == 0 {
        store::reminders::stop(tx, invoice.id).await?;
        if settled.paid > 0 {
            publish::invoice_paid(service, tx, &invoice).await?;
        }
    }
    Ok(Some((invoice, settled)))
}

/// Gives money of a source back; what it had paid is owed again, the latest first. Answers the event, or nothing where the key is known.
pub(crate) async fn refund(
    service: &Service,
    tx: &mut Tx,
    firm: &Firm,
    refund: &Refund,
    key: &str,
) -> Result<Option<String>, BillingError> {
    store::hold_account(tx, refund.account_id).await?;
    if !store::payments::insert_refund(tx, refund, key, service.clock.now()).await? {
        return Ok(None);
    }
    // What the client reads is what was given back of; why it was is for the firm alone.
    let (_, credit) = store::payments::credit(tx, refund.source).await?.ok_or(BillingError::NotFound)?;
    let (left, allocated) =
        (store::ledger::left(tx, refund.source).await?, store::ledger::allocated(tx, refund.source).await?);
    let (account, on, label) = (refund.account_id, refund.refunded_on, credit.shown());
    for (invoice, amount) in settlement::free_up(refund.money.amount, left, &allocated)? {
        let money = in_currency(amount, &refund.money.currency)?;
        let booking = Booking::taken_back(refund.source, invoice, &money);
        let key = format!("take_back:{}:{invoice}", refund.id);
        book(service, tx, account, on, (label, &key), &booking).await?;
        // Reminders ended when it was paid. It is owed again, and nobody is reminded before the day on which it is due.
        let due = store::documents::read(tx, invoice).await?.and_then(|invoice| invoice.content.until);
        if let Some(due) = due {
            let at = firm.morning_after(due.max(service.today(firm)));
            store::reminders::plan(tx, invoice, account, at).await?;
        }
    }
    let booking = Booking::refund(refund.source, &refund.money);
    let booking_key = format!("refund:{}", refund.id);
    book(service, tx, account, on, (label, &booking_key), &booking).await?;
    Ok(Some(publish::refunded(service, tx, refund).await?))
}

/// Takes back in the books, once, that money was given back: it did not arrive. What the refund had taken from invoices pays them again, as
/// far as they are open; the rest is the client's credit. Answers whether anything was booked: nothing is where the refund never was.
pub(crate) async fn refund_failed(
    service: &Service,
    tx: &mut Tx,
    firm: &Firm,
    (account, key): (AccountId, &str),
    people: &[PersonId],
) -> Result<bool, BillingError> {
    store::hold_account(tx, account).await?;
    let Some(refund) = store::payments::find_refund(tx, account, key).await? else { return Ok(false) };
    let (_, credit) = store::payments::credit(tx, refund.source).await?.ok_or(BillingError::NotFound)?;
    let (on, label) = (service.today(firm), credit.shown());
    let booking = Booking::refund_failed(refund.source, &refund.money);
    let booking_key = format!("refund_failed:{}", refund.id);
    if !book(service, tx, account, on, (label, &booking_key), &booking).await? {
        return Ok(false);
    }
    for (invoice, taken) in store::ledger::taken_back_for(tx, account, refund.id).await? {
        let open = view::settled(tx, invoice).await?.open();
        let amount = taken.min(open).min(store::ledger::left(tx, refund.source).await?);
        if amount > 0 {
            let key = format!("allocate_again:{}:{invoice}", refund.id);
            allocate(service, tx, refund.source, invoice, amount, on, (label, &key)).await?;
        }
    }
    refund_not_made(service, tx, firm, &refund, people).await?;
    Ok(true)
}

/// A refund did not arrive, or was never made: the firm has the money, and its people are told.
pub(crate) async fn refund_not_made(
    service: &Service,
    tx: &mut Tx,
    firm: &Firm,
    refund: &Refund,
    people: &[PersonId],
) -> Result<(), BillingError> {
    let account = refund.account_id;
    publish::refund_failed(service, tx, refund).await?;
    let notice = Notice {
        key: format!("refund_failed:{}", refund.id),
        people,
        told: firm.words.refund_failed(&refund.money, &refund.reference),
        link: format!("/console/accounts/{account}/billing"),
        kind: "notice",
        reply_to: None,
    };
    publish::tell(service, tx, refund.source.id(), account, notice).await?;
    Ok(())
}

/// An amount in a currency that was checked when it was stored.
pub(crate) fn in_currency(amount: i64, currency: &str) -> Result<Money, BillingError> {
    Money::new(amount, currency).map_err(|error| BillingError::Unreadable(error.to_string()))
}
