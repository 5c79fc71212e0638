//! What the service says, each with its entry in the audit. A function that answers a text answers the event as `type;id`, for whoever
//! wants to read what they have just written.

use chrono::NaiveDate;
use portico_core::{AccountId, Money, PersonId};
use portico_db::{StoreError, Tx};
use portico_events::{AuditDraft, Outgoing, audit, publish};
use portico_proto::{billing::v1 as proto, events::v1::NoticeRequested};
use serde_json::{Value, json};
use uuid::Uuid;

pub(crate) use super::downloads::{downloaded, receipt_downloaded, statement_downloaded};
use crate::{
    domain::{
        document::{IssuedDocument, Kind},
        estimate::Decision,
        ledger::Source,
        party::{AccountBuyer, LegalEntity},
        payment::{Payment, Refund},
        stored::Stored,
    },
    service::Service,
    words::Told,
};

async fn say<M: prost::Message + prost::Name>(
    service: &Service,
    tx: &mut Tx,
    aggregate: &'static str,
    key: Uuid,
    account: AccountId,
    body: &M,
) -> Result<String, StoreError> {
    let outgoing = Outgoing { aggregate, key, account: Some(account), body };
    let id = publish(tx, &*service.clock, &*service.entropy, outgoing).await?;
    Ok(format!("{};{id}", M::full_name()))
}

pub(super) async fn log(service: &Service, tx: &mut Tx, draft: AuditDraft<'_>) -> Result<(), StoreError> {
    audit(tx, &*service.clock, &*service.entropy, draft).await?;
    Ok(())
}

/// Something was done with a document that only the firm hears of; `action` says what.
pub(crate) async fn draft_audited(
    service: &Service,
    tx: &mut Tx,
    action: &'static str,
    draft: &Stored,
) -> Result<(), StoreError> {
    let draft = AuditDraft {
        action,
        object_kind: draft.kind.word(),
        object_id: draft.id,
        object_label: &draft.content.title,
        version: &draft.version.to_string(),
        account: Some(draft.account_id),
        details: json!({ "lines": draft.content.lines.len(), "gross": draft.totals.gross, "currency": draft.content.currency }),
        internal: true,
    };
    log(service, tx, draft).await
}

async fn document_audited(
    service: &Service,
    tx: &mut Tx,
    action: &'static str,
    document: &IssuedDocument,
    details: Value,
) -> Result<(), StoreError> {
    let draft = AuditDraft {
        action,
        object_kind: document.kind.word(),
        object_id: document.id,
        object_label: &document.number,
        version: &document.version.to_string(),
        account: Some(document.account_id),
        details,
        internal: false,
    };
    log(service, tx, draft).await
}

/// A company was made or changed; `action` says which.
pub(crate) async fn legal_entity_audited(
    service: &Service,
    tx: &mut Tx,
    action: &'static str,
    entity: &LegalEntity,
) -> Result<(), StoreError> {
    let draft = AuditDraft {
        action,
        object_kind: "legal_entity",
        object_id: entity.id,
        object_label: &entity.seller.name,
        version: &entity.version.to_string(),
        account: None,
        details: json!({ "currency": entity.currency, "rounding": entity.rounding.word(), "payment_days": entity.payment_days }),
        internal: true,
    };
    log(service, tx, draft).await
}

/// An account's details as a buyer were set.
pub(crate) async fn buyer_audited(
    service: &Service,
    tx: &mut Tx,
    buyer: &AccountBuyer,
) -> Result<(), StoreError> {
    let draft = AuditDraft {
        action: "buyer.updated",
        object_kind: "account",
        object_id: buyer.account_id.0,
        object_label: &buyer.buyer.name,
        version: &buyer.version.to_string(),
        account: Some(buyer.account_id),
        details: json!({}),
        internal: false,
    };
    log(service, tx, draft).await
}

/// An estimate was sent, or its next version.
pub(crate) async fn estimate_sent(
    service: &Service,
    tx: &mut Tx,
    estimate: Uuid,
    document: &IssuedDocument,
    hash: &str,
) -> Result<String, StoreError> {
    let details =
        json!({ "hash": hash, "gross": document.totals.gross, "currency": document.content.currency });
    document_audited(service, tx, "estimate.sent", document, details).await?;
    let event = proto::EstimateSent {
        sales_document_id: document.id.to_string(),
        estimate_id: estimate.to_string(),
        account_id: document.account_id.to_string(),
        number: document.number.clone(),
        version: document.version,
    };
    say(service, tx, "estimate", estimate, document.account_id, &event).await
}

/// A client decided about an estimate.
pub(crate) async fn estimate_decided(
    service: &Service,
    tx: &mut Tx,
    estimate: Uuid,
    document: &IssuedDocument,
    hash: &str,
    decision: &Decision,
) -> Result<String, StoreError> {
    let action = if decision.accepted { "estimate.accepted" } else { "estimate.declined" };
    document_audited(service, tx, action, document, json!({ "hash": hash })).await?;
    let (id, account) = (document.id.to_string(), document.account_id);
    if decision.accepted {
        let event = proto::EstimateAccepted {
            sales_document_id: id,
            estimate_id: estimate.to_string(),
            account_id: account.to_string(),
            person_id: decision.person_id.to_string(),
            hash: hash.to_owned(),
        };
        say(service, tx, "estimate", estimate, account, &event).await
    } else {
        let event = proto::EstimateDeclined {
            sales_document_id: id,
            estimate_id: estimate.to_string(),
            account_id: account.to_string(),
            person_id: decision.person_id.to_string(),
        };
        say(service, tx, "estimate", estimate, account, &event).await
    }
}

/// An invoice was issued.
pub(crate) async fn invoice_issued(
    service: &Service,
    tx: &mut Tx,
    document: &IssuedDocument,
    hash: &str,
) -> Result<String, StoreError> {
    let details =
        json!({ "hash": hash, "gross": document.totals.gross, "currency": document.content.currency });
    document_audited(service, tx, "invoice.issued", document, details).await?;
    let event = proto::InvoiceIssued {
        sales_document_id: document.id.to_string(),
        account_id: document.account_id.to_string(),
        number: document.number.clone(),
        currency: document.content.currency.clone(),
        gross: document.totals.gross,
    };
    say(service, tx, "invoice", document.id, document.account_id, &event).await
}

/// A credit note was issued.
pub(crate) async fn credit_note_issued(
    service: &Service,
    tx: &mut Tx,
    invoice: Uuid,
    document: &IssuedDocument,
    hash: &str,
) -> Result<String, StoreError> {
    let of = document.corrects.as_ref().map(|invoice| invoice.number.as_str()).unwrap_or_default();
    let details = json!({ "hash": hash, "invoice": of, "gross": document.totals.gross, "currency": document.content.currency });
    document_audited(service, tx, "credit_note.issued", document, details).await?;
    let event = proto::CreditNoteIssued {
        sales_document_id: document.id.to_string(),
        invoice_id: invoice.to_string(),
        account_id: document.account_id.to_string(),
        number: document.number.clone(),
        currency: document.content.currency.clone(),
        gross: document.totals.gross,
    };
    say(service, tx, "invoice", invoice, document.account_id, &event).await
}

/// Money came in.
pub(crate) async fn payment_recorded(
    service: &Service,
    tx: &mut Tx,
    payment: &Payment,
) -> Result<String, StoreError> {
    let details = json!({
        "amount": payment.money.amount, "currency": payment.money.currency, "method": payment.method, "provider": payment.provider,
    });
    let draft = AuditDraft {
        action: "payment.recorded",
        object_kind: "payment",
        object_id: payment.id,
        object_label: &payment.money.to_string(),
        version: "",
        account: Some(payment.account_id),
        details,
        internal: false,
    };
    log(service, tx, draft).await?;
    let event = proto::PaymentRecorded {
        payment_id: payment.id.to_string(),
        account_id: payment.account_id.to_string(),
        currency: payment.money.currency.clone(),
        amount: payment.money.amount,
    };
    say(service, tx, "payment", payment.id, payment.account_id, &event).await
}

/// What a payment or credit note had was set against an invoice by hand.
pub(crate) async fn credit_allocated(
    service: &Service,
    tx: &mut Tx,
    source: Source,
    invoice: &Stored,
    money: &Money,
) -> Result<(), StoreError> {
    let draft = AuditDraft {
        action: "credit.allocated",
        object_kind: "invoice",
        object_id: invoice.id,
        object_label: invoice.number(),
        version: "",
        account: Some(invoice.account_id),
        details: json!({ "amount": money.amount, "currency": money.currency, "source": source }),
        internal: false,
    };
    log(service, tx, draft).await
}

/// Nothing is open on an invoice any more.
pub(crate) async fn invoice_paid(
    service: &Service,
    tx: &mut Tx,
    invoice: &Stored,
) -> Result<String, StoreError> {
    let event = proto::InvoicePaid {
        sales_document_id: invoice.id.to_string(),
        account_id: invoice.account_id.to_string(),
        number: invoice.number().to_owned(),
    };
    say(service, tx, "invoice", invoice.id, invoice.account_id, &event).await
}

/// Money was given back.
pub(crate) async fn refunded(service: &Service, tx: &mut Tx, refund: &Refund) -> Result<String, StoreError> {
    let draft = AuditDraft {
        action: "payment.refunded",
        object_kind: "payment",
        object_id: refund.source.id(),
        object_label: &refund.money.to_string(),
        version: "",
        account: Some(refund.account_id),
        details: json!({ "amount": refund.money.amount, "currency": refund.money.currency }),
        internal: false,
    };
    log(service, tx, draft).await?;
    let (payment_id, credit_note_id) = match refund.source {
        Source::Payment(id) => (id.to_string(), String::new()),
        Source::CreditNote(id) => (String::new(), id.to_string()),
    };
    let event = proto::PaymentRefunded {
        payment_id,
        credit_note_id,
        account_id: refund.account_id.to_string(),
        currency: refund.money.currency.clone(),
        amount: refund.money.amount,
    };
    say(service, tx, "payment", refund.source.id(), refund.account_id, &event).await
}

/// Why money was given back, for the firm alone.
pub(crate) async fn refund_explained(
    service: &Service,
    tx: &mut Tx,
    refund: &Refund,
) -> Result<(), StoreError> {
    let draft = AuditDraft {
        action: "refund.explained",
        object_kind: "payment",
        object_id: refund.source.id(),
        object_label: &refund.money.to_string(),
        version: "",
        account: Some(refund.account_id),
        details: json!({ "reason": refund.reason }),
        internal: true,
    };
    log(service, tx, draft).await
}

/// Money that was given back did not arrive.
pub(crate) async fn refund_failed(
    service: &Service,
    tx: &mut Tx,
    refund: &Refund,
) -> Result<String, StoreError> {
    let draft = AuditDraft {
        action: "payment.refund_failed",
        object_kind: "payment",
        object_id: refund.source.id(),
        object_label: &refund.money.to_string(),
        version: "",
        account: Some(refund.account_id),
        details: json!({ "amount": refund.money.amount, "currency": refund.money.currency }),
        internal: false,
    };
    log(service, tx, draft).await?;
    let event = proto::RefundFailed {
        payment_id: refund.source.id().to_string(),
        account_id: refund.account_id.to_string(),
        currency: refund.money.currency.clone(),
        amount: refund.money.amount,
    };
    say(service, tx, "payment", refund.source.id(), refund.account_id, &event).await
}

/// What was open of an invoice was given up.
pub(crate) async fn written_off(
    service: &Service,
    tx: &mut Tx,
    invoice: &Stored,
    money: &Money,
    reason: &str,
) -> Result<String, StoreError> {
    let draft = AuditDraft {
        action: "invoice.written_off",
        object_kind: "invoice",
        object_id: invoice.id,
        object_label: invoice.number(),
        version: "",
        account: Some(invoice.account_id),
        details: json!({ "amount": money.amount, "currency": money.currency, "reason": reason }),
        internal: true,
    };
    log(service, tx, draft).await?;
    let event = proto::InvoiceWrittenOff {
        sales_document_id: invoice.id.to_string(),
        account_id: invoice.account_id.to_string(),
        currency: money.currency.clone(),
        amount: money.amount,
    };
    say(service, tx, "invoice", invoice.id, invoice.account_id, &event).await
}

/// A reminder went out.
pub(crate) async fn reminded(
    service: &Service,
    tx: &mut Tx,
    invoice: &Stored,
    number: i32,
    due: NaiveDate,
) -> Result<(), StoreError> {
    let draft = AuditDraft {
        action: "invoice.reminded",
        object_kind: "invoice",
        object_id: invoice.id,
        object_label: invoice.number(),
        version: "",
        account: Some(invoice.account_id),
        details: json!({ "reminder": number, "due": due }),
        internal: false,
    };
    log(service, tx, draft).await
}

/// What people are to be told, and where it leads.
pub(crate) struct Notice<'a> {
    /// The same key is told once.
    pub(crate) key: String,
    /// Whom.
    pub(crate) people: &'a [PersonId],
    /// What.
    pub(crate) told: Told,
    /// A path on the firm's host.
    pub(crate) link: String,
    /// `notice` or `reminder`.
    pub(crate) kind: &'static str,
    /// Who answers replies.
    pub(crate) reply_to: Option<PersonId>,
}

/// Tells people something, by mail and in the app. Nobody is told where nobody is named.
pub(crate) async fn tell(
    service: &Service,
    tx: &mut Tx,
    about: Uuid,
    account: AccountId,
    notice: Notice<'_>,
) -> Result<(), StoreError> {
    if notice.people.is_empty() {
        return Ok(());
    }
    let event = NoticeRequested {
        dedupe_key: notice.key,
        person_ids: notice.people.iter().map(PersonId::to_string).collect(),
        account_id: account.to_string(),
        subject: notice.told.subject,
        body: notice.told.body,
        link: notice.link,
        link_text: notice.told.link_text.to_owned(),
        by: vec!["mail".to_owned(), "app".to_owned()],
        kind: notice.kind.to_owned(),
        reply_to_person_id: notice.reply_to.map(|id| id.to_string()).unwrap_or_default(),
        ..NoticeRequested::default()
    };
    say(service, tx, "notice", about, account, &event).await?;
    Ok(())
}

/// Where a document is shown: the portal's page for the client, the console's for the firm.
pub(crate) fn page(kind: Kind, document: Uuid, for_client: bool) -> String {
    match (for_client, kind) {
        (true, Kind::Estimate) => format!("/estimates/{document}"),
        (true, Kind::Invoice | Kind::CreditNote) => format!("/invoices/{document}"),
        (false, _) => format!("/console/billing/{document}"),
    }
}
