//! The demo firm's money: its company, an estimate that waits for the client's answer, and an invoice that waits to be paid.

use anyhow::Context as _;
use portico_proto::billing::v1::{
    Address, Buyer, Content, CreateDraftRequest, Document, DocumentKind, GetBuyerRequest,
    IssueInvoiceRequest, LegalEntity, Line, Seller, SendEstimateRequest, SetBuyerRequest,
    SetLegalEntityRequest,
};

use crate::office::Office;

/// Opens the firm's books for an account. Every part may be repeated.
///
/// # Errors
/// The service's refusal.
pub(crate) async fn open(office: &Office, account: &str, client: &str) -> anyhow::Result<()> {
    let mut billing = office.billing();
    let company = SetLegalEntityRequest {
        legal_entity: Some(company()),
        idempotency_key: "demo".to_owned(),
        ..SetLegalEntityRequest::default()
    };
    billing.set_legal_entity(company).await?;
    let known = billing.get_buyer(GetBuyerRequest { account_id: account.to_owned() }).await?.into_inner();
    if known.buyer.is_none() {
        let buyer = Buyer {
            name: format!("{client} GmbH"),
            address: address("Ringstraße 2", "1010", "Wien", "AT"),
            ..Buyer::default()
        };
        let asked = SetBuyerRequest { account_id: account.to_owned(), buyer: Some(buyer), etag: known.etag };
        billing.set_buyer(asked).await?;
    }
    let estimate =
        draft(office, account, DocumentKind::Estimate, "Harbour survey", ("8", "HUR", "150")).await?;
    if estimate.state == "draft" {
        let asked = SendEstimateRequest { sales_document_id: estimate.id, etag: estimate.etag };
        billing.send_estimate(asked).await?;
    }
    let invoice =
        draft(office, account, DocumentKind::Invoice, "Kick-off workshop", ("1", "DAY", "1200")).await?;
    if invoice.state == "draft" {
        let asked = IssueInvoiceRequest { sales_document_id: invoice.id, etag: invoice.etag };
        billing.issue_invoice(asked).await?;
    }
    Ok(())
}

/// A document of one line, taxed at the German rate.
async fn draft(
    office: &Office,
    account: &str,
    kind: DocumentKind,
    title: &str,
    (quantity, unit, unit_price): (&str, &str, &str),
) -> anyhow::Result<Document> {
    let line = Line {
        description: title.to_owned(),
        quantity: quantity.to_owned(),
        unit: unit.to_owned(),
        unit_price: unit_price.to_owned(),
        tax_category: "S".to_owned(),
        tax_basis_points: 1900,
        ..Line::default()
    };
    let content = Content {
        title: title.to_owned(),
        currency: "EUR".to_owned(),
        lines: vec![line],
        ..Content::default()
    };
    let asked = CreateDraftRequest {
        account_id: account.to_owned(),
        kind: kind.into(),
        content: Some(content),
        idempotency_key: format!("demo:{title}"),
        ..CreateDraftRequest::default()
    };
    office.billing().create_draft(asked).await?.into_inner().document.context("no draft was answered")
}

fn company() -> LegalEntity {
    LegalEntity {
        seller: Some(Seller {
            name: "Northwind Consulting GmbH".to_owned(),
            address: address("Hafenweg 1", "10115", "Berlin", "DE"),
            vat_id: "DE123456789".to_owned(),
            email: "billing@northwind.example".to_owned(),
            iban: "DE89370400440532013000".to_owned(),
            ..Seller::default()
        }),
        currency: "EUR".to_owned(),
        rounding: "half_up".to_owned(),
        payment_days: 14,
        estimate_prefix: "EST-".to_owned(),
        invoice_prefix: "INV-".to_owned(),
        credit_note_prefix: "CN-".to_owned(),
        ..LegalEntity::default()
    }
}

fn address(street: &str, post_code: &str, city: &str, country: &str) -> Option<Address> {
    Some(Address {
        street: street.to_owned(),
        post_code: post_code.to_owned(),
        city: city.to_owned(),
        country: country.to_owned(),
        ..Address::default()
    })
}
