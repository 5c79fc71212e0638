//! A document as it lies in the database: a draft, or one that is issued.

use chrono::{DateTime, NaiveDate, Utc};
use portico_core::{AccountId, PersonId};
use uuid::Uuid;

use super::{
    document::{Content, IssuedDocument, Kind, Reference},
    lines::Totals,
    party::{Buyer, Seller},
};

/// A document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stored {
    /// Its id.
    pub(crate) id: Uuid,
    /// The account.
    pub(crate) account_id: AccountId,
    /// What sort of document it is.
    pub(crate) kind: Kind,
    /// The company that sells.
    pub(crate) legal_entity_id: Uuid,
    /// The estimate that it is a version of, or was made from.
    pub(crate) estimate_id: Option<Uuid>,
    /// The invoice that a credit note takes back.
    pub(crate) invoice_id: Option<Uuid>,
    /// Of an estimate, from 1.
    pub(crate) estimate_version: i32,
    /// What it says. Lists leave the lines out.
    pub(crate) content: Content,
    /// What the lines come to. Lists leave all but the three sums out.
    pub(crate) totals: Totals,
    /// What it got when it was issued; nothing for a draft.
    pub(crate) issued: Option<Issued>,
    /// The member of staff who began it.
    pub(crate) created_by: Option<PersonId>,
    /// When it was begun.
    pub(crate) created_at: DateTime<Utc>,
    /// The number of changes while it was a draft.
    pub(crate) version: i32,
}

/// What a document gets when it is issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Issued {
    /// Its number in its series.
    pub(crate) number: String,
    /// The day on it.
    pub(crate) issue_date: NaiveDate,
    /// Who sells.
    pub(crate) seller: Seller,
    /// Whom it is made out to.
    pub(crate) buyer: Buyer,
    /// The invoice that a credit note takes back.
    pub(crate) corrects: Option<Reference>,
    /// SHA-256 over everything on it.
    pub(crate) hash: String,
}

impl Stored {
    /// The number; empty for a draft.
    pub(crate) fn number(&self) -> &str {
        self.issued.as_ref().map_or("", |issued| issued.number.as_str())
    }

    /// Everything that stands on it, once it is issued.
    pub(crate) fn document(&self) -> Option<IssuedDocument> {
        let issued = self.issued.clone()?;
        Some(IssuedDocument {
            id: self.id,
            kind: self.kind,
            number: issued.number,
            version: self.estimate_version,
            account_id: self.account_id,
            issue_date: issued.issue_date,
            seller: issued.seller,
            buyer: issued.buyer,
            corrects: issued.corrects,
            content: self.content.clone(),
            totals: self.totals.clone(),
        })
    }
}
