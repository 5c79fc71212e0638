//! How far an invoice may be credited.

use super::{
    document::{Content, IssuedDocument},
    lines::{Line, Totals},
};

/// Why a credit note cannot be issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotCreditable {
    /// Earlier credit notes have taken back everything.
    #[error("This invoice is credited as a whole already.")]
    NothingLeft,
    /// More than the invoice has at this rate, after earlier credit notes.
    #[error("This is more than is left of the invoice at one of its tax rates.")]
    MoreThanInvoiced,
    /// Some of it was given up: who never paid that gets nothing for it.
    #[error(
        "This invoice was written off, as a whole or in part. Credit no more than what was not written off."
    )]
    WrittenOff,
}

/// The lines that take back whatever earlier credit notes have left of `invoice`, in words of `rest` where there were any.
///
/// # Errors
/// [`NotCreditable::NothingLeft`].
pub(crate) fn whole(
    invoice: &IssuedDocument,
    earlier: &[Totals],
    rest: &str,
) -> Result<Vec<Line>, NotCreditable> {
    if earlier.is_empty() {
        return Ok(invoice.content.lines.clone());
    }
    let mut lines = Vec::new();
    for total in &invoice.totals.taxes {
        let left = total.base - earlier.iter().map(|credit| credit.base_of(total.key)).sum::<i64>();
        let amount = super::decimal::Decimal::of_minor(left.abs(), &invoice.content.currency);
        let (Some(unit_price), true) = (amount, left != 0) else { continue };
        lines.push(Line {
            description: rest.to_owned(),
            quantity: super::decimal::Decimal::from_millionths(left.signum() * 1_000_000),
            unit: "C62".to_owned(),
            unit_price,
            tax: super::tax::Tax { key: total.key, exemption_reason: total.exemption_reason.clone() },
        });
    }
    if lines.is_empty() { Err(NotCreditable::NothingLeft) } else { Ok(lines) }
}

/// Whether `credit` stays within what earlier credit notes have left of `invoice`: at each tax rate, and altogether.
///
/// # Errors
/// [`NotCreditable`].
pub(crate) fn check(invoice: &Totals, earlier: &[Totals], credit: &Totals) -> Result<(), NotCreditable> {
    let credited: i64 = earlier.iter().map(|one| one.gross).sum();
    if credited >= invoice.gross {
        return Err(NotCreditable::NothingLeft);
    }
    let over = |total: &super::lines::TaxTotal| {
        let before: i64 = earlier.iter().map(|one| one.base_of(total.key)).sum();
        before + total.base > invoice.base_of(total.key)
    };
    if credited + credit.gross > invoice.gross || credit.taxes.iter().any(over) {
        return Err(NotCreditable::MoreThanInvoiced);
    }
    Ok(())
}

/// Whether `credit` stays within what was not given up of `invoice`: beyond that it would be money to the client that they never paid.
///
/// # Errors
/// [`NotCreditable::WrittenOff`].
pub(crate) fn check_written_off(
    invoice: &Totals,
    earlier: &[Totals],
    credit: &Totals,
    written_off: i64,
) -> Result<(), NotCreditable> {
    let before: i64 = earlier.iter().map(|one| one.gross).sum();
    if written_off > 0 && before + credit.gross > invoice.gross - written_off {
        return Err(NotCreditable::WrittenOff);
    }
    Ok(())
}

/// What a credit note says that takes back `lines` of `invoice`.
pub(crate) fn content(invoice: &IssuedDocument, lines: Vec<Line>, reason: String) -> Content {
    Content { notes: reason, until: None, terms: String::new(), lines, ..invoice.content.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        decimal::Rounding,
        tax::{Tax, TaxCategory, TaxKey},
    };

    fn totals(amounts: &[(&str, i32)]) -> Totals {
        let lines: Vec<Line> = amounts
            .iter()
            .map(|(price, basis_points)| Line {
                description: "Work".to_owned(),
                quantity: "1".parse().unwrap(),
                unit: "C62".to_owned(),
                unit_price: price.parse().unwrap(),
                tax: Tax {
                    key: TaxKey { category: TaxCategory::Standard, basis_points: *basis_points },
                    exemption_reason: String::new(),
                },
            })
            .collect();
        Totals::of(&lines, "EUR", Rounding::HalfUp).unwrap()
    }

    #[test]
    fn credits_stay_within_the_invoice_at_every_rate() {
        let invoice = totals(&[("100", 1900), ("50", 700)]);
        assert_eq!(check(&invoice, &[], &totals(&[("100", 1900), ("50", 700)])), Ok(()));
        assert_eq!(check(&invoice, &[], &totals(&[("51", 700)])), Err(NotCreditable::MoreThanInvoiced));
        assert_eq!(check(&invoice, &[], &totals(&[("1", 500)])), Err(NotCreditable::MoreThanInvoiced));
        let earlier = [totals(&[("60", 1900)])];
        assert_eq!(check(&invoice, &earlier, &totals(&[("40", 1900)])), Ok(()));
        assert_eq!(
            check(&invoice, &earlier, &totals(&[("40.01", 1900)])),
            Err(NotCreditable::MoreThanInvoiced)
        );
        let all = [totals(&[("100", 1900), ("50", 700)])];
        assert_eq!(check(&invoice, &all, &totals(&[("0.01", 1900)])), Err(NotCreditable::NothingLeft));
    }
}
