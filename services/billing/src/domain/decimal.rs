//! Exact decimals for quantities and prices, and the one way to round.

use std::{fmt, str::FromStr};

use portico_core::Money;
use serde::{Deserialize, Serialize};

/// Decimals that are kept.
const PLACES: usize = 6;
/// Parts of one: ten to the power of [`PLACES`].
const ONE: i64 = 1_000_000;

/// A text that is no decimal number, or one that is too large or too fine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write a number with at most six decimals, such as 1.5")]
pub(crate) struct InvalidDecimal;

/// A decimal number with six places, kept as whole millionths: never a binary fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Decimal(i64);

impl Decimal {
    /// The number that is `millionths` millionths.
    pub(crate) const fn from_millionths(millionths: i64) -> Self {
        Self(millionths)
    }

    /// The number in millionths.
    pub(crate) const fn millionths(self) -> i64 {
        self.0
    }

    /// One.
    pub(crate) const fn one() -> Self {
        Self(ONE)
    }

    /// The amount of money as a decimal number of whole units: 1250 cents are 12.5. Nothing where it does not fit.
    pub(crate) fn of_minor(amount: i64, currency: &str) -> Option<Self> {
        let scaled = i128::from(amount) * i128::from(ONE);
        let per_unit = i128::from(minor_units(currency));
        i64::try_from(scaled / per_unit).ok().map(Self)
    }
}

impl FromStr for Decimal {
    type Err = InvalidDecimal;

    /// Reads `1`, `-1.5`, `0.000001`. A comma is not read: what it means differs from country to country.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let only_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !only_digits(whole) || !only_digits(fraction) {
            return Err(InvalidDecimal);
        }
        let fraction = fraction.trim_end_matches('0');
        if fraction.len() > PLACES {
            return Err(InvalidDecimal);
        }
        let padded = format!("{whole}{fraction:0<PLACES$}");
        let millionths: i64 = padded.parse().map_err(|_| InvalidDecimal)?;
        Ok(Self(if negative { -millionths } else { millionths }))
    }
}

impl TryFrom<String> for Decimal {
    type Error = InvalidDecimal;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Decimal> for String {
    fn from(number: Decimal) -> Self {
        number.to_string()
    }
}

impl fmt::Display for Decimal {
    /// The shortest form: `1.5`, `2`, `-0.25`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let magnitude = self.0.unsigned_abs();
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, rest) = (magnitude / ONE.unsigned_abs(), magnitude % ONE.unsigned_abs());
        let fraction = format!("{rest:0>PLACES$}");
        match fraction.trim_end_matches('0') {
            "" => write!(f, "{sign}{whole}"),
            digits => write!(f, "{sign}{whole}.{digits}"),
        }
    }
}

/// What becomes of a half. A document keeps the rule it was made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Rounding {
    /// Away from zero: 0.5 is 1 and -0.5 is -1.
    HalfUp,
    /// To the even neighbour: 0.5 is 0 and 1.5 is 2.
    HalfEven,
}

impl Rounding {
    /// The word that is stored.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::HalfUp => "half_up",
            Self::HalfEven => "half_even",
        }
    }

    /// The rule of a stored word.
    pub(crate) fn of(word: &str) -> Option<Self> {
        match word {
            "half_up" => Some(Self::HalfUp),
            "half_even" => Some(Self::HalfEven),
            _ => None,
        }
    }

    /// `numerator / denominator` as a whole number; `denominator` is positive. Nothing where it does not fit.
    pub(crate) fn divide(self, numerator: i128, denominator: i128) -> Option<i64> {
        let (quotient, rest) = (numerator / denominator, numerator % denominator);
        let away = match (rest.unsigned_abs() * 2).cmp(&denominator.unsigned_abs()) {
            std::cmp::Ordering::Less => false,
            std::cmp::Ordering::Greater => true,
            std::cmp::Ordering::Equal => match self {
                Self::HalfUp => true,
                Self::HalfEven => quotient % 2 != 0,
            },
        };
        let step = if away { numerator.signum() } else { 0 };
        i64::try_from(quotient + step).ok()
    }

    /// `quantity` times `price` in minor units of the currency. Nothing where it does not fit.
    pub(crate) fn times(self, quantity: Decimal, price: Decimal, currency: &str) -> Option<i64> {
        let product = i128::from(quantity.0) * i128::from(price.0);
        let scaled = product.checked_mul(i128::from(minor_units(currency)))?;
        self.divide(scaled, i128::from(ONE) * i128::from(ONE))
    }
}

/// How many minor units make one unit of the currency: 100 for EUR, 1 for JPY.
pub(crate) fn minor_units(currency: &str) -> i64 {
    Money::parse("1", currency).map_or(100, |one| one.amount)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn a_decimal_is_exact_and_says_itself_shortly() {
        for (typed, said) in
            [("1", "1"), ("1.50", "1.5"), ("-0.25", "-0.25"), ("0.000001", "0.000001"), (" 7.0 ", "7")]
        {
            assert_eq!(number(typed).to_string(), said);
        }
        for wrong in ["", "1,5", "1.0000001", ".5", "one", "--1", "1e3", "99999999999999999999", "1.2.3"] {
            assert_eq!(wrong.parse::<Decimal>(), Err(InvalidDecimal), "{wrong}");
        }
        assert_eq!(Decimal::of_minor(1250, "EUR"), Some(number("12.5")));
        assert_eq!(Decimal::of_minor(1250, "JPY"), Some(number("1250")));
        assert_eq!(Decimal::of_minor(1250, "KWD"), Some(number("1.25")));
    }

    #[test]
    fn a_half_goes_where_the_rule_says() {
        let line = |rule: Rounding, quantity: &str, price: &str| {
            rule.times(number(quantity), number(price), "EUR").unwrap()
        };
        assert_eq!((line(Rounding::HalfUp, "1", "0.125"), line(Rounding::HalfEven, "1", "0.125")), (13, 12));
        assert_eq!(
            (line(Rounding::HalfUp, "-1", "0.125"), line(Rounding::HalfEven, "-1", "0.135")),
            (-13, -14)
        );
        assert_eq!(line(Rounding::HalfUp, "3", "33.333333"), 10_000);
        assert_eq!(line(Rounding::HalfUp, "0.333333", "100"), 3333);
        assert_eq!(Rounding::HalfUp.times(number("2.5"), number("3"), "JPY"), Some(8));
        assert_eq!(Rounding::HalfUp.times(number("9000000000000"), number("9000000000000"), "EUR"), None);
    }

    proptest! {
        #[test]
        fn what_is_said_reads_back(millionths in any::<i64>().prop_filter("has a magnitude", |n| *n != i64::MIN)) {
            let decimal = Decimal::from_millionths(millionths);
            prop_assert_eq!(decimal.to_string().parse::<Decimal>().unwrap(), decimal);
        }

        #[test]
        fn rounding_is_never_further_than_half_away(numerator in -1_000_000_000_i128..1_000_000_000, denominator in 1_i128..100_000) {
            for rule in [Rounding::HalfUp, Rounding::HalfEven] {
                let rounded = i128::from(rule.divide(numerator, denominator).unwrap());
                prop_assert!((rounded * denominator - numerator).abs() * 2 <= denominator);
            }
        }
    }
}
