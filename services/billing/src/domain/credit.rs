//! How far an invoice may be credited.

use std::collections::BTreeMap;

use super::{
    document::{Content, IssuedDocument},
    lines::{Line, TaxTotal, TooLarge, Totals},
    tax::TaxKey,
};

/// An earlier credit note: what it took back.
#[derive(Debug, Clone)]
pub(crate) struct Earlier {
    /// Its lines.
    pub(crate) lines: Vec<Line>,
    /// What they came to.
    pub(crate) totals: Totals,
}

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
    earlier: &[Earlier],
    rest: &str,
) -> Result<Vec<Line>, NotCreditable> {
    if earlier.is_empty() {
        return Ok(invoice.content.lines.clone());
    }
    let mut lines = Vec::new();
    for total in &invoice.totals.taxes {
        let left = total.base - credited(earlier, total.key).0;
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

/// Base and tax that earlier credit notes have taken back at a rate.
fn credited(earlier: &[Earlier], key: TaxKey) -> (i64, i64) {
    let at = earlier.iter().flat_map(|note| &note.totals.taxes).filter(|total| total.key == key);
    at.fold((0, 0), |(base, tax), total| (base + total.base, tax + total.tax))
}

/// What `lines` come to as a credit note for `invoice` after the `earlier` ones. Amounts are not rounded one by one: each line takes the
/// difference between what is credited of the invoice's line after and before it, and so does the tax at each rate. Thus all parts of an
/// invoice together are the invoice, to the last minor unit.
///
/// # Errors
/// [`TooLarge`].
pub(crate) fn totals(
    invoice: &IssuedDocument,
    earlier: &[Earlier],
    lines: &[Line],
) -> Result<Totals, TooLarge> {
    let (rounding, currency) = (invoice.content.rounding, invoice.content.currency.as_str());
    let mut amounts = Vec::with_capacity(lines.len());
    let mut bases: BTreeMap<TaxKey, i64> = BTreeMap::new();
    for (place, line) in lines.iter().enumerate() {
        let own = rounding.times(line.quantity, line.unit_price, currency).ok_or(TooLarge)?;
        let before = earlier.iter().flat_map(|note| note.lines.iter().zip(&note.totals.lines));
        let before = of_same(before.chain(lines.iter().zip(&amounts).take(place)), line);
        let all = of_same(invoice.content.lines.iter().zip(&invoice.totals.lines), line);
        let after = before.0 + i128::from(line.quantity.millionths());
        let amount = if all.0 == 0 || after.abs() > all.0.abs() || after.signum() != all.0.signum() {
            // It is none of the invoice's lines, or more of one than there is: what is too much is refused by its base.
            own
        } else if after == all.0 {
            all.1 - before.1
        } else {
            let quantity = i64::try_from(after).map_err(|_| TooLarge)?;
            let quantity = super::decimal::Decimal::from_millionths(quantity);
            rounding.times(quantity, line.unit_price, currency).ok_or(TooLarge)? - before.1
        };
        amounts.push(amount);
        *bases.entry(line.tax.key).or_default() += amount;
    }
    let mut taxes = Vec::with_capacity(bases.len());
    for (key, base) in bases {
        let (base_before, tax_before) = credited(earlier, key);
        let of_invoice = invoice.totals.taxes.iter().find(|total| total.key == key);
        let after = base_before + base;
        let tax_after = match of_invoice {
            Some(total) if total.base == after => total.tax,
            _ => {
                let exact = i128::from(after) * i128::from(key.basis_points);
                rounding.divide(exact, 10_000).ok_or(TooLarge)?
            }
        };
        let reason = lines.iter().find(|line| line.tax.key == key).map(|line| &line.tax.exemption_reason);
        taxes.push(TaxTotal {
            key,
            exemption_reason: reason.cloned().unwrap_or_default(),
            base,
            tax: tax_after - tax_before,
        });
    }
    Totals::from_parts(amounts, taxes)
}

/// Quantity in millionths and amount of all lines that are like this one but for their quantity.
fn of_same<'a>(lines: impl Iterator<Item = (&'a Line, &'a i64)>, like: &Line) -> (i128, i64) {
    let same = lines.filter(|(line, _)| {
        (&line.description, &line.unit, line.unit_price, line.tax.key)
            == (&like.description, &like.unit, like.unit_price, like.tax.key)
    });
    same.fold((0, 0), |(quantity, sum), (line, amount)| {
        (quantity + i128::from(line.quantity.millionths()), sum + amount)
    })
}

/// Whether `credit` stays within what earlier credit notes have left of `invoice`: at each tax rate, and altogether.
///
/// # Errors
/// [`NotCreditable`].
pub(crate) fn check(invoice: &Totals, earlier: &[Earlier], credit: &Totals) -> Result<(), NotCreditable> {
    let before: i64 = earlier.iter().map(|one| one.totals.gross).sum();
    if before >= invoice.gross {
        return Err(NotCreditable::NothingLeft);
    }
    let over = |total: &TaxTotal| credited(earlier, total.key).0 + total.base > invoice.base_of(total.key);
    if before + credit.gross > invoice.gross || credit.taxes.iter().any(over) {
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
    earlier: &[Earlier],
    credit: &Totals,
    written_off: i64,
) -> Result<(), NotCreditable> {
    let before: i64 = earlier.iter().map(|one| one.totals.gross).sum();
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
    use proptest::prelude::*;

    use super::*;
    use crate::domain::{
        decimal::{Decimal, Rounding},
        document::Kind,
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

    fn note(totals: Totals) -> Earlier {
        Earlier { lines: Vec::new(), totals }
    }

    #[test]
    fn credits_stay_within_the_invoice_at_every_rate() {
        let invoice = totals(&[("100", 1900), ("50", 700)]);
        assert_eq!(check(&invoice, &[], &totals(&[("100", 1900), ("50", 700)])), Ok(()));
        assert_eq!(check(&invoice, &[], &totals(&[("51", 700)])), Err(NotCreditable::MoreThanInvoiced));
        assert_eq!(check(&invoice, &[], &totals(&[("1", 500)])), Err(NotCreditable::MoreThanInvoiced));
        let earlier = [note(totals(&[("60", 1900)]))];
        assert_eq!(check(&invoice, &earlier, &totals(&[("40", 1900)])), Ok(()));
        assert_eq!(
            check(&invoice, &earlier, &totals(&[("40.01", 1900)])),
            Err(NotCreditable::MoreThanInvoiced)
        );
        let all = [note(totals(&[("100", 1900), ("50", 700)]))];
        assert_eq!(check(&invoice, &all, &totals(&[("0.01", 1900)])), Err(NotCreditable::NothingLeft));
    }

    /// An invoice over lines of so many millionths at a price in millionths, each at one of three rates.
    fn invoice(drawn: &[(i64, i64, usize)], rounding: Rounding) -> IssuedDocument {
        let mut document = crate::paper::tests::document(Kind::Invoice, 0);
        document.content.rounding = rounding;
        document.content.lines = drawn
            .iter()
            .enumerate()
            .map(|(place, (quantity, price, rate))| Line {
                description: format!("Work {}", place % 3),
                quantity: Decimal::from_millionths(*quantity),
                unit: "HUR".to_owned(),
                unit_price: Decimal::from_millionths(*price),
                tax: Tax {
                    key: TaxKey { category: TaxCategory::Standard, basis_points: [1900, 700, 550][*rate] },
                    exemption_reason: String::new(),
                },
            })
            .collect();
        document.totals = document.content.totals().unwrap();
        document
    }

    fn credit(invoice: &IssuedDocument, earlier: &mut Vec<Earlier>, lines: Vec<Line>) -> bool {
        let totals = super::totals(invoice, earlier, &lines).unwrap();
        let fits = totals.gross > 0 && check(&invoice.totals, earlier, &totals).is_ok();
        if fits {
            earlier.push(Earlier { lines, totals });
        }
        fits
    }

    #[test]
    fn thirds_of_an_hour_are_the_hour_and_three_cents_have_the_tax_of_three_cents() {
        let whole = invoice(&[(1_000_000, 100_000_000, 0)], Rounding::HalfUp);
        let mut earlier = Vec::new();
        for third in [333_333, 333_333, 333_334] {
            let part = Line { quantity: Decimal::from_millionths(third), ..whole.content.lines[0].clone() };
            assert!(credit(&whole, &mut earlier, vec![part]));
        }
        let grosses: Vec<i64> = earlier.iter().map(|note| note.totals.gross).collect();
        assert_eq!((grosses.iter().sum::<i64>(), grosses.len()), (whole.totals.gross, 3));
        assert_eq!(super::whole(&whole, &earlier, "rest"), Err(NotCreditable::NothingLeft));
        // Three times 0.03 at 19 % would be three times 0.01, where the whole has 0.02.
        let cents = invoice(&[(3_000_000, 30_000, 0)], Rounding::HalfUp);
        let mut earlier = Vec::new();
        for _ in 0..3 {
            let part =
                Line { quantity: Decimal::from_millionths(1_000_000), ..cents.content.lines[0].clone() };
            assert!(credit(&cents, &mut earlier, vec![part]));
        }
        let taxes: Vec<i64> = earlier.iter().map(|note| note.totals.tax).collect();
        assert_eq!((taxes, cents.totals.tax), (vec![1, 0, 1], 2));
    }

    proptest! {
        #[test]
        fn all_parts_of_an_invoice_are_the_invoice(
            drawn in prop::collection::vec((1_i64..50_000_000, 1_i64..300_000_000, 0_usize..3), 1..8),
            parts in prop::collection::vec((0_usize..8, 1_i64..999), 0..24),
            even in any::<bool>(),
        ) {
            let whole = invoice(&drawn, if even { Rounding::HalfEven } else { Rounding::HalfUp });
            prop_assume!(whole.totals.gross > 0);
            let mut earlier = Vec::new();
            for (line, share) in parts {
                let line = &whole.content.lines[line % whole.content.lines.len()];
                let quantity = (line.quantity.millionths() * share / 1000).max(1);
                let part = Line { quantity: Decimal::from_millionths(quantity), ..line.clone() };
                credit(&whole, &mut earlier, vec![part]);
            }
            if let Ok(rest) = super::whole(&whole, &earlier, "rest") {
                let totals = super::totals(&whole, &earlier, &rest).unwrap();
                prop_assert!(check(&whole.totals, &earlier, &totals).is_ok());
                earlier.push(Earlier { lines: rest, totals });
            }
            for total in &whole.totals.taxes {
                prop_assert_eq!(credited(&earlier, total.key), (total.base, total.tax));
            }
            prop_assert_eq!(earlier.iter().map(|note| note.totals.gross).sum::<i64>(), whole.totals.gross);
        }
    }
}
