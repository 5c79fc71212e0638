//! Amounts of money: whole minor units and a currency, never a fraction.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An amount that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMoney {
    /// The currency is not three capital letters (ISO 4217).
    #[error("a currency is three capital letters, such as EUR")]
    Currency,
    /// The amount has other characters than digits, separators and a sign, or too many decimals.
    #[error("write the amount in digits with at most {0} decimals, such as 1250.00")]
    Amount(u32),
    /// The amount is larger than can be kept.
    #[error("this amount is too large")]
    TooLarge,
}

/// An amount in a currency's minor unit (cents for EUR, whole yen for JPY).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// Whole minor units; negative for credits.
    pub amount: i64,
    /// ISO 4217 code, three capital letters.
    pub currency: String,
}

impl Money {
    /// An amount of `amount` minor units.
    ///
    /// # Errors
    /// [`InvalidMoney::Currency`] unless the currency is three capital letters.
    pub fn new(amount: i64, currency: &str) -> Result<Self, InvalidMoney> {
        if currency.len() == 3 && currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
            Ok(Self { amount, currency: currency.to_owned() })
        } else {
            Err(InvalidMoney::Currency)
        }
    }

    /// Reads what a person typed: `1250`, `1,250.50`, `-3.5`. A comma separates thousands.
    ///
    /// # Errors
    /// Names what is wrong: the currency, the amount, or its size.
    pub fn parse(text: &str, currency: &str) -> Result<Self, InvalidMoney> {
        let decimals = decimals(currency);
        let cleaned: String = text.trim().chars().filter(|c| !matches!(c, ',' | ' ' | '\u{a0}')).collect();
        let (negative, digits) = match cleaned.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, cleaned.as_str()),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let only_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty()
            || !only_digits(whole)
            || !only_digits(fraction)
            || fraction.len() > decimals as usize
        {
            return Err(InvalidMoney::Amount(decimals));
        }
        let padded = format!("{whole}{fraction:0<width$}", width = decimals as usize);
        let amount: i64 = padded.parse().map_err(|_| InvalidMoney::TooLarge)?;
        Self::new(if negative { -amount } else { amount }, currency)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = decimals(&self.currency);
        let scale = 10_u64.pow(decimals);
        let magnitude = self.amount.unsigned_abs();
        let sign = if self.amount < 0 { "-" } else { "" };
        let whole = group_thousands(magnitude / scale);
        if decimals == 0 {
            write!(f, "{sign}{whole} {}", self.currency)
        } else {
            write!(
                f,
                "{sign}{whole}.{:0width$} {}",
                magnitude % scale,
                self.currency,
                width = decimals as usize
            )
        }
    }
}

/// Decimals of the minor unit, from ISO 4217; two for a currency that is not an exception.
fn decimals(currency: &str) -> u32 {
    match currency {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "VND"
        | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        _ => 2,
    }
}

fn group_thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn shows_minor_units_in_the_currencys_own_decimals() {
        assert_eq!(Money::new(1_234_567, "EUR").unwrap().to_string(), "12,345.67 EUR");
        assert_eq!(Money::new(1_234, "JPY").unwrap().to_string(), "1,234 JPY");
        assert_eq!(Money::new(-5, "KWD").unwrap().to_string(), "-0.005 KWD");
    }

    #[test]
    fn refuses_what_is_no_amount() {
        assert_eq!(Money::parse("12.345", "EUR"), Err(InvalidMoney::Amount(2)));
        assert_eq!(Money::parse("ten", "EUR"), Err(InvalidMoney::Amount(2)));
        assert_eq!(Money::parse("99999999999999999999", "EUR"), Err(InvalidMoney::TooLarge));
        assert_eq!(Money::parse("1", "eur"), Err(InvalidMoney::Currency));
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_back(amount in -1_000_000_000_000_i64..1_000_000_000_000) {
            for currency in ["EUR", "JPY", "KWD"] {
                let money = Money::new(amount, currency).unwrap();
                let shown = money.to_string();
                let (number, _) = shown.rsplit_once(' ').unwrap();
                prop_assert_eq!(Money::parse(number, currency).unwrap(), money);
            }
        }
    }
}
