//! The double-entry ledger: what each act books, and that each booking is balanced.
//!
//! Money that came in, or was credited, belongs to the client until it is allocated: it stands on `client_credit` under its source. So
//! what an invoice is still owed, and what a payment has left, are sums of entries and nothing else.

use portico_core::Money;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{lines::Totals, tax::TaxKey};

/// Where money came from that may be allocated to invoices or given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Source {
    /// A payment.
    Payment(Uuid),
    /// A credit note.
    CreditNote(Uuid),
}

impl Source {
    /// The id of the payment or credit note.
    pub(crate) const fn id(self) -> Uuid {
        match self {
            Self::Payment(id) | Self::CreditNote(id) => id,
        }
    }
}

/// The accounts of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Chart {
    /// What the client owes for an invoice.
    Receivable(Uuid),
    /// What the client has to their credit from a source.
    ClientCredit(Source),
    /// The firm's money.
    Bank,
    /// What the firm earned, by the tax on it.
    Revenue(TaxKey),
    /// Tax that the firm owes the state.
    Tax(TaxKey),
    /// What will not be paid any more.
    BadDebt,
}

impl Chart {
    /// The word that is stored.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Receivable(_) => "receivable",
            Self::ClientCredit(_) => "client_credit",
            Self::Bank => "bank",
            Self::Revenue(_) => "revenue",
            Self::Tax(_) => "tax",
            Self::BadDebt => "bad_debt",
        }
    }

    /// Whether the client may see entries on it: their own debts and credits, not the firm's books.
    pub(crate) const fn is_the_clients(self) -> bool {
        matches!(self, Self::Receivable(_) | Self::ClientCredit(_))
    }
}

/// One entry of a booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    /// On which account.
    pub(crate) chart: Chart,
    /// Minor units: debits are positive, credits negative.
    pub(crate) amount: i64,
}

/// Why something was booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Act {
    /// An invoice was issued.
    InvoiceIssued,
    /// A credit note was issued.
    CreditIssued,
    /// Money came in.
    PaymentReceived,
    /// A payment or credit was set against an invoice.
    Allocated,
    /// An allocation was taken back.
    TakenBack,
    /// Money was given back.
    Refunded,
    /// Money that was given back came back.
    RefundFailed,
    /// What is open of an invoice was given up.
    WrittenOff,
}

impl Act {
    /// The word that is stored.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::InvoiceIssued => "invoice_issued",
            Self::CreditIssued => "credit_issued",
            Self::PaymentReceived => "payment_received",
            Self::Allocated => "allocated",
            Self::TakenBack => "taken_back",
            Self::Refunded => "refunded",
            Self::RefundFailed => "refund_failed",
            Self::WrittenOff => "written_off",
        }
    }
}

/// A booking: entries that sum to zero, in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Booking {
    /// Why.
    pub(crate) act: Act,
    /// ISO 4217 code of every entry.
    pub(crate) currency: String,
    /// At least two; none of zero.
    pub(crate) entries: Vec<Entry>,
}

impl Booking {
    fn new(act: Act, currency: &str, entries: Vec<Entry>) -> Self {
        let entries: Vec<Entry> = entries.into_iter().filter(|entry| entry.amount != 0).collect();
        debug_assert!(
            entries.iter().map(|entry| i128::from(entry.amount)).sum::<i128>() == 0,
            "unbalanced {act:?}"
        );
        Self { act, currency: currency.to_owned(), entries }
    }

    /// An amount that moves from one account to another.
    fn moved(act: Act, from: Chart, to: Chart, money: &Money) -> Self {
        let entries =
            vec![Entry { chart: to, amount: money.amount }, Entry { chart: from, amount: -money.amount }];
        Self::new(act, &money.currency, entries)
    }

    /// An invoice: the client owes the total, the firm earned the net sums and owes the tax.
    pub(crate) fn invoice(invoice: Uuid, totals: &Totals, currency: &str) -> Self {
        let mut entries = vec![Entry { chart: Chart::Receivable(invoice), amount: totals.gross }];
        entries.extend(earned(totals, -1));
        Self::new(Act::InvoiceIssued, currency, entries)
    }

    /// A credit note: the client has the total to their credit, and the firm earned that much less.
    pub(crate) fn credit_note(credit_note: Uuid, totals: &Totals, currency: &str) -> Self {
        let credit = Chart::ClientCredit(Source::CreditNote(credit_note));
        let mut entries = vec![Entry { chart: credit, amount: -totals.gross }];
        entries.extend(earned(totals, 1));
        Self::new(Act::CreditIssued, currency, entries)
    }

    /// A payment that came in: to the client's credit until it is allocated.
    pub(crate) fn payment(payment: Uuid, money: &Money) -> Self {
        let credit = Chart::ClientCredit(Source::Payment(payment));
        Self::moved(Act::PaymentReceived, credit, Chart::Bank, money)
    }

    /// Money of a source pays an invoice.
    pub(crate) fn allocation(source: Source, invoice: Uuid, money: &Money) -> Self {
        Self::moved(Act::Allocated, Chart::Receivable(invoice), Chart::ClientCredit(source), money)
    }

    /// An allocation is undone: the invoice is owed again and the source has its money back.
    pub(crate) fn taken_back(source: Source, invoice: Uuid, money: &Money) -> Self {
        Self::moved(Act::TakenBack, Chart::ClientCredit(source), Chart::Receivable(invoice), money)
    }

    /// What a source has left is given back.
    pub(crate) fn refund(source: Source, money: &Money) -> Self {
        Self::moved(Act::Refunded, Chart::Bank, Chart::ClientCredit(source), money)
    }

    /// What was given back did not arrive: the source has it again.
    pub(crate) fn refund_failed(source: Source, money: &Money) -> Self {
        Self::moved(Act::RefundFailed, Chart::ClientCredit(source), Chart::Bank, money)
    }

    /// What is open of an invoice is given up.
    pub(crate) fn write_off(invoice: Uuid, money: &Money) -> Self {
        Self::moved(Act::WrittenOff, Chart::Receivable(invoice), Chart::BadDebt, money)
    }
}

fn earned(totals: &Totals, sign: i64) -> impl Iterator<Item = Entry> {
    totals.taxes.iter().flat_map(move |total| {
        [
            Entry { chart: Chart::Revenue(total.key), amount: sign * total.base },
            Entry { chart: Chart::Tax(total.key), amount: sign * total.tax },
        ]
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        lines::TaxTotal,
        tax::TaxCategory::{Standard, Zero},
    };

    #[test]
    fn every_booking_sums_to_zero_and_holds_no_empty_entry() {
        let key = |category, basis_points| TaxKey { category, basis_points };
        let total = |key, base, tax| TaxTotal { key, exemption_reason: String::new(), base, tax };
        let totals = Totals {
            lines: vec![1000, 500],
            taxes: vec![total(key(Standard, 1900), 1000, 190), total(key(Zero, 0), 500, 0)],
            net: 1500,
            tax: 190,
            gross: 1690,
        };
        let (invoice, payment) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let source = Source::Payment(payment);
        let money = Money::new(700, "EUR").unwrap();
        for booking in [
            Booking::invoice(invoice, &totals, "EUR"),
            Booking::credit_note(payment, &totals, "EUR"),
            Booking::payment(payment, &money),
            Booking::allocation(source, invoice, &money),
            Booking::taken_back(source, invoice, &money),
            Booking::refund(source, &money),
            Booking::refund_failed(source, &money),
            Booking::write_off(invoice, &money),
        ] {
            assert_eq!(booking.entries.iter().map(|entry| entry.amount).sum::<i64>(), 0, "{booking:?}");
            assert!(
                booking.entries.len() >= 2 && booking.entries.iter().all(|entry| entry.amount != 0),
                "{booking:?}"
            );
        }
        let issued = Booking::invoice(invoice, &totals, "EUR");
        assert_eq!(issued.entries[0], Entry { chart: Chart::Receivable(invoice), amount: 1690 });
        assert_eq!(issued.entries.len(), 4, "zero percent books no tax");
    }
}
