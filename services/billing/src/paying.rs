//! What providers tell, taken into the books: each fact once, however often and in whatever order it comes.

use chrono::{DateTime, TimeDelta, Utc};
use portico_core::{Ctx, TenantId};

use crate::{
    domain::{
        ledger::Source,
        payment::{Payment, Refund},
        provider::{CheckoutState, Fact, RefundState},
    },
    error::BillingError,
    peers,
    service::Service,
    settling::{self, Pays},
    store::{self, checkouts::Told, provider_refunds::GivenBack},
};

/// What became of a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    /// It is in the books, now or since before, or it is none of ours.
    Done,
    /// It speaks of a payment that has not been told of yet: it is to be told again later.
    NotYet,
}

/// What speaks of an unknown payment is waited for this long: messages overtake each other by seconds. Later it is of a payment that is none
/// of ours, as others may use the same account; what came late after all is found at night.
const OVERTAKEN: TimeDelta = TimeDelta::hours(1);

/// Takes in facts; answers [`Taken::NotYet`] where one has to be told again. One that the books refuse stops no other: it is no better
/// when it is told again, and people have to look at it.
///
/// # Errors
/// Something is away: what was not taken in is to be told again.
pub(crate) async fn take(
    service: &Service,
    tenant: TenantId,
    provider: &str,
    facts: &[Fact],
) -> Result<Taken, BillingError> {
    let mut outcome = Taken::Done;
    for fact in facts {
        match take_one(service, tenant, provider, fact).await {
            Ok(Taken::Done) => {}
            Ok(Taken::NotYet) => outcome = Taken::NotYet,
            Err(BillingError::Refused(why)) => {
                tracing::error!(%tenant, provider, ?fact, %why, "the books refuse what a payment provider tells");
            }
            Err(error) => return Err(error),
        }
    }
    Ok(outcome)
}

/// What becomes of a fact of the moment `at` about a payment that is not known.
fn unknown(at: DateTime<Utc>, now: DateTime<Utc>) -> Taken {
    if now - at > OVERTAKEN { Taken::Done } else { Taken::NotYet }
}

async fn take_one(
    service: &Service,
    tenant: TenantId,
    provider: &str,
    fact: &Fact,
) -> Result<Taken, BillingError> {
    let ctx = Ctx::system(tenant, "billing.payments");
    let firm = peers::firm(service, &ctx).await?;
    let now = service.clock.now();
    let people = match fact {
        Fact::Refunded { state: RefundState::Failed, .. } => peers::administrators(service, &ctx).await?,
        Fact::Paid { checkout, .. } => {
            let there = {
                let mut tx = service.store.begin(&ctx).await?;
                store::checkouts::hold(&mut tx, *checkout).await?
            };
            match there {
                Some(there) => peers::members(service, &ctx, there.account_id).await?,
                None => return Ok(Taken::Done),
            }
        }
        _ => Vec::new(),
    };
    let mut tx = service.store.begin(&ctx).await?;
    match fact {
        Fact::Moved { checkout, state } => {
            let Some(there) = store::checkouts::hold(&mut tx, *checkout).await? else {
                return Ok(Taken::Done);
            };
            store::checkouts::set_state(&mut tx, *checkout, there.state.after(*state), now).await?;
        }
        Fact::Paid { reference, checkout, money, at } => {
            let Some(there) = store::checkouts::hold(&mut tx, *checkout).await? else {
                return Ok(Taken::Done);
            };
            let payment = Payment {
                id: service.id(),
                account_id: there.account_id,
                money: money.clone(),
                method: "card".to_owned(),
                provider: provider.to_owned(),
                reference: reference.clone(),
                received_on: at.with_timezone(&firm.zone).date_naive(),
                note: String::new(),
                recorded_by: None,
            };
            let pays = Pays::Invoice(there.invoice_id);
            settling::receive(service, &mut tx, &payment, None, pays, (&firm, &people)).await?;
            store::checkouts::set_state(&mut tx, *checkout, CheckoutState::Succeeded, now).await?;
        }
        Fact::Refunded { asked, state, reference, payment, money, at } => {
            let Some((id, account_id)) = store::checkouts::payment(&mut tx, provider, payment).await? else {
                return Ok(unknown(*at, now));
            };
            store::hold_account(&mut tx, account_id).await?;
            let told = GivenBack {
                asked: *asked,
                provider,
                reference,
                payment: id,
                account: account_id,
                money,
                state: *state,
                now,
            };
            let known = store::provider_refunds::told(&mut tx, service.id(), told).await?;
            let key = format!("{provider}:{reference}");
            let refund = Refund {
                id: if known.state == RefundState::Succeeded { service.id() } else { known.id },
                account_id,
                source: Source::Payment(id),
                money: money.clone(),
                refunded_on: at.with_timezone(&firm.zone).date_naive(),
                reason: if known.ours { known.reason } else { provider.to_owned() },
                reference: reference.clone(),
                recorded_by: known.requested_by,
            };
            match known.state {
                RefundState::Pending => {}
                RefundState::Succeeded => {
                    settling::refund(service, &mut tx, &firm, &refund, &key).await?;
                }
                RefundState::Failed => {
                    let was_booked =
                        settling::refund_failed(service, &mut tx, &firm, (account_id, &key), &people).await?;
                    if known.ours && known.news && !was_booked {
                        settling::refund_not_made(service, &mut tx, &firm, &refund, &people).await?;
                    }
                }
            }
        }
        Fact::Disputed { reference, payment, over, lost, at } => {
            let Some((id, account)) = store::checkouts::payment(&mut tx, provider, payment).await? else {
                return Ok(unknown(*at, now));
            };
            let closed_at = over.then_some(now);
            let told = Told { provider, reference, payment: id, account, opened_at: *at, closed_at };
            store::checkouts::dispute(&mut tx, service.id(), told).await?;
            if let Some(money) = lost {
                let refund = Refund {
                    id: service.id(),
                    account_id: account,
                    source: Source::Payment(id),
                    money: money.clone(),
                    refunded_on: now.with_timezone(&firm.zone).date_naive(),
                    reason: format!("{provider} dispute"),
                    reference: reference.clone(),
                    recorded_by: None,
                };
                settling::refund(service, &mut tx, &firm, &refund, &format!("{provider}:{reference}"))
                    .await?;
            }
        }
    }
    tx.commit().await?;
    Ok(Taken::Done)
}
