//! What an account owed, what moved, and what it owes.

use portico_proto::billing::v1::{GetStatementRequest, GetStatementResponse};

use crate::{
    convert,
    error::BillingError,
    service::{Call, Service},
    statement,
};

pub(super) async fn handle(
    service: &Service,
    call: Call,
    request: GetStatementRequest,
) -> Result<GetStatementResponse, BillingError> {
    let account = request.account_id.parse()?;
    let asked =
        statement::Asked { account, from: &request.from, to: &request.to, currency: &request.currency };
    Ok(convert::statement(statement::read(service, &call, asked).await?))
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
