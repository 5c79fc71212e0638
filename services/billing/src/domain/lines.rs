//! Lines and their sums, in the order of calculation of EN 16931: each line is rounded, lines are summed by tax category and rate,
//! and tax is taken on each sum once.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    decimal::{Decimal, Rounding},
    tax::{Tax, TaxKey},
};

/// The largest total in minor units: what comes near it is a mistake of typing.
pub(crate) const LARGEST: i64 = 1_000_000_000_000_000;

/// A sum that cannot be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the amounts are too large")]
pub(crate) struct TooLarge;

/// What is charged for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Line {
    /// What it is, in one line.
    pub(crate) description: String,
    /// How much of it.
    pub(crate) quantity: Decimal,
    /// The unit as a code of UN/ECE recommendation 20: `HUR` hours, `DAY` days, `C62` pieces.
    pub(crate) unit: String,
    /// The price of one, without tax, in whole units of the currency.
    pub(crate) unit_price: Decimal,
    /// How it is taxed.
    pub(crate) tax: Tax,
}

/// Lines of one category and rate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TaxTotal {
    /// Category and rate.
    #[serde(flatten)]
    pub(crate) key: TaxKey,
    /// Why there is no tax; the first reason among the lines.
    pub(crate) exemption_reason: String,
    /// The sum of the lines in minor units.
    pub(crate) base: i64,
    /// The tax on that sum in minor units.
    pub(crate) tax: i64,
}

/// What the lines come to, in minor units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Totals {
    /// Each line's amount without tax, in the order of the lines.
    pub(crate) lines: Vec<i64>,
    /// By category and rate, in the order of the categories.
    pub(crate) taxes: Vec<TaxTotal>,
    /// Without tax.
    pub(crate) net: i64,
    /// All tax.
    pub(crate) tax: i64,
    /// What is to be paid.
    pub(crate) gross: i64,
}

impl Totals {
    /// The sums of `lines`.
    ///
    /// # Errors
    /// [`TooLarge`] where a sum exceeds [`LARGEST`].
    pub(crate) fn of(lines: &[Line], currency: &str, rounding: Rounding) -> Result<Self, TooLarge> {
        let within = |amount: i64| (-LARGEST..=LARGEST).contains(&amount).then_some(amount).ok_or(TooLarge);
        let mut amounts = Vec::with_capacity(lines.len());
        let mut bases: BTreeMap<TaxKey, (i64, &str)> = BTreeMap::new();
        for line in lines {
            let amount = rounding.times(line.quantity, line.unit_price, currency).ok_or(TooLarge)?;
            amounts.push(within(amount)?);
            let sum = bases.entry(line.tax.key).or_insert((0, line.tax.exemption_reason.as_str()));
            sum.0 = within(sum.0 + amount)?;
        }
        let mut taxes = Vec::with_capacity(bases.len());
        for (key, (base, reason)) in bases {
            let tax =
                rounding.divide(i128::from(base) * i128::from(key.basis_points), 10_000).ok_or(TooLarge)?;
            taxes.push(TaxTotal { key, exemption_reason: reason.to_owned(), base, tax });
        }
        Self::from_parts(amounts, taxes)
    }

    /// The sums of lines whose amounts and taxes are known.
    ///
    /// # Errors
    /// [`TooLarge`] where a sum exceeds [`LARGEST`].
    pub(crate) fn from_parts(lines: Vec<i64>, taxes: Vec<TaxTotal>) -> Result<Self, TooLarge> {
        let within = |amount: i64| (-LARGEST..=LARGEST).contains(&amount).then_some(amount).ok_or(TooLarge);
        let net = within(taxes.iter().map(|total| total.base).sum())?;
        let tax = within(taxes.iter().map(|total| total.tax).sum())?;
        Ok(Self { lines, taxes, net, tax, gross: within(net + tax)? })
    }

    /// The base of this category and rate.
    pub(crate) fn base_of(&self, key: TaxKey) -> i64 {
        self.taxes.iter().find(|total| total.key == key).map_or(0, |total| total.base)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::tax::TaxCategory;

    fn line(quantity: &str, price: &str, category: TaxCategory, basis_points: i32) -> Line {
        Line {
            description: "Work".to_owned(),
            quantity: quantity.parse().unwrap(),
            unit: "HUR".to_owned(),
            unit_price: price.parse().unwrap(),
            tax: Tax { key: TaxKey { category, basis_points }, exemption_reason: String::new() },
        }
    }

    #[test]
    fn tax_is_taken_once_on_the_sum_of_a_category() {
        use TaxCategory::{Standard, Zero};
        // Three times 0.10 at 19 % is 0.06 on the sum, and would be 3 x 0.02 = 0.06; with 0.03 a line the two ways differ.
        let lines = [
            line("1", "0.03", Standard, 1900),
            line("1", "0.03", Standard, 1900),
            line("1", "0.03", Standard, 1900),
            line("2", "10", Standard, 700),
            line("1.5", "99.99", Zero, 0),
        ];
        let totals = Totals::of(&lines, "EUR", Rounding::HalfUp).unwrap();
        assert_eq!(totals.lines, [3, 3, 3, 2000, 14_999]);
        let taxes: Vec<_> =
            totals.taxes.iter().map(|total| (total.key.basis_points, total.base, total.tax)).collect();
        assert_eq!(taxes, [(700, 2000, 140), (1900, 9, 2), (0, 14_999, 0)]);
        assert_eq!((totals.net, totals.tax, totals.gross), (17_008, 142, 17_150));
    }

    #[test]
    fn a_sum_that_cannot_be_kept_is_refused() {
        let lines = [
            line("9000000", "9000000", TaxCategory::Zero, 0),
            line("9000000", "9000000", TaxCategory::Zero, 0),
        ];
        assert_eq!(Totals::of(&lines, "EUR", Rounding::HalfUp), Err(TooLarge));
    }

    proptest! {
        #[test]
        fn the_parts_make_the_whole_and_each_tax_is_within_half_a_unit(
            drawn in prop::collection::vec((-1_000_000_i64..1_000_000, 0_i64..100_000_000, 0_usize..4), 1..30)
        ) {
            let lines: Vec<Line> = drawn.iter().map(|(quantity, price, rate)| {
                let (category, basis_points) = [
                    (TaxCategory::Standard, 1900), (TaxCategory::Standard, 700), (TaxCategory::Standard, 550), (TaxCategory::Zero, 0),
                ][*rate];
                Line {
                    quantity: Decimal::from_millionths(*quantity),
                    unit_price: Decimal::from_millionths(*price),
                    ..line("1", "1", category, basis_points)
                }
            }).collect();
            let totals = Totals::of(&lines, "EUR", Rounding::HalfUp).unwrap();
            prop_assert_eq!(totals.lines.iter().sum::<i64>(), totals.net);
            prop_assert_eq!(totals.taxes.iter().map(|total| total.base).sum::<i64>(), totals.net);
            prop_assert_eq!(totals.net + totals.tax, totals.gross);
            for total in &totals.taxes {
                let exact = i128::from(total.base) * i128::from(total.key.basis_points);
                prop_assert!((i128::from(total.tax) * 10_000 - exact).abs() * 2 <= 10_000);
            }
        }
    }
}
