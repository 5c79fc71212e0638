//! Between protobuf and the domain.

use chrono::NaiveDate;
use portico_proto::{billing::v1 as proto, time};

use crate::{
    domain::{
        document::{Kind, TypedContent, TypedLine},
        estimate::Decision,
        ledger::Source,
        lines::{Line, TaxTotal},
        party::{Address, Buyer, LegalEntity, Seller},
        payment::Credit,
        settlement::Settled,
        stored::Stored,
    },
    error::BillingError,
    paper::{Receipt, Statement},
    store::ledger::{Balance, Settlement},
};

/// The number of changes that an etag stands for. One that was never given out is one that is no longer the present.
pub(crate) fn version(etag: &str) -> Result<i32, BillingError> {
    if etag.is_empty() {
        return Err(BillingError::field("etag", "Send the etag that was read with the object."));
    }
    etag.parse().map_err(|_| BillingError::Stale)
}

/// A key of a request; nothing where there is none.
pub(crate) fn key(key: &str) -> Result<Option<&str>, BillingError> {
    match key.len() {
        0 => Ok(None),
        1..=200 => Ok(Some(key)),
        _ => Err(BillingError::field("idempotency_key", "Use at most 200 characters.")),
    }
}

/// A key that a request must have.
pub(crate) fn required_key(given: &str) -> Result<&str, BillingError> {
    key(given)?.ok_or_else(|| {
        BillingError::field("idempotency_key", "Send a key, so that a retry books nothing twice.")
    })
}

/// A day of a request; nothing where there is none.
pub(crate) fn day(field: &str, text: &str) -> Result<Option<NaiveDate>, BillingError> {
    if text.is_empty() {
        return Ok(None);
    }
    let day = text.parse().map_err(|_| BillingError::field(field, "Write the day like 2026-12-25."))?;
    Ok(Some(day))
}

/// The kind of a request.
pub(crate) fn kind(kind: i32) -> Option<Kind> {
    match proto::DocumentKind::try_from(kind).ok()? {
        proto::DocumentKind::Unspecified => None,
        proto::DocumentKind::Estimate => Some(Kind::Estimate),
        proto::DocumentKind::Invoice => Some(Kind::Invoice),
        proto::DocumentKind::CreditNote => Some(Kind::CreditNote),
    }
}

/// The source that a request names by one of two ids.
pub(crate) fn source(payment_id: &str, credit_note_id: &str) -> Result<Source, BillingError> {
    match (payment_id, credit_note_id) {
        ("", "") => Err(BillingError::field("payment_id", "Name a payment or a credit note.")),
        (payment, "") => Ok(Source::Payment(payment.parse()?)),
        ("", credit_note) => Ok(Source::CreditNote(credit_note.parse()?)),
        _ => Err(BillingError::field("credit_note_id", "Name either a payment or a credit note.")),
    }
}

fn address(address: Option<proto::Address>) -> Address {
    let address = address.unwrap_or_default();
    Address {
        street: address.street,
        extra: address.extra,
        post_code: address.post_code,
        city: address.city,
        country: address.country,
    }
}

fn address_out(address: Address) -> Option<proto::Address> {
    Some(proto::Address {
        street: address.street,
        extra: address.extra,
        post_code: address.post_code,
        city: address.city,
        country: address.country,
    })
}

pub(crate) fn seller(seller: proto::Seller) -> Seller {
    Seller {
        name: seller.name,
        address: address(seller.address),
        vat_id: seller.vat_id,
        tax_number: seller.tax_number,
        registration: seller.registration,
        contact_name: seller.contact_name,
        email: seller.email,
        phone: seller.phone,
        iban: seller.iban,
        bic: seller.bic,
        account_holder: seller.account_holder,
    }
}

fn seller_out(seller: Seller) -> proto::Seller {
    proto::Seller {
        name: seller.name,
        address: address_out(seller.address),
        vat_id: seller.vat_id,
        tax_number: seller.tax_number,
        registration: seller.registration,
        contact_name: seller.contact_name,
        email: seller.email,
        phone: seller.phone,
        iban: seller.iban,
        bic: seller.bic,
        account_holder: seller.account_holder,
    }
}

pub(crate) fn buyer(buyer: proto::Buyer) -> Buyer {
    Buyer {
        name: buyer.name,
        address: address(buyer.address),
        vat_id: buyer.vat_id,
        email: buyer.email,
        reference: buyer.reference,
    }
}

pub(crate) fn buyer_out(buyer: Buyer) -> proto::Buyer {
    proto::Buyer {
        name: buyer.name,
        address: address_out(buyer.address),
        vat_id: buyer.vat_id,
        email: buyer.email,
        reference: buyer.reference,
    }
}

pub(crate) fn legal_entity(entity: LegalEntity) -> proto::LegalEntity {
    proto::LegalEntity {
        id: entity.id.to_string(),
        seller: Some(seller_out(entity.seller)),
        currency: entity.currency,
        rounding: entity.rounding.word().to_owned(),
        payment_days: entity.payment_days,
        estimate_prefix: entity.prefixes.estimate,
        invoice_prefix: entity.prefixes.invoice,
        credit_note_prefix: entity.prefixes.credit_note,
        etag: entity.version.to_string(),
    }
}

pub(crate) fn typed_lines(lines: Vec<proto::Line>) -> Vec<TypedLine> {
    let typed = lines.into_iter().map(|line| TypedLine {
        description: line.description,
        quantity: line.quantity,
        unit: line.unit,
        unit_price: line.unit_price,
        tax_category: line.tax_category,
        tax_basis_points: line.tax_basis_points,
        exemption_reason: line.exemption_reason,
    });
    typed.collect()
}

pub(crate) fn typed(content: Option<proto::Content>) -> TypedContent {
    let content = content.unwrap_or_default();
    TypedContent {
        title: content.title,
        currency: content.currency,
        until: content.until,
        service_from: content.service_from,
        service_to: content.service_to,
        notes: content.notes,
        terms: content.terms,
        lines: typed_lines(content.lines),
    }
}

fn line((line, net): (Line, i64)) -> proto::Line {
    proto::Line {
        description: line.description,
        quantity: line.quantity.to_string(),
        unit: line.unit,
        unit_price: line.unit_price.to_string(),
        tax_category: line.tax.key.category.code().to_owned(),
        tax_basis_points: line.tax.key.basis_points,
        exemption_reason: line.tax.exemption_reason,
        net,
    }
}

fn tax_total(total: TaxTotal) -> proto::TaxTotal {
    proto::TaxTotal {
        category: total.key.category.code().to_owned(),
        basis_points: total.key.basis_points,
        exemption_reason: total.exemption_reason,
        base: total.base,
        tax: total.tax,
    }
}

fn text(day: Option<NaiveDate>) -> String {
    day.map(|day| day.to_string()).unwrap_or_default()
}

/// A document in its state, with what was booked for it.
pub(crate) fn document(stored: Stored, state: &str, settled: Settled) -> proto::Document {
    let kind = match stored.kind {
        Kind::Estimate => proto::DocumentKind::Estimate,
        Kind::Invoice => proto::DocumentKind::Invoice,
        Kind::CreditNote => proto::DocumentKind::CreditNote,
    };
    let id = |id: Option<uuid::Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
    let number = stored.number().to_owned();
    let (content, totals) = (stored.content, stored.totals);
    let rounding = content.rounding.word().to_owned();
    let content = proto::Content {
        title: content.title,
        currency: content.currency,
        until: text(content.until),
        service_from: text(content.service_from),
        service_to: text(content.service_to),
        notes: content.notes,
        terms: content.terms,
        lines: content.lines.into_iter().zip(totals.lines).map(line).collect(),
    };
    let corrects = stored.issued.as_ref().and_then(|issued| issued.corrects.clone());
    let hash = stored.issued.as_ref().map(|issued| issued.hash.clone()).unwrap_or_default();
    proto::Document {
        id: stored.id.to_string(),
        kind: kind.into(),
        account_id: stored.account_id.to_string(),
        number,
        state: state.to_owned(),
        content: Some(content),
        taxes: totals.taxes.into_iter().map(tax_total).collect(),
        net: totals.net,
        tax: totals.tax,
        gross: totals.gross,
        rounding,
        issue_date: text(stored.issued.as_ref().map(|issued| issued.issue_date)),
        seller: stored.issued.as_ref().map(|issued| seller_out(issued.seller.clone())),
        buyer: stored.issued.as_ref().map(|issued| buyer_out(issued.buyer.clone())),
        hash,
        estimate_id: id(stored.estimate_id),
        estimate_version: stored.estimate_version,
        invoice_id: id(stored.invoice_id),
        invoice_number: corrects.map(|reference| reference.number).unwrap_or_default(),
        paid: settled.paid,
        credited: settled.credited,
        written_off: settled.written_off,
        open: settled.open(),
        legal_entity_id: stored.legal_entity_id.to_string(),
        created_at: Some(time::timestamp(stored.created_at)),
        etag: stored.version.to_string(),
    }
}

pub(crate) fn settlement(settlement: Settlement) -> proto::Settlement {
    let id = |id: Option<uuid::Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
    proto::Settlement {
        on: settlement.on.to_string(),
        act: settlement.act,
        payment_id: id(settlement.payment_id),
        credit_note_id: id(settlement.credit_note_id),
        label: settlement.label,
        amount: settlement.amount,
    }
}

pub(crate) fn decision(decision: &Decision) -> proto::Decision {
    proto::Decision {
        sales_document_id: decision.document_id.to_string(),
        accepted: decision.accepted,
        person_id: decision.person_id.to_string(),
        person_name: decision.person_name.clone(),
        reason: decision.reason.clone(),
        decided_at: Some(time::timestamp(decision.decided_at)),
    }
}

/// A payment or credit note, for the client's side.
pub(crate) fn credit(credit: Credit) -> proto::Credit {
    let (payment_id, credit_note_id) = match credit.source {
        Source::Payment(id) => (id.to_string(), String::new()),
        Source::CreditNote(id) => (String::new(), id.to_string()),
    };
    proto::Credit {
        payment_id,
        credit_note_id,
        label: credit.label,
        currency: credit.money.currency,
        amount: credit.money.amount,
        left: credit.left,
        refunded: credit.refunded,
        on: credit.on.to_string(),
        method: credit.method,
        note: String::new(),
        at_provider: credit.provider.is_some(),
        pending: credit.pending,
        provider_gone: false,
    }
}

/// A payment or credit note with what is for the firm alone; `set_up` is the provider that it has now.
pub(crate) fn credit_for_firm(of: Credit, set_up: &str) -> proto::Credit {
    let (note, provider_gone) = (of.note.clone(), of.provider_gone(set_up));
    proto::Credit { note, provider_gone, ..credit(of) }
}

/// A receipt; what the firm noted is for the firm alone.
pub(crate) fn receipt(receipt: Receipt, internal: bool) -> proto::GetPaymentResponse {
    let note = if internal { receipt.credit.note.clone() } else { String::new() };
    let pays = receipt.pays.into_iter().map(|pays| proto::PaidInvoice {
        sales_document_id: pays.invoice.to_string(),
        number: pays.number,
        amount: pays.amount,
    });
    let moved = receipt.moved.into_iter().map(|(on, act, amount)| proto::Movement {
        on: on.to_string(),
        act,
        label: String::new(),
        amount,
        balance: 0,
    });
    proto::GetPaymentResponse {
        account_id: receipt.account.to_string(),
        payer: receipt.payer.map(buyer_out),
        pays: pays.collect(),
        movements: moved.collect(),
        payment: Some(proto::Credit { note, ..credit(receipt.credit) }),
    }
}

/// A statement with the balance after each movement.
pub(crate) fn statement(statement: Statement) -> proto::GetStatementResponse {
    let closing = statement.closing();
    let movement = statement.moved.into_iter().map(|moved| proto::Movement {
        on: moved.on.to_string(),
        act: moved.act,
        label: moved.label,
        amount: moved.amount,
        balance: moved.balance,
    });
    proto::GetStatementResponse {
        movements: movement.collect(),
        currency: statement.currency,
        opening: statement.opening,
        closing,
    }
}

pub(crate) fn balance(balance: Balance) -> proto::Balance {
    proto::Balance {
        chart: balance.chart,
        currency: balance.currency,
        tax_category: balance.tax_category,
        tax_basis_points: balance.tax_basis_points,
        amount: balance.amount,
    }
}
