//! Invoices and credit notes for machines, after EN 16931: in UBL 2.1, in CII, and as CII within the PDF (Factur-X). Pure.

mod cii;
mod factur_x;
mod rules;
#[cfg(test)]
mod tests;
mod ubl;
mod xml;

pub(crate) use cii::cii;
pub(crate) use factur_x::embedded;
pub(crate) use rules::{Broken, broken};
pub(crate) use ubl::ubl;

use chrono::NaiveDate;

use crate::domain::{
    decimal::minor_units,
    document::{IssuedDocument, Kind},
    tax::TaxCategory,
};

/// The specification that the files keep to.
const PROFILE: &str = "urn:cen.eu:en16931:2017";

/// Whether a document can be said to machines: estimates cannot, nor currencies of another kind than whole units with up to two decimals,
/// nor what breaks a rule of the standard.
pub(crate) fn possible(document: &IssuedDocument) -> bool {
    document.kind != Kind::Estimate && broken(document).is_empty()
}

/// Minor units as the standard writes amounts: `1428.00`.
fn amount(minor: i64, currency: &str) -> String {
    let per_unit = minor_units(currency).unsigned_abs();
    let (whole, rest) = (minor.unsigned_abs() / per_unit, minor.unsigned_abs() % per_unit);
    let sign = if minor < 0 { "-" } else { "" };
    match per_unit {
        1 => format!("{sign}{whole}"),
        10 => format!("{sign}{whole}.{rest}"),
        100 => format!("{sign}{whole}.{rest:02}"),
        _ => format!("{sign}{whole}.{rest:03}"),
    }
}

/// A rate in percent: `19`, `7.5`.
fn percent(basis_points: i32) -> String {
    let (whole, rest) = (basis_points / 100, basis_points % 100);
    let text = format!("{whole}.{rest:02}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The number of the standard's list of document types.
const fn type_code(kind: Kind) -> &'static str {
    match kind {
        Kind::CreditNote => "381",
        Kind::Invoice | Kind::Estimate => "380",
    }
}

/// What is written of the parties' VAT ids: none where the document is outside of the tax.
fn names_vat_ids(document: &IssuedDocument) -> bool {
    !document.totals.taxes.iter().any(|total| total.key.category == TaxCategory::OutOfScope)
}

/// What tells the seller apart where there is neither VAT id nor register: the tax number, or a VAT id that must not be called one.
fn other_id(document: &IssuedDocument) -> Option<&str> {
    let seller = &document.seller;
    let known = (names_vat_ids(document) && !seller.vat_id.is_empty()) || !seller.registration.is_empty();
    let other = if seller.tax_number.is_empty() { &seller.vat_id } else { &seller.tax_number };
    (!known && !other.is_empty()).then_some(other.as_str())
}

/// The notes, each of which is one of the file's.
fn notes(document: &IssuedDocument) -> Vec<&str> {
    let content = &document.content;
    [content.title.as_str(), content.notes.as_str()].into_iter().filter(|note| !note.is_empty()).collect()
}

/// The terms in words. A credit note is not paid, and says so: the standard asks for a day or a word.
fn terms(document: &IssuedDocument) -> Option<String> {
    let terms = &document.content.terms;
    match document.kind {
        Kind::CreditNote => {
            let of = document.corrects.as_ref().map(|corrected| corrected.number.as_str());
            Some(of.map_or_else(|| "Credited".to_owned(), |number| format!("Credited against {number}")))
        }
        _ => (!terms.is_empty()).then(|| terms.clone()),
    }
}

/// How it is paid: by SEPA transfer in euros, by any transfer otherwise; nothing where no account is known.
fn means(document: &IssuedDocument) -> Option<&'static str> {
    (document.kind == Kind::Invoice && !document.seller.iban.is_empty())
        .then_some(if document.content.currency == "EUR" { "58" } else { "30" })
}

/// The day from which on the work was done, and the last one.
const fn period(document: &IssuedDocument) -> Option<(Option<NaiveDate>, Option<NaiveDate>)> {
    match (document.content.service_from, document.content.service_to) {
        (None, None) => None,
        period => Some(period),
    }
}

/// Where the goods went: only a supply within the European Union says it.
fn delivered_to(document: &IssuedDocument) -> Option<&str> {
    let within = document.totals.taxes.iter().any(|total| total.key.category == TaxCategory::IntraCommunity);
    within.then_some(document.buyer.address.country.as_str())
}
