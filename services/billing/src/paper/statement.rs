//! What an account owed, what moved and what it owes, as PDF.

use chrono::NaiveDate;
use portico_paper::{Block, Column, Fonts, Frame, PaperError, Row, Table};

use super::{
    Look,
    document::address,
    fill,
    labels::{Labels, movement},
};
use crate::domain::party::Buyer;

/// A statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Statement {
    /// ISO 4217 code; empty where the account has no document.
    pub(crate) currency: String,
    /// The first day.
    pub(crate) from: NaiveDate,
    /// The last day.
    pub(crate) to: NaiveDate,
    /// What the account owed before the first day, in minor units; negative where it had something to its credit.
    pub(crate) opening: i64,
    /// What happened, the oldest first.
    pub(crate) moved: Vec<Moved>,
}

/// A line of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Moved {
    /// The day.
    pub(crate) on: NaiveDate,
    /// The act, as the ledger has it.
    pub(crate) act: String,
    /// The document's number, or a payment's reference or way.
    pub(crate) label: String,
    /// Minor units; positive where the account owes more.
    pub(crate) amount: i64,
    /// What it owes after it.
    pub(crate) balance: i64,
}

impl Statement {
    /// What the account owes after the last day.
    pub(crate) fn closing(&self) -> i64 {
        self.moved.last().map_or(self.opening, |last| last.balance)
    }
}

/// The PDF of a statement that `firm` makes for `buyer`, where that is known.
///
/// # Errors
/// [`PaperError::Writing`].
pub(crate) fn statement(
    fonts: &Fonts,
    statement: &Statement,
    firm: &str,
    buyer: Option<&Buyer>,
    look: Look,
) -> Result<Vec<u8>, PaperError> {
    let labels = Labels::of(look.words);
    let (from, to) = (look.day(statement.from), look.day(statement.to));
    let period = fill(labels.from_to, &[("{from}", &from), ("{to}", &to)]);
    let frame = Frame {
        title: format!("{} {period}", labels.statement),
        language: look.language().to_owned(),
        author: firm.to_owned(),
        date: statement.to,
        brand: look.brand,
        foot: vec![vec![firm.to_owned()]],
        numbering: labels.numbering.to_owned(),
    };
    let money = |amount: i64| look.amount(amount, &statement.currency);
    let mut blocks = vec![
        Block::Sides { left: vec![firm.to_owned()], right: Vec::new(), strong: true },
        Block::Space(16.0),
    ];
    if let Some(buyer) = buyer {
        let mut to = vec![buyer.name.clone()];
        to.extend(address(&buyer.address, true));
        blocks.push(Block::Sides { left: to, right: Vec::new(), strong: false });
    }
    blocks.push(Block::Heading { level: 1, text: frame.title.clone() });
    let opening = fill(labels.opening, &[("{day}", &from)]);
    blocks.push(Block::Facts(vec![(opening, look.money(statement.opening, &statement.currency))]));
    if statement.moved.is_empty() {
        blocks.push(Block::Text(labels.nothing_moved.to_owned()));
    } else {
        let rows = statement.moved.iter().map(|moved| {
            Row::plain([
                look.day(moved.on),
                movement(look.words, &moved.act, &moved.label),
                money(moved.amount),
                money(moved.balance),
            ])
        });
        blocks.push(Block::Table(Table {
            columns: vec![
                Column::words(labels.day, 1.6),
                Column::words(labels.what, 3.4),
                Column::amounts(format!("{} {}", labels.amount, statement.currency), 1.6),
                Column::amounts(labels.balance, 1.6),
            ],
            rows: rows.collect(),
            summary: labels.moved.to_owned(),
            indent: 0.0,
            head: true,
        }));
    }
    let closing = statement.closing();
    let words = if closing < 0 { labels.closing_credit } else { labels.closing };
    let closing = look.money(closing.saturating_abs(), &statement.currency);
    blocks.push(Block::Table(Table {
        columns: vec![Column::words("", 2.4), Column::amounts("", 1.3)],
        rows: vec![Row::strong([fill(words, &[("{day}", &to)]), closing])],
        summary: labels.sums.to_owned(),
        indent: 0.3,
        head: false,
    }));
    portico_paper::write(fonts, &frame, &blocks, None)
}
