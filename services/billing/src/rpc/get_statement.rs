//! What an account owed, what moved, and what it owes.

use chrono::Months;
use portico_core::{AccountId, Money};
use portico_proto::billing::v1::{GetStatementRequest, GetStatementResponse};

use crate::{
    convert,
    error::BillingError,
    peers,
    service::{Call, Service},
    store,
};

/// The most movements of a statement.
const MOST: i64 = 2000;
/// The longest period.
const LONGEST: Months = Months::new(120);

pub(super) async fn handle(
    service: &Service,
    call: Call,
    request: GetStatementRequest,
) -> Result<GetStatementResponse, BillingError> {
    let account: AccountId = request.account_id.parse()?;
    peers::account(service, &call.caller, account).await?;
    let needed = |field: &str, text: &str| {
        convert::day(field, text)?.ok_or_else(|| BillingError::field(field, "Write the day like 2026-12-25."))
    };
    let (from, to) = (needed("from", &request.from)?, needed("to", &request.to)?);
    if to < from || from.checked_add_months(LONGEST).is_none_or(|last| to > last) {
        return Err(BillingError::field(
            "to",
            "Choose a last day after the first and at most ten years later.",
        ));
    }
    let mut tx = service.store.begin(&call.ctx).await?;
    let currency = match request.currency.as_str() {
        "" => store::ledger::newest_currency(&mut tx, account).await?.unwrap_or_default(),
        currency => {
            Money::new(0, currency)
                .map_err(|error| BillingError::field("currency", &error.to_string()))?
                .currency
        }
    };
    let opening = store::ledger::owed_before(&mut tx, account, &currency, from).await?;
    let moved = store::ledger::movements(&mut tx, account, &currency, (from, to), MOST + 1).await?;
    if moved.len() > usize::try_from(MOST).unwrap_or(usize::MAX) {
        return Err(BillingError::field(
            "from",
            "So much happened in this time that it does not fit. Choose a shorter one.",
        ));
    }
    let movements = convert::movements(opening, moved);
    let closing = movements.last().map_or(opening, |last| last.balance);
    Ok(GetStatementResponse { currency, opening, movements, closing })
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use portico_core::{Ctx, Problem};

    use super::*;
    use crate::testing::{Fixture, refused};

    #[tokio::test]
    async fn a_statement_opens_moves_and_closes() {
        let fixture = Fixture::new().await;
        fixture.invoice().await;
        fixture.database.clock.advance(TimeDelta::days(20));
        fixture.pay(150_000).await;
        let ask = async |ctx: &Ctx, from: &str, to: &str| {
            let request = GetStatementRequest {
                account_id: fixture.acme.to_string(),
                from: from.to_owned(),
                to: to.to_owned(),
                currency: String::new(),
            };
            fixture.billing(ctx).get_statement(request).await
        };
        for ctx in [fixture.client(), fixture.staff()] {
            let whole = ask(&ctx, "2027-01-01", "2027-02-28").await.unwrap().into_inner();
            assert_eq!((whole.currency.as_str(), whole.opening, whole.closing), ("EUR", 0, -7_200));
            let moved: Vec<_> =
                whole.movements.iter().map(|one| (one.act.as_str(), one.amount, one.balance)).collect();
            assert_eq!(moved, [("invoice_issued", 142_800, 142_800), ("payment_received", -150_000, -7_200)]);
        }
        let client = fixture.client();
        let february = ask(&client, "2027-02-01", "2027-02-28").await.unwrap().into_inner();
        assert_eq!((february.opening, february.movements.len(), february.closing), (142_800, 1, -7_200));
        for (from, to, field) in [
            ("", "2027-01-01", "from"),
            ("2027-01-02", "2027-01-01", "to"),
            ("2017-01-01", "2027-01-02", "to"),
        ] {
            assert_eq!(refused(ask(&client, from, to).await).fields[0].field, field);
        }
        for stranger in fixture.strangers() {
            assert_eq!(refused(ask(&stranger, "2027-01-01", "2027-02-28").await), Problem::not_found());
        }
    }
}
