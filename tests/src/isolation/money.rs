//! What Acme has in billing, for the walks: a company that sells, drafts, what was sent, and money that came in.

use std::collections::BTreeMap;

use anyhow::Context as _;
use portico_proto::billing::v1::{
    Address, Buyer, Content, CreateDraftRequest, CreditInvoiceRequest, Document, DocumentKind,
    IssueInvoiceRequest, LegalEntity, Line, RecordPaymentRequest, Seller, SendEstimateRequest,
    SetBuyerRequest, SetLegalEntityRequest, billing_client::BillingClient,
};
use portico_rpc::CallerChannel;

use crate::harness::World;

/// The ids of what there is, by the names of the request fields that ask for them; `title` stands on every document.
pub(crate) async fn of_account(
    world: &World,
    account: &str,
    title: &str,
) -> anyhow::Result<BTreeMap<&'static str, Vec<String>>> {
    let admin = world.person("northwind", "nora@northwind.example").await?;
    let mut billing = BillingClient::new(admin.channel("billing"));
    let entity = billing
        .set_legal_entity(SetLegalEntityRequest { legal_entity: Some(company()), ..Default::default() })
        .await?
        .into_inner()
        .legal_entity
        .context("no company")?;
    let buyer = Buyer { name: title.to_owned(), address: address(), ..Buyer::default() };
    let asked = SetBuyerRequest { account_id: account.to_owned(), buyer: Some(buyer), etag: "0".to_owned() };
    billing.set_buyer(asked).await?;
    let estimate = draft(&mut billing, account, title, DocumentKind::Estimate).await?;
    let asked = SendEstimateRequest { sales_document_id: estimate.id.clone(), etag: estimate.etag.clone() };
    billing.send_estimate(asked).await?;
    let hidden = draft(&mut billing, account, title, DocumentKind::Invoice).await?;
    let invoice = draft(&mut billing, account, title, DocumentKind::Invoice).await?;
    let asked = IssueInvoiceRequest { sales_document_id: invoice.id.clone(), etag: invoice.etag.clone() };
    billing.issue_invoice(asked).await?;
    let part = CreditInvoiceRequest {
        sales_document_id: invoice.id.clone(),
        lines: vec![Line { quantity: "1".to_owned(), ..line(title) }],
        reason: title.to_owned(),
        ..CreditInvoiceRequest::default()
    };
    let note = billing.credit_invoice(part).await?.into_inner().document.context("no credit note")?;
    let payment = RecordPaymentRequest {
        account_id: account.to_owned(),
        currency: "EUR".to_owned(),
        amount: 1_000,
        method: "bank_transfer".to_owned(),
        received_on: "2026-01-15".to_owned(),
        reference: title.to_owned(),
        ..RecordPaymentRequest::default()
    };
    let payment = billing.record_payment(payment).await?.into_inner().payment.context("no payment")?;
    Ok(BTreeMap::from([
        ("legal_entity_id", vec![entity.id]),
        ("sales_document_id", vec![invoice.id, estimate.id, note.id.clone(), hidden.id]),
        ("estimate_id", vec![estimate.estimate_id]),
        ("payment_id", vec![payment.payment_id]),
        ("credit_note_id", vec![note.id]),
    ]))
}

async fn draft(
    billing: &mut BillingClient<CallerChannel>,
    account: &str,
    title: &str,
    kind: DocumentKind,
) -> anyhow::Result<Document> {
    let content = Content {
        title: title.to_owned(),
        currency: "EUR".to_owned(),
        lines: vec![line(title)],
        ..Content::default()
    };
    let asked = CreateDraftRequest {
        account_id: account.to_owned(),
        kind: kind.into(),
        content: Some(content),
        ..CreateDraftRequest::default()
    };
    billing.create_draft(asked).await?.into_inner().document.context("no draft")
}

fn line(title: &str) -> Line {
    Line {
        description: title.to_owned(),
        quantity: "8".to_owned(),
        unit: "HUR".to_owned(),
        unit_price: "150".to_owned(),
        tax_category: "S".to_owned(),
        tax_basis_points: 1900,
        ..Line::default()
    }
}

fn company() -> LegalEntity {
    LegalEntity {
        seller: Some(Seller {
            name: "Northwind Consulting GmbH".to_owned(),
            address: address(),
            vat_id: "DE123456789".to_owned(),
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

fn address() -> Option<Address> {
    Some(Address {
        street: "Hafenweg 1".to_owned(),
        extra: String::new(),
        post_code: "10115".to_owned(),
        city: "Berlin".to_owned(),
        country: "DE".to_owned(),
    })
}
