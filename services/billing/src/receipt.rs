//! A receipt: what came, from whom, what it pays and what was given back of it. It is read afresh each time, for the last two change.

use portico_db::Tx;
use uuid::Uuid;

use crate::{
    domain::{ledger::Source, party::Buyer, payment::Credit},
    error::BillingError,
    paper::{Pays, Receipt},
    store,
};

/// The receipt of a payment.
///
/// # Errors
/// [`BillingError::NotFound`] for what is no payment, or not the reader's.
pub(crate) async fn read(tx: &mut Tx, payment: Uuid) -> Result<Receipt, BillingError> {
    let source = Source::Payment(payment);
    let (account, credit): (_, Credit) =
        store::payments::credit(tx, source).await?.ok_or(BillingError::NotFound)?;
    let payer: Option<Buyer> = store::buyers::read(tx, account).await?.map(|known| known.buyer);
    let pays = store::ledger::paid_by(tx, payment).await?;
    let pays = pays.into_iter().map(|(invoice, number, amount)| Pays { invoice, number, amount }).collect();
    let moved = store::ledger::moved_of(tx, payment).await?;
    Ok(Receipt { account, credit, payer, pays, moved })
}
