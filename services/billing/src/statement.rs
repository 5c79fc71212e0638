//! What an account owed, what moved and what it owes, as it is read and as it is put on paper.

use chrono::Months;
use portico_core::{AccountId, Money};

use crate::{
    convert,
    error::BillingError,
    paper::{Moved, Statement},
    peers,
    service::{Call, Service},
    store,
};

/// The most movements of a statement.
const MOST: i64 = 2000;
/// The longest period.
const LONGEST: Months = Months::new(120);

/// Which statement is asked for, as it was typed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// Whose.
    pub(crate) account: AccountId,
    /// The first day.
    pub(crate) from: &'a str,
    /// The last day.
    pub(crate) to: &'a str,
    /// ISO 4217 code; that of the account's newest document if empty.
    pub(crate) currency: &'a str,
}

/// The statement of an account that the caller reaches.
pub(crate) async fn read(
    service: &Service,
    call: &Call,
    asked: Asked<'_>,
) -> Result<Statement, BillingError> {
    peers::account(service, call, asked.account).await?;
    let needed = |field: &str, text: &str| {
        convert::day(field, text)?.ok_or_else(|| BillingError::field(field, "Write the day like 2026-12-25."))
    };
    let (from, to) = (needed("from", asked.from)?, needed("to", asked.to)?);
    if to < from || from.checked_add_months(LONGEST).is_none_or(|last| to > last) {
        return Err(BillingError::field(
            "to",
            "Choose a last day after the first and at most ten years later.",
        ));
    }
    let mut tx = service.store.begin(&call.ctx).await?;
    let currency = match asked.currency {
        "" => store::ledger::newest_currency(&mut tx, asked.account).await?.unwrap_or_default(),
        currency => {
            Money::new(0, currency)
                .map_err(|error| BillingError::field("currency", &error.to_string()))?
                .currency
        }
    };
    let opening = store::ledger::owed_before(&mut tx, asked.account, &currency, from).await?;
    let movements = store::ledger::movements(&mut tx, asked.account, &currency, (from, to), MOST + 1).await?;
    if movements.len() > usize::try_from(MOST).unwrap_or(usize::MAX) {
        return Err(BillingError::field(
            "from",
            "So much happened in this time that it does not fit. Choose a shorter one.",
        ));
    }
    let mut balance = opening;
    let moved = movements.into_iter().map(|movement| {
        balance += movement.amount;
        Moved { on: movement.on, act: movement.act, label: movement.label, amount: movement.amount, balance }
    });
    Ok(Statement { currency, from, to, opening, moved: moved.collect() })
}
