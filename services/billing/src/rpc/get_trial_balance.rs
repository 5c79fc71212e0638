//! The balances of the firm's ledger.

use portico_proto::billing::v1::{GetTrialBalanceRequest, GetTrialBalanceResponse};

use crate::{
    convert,
    error::BillingError,
    peers,
    service::{Call, Service},
    store,
};

pub(super) async fn handle(
    service: &Service,
    call: Call,
    request: GetTrialBalanceRequest,
) -> Result<GetTrialBalanceResponse, BillingError> {
    let firm = peers::firm(service, &call.ctx).await?;
    let until = convert::day("until", &request.until)?.unwrap_or_else(|| service.today(&firm));
    let mut tx = service.store.begin(&call.ctx).await?;
    let balances = store::ledger::balances(&mut tx, until).await?;
    Ok(GetTrialBalanceResponse { balances: balances.into_iter().map(convert::balance).collect() })
}

#[cfg(test)]
mod tests {
    use portico_core::ErrorCode;

    use super::*;
    use crate::testing::{Fixture, refused};

    #[tokio::test]
    async fn the_books_sum_to_zero_and_are_read_by_administrators_of_the_firm() {
        let fixture = Fixture::new().await;
        fixture.invoice().await;
        fixture.pay(50_000).await;
        let ask = |until: &str| GetTrialBalanceRequest { until: until.to_owned() };
        let balances =
            fixture.billing(&fixture.admin()).get_trial_balance(ask("")).await.unwrap().into_inner().balances;
        assert_eq!(balances.iter().map(|balance| balance.amount).sum::<i64>(), 0);
        assert_eq!(balances.len(), 5);
        let before = fixture
            .billing(&fixture.admin())
            .get_trial_balance(ask("2027-01-14"))
            .await
            .unwrap()
            .into_inner();
        assert!(before.balances.is_empty());
        for lesser in [fixture.staff(), fixture.client()] {
            assert_eq!(
                refused(fixture.billing(&lesser).get_trial_balance(ask("")).await).code,
                ErrorCode::PermissionDenied
            );
        }
        let elsewhere = portico_testkit::staff(fixture.database.tenant(), &["admin"]);
        assert!(
            fixture
                .billing(&elsewhere)
                .get_trial_balance(ask(""))
                .await
                .unwrap()
                .into_inner()
                .balances
                .is_empty()
        );
    }

    #[tokio::test]
    async fn the_database_itself_refuses_entries_that_do_not_sum_to_zero() {
        let fixture = Fixture::new().await;
        fixture.invoice().await;
        let mut tx = fixture.store().begin(&fixture.admin()).await.unwrap();
        sqlx::raw_sql(
            "insert into billing.ledger_entries (tenant_id, transaction_id, position, account_id, internal, chart, act, currency, amount)
             select tenant_id, id, 90, account_id, true, 'bank', act, 'EUR', 1 from billing.ledger_transactions",
        )
        .execute(tx.conn())
        .await
        .unwrap();
        let refused = tx.commit().await.unwrap_err();
        assert!(refused.to_string().contains("do not sum to zero"), "{refused}");
        let mut tx = fixture.store().begin(&fixture.admin()).await.unwrap();
        sqlx::raw_sql(
            "insert into billing.ledger_entries (tenant_id, transaction_id, position, account_id, internal, chart, act, currency, amount)
             select tenant_id, id, 90 + n, account_id, true, 'bank', act, case n when 0 then 'EUR' else 'USD' end, 1 - 2 * n
             from billing.ledger_transactions, generate_series(0, 1) n",
        )
        .execute(tx.conn())
        .await
        .unwrap();
        assert!(tx.commit().await.is_err(), "a currency does not make up for another");
    }
}
