//! Money that came in and money that was given back.

use chrono::NaiveDate;
use portico_core::{AccountId, Money, PersonId};
use uuid::Uuid;

use super::ledger::Source;

/// The ways in which staff record money.
pub(crate) const METHODS: [&str; 6] = ["bank_transfer", "cash", "card", "direct_debit", "cheque", "other"];

/// Stands for the provider of what staff record.
pub(crate) const BY_HAND: &str = "manual";

/// Money that came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Payment {
    /// Its id.
    pub(crate) id: Uuid,
    /// The account that paid.
    pub(crate) account_id: AccountId,
    /// How much.
    pub(crate) money: Money,
    /// How it came.
    pub(crate) method: String,
    /// Who says so: `manual` or a provider's name.
    pub(crate) provider: String,
    /// The provider's id of it, or what stands on the bank's statement.
    pub(crate) reference: String,
    /// When.
    pub(crate) received_on: NaiveDate,
    /// For the firm alone.
    pub(crate) note: String,
    /// The member of staff who recorded it; nobody for a provider's.
    pub(crate) recorded_by: Option<PersonId>,
}

/// Money that was given back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refund {
    /// Its id.
    pub(crate) id: Uuid,
    /// The account that got it.
    pub(crate) account_id: AccountId,
    /// What it was taken from.
    pub(crate) source: Source,
    /// How much.
    pub(crate) money: Money,
    /// When.
    pub(crate) refunded_on: NaiveDate,
    /// Why; for the firm alone.
    pub(crate) reason: String,
    /// The provider's id of it; empty for one by hand.
    pub(crate) reference: String,
    /// The member of staff who recorded it; nobody for a provider's.
    pub(crate) recorded_by: Option<PersonId>,
}

/// A payment or credit note with what is left of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Credit {
    /// What it is.
    pub(crate) source: Source,
    /// The reference or number.
    pub(crate) label: String,
    /// What it was.
    pub(crate) money: Money,
    /// What is neither set against an invoice nor given back, in minor units.
    pub(crate) left: i64,
    /// What was given back, in minor units.
    pub(crate) refunded: i64,
    /// What a provider is giving back, which is not booked before the money has left.
    pub(crate) pending: i64,
    /// The day it came in or was issued.
    pub(crate) on: NaiveDate,
    /// How a payment came; empty for a credit note.
    pub(crate) method: String,
    /// The payment provider through which it came and is given back; nothing where it was paid or issued without one.
    pub(crate) provider: Option<String>,
    /// For the firm alone.
    pub(crate) note: String,
}

impl Credit {
    /// What people know it by: the reference or number, or how it came. A provider's number says nothing to them.
    pub(crate) fn shown(&self) -> &str {
        if self.label.is_empty() || self.provider.is_some() { &self.method } else { &self.label }
    }

    /// Whether it came through another provider than the one that is set up now, of which nothing more is heard.
    pub(crate) fn provider_gone(&self, set_up: &str) -> bool {
        self.provider.as_deref().is_some_and(|provider| provider != set_up)
    }

    /// What of a payment is neither given back nor on its way back.
    pub(crate) const fn refundable(&self) -> i64 {
        self.money.amount - self.refunded - self.pending
    }
}
