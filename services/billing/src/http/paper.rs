//! An issued document to keep: as PDF, with the e-invoice in it where there is one, or as the e-invoice alone.

use axum::{
    extract::{Path, State},
    response::Response,
};
use portico_rpc::{Incoming, answer};
use uuid::Uuid;

use super::file;
use crate::{
    domain::document::IssuedDocument,
    einvoice,
    error::BillingError,
    events::publish,
    paper::{self, Look},
    peers,
    service::{Call, Service, SharedService},
    store,
};

pub(super) async fn download(
    State(service): State<SharedService>,
    incoming: Incoming,
    Path((document, form)): Path<(String, String)>,
) -> Response {
    match make(&service, &incoming, &document, &form).await {
        Ok(response) => response,
        Err(error) => answer(error).into_http(),
    }
}

async fn make(
    service: &Service,
    incoming: &Incoming,
    document: &str,
    form: &str,
) -> Result<Response, BillingError> {
    let call = Call::of(incoming).map_err(|_| BillingError::NotFound)?;
    let id: Uuid = document.parse()?;
    let firm = peers::firm(service, &call.ctx).await?;
    let (document, kept) = {
        let mut tx = service.store.begin(&call.ctx).await?;
        let stored = store::documents::read(&mut tx, id).await?.ok_or(BillingError::NotFound)?;
        let kept = if form == "pdf" { store::papers::read(&mut tx, id).await? } else { None };
        (stored.document().ok_or(BillingError::NotFound)?, kept)
    };
    let (name, account) = (document.number.clone(), document.account_id);
    let (ending, kind, bytes) = match (form, kept) {
        ("pdf", Some(kept)) => ("pdf", "application/pdf", kept),
        ("pdf", None) => ("pdf", "application/pdf", draw(service, document.clone(), firm.look).await?),
        ("ubl" | "cii", _) if !einvoice::possible(&document) => return Err(BillingError::NoEInvoice),
        ("ubl", _) => ("ubl.xml", "application/xml", einvoice::ubl(&document)),
        ("cii", _) => ("cii.xml", "application/xml", einvoice::cii(&document)),
        _ => return Err(BillingError::NotFound),
    };
    let mut tx = service.store.begin(&call.ctx).await?;
    let bytes = if form == "pdf" {
        store::papers::keep(&mut tx, id, account, bytes, service.clock.now()).await?
    } else {
        bytes
    };
    publish::downloaded(service, &mut tx, &document, form).await?;
    tx.commit().await?;
    Ok(file(&name, ending, kind, bytes))
}

/// Drawing takes a while, and nobody else waits for it.
async fn draw(service: &Service, document: IssuedDocument, look: Look) -> Result<Vec<u8>, BillingError> {
    let fonts = service.fonts()?;
    let drawn = tokio::task::spawn_blocking(move || {
        let embedded = einvoice::embedded(&document);
        paper::document(&fonts, &document, look, embedded.as_ref())
    });
    let drawn = drawn.await.map_err(|error| portico_paper::PaperError::Writing(error.to_string()))?;
    Ok(drawn?)
}

#[cfg(test)]
mod tests {
    use portico_proto::billing::v1::{CreditInvoiceRequest, DocumentKind};

    use crate::{paper::tests::said, testing::Fixture};

    #[tokio::test]
    async fn what_was_handed_out_stays_the_same_whatever_becomes_of_the_firm() {
        let fixture = Fixture::new().await;
        let invoice = fixture.invoice().await;
        let path = format!("/papers/{}/pdf", invoice.id);
        let (status, headers, first) = fixture.get(&fixture.client(), &path).await;
        assert_eq!((status, headers["content-type"].as_bytes()), (200, &b"application/pdf"[..]));
        assert_eq!(headers["content-disposition"], "attachment; filename=\"INV-00001.pdf\"");
        said("qpdf", &["--check", "FILE"], &first);
        let text = said("pdftotext", &["FILE", "-"], &first);
        assert!(text.contains("Strategy workshop") && text.contains("1,428.00 EUR"), "{text}");
        sqlx::query("update billing.buyers set buyer = jsonb_set(buyer, '{name}', '\"Renamed\"')")
            .execute(fixture.database.admin())
            .await
            .unwrap();
        let (_, _, again) = fixture.get(&fixture.staff(), &path).await;
        assert!(first == again, "the PDF has changed");
        assert_eq!(fixture.rows("papers").await, 1);
        let changed = sqlx::query("update billing.papers set pdf = ''")
            .execute(fixture.store().begin(&fixture.staff()).await.unwrap().conn())
            .await;
        assert!(changed.unwrap_err().to_string().contains("permission denied"));
        let downloads = fixture.audited().await.iter().filter(|one| *one == "invoice.downloaded").count();
        assert_eq!(downloads, 2);
    }

    #[tokio::test]
    async fn every_issued_document_is_a_pdf_and_money_is_an_e_invoice_too() {
        let fixture = Fixture::new().await;
        let invoice = fixture.invoice().await;
        let credit = CreditInvoiceRequest {
            sales_document_id: invoice.id.clone(),
            reason: "Agreed".to_owned(),
            ..CreditInvoiceRequest::default()
        };
        let note = fixture.billing(&fixture.staff()).credit_invoice(credit).await.unwrap().into_inner();
        let estimate = fixture.estimate().await;
        let client = fixture.client();
        for (id, machine) in [(invoice.id, 200), (note.document.unwrap().id, 200), (estimate.id.clone(), 412)]
        {
            assert_eq!(fixture.get(&client, &format!("/papers/{id}/pdf")).await.0, 200);
            for form in ["ubl", "cii"] {
                let (status, _, body) = fixture.get(&client, &format!("/papers/{id}/{form}")).await;
                assert_eq!(status, machine, "{form}");
                assert!(status != 200 || body.starts_with(b"<?xml"), "{form}");
            }
            assert_eq!(fixture.get(&client, &format!("/papers/{id}/doc")).await.0, 404);
        }
    }

    #[tokio::test]
    async fn i02_nobody_else_gets_a_paper_and_a_draft_has_none() {
        let fixture = Fixture::new().await;
        let invoice = fixture.invoice().await;
        let draft = fixture.draft(DocumentKind::Invoice).await;
        for form in ["pdf", "ubl", "cii"] {
            for stranger in fixture.strangers() {
                let (real, _, there) =
                    fixture.get(&stranger, &format!("/papers/{}/{form}", invoice.id)).await;
                let never = fixture.database.account();
                let (absent, _, nowhere) = fixture.get(&stranger, &format!("/papers/{never}/{form}")).await;
                assert_eq!((real, there), (absent, nowhere));
                assert_eq!(real, 404);
            }
            for ctx in [fixture.client(), fixture.staff()] {
                assert_eq!(fixture.get(&ctx, &format!("/papers/{}/{form}", draft.id)).await.0, 404);
            }
        }
        assert_eq!(fixture.get(&fixture.admin(), "/papers/x/pdf").await.0, 404);
        assert_eq!(fixture.rows("papers").await, 0);
    }
}
