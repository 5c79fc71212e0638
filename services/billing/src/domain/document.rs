//! Estimates, invoices and credit notes: as drafts that change and as documents that never do.

use chrono::NaiveDate;
use portico_core::AccountId;
use portico_service::Fields;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{
    decimal::{Decimal, Rounding},
    lines::{Line, TooLarge, Totals},
    party::{Buyer, Seller},
    tax::{Tax, TaxCategory},
};

/// The most lines of a document.
pub(crate) const MOST_LINES: usize = 200;

/// What sort of document it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// An offer that the client accepts or declines.
    Estimate,
    /// A demand for payment.
    Invoice,
    /// Takes an invoice back, wholly or in part.
    CreditNote,
}

impl Kind {
    /// The word that is stored.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Estimate => "estimate",
            Self::Invoice => "invoice",
            Self::CreditNote => "credit_note",
        }
    }

    /// The kind of a stored word.
    pub(crate) fn of(word: &str) -> Option<Self> {
        [Self::Estimate, Self::Invoice, Self::CreditNote].into_iter().find(|kind| kind.word() == word)
    }
}

/// What a document says, whether it is issued or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Content {
    /// What it is about, in one line.
    pub(crate) title: String,
    /// ISO 4217 code.
    pub(crate) currency: String,
    /// The one rule by which every amount on it was rounded.
    pub(crate) rounding: Rounding,
    /// The last day: to pay an invoice, to accept an estimate.
    pub(crate) until: Option<NaiveDate>,
    /// The first day of the work or delivery.
    pub(crate) service_from: Option<NaiveDate>,
    /// The last day of the work or delivery.
    pub(crate) service_to: Option<NaiveDate>,
    /// Text above the lines; may be empty.
    pub(crate) notes: String,
    /// Terms of payment in words; may be empty.
    pub(crate) terms: String,
    /// What is charged for.
    pub(crate) lines: Vec<Line>,
}

/// A document that was issued: everything that stands on it, and nothing else is needed to draw it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct IssuedDocument {
    /// Its id.
    pub(crate) id: Uuid,
    /// What sort of document it is.
    pub(crate) kind: Kind,
    /// Its number in its series.
    pub(crate) number: String,
    /// The version of an estimate, from 1; 1 for the others.
    pub(crate) version: i32,
    /// The client's account.
    pub(crate) account_id: AccountId,
    /// The day on it.
    pub(crate) issue_date: NaiveDate,
    /// Who sells.
    pub(crate) seller: Seller,
    /// Whom it is made out to.
    pub(crate) buyer: Buyer,
    /// The invoice that a credit note takes back.
    pub(crate) corrects: Option<Reference>,
    /// What it says.
    pub(crate) content: Content,
    /// What its lines come to.
    pub(crate) totals: Totals,
}

/// Another document, as one names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reference {
    /// Its number.
    pub(crate) number: String,
    /// The day on it.
    pub(crate) issue_date: NaiveDate,
}

impl IssuedDocument {
    /// SHA-256 over everything on the document, hexadecimal: whoever accepts an estimate names it.
    pub(crate) fn hash(&self) -> String {
        // Maps are sorted and fields stand in the order of the types, so the same document always gives the same text.
        let text = serde_json::to_vec(self).unwrap_or_default();
        hex::encode(Sha256::digest(&text))
    }
}

/// Why a document cannot be issued as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotIssuable {
    /// It charges for nothing.
    #[error("Add at least one line.")]
    NoLines,
    /// Nothing would be owed.
    #[error("The total must be more than zero. To give money back, issue a credit note.")]
    NothingOwed,
    /// The amounts cannot be kept.
    #[error("The amounts are too large.")]
    TooLarge,
    /// Lines outside of the tax stand beside others.
    #[error(
        "Lines outside of the scope of VAT cannot stand on one document with others. Write two documents."
    )]
    MixedScope,
    /// A category needs the buyer's VAT id.
    #[error("Enter the client's VAT id: without it the tax cannot be left to the buyer.")]
    NoBuyerVatId,
    /// A taxed line needs the seller's VAT id.
    #[error(
        "Enter the VAT id of your company in the billing settings: without it reverse charge and supplies within the EU cannot be invoiced."
    )]
    NoSellerVatId,
    /// It breaks a rule of the European standard of e-invoices.
    #[error("{text} ({rule})")]
    BreaksRule {
        /// The rule's name in EN 16931.
        rule: &'static str,
        /// What is wrong and what to do.
        text: &'static str,
    },
    /// The last day is before the first.
    #[error("The due day is before the day of the document. Choose a later day.")]
    DueBeforeIssue,
}

impl From<TooLarge> for NotIssuable {
    fn from(_: TooLarge) -> Self {
        Self::TooLarge
    }
}

impl Content {
    /// The sums of the lines.
    ///
    /// # Errors
    /// [`TooLarge`].
    pub(crate) fn totals(&self) -> Result<Totals, TooLarge> {
        Totals::of(&self.lines, &self.currency, self.rounding)
    }

    /// Whether this may go out on `issue_date` to `buyer`, and what it comes to.
    ///
    /// # Errors
    /// [`NotIssuable`] says in words for people what is missing.
    pub(crate) fn issuable(
        &self,
        seller: &Seller,
        buyer: &Buyer,
        issue_date: NaiveDate,
    ) -> Result<Totals, NotIssuable> {
        if self.lines.is_empty() {
            return Err(NotIssuable::NoLines);
        }
        let totals = self.totals()?;
        if totals.gross <= 0 {
            return Err(NotIssuable::NothingOwed);
        }
        let outside = |total: &super::lines::TaxTotal| total.key.category == TaxCategory::OutOfScope;
        if totals.taxes.iter().any(outside) && !totals.taxes.iter().all(outside) {
            return Err(NotIssuable::MixedScope);
        }
        if totals.taxes.iter().any(|total| total.key.category.needs_buyer_vat_id()) {
            if buyer.vat_id.is_empty() {
                return Err(NotIssuable::NoBuyerVatId);
            }
            if seller.vat_id.is_empty() {
                return Err(NotIssuable::NoSellerVatId);
            }
        }
        if self.until.is_some_and(|until| until < issue_date) {
            return Err(NotIssuable::DueBeforeIssue);
        }
        Ok(totals)
    }
}

/// A line as it was typed.
#[derive(Debug, Clone, Default)]
pub(crate) struct TypedLine {
    pub(crate) description: String,
    pub(crate) quantity: String,
    pub(crate) unit: String,
    pub(crate) unit_price: String,
    pub(crate) tax_category: String,
    pub(crate) tax_basis_points: i32,
    pub(crate) exemption_reason: String,
}

/// The texts of a document as they were typed.
#[derive(Debug, Clone, Default)]
pub(crate) struct TypedContent {
    pub(crate) title: String,
    pub(crate) currency: String,
    pub(crate) until: String,
    pub(crate) service_from: String,
    pub(crate) service_to: String,
    pub(crate) notes: String,
    pub(crate) terms: String,
    pub(crate) lines: Vec<TypedLine>,
}

impl TypedContent {
    /// Reads what was typed; `fields` names every mistake.
    pub(crate) fn check(self, rounding: Rounding, fields: &mut Fields) -> Content {
        let title = fields.line("title", &self.title, 160);
        if portico_core::Money::new(0, &self.currency).is_err() {
            fields.refuse("currency", "Enter the currency as three capital letters, such as EUR.");
        }
        let mut day = |field: &str, text: &str| {
            let text = text.trim();
            let day = text.parse::<NaiveDate>().ok();
            if !text.is_empty() && day.is_none() {
                fields.refuse(field, "Write the day like 2026-12-25.");
            }
            day
        };
        let until = day("until", &self.until);
        let service_from = day("service_from", &self.service_from);
        let service_to = day("service_to", &self.service_to);
        if matches!((service_from, service_to), (Some(from), Some(to)) if to < from) {
            fields.refuse("service_to", "The last day of the work is before its first.");
        }
        let notes = paragraphs(fields, "notes", &self.notes);
        let terms = paragraphs(fields, "terms", &self.terms);
        if self.lines.len() > MOST_LINES {
            fields.refuse("lines", format!("Use at most {MOST_LINES} lines."));
        }
        let lines = self.lines.into_iter().take(MOST_LINES).enumerate();
        let lines: Vec<Line> =
            lines.map(|(place, line)| line.check(&format!("lines[{place}]"), fields)).collect();
        let content = Content {
            title,
            currency: self.currency,
            rounding,
            until,
            service_from,
            service_to,
            notes,
            terms,
            lines,
        };
        if content.totals().is_err() {
            fields.refuse("lines", "The amounts are too large.");
        }
        content
    }
}

impl TypedLine {
    fn check(self, at: &str, fields: &mut Fields) -> Line {
        let description = fields.line(&format!("{at}.description"), &self.description, 200);
        let mut number = |name: &str, text: &str| {
            text.parse::<Decimal>().unwrap_or_else(|error| {
                fields.refuse(format!("{at}.{name}"), format!("Please {error}."));
                Decimal::one()
            })
        };
        let quantity = number("quantity", &self.quantity);
        let unit_price = number("unit_price", &self.unit_price);
        if quantity.millionths() == 0 {
            fields.refuse(format!("{at}.quantity"), "Enter a quantity other than 0.");
        }
        if unit_price.millionths() < 0 {
            fields.refuse(
                format!("{at}.unit_price"),
                "A price is not negative. For a reduction enter a negative quantity.",
            );
        }
        let unit = match self.unit.trim() {
            "" => "C62".to_owned(),
            code => code.to_owned(),
        };
        if unit.len() > 3 || !unit.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()) {
            fields.refuse(format!("{at}.unit"), "Choose a unit.");
        }
        let tax = Tax::check(&self.tax_category, self.tax_basis_points, &self.exemption_reason, at, fields);
        Line { description, quantity, unit, unit_price, tax }
    }
}

fn paragraphs(fields: &mut Fields, field: &str, text: &str) -> String {
    let text = text.trim().replace("\r\n", "\n");
    if text.chars().count() > 2000 {
        fields.refuse(field, "Use at most 2000 characters.");
    } else if text.chars().any(|c| c.is_control() && c != '\n') {
        fields.refuse(field, "Use plain text.");
    }
    text
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::domain::party::tests::{buyer, seller};

    pub(crate) fn typed() -> TypedContent {
        TypedContent {
            title: "Strategy workshop".to_owned(),
            currency: "EUR".to_owned(),
            until: "2027-01-29".to_owned(),
            lines: vec![TypedLine {
                description: "Consulting".to_owned(),
                quantity: "8".to_owned(),
                unit: "HUR".to_owned(),
                unit_price: "150".to_owned(),
                tax_category: "S".to_owned(),
                tax_basis_points: 1900,
                ..TypedLine::default()
            }],
            ..TypedContent::default()
        }
    }

    fn content(typed: TypedContent) -> Content {
        let mut fields = Fields::default();
        let content = typed.check(Rounding::HalfUp, &mut fields);
        fields.check().unwrap();
        content
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_draft_that_is_whole_may_be_issued() {
        let totals = content(typed()).issuable(&seller(), &buyer(), day("2027-01-15")).unwrap();
        assert_eq!((totals.net, totals.tax, totals.gross), (120_000, 22_800, 142_800));
    }

    #[test]
    fn what_is_missing_is_said() {
        let today = day("2027-01-15");
        let issue = |typed: TypedContent, buyer: &Buyer| content(typed).issuable(&seller(), buyer, today);
        let with = |change: fn(&mut TypedLine)| {
            let mut typed = typed();
            change(&mut typed.lines[0]);
            typed
        };
        assert_eq!(issue(TypedContent { lines: Vec::new(), ..typed() }, &buyer()), Err(NotIssuable::NoLines));
        assert_eq!(
            issue(with(|line| line.quantity = "-1".to_owned()), &buyer()),
            Err(NotIssuable::NothingOwed)
        );
        let late = TypedContent { until: "2027-01-14".to_owned(), ..typed() };
        assert_eq!(issue(late, &buyer()), Err(NotIssuable::DueBeforeIssue));
        let reversed = || {
            with(|line| {
                line.tax_category = "AE".to_owned();
                line.tax_basis_points = 0;
                line.exemption_reason = "Reverse charge".to_owned();
            })
        };
        assert!(issue(reversed(), &buyer()).is_ok());
        let private = Buyer { vat_id: String::new(), ..buyer() };
        assert_eq!(issue(reversed(), &private), Err(NotIssuable::NoBuyerVatId));
        let mut mixed = typed();
        mixed.lines.push(TypedLine {
            tax_category: "O".to_owned(),
            tax_basis_points: 0,
            exemption_reason: "Not taxable".to_owned(),
            ..typed().lines.remove(0)
        });
        assert_eq!(issue(mixed, &buyer()), Err(NotIssuable::MixedScope));
    }

    #[test]
    fn every_mistake_of_a_form_is_named_by_its_place() {
        let mut fields = Fields::default();
        let wrong = TypedContent {
            title: String::new(),
            currency: "euro".to_owned(),
            until: "soon".to_owned(),
            service_from: "2027-01-10".to_owned(),
            service_to: "2027-01-09".to_owned(),
            notes: "x".repeat(2001),
            lines: vec![TypedLine {
                quantity: "0".to_owned(),
                unit_price: "-1".to_owned(),
                unit: "hours".to_owned(),
                ..TypedLine::default()
            }],
            ..TypedContent::default()
        };
        wrong.check(Rounding::HalfUp, &mut fields);
        let problem = fields.check().unwrap_err();
        let named: Vec<_> = problem.fields.iter().map(|at| at.field.as_str()).collect();
        assert_eq!(
            named,
            [
                "title",
                "currency",
                "until",
                "service_to",
                "notes",
                "lines[0].description",
                "lines[0].quantity",
                "lines[0].unit_price",
                "lines[0].unit",
                "lines[0].tax_category",
                "lines[0].tax_basis_points",
            ]
        );
    }

    #[test]
    fn the_hash_changes_with_whatever_stands_on_the_document() {
        let content = content(typed());
        let totals = content.totals().unwrap();
        let document = IssuedDocument {
            id: Uuid::nil(),
            kind: Kind::Estimate,
            number: "EST-00001".to_owned(),
            version: 1,
            account_id: AccountId(Uuid::nil()),
            issue_date: day("2027-01-15"),
            seller: seller(),
            buyer: buyer(),
            corrects: None,
            content,
            totals,
        };
        let hash = document.hash();
        assert_eq!((hash.len(), document.hash()), (64, hash.clone()));
        let mut changed = document.clone();
        changed.content.lines[0].unit_price = "150.01".parse().unwrap();
        assert_ne!(changed.hash(), hash);
        let stored: IssuedDocument =
            serde_json::from_str(&serde_json::to_string(&document).unwrap()).unwrap();
        assert_eq!((stored.hash(), stored), (hash, document));
    }
}
