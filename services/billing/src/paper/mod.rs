//! What people keep: documents and statements as PDF. Pure: the same input gives the same bytes.

mod document;
mod labels;
mod receipt;
mod statement;
#[cfg(test)]
pub(crate) mod tests;

use chrono::NaiveDate;
use portico_core::Money;
use portico_paper::Colour;

pub(crate) use document::document;
pub(crate) use receipt::{Pays, Receipt, receipt};
pub(crate) use statement::{Moved, Statement, statement};

use crate::words::Words;

/// What papers of a firm look like.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    /// The language that it writes in.
    pub(crate) words: Words,
    /// Its colour.
    pub(crate) brand: Colour,
}

impl Look {
    /// The look of a firm whose colour is written `#rrggbb`; another text gives a dark grey.
    pub(crate) fn new(words: Words, colour: &str) -> Self {
        let part = |at: usize| colour.get(at..at + 2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        let brand = match (part(1), part(3), part(5)) {
            (Some(red), Some(green), Some(blue)) => [red, green, blue],
            _ => [82, 90, 102],
        };
        Self { words, brand }
    }

    const fn language(self) -> &'static str {
        match self.words {
            Words::English => "en",
            Words::German => "de",
        }
    }

    /// "1,428.00 EUR"
    fn money(self, amount: i64, currency: &str) -> String {
        Money::new(amount, currency).map_or_else(|_| amount.to_string(), |money| self.words.amount(&money))
    }

    /// "1,428.00"
    fn amount(self, amount: i64, currency: &str) -> String {
        let text = self.money(amount, currency);
        text.strip_suffix(currency).map_or(text.clone(), |bare| bare.trim_end().to_owned())
    }

    fn day(self, day: NaiveDate) -> String {
        self.words.day(day)
    }

    /// A plain decimal number with the sign of the language.
    fn decimal(self, text: &str) -> String {
        match self.words {
            Words::English => text.to_owned(),
            Words::German => text.replace('.', ","),
        }
    }
}

/// A text with its places filled in.
fn fill(text: &str, values: &[(&str, &str)]) -> String {
    values.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
}
