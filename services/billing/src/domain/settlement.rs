//! What the ledger says of an invoice: how much is paid, and the state that follows. No state is stored.

use chrono::NaiveDate;
use uuid::Uuid;

/// What was booked for an invoice, in minor units. `paid + credited + written_off + open = total`, always.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Settled {
    /// What the invoice comes to.
    pub(crate) total: i64,
    /// Set against it from payments.
    pub(crate) paid: i64,
    /// Set against it from credit notes.
    pub(crate) credited: i64,
    /// Given up.
    pub(crate) written_off: i64,
}

/// What happens to an invoice beside the ledger.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Pending {
    /// A payment is on its way at a provider.
    pub(crate) processing: bool,
    /// The payer disputes a payment at their bank.
    pub(crate) disputed: bool,
}

/// The state of an invoice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Not issued.
    Draft,
    /// Issued, and nothing has come.
    Open,
    /// Some of it has come.
    PartlyPaid,
    /// Nothing is open.
    Paid,
    /// Something is open after the due day.
    Overdue,
    /// Credited as a whole, so that nothing was ever due.
    Void,
    /// A payment is on its way.
    Processing,
    /// A payment is disputed.
    Disputed,
    /// The firm has given up what was open.
    WrittenOff,
}

impl State {
    /// The word of the API.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Open => "open",
            Self::PartlyPaid => "partly_paid",
            Self::Paid => "paid",
            Self::Overdue => "overdue",
            Self::Void => "void",
            Self::Processing => "processing",
            Self::Disputed => "disputed",
            Self::WrittenOff => "written_off",
        }
    }
}

impl Settled {
    /// What is still to be paid.
    pub(crate) const fn open(self) -> i64 {
        self.total - self.paid - self.credited - self.written_off
    }

    /// The state of an issued invoice on the day `today` where the firm is.
    pub(crate) fn state(self, due: Option<NaiveDate>, today: NaiveDate, pending: Pending) -> State {
        if pending.disputed {
            State::Disputed
        } else if self.credited == self.total {
            State::Void
        } else if self.open() <= 0 {
            if self.written_off > 0 { State::WrittenOff } else { State::Paid }
        } else if pending.processing {
            State::Processing
        } else if due.is_some_and(|due| due < today) {
            State::Overdue
        } else if self.paid + self.credited > 0 {
            State::PartlyPaid
        } else {
            State::Open
        }
    }
}

/// Why an amount cannot be booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    /// Nothing would move.
    #[error("Enter an amount of more than zero.")]
    Nothing,
    /// More than the source has.
    #[error("This is more than is left of the payment or credit.")]
    MoreThanLeft,
    /// More than the invoice is owed.
    #[error("This is more than is open on the invoice.")]
    MoreThanOpen,
}

/// Whether `amount` of what a source has `left` may be set against an invoice with `open`.
///
/// # Errors
/// [`Refused`]: an allocation never exceeds its payment nor what is open.
pub(crate) const fn check_allocation(amount: i64, left: i64, open: i64) -> Result<(), Refused> {
    if amount <= 0 {
        Err(Refused::Nothing)
    } else if amount > left {
        Err(Refused::MoreThanLeft)
    } else if amount > open {
        Err(Refused::MoreThanOpen)
    } else {
        Ok(())
    }
}

/// Spreads what a source has left over invoices in their order, each up to what it is owed. What remains stays the client's credit.
pub(crate) fn spread(mut left: i64, open: &[(Uuid, i64)]) -> Vec<(Uuid, i64)> {
    let mut given = Vec::new();
    for (invoice, open) in open {
        let amount = left.min(*open);
        if amount > 0 {
            given.push((*invoice, amount));
            left -= amount;
        }
    }
    given
}

/// What has to be taken back from invoices, the latest first, so that `amount` can be given back of a source that has `left`.
/// `allocated` holds the source's allocations, the latest first.
///
/// # Errors
/// [`Refused`] where it is more than the source ever had.
pub(crate) fn free_up(
    amount: i64,
    left: i64,
    allocated: &[(Uuid, i64)],
) -> Result<Vec<(Uuid, i64)>, Refused> {
    if amount <= 0 {
        return Err(Refused::Nothing);
    }
    let all: i64 = allocated.iter().map(|(_, amount)| amount).sum();
    if amount > left + all {
        return Err(Refused::MoreThanLeft);
    }
    Ok(spread((amount - left).max(0), allocated))
}

#[cfg(test)]
#[path = "settlement_tests.rs"]
mod tests;
