//! Documents as callers read them: with the state that follows from what was booked and decided.

use std::collections::HashMap;

use chrono::NaiveDate;
use portico_db::Tx;
use portico_proto::billing::v1 as proto;
use uuid::Uuid;

use crate::{
    convert,
    domain::{
        document::Kind,
        estimate::{Decision, EstimateState},
        settlement::{Settled, State},
        stored::Stored,
    },
    error::BillingError,
    store,
};

/// Documents in their states, in the same order.
pub(crate) async fn documents(
    tx: &mut Tx,
    stored: Vec<Stored>,
    today: NaiveDate,
) -> Result<Vec<proto::Document>, BillingError> {
    let of = |kind: Kind| stored.iter().filter(move |one| one.kind == kind && one.issued.is_some());
    let invoices: Vec<Uuid> = of(Kind::Invoice).map(|one| one.id).collect();
    let estimates: Vec<Uuid> = of(Kind::Estimate).filter_map(|one| one.estimate_id).collect();
    let settled =
        if invoices.is_empty() { HashMap::new() } else { store::ledger::settled(tx, &invoices).await? };
    let decisions =
        if estimates.is_empty() { Vec::new() } else { store::estimates::decisions(tx, &estimates).await? };
    let newest =
        if estimates.is_empty() { HashMap::new() } else { store::estimates::newest(tx, &estimates).await? };
    let pending =
        if invoices.is_empty() { HashMap::new() } else { store::checkouts::pending(tx, &invoices).await? };
    let view = stored.into_iter().map(|one| {
        let settled = settled.get(&one.id).copied().unwrap_or_default();
        let state = match (one.kind, one.issued.is_some()) {
            (Kind::Estimate, false) => EstimateState::Draft.word(),
            (_, false) => State::Draft.word(),
            (Kind::CreditNote, true) => "issued",
            (Kind::Invoice, true) => settled
                .state(one.content.until, today, pending.get(&one.id).copied().unwrap_or_default())
                .word(),
            (Kind::Estimate, true) => estimate_state(&one, &newest, &decisions, today).word(),
        };
        convert::document(one, state, settled)
    });
    Ok(view.collect())
}

/// One document in its state.
pub(crate) async fn document(
    tx: &mut Tx,
    stored: Stored,
    today: NaiveDate,
) -> Result<proto::Document, BillingError> {
    documents(tx, vec![stored], today).await?.pop().ok_or(BillingError::NotFound)
}

/// The state of a version that was sent.
pub(crate) fn estimate_state(
    stored: &Stored,
    newest: &HashMap<Uuid, Uuid>,
    decisions: &[Decision],
    today: NaiveDate,
) -> EstimateState {
    let newest = stored.estimate_id.and_then(|estimate| newest.get(&estimate)).copied().unwrap_or(stored.id);
    let decision = decisions.iter().find(|decision| decision.document_id == stored.id);
    EstimateState::of(stored.id, newest, stored.content.until, today, decision)
}

/// What is settled of one invoice.
pub(crate) async fn settled(tx: &mut Tx, invoice: Uuid) -> Result<Settled, BillingError> {
    Ok(store::ledger::settled(tx, &[invoice]).await?.remove(&invoice).unwrap_or_default())
}
