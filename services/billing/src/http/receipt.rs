//! A receipt as PDF. It is drawn afresh each time, for what a payment pays may have changed.

use axum::{
    extract::{Path, State},
    response::Response,
};
use portico_rpc::{Incoming, answer};
use uuid::Uuid;

use super::file;
use crate::{
    error::BillingError,
    events::publish,
    paper, peers, receipt,
    service::{Call, Service, SharedService},
};

pub(super) async fn download(
    State(service): State<SharedService>,
    incoming: Incoming,
    Path(payment): Path<Uuid>,
) -> Response {
    match make(&service, &incoming, payment).await {
        Ok(response) => response,
        Err(error) => answer(error).into_http(),
    }
}

async fn make(service: &Service, incoming: &Incoming, payment: Uuid) -> Result<Response, BillingError> {
    let call = Call::of(incoming).map_err(|_| BillingError::NotFound)?;
    let receipt = {
        let mut tx = service.store.begin(&call.ctx).await?;
        receipt::read(&mut tx, payment).await?
    };
    let firm = peers::firm(service, &call.ctx).await?;
    let (name, account) = (format!("receipt-{}", receipt.credit.on), receipt.account);
    let amount = receipt.credit.money.to_string();
    let fonts = service.fonts()?;
    let drawn = tokio::task::spawn_blocking(move || paper::receipt(&fonts, &receipt, &firm.name, firm.look));
    let drawn = drawn.await.map_err(|error| portico_paper::PaperError::Writing(error.to_string()))??;
    let mut tx = service.store.begin(&call.ctx).await?;
    publish::receipt_downloaded(service, &mut tx, (payment, account), &amount).await?;
    tx.commit().await?;
    Ok(file(&name, "pdf", "application/pdf", drawn))
}

#[cfg(test)]
mod tests {
    use crate::{paper::tests::said, testing::Fixture};

    #[tokio::test]
    async fn a_receipt_can_be_kept_by_whom_it_concerns_alone() {
        let fixture = Fixture::new().await;
        fixture.invoice().await;
        let payment = fixture.pay(150_000).await.payment_id;
        let path = format!("/receipts/{payment}");
        for ctx in [fixture.client(), fixture.staff()] {
            let (status, headers, pdf) = fixture.get(&ctx, &path).await;
            assert_eq!((status, headers["content-type"].to_str().unwrap()), (200, "application/pdf"));
            let text = said("pdftotext", &["-layout", "FILE", "-"], &pdf);
            for part in
                ["Receipt for 1,500.00 EUR", "bank transfer", "Acme GmbH", "INV-00001", "1,428.00", "72.00"]
            {
                assert!(text.contains(part), "{part}: {text}");
            }
            assert!(!text.contains("noted"), "what is noted is for the firm alone");
        }
        let downloads = fixture.audited().await.iter().filter(|one| *one == "receipt.downloaded").count();
        assert_eq!(downloads, 2);
        for stranger in fixture.strangers() {
            assert_eq!(fixture.get(&stranger, &path).await.0, 404);
        }
    }
}
