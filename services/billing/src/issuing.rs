//! How a draft becomes a document that never changes again: in one transaction with its number and whatever is booked for it.

use chrono::{Days, NaiveDate};
use portico_db::Tx;

use crate::{
    domain::{
        document::{IssuedDocument, Kind, NotIssuable, Reference},
        party::{Buyer, LegalEntity},
        stored::Stored,
    },
    einvoice::{self, Broken},
    error::BillingError,
    service::Service,
    store,
};

/// How many digits numbers have at least.
const DIGITS: usize = 5;

/// A document that was issued, with the hash over everything on it.
pub(crate) struct JustIssued {
    pub(crate) document: IssuedDocument,
    pub(crate) hash: String,
}

/// Whom a document is made out to.
pub(crate) enum MadeOutTo {
    /// The account as it is now.
    Account,
    /// The same as on the document that is corrected.
    Same(Box<Buyer>),
}

/// Issues `draft`, which the caller holds, on the day `today`. `known_number` is that of an estimate whose earlier version was sent.
pub(crate) async fn issue(
    service: &Service,
    tx: &mut Tx,
    draft: &Stored,
    today: NaiveDate,
    known_number: Option<String>,
    corrects: Option<Reference>,
    made_out_to: MadeOutTo,
) -> Result<JustIssued, BillingError> {
    let entity =
        store::legal_entities::read(tx, draft.legal_entity_id).await?.ok_or(BillingError::NoLegalEntity)?;
    let buyer = match made_out_to {
        MadeOutTo::Same(buyer) => *buyer,
        MadeOutTo::Account => {
            store::buyers::read(tx, draft.account_id).await?.ok_or(BillingError::NoBuyer)?.buyer
        }
    };
    let mut content = draft.content.clone();
    if draft.kind == Kind::Invoice && content.until.is_none() {
        let days = Days::new(u64::from(entity.payment_days.unsigned_abs()));
        content.until = today.checked_add_days(days);
    }
    let totals = match (draft.kind, content.issuable(&entity.seller, &buyer, today)?) {
        // What is credited was allocated over all credit notes of the invoice, and is not calculated again.
        (Kind::CreditNote, _) => draft.totals.clone(),
        (_, totals) => totals,
    };
    let number = match known_number {
        Some(number) => number,
        None => next_number(tx, &entity, draft.kind).await?,
    };
    let document = IssuedDocument {
        id: draft.id,
        kind: draft.kind,
        number,
        version: draft.estimate_version,
        account_id: draft.account_id,
        issue_date: today,
        seller: entity.seller,
        buyer,
        corrects,
        content,
        totals,
    };
    let holds = einvoice::broken(&document).into_iter().find(|broken| !broken.is_of_format());
    if let Some(Broken { rule, text }) = holds {
        return Err(NotIssuable::BreaksRule { rule, text }.into());
    }
    let hash = document.hash();
    store::documents::issue(tx, &document, &hash, service.clock.now()).await?;
    Ok(JustIssued { document, hash })
}

async fn next_number(tx: &mut Tx, entity: &LegalEntity, kind: Kind) -> Result<String, BillingError> {
    let prefix = match kind {
        Kind::Estimate => &entity.prefixes.estimate,
        Kind::Invoice => &entity.prefixes.invoice,
        Kind::CreditNote => &entity.prefixes.credit_note,
    };
    let number = store::legal_entities::next_number(tx, entity.id, kind).await?;
    Ok(format!("{prefix}{number:0DIGITS$}"))
}

/// The draft that the caller wants to change: held, still a draft, and the one that they have read.
pub(crate) async fn hold_draft(tx: &mut Tx, id: uuid::Uuid, version: i32) -> Result<Stored, BillingError> {
    let draft = store::documents::hold(tx, id).await?.ok_or(BillingError::NotFound)?;
    if draft.issued.is_some() {
        return Err(BillingError::Issued);
    }
    if draft.version != version {
        return Err(BillingError::Stale);
    }
    Ok(draft)
}
