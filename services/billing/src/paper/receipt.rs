//! A receipt as PDF.

use chrono::NaiveDate;
use portico_core::AccountId;
use portico_paper::{Block, Column, Fonts, Frame, PaperError, Row, Table};
use uuid::Uuid;

use super::{
    Look,
    document::address,
    fill,
    labels::{Labels, method, movement},
};
use crate::domain::{party::Buyer, payment::Credit};

/// A payment with what became of it.
#[derive(Debug, Clone)]
pub(crate) struct Receipt {
    /// Whose.
    pub(crate) account: AccountId,
    /// The payment.
    pub(crate) credit: Credit,
    /// Who paid, where that is known.
    pub(crate) payer: Option<Buyer>,
    /// What it pays, the oldest invoice first.
    pub(crate) pays: Vec<Pays>,
    /// What was given back, and what of that did not arrive: the day, the act as the ledger has it, minor units.
    pub(crate) moved: Vec<(NaiveDate, String, i64)>,
}

/// What of a payment is set against an invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pays {
    /// The invoice.
    pub(crate) invoice: Uuid,
    /// Its number.
    pub(crate) number: String,
    /// Minor units.
    pub(crate) amount: i64,
}

/// The PDF of a receipt that `firm` gives.
///
/// # Errors
/// [`PaperError::Writing`].
pub(crate) fn receipt(
    fonts: &Fonts,
    receipt: &Receipt,
    firm: &str,
    look: Look,
) -> Result<Vec<u8>, PaperError> {
    let labels = Labels::of(look.words);
    let (credit, currency) = (&receipt.credit, receipt.credit.money.currency.as_str());
    let money = |amount: i64| look.money(amount, currency);
    let frame = Frame {
        title: fill(labels.receipt_of, &[("{amount}", &money(credit.money.amount))]),
        language: look.language().to_owned(),
        author: firm.to_owned(),
        date: credit.on,
        brand: look.brand,
        foot: vec![vec![firm.to_owned()]],
        numbering: labels.numbering.to_owned(),
    };
    let mut blocks = vec![
        Block::Sides { left: vec![firm.to_owned()], right: Vec::new(), strong: true },
        Block::Space(16.0),
    ];
    if let Some(payer) = &receipt.payer {
        let mut from = vec![payer.name.clone()];
        from.extend(address(&payer.address, true));
        blocks.push(Block::Sides { left: from, right: Vec::new(), strong: false });
    }
    blocks.push(Block::Heading { level: 1, text: frame.title.clone() });
    let mut facts = vec![
        (labels.received.to_owned(), look.day(credit.on)),
        (labels.way.to_owned(), method(look.words, &credit.method).to_owned()),
    ];
    if !credit.label.is_empty() {
        facts.push((labels.number.to_owned(), credit.label.clone()));
    }
    blocks.push(Block::Facts(facts));
    let mut rows: Vec<Row> = receipt
        .pays
        .iter()
        .map(|pays| Row::plain([fill(labels.pays, &[("{number}", &pays.number)]), money(pays.amount)]))
        .collect();
    rows.extend(receipt.moved.iter().map(|(on, act, amount)| {
        Row::plain([format!("{}, {}", movement(look.words, act, ""), look.day(*on)), money(*amount)])
    }));
    if credit.left > 0 {
        rows.push(Row::plain([labels.left.to_owned(), money(credit.left)]));
    }
    if !rows.is_empty() {
        blocks.push(Block::Table(Table {
            columns: vec![Column::words(labels.what, 3.4), Column::amounts(labels.amount, 1.6)],
            rows,
            summary: labels.receipt_lines.to_owned(),
            indent: 0.0,
            head: true,
        }));
    }
    portico_paper::write(fonts, &frame, &blocks, None)
}
