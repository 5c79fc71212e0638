//! A statement as PDF. It is drawn afresh each time, for what it tells may have changed.

use axum::{
    extract::{Query, State},
    response::Response,
};
use portico_rpc::{Incoming, answer};
use serde::Deserialize;

use super::file;
use crate::{
    error::BillingError,
    events::publish,
    paper, peers,
    service::{Call, Service, SharedService},
    statement::{self, Asked},
    store,
};

/// Which statement is asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Period {
    account: String,
    from: String,
    to: String,
    currency: String,
}

pub(super) async fn download(
    State(service): State<SharedService>,
    incoming: Incoming,
    Query(period): Query<Period>,
) -> Response {
    match make(&service, &incoming, &period).await {
        Ok(response) => response,
        Err(error) => answer(error).into_http(),
    }
}

async fn make(service: &Service, incoming: &Incoming, period: &Period) -> Result<Response, BillingError> {
    let call = Call::of(incoming).map_err(|_| BillingError::NotFound)?;
    let account = period.account.parse()?;
    let asked = Asked { account, from: &period.from, to: &period.to, currency: &period.currency };
    let statement = statement::read(service, &call, asked).await?;
    let firm = peers::firm(service, &call.ctx).await?;
    let buyer = {
        let mut tx = service.store.begin(&call.ctx).await?;
        store::buyers::read(&mut tx, account).await?.map(|known| known.buyer)
    };
    let name = format!("{}-{}", statement.from, statement.to);
    let fonts = service.fonts()?;
    let label = name.clone();
    let drawn = tokio::task::spawn_blocking(move || {
        paper::statement(&fonts, &statement, &firm.name, buyer.as_ref(), firm.look)
    });
    let drawn = drawn.await.map_err(|error| portico_paper::PaperError::Writing(error.to_string()))??;
    let mut tx = service.store.begin(&call.ctx).await?;
    publish::statement_downloaded(service, &mut tx, account, &label).await?;
    tx.commit().await?;
    Ok(file(&name, "pdf", "application/pdf", drawn))
}

#[cfg(test)]
mod tests {
    use crate::{paper::tests::said, testing::Fixture};

    #[tokio::test]
    async fn a_statement_can_be_kept_by_whom_it_concerns_alone() {
        let fixture = Fixture::new().await;
        fixture.invoice().await;
        let path = format!("/statement?account={}&from=2027-01-01&to=2027-01-31", fixture.acme);
        for ctx in [fixture.client(), fixture.staff()] {
            let (status, _, pdf) = fixture.get(&ctx, &path).await;
            assert_eq!(status, 200);
            let text = said("pdftotext", &["-layout", "FILE", "-"], &pdf);
            assert!(text.contains("Acme GmbH") && text.contains("INV-00001"), "{text}");
        }
        let downloads = fixture.audited().await.iter().filter(|one| *one == "statement.downloaded").count();
        assert_eq!(downloads, 2);
        for stranger in fixture.strangers() {
            assert_eq!(fixture.get(&stranger, &path).await.0, 404);
        }
        let wrong = format!("/statement?account={}&from=soon&to=2027-01-31", fixture.acme);
        assert_eq!(fixture.get(&fixture.client(), &wrong).await.0, 400);
        assert_eq!(fixture.get(&fixture.client(), "/statement").await.0, 404);
    }
}
