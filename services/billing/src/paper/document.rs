//! Estimates, invoices and credit notes as PDF.

use portico_paper::{Block, Column, Embedded, Fonts, Frame, PaperError, Row, Table};

use super::{
    Look, fill,
    labels::{Labels, unit},
};
use crate::domain::{
    document::{IssuedDocument, Kind},
    party::{Address, Buyer, Seller},
    tax::{TaxCategory, TaxKey},
};

/// The PDF of a document, with what it says for machines where there is such a file.
///
/// # Errors
/// [`PaperError::Writing`].
pub(crate) fn document(
    fonts: &Fonts,
    document: &IssuedDocument,
    look: Look,
    embedded: Option<&Embedded>,
) -> Result<Vec<u8>, PaperError> {
    let labels = Labels::of(look.words);
    let seller = &document.seller;
    let frame = Frame {
        title: format!("{} {}", labels.kind(document.kind), document.number),
        language: look.language().to_owned(),
        author: seller.name.clone(),
        date: document.issue_date,
        brand: look.brand,
        foot: foot(seller, labels),
        numbering: labels.numbering.to_owned(),
    };
    portico_paper::write(fonts, &frame, &blocks(document, &frame.title, look, labels), embedded)
}

fn blocks(document: &IssuedDocument, title: &str, look: Look, labels: &Labels) -> Vec<Block> {
    let (seller, buyer, content) = (&document.seller, &document.buyer, &document.content);
    let mut from = vec![seller.name.clone()];
    from.extend(address(&seller.address, false));
    let reached = [&seller.contact_name, &seller.email, &seller.phone];
    let mut to = vec![buyer.name.clone()];
    to.extend(address(&buyer.address, buyer.address.country != seller.address.country));
    let mut blocks = vec![
        Block::Sides {
            left: from,
            right: reached.into_iter().filter(|line| !line.is_empty()).cloned().collect(),
            strong: true,
        },
        Block::Space(8.0),
        Block::Sides { left: to, right: Vec::new(), strong: false },
        Block::Heading { level: 1, text: title.to_owned() },
        Block::Facts(facts(document, buyer, look, labels)),
        Block::Heading { level: 2, text: content.title.clone() },
    ];
    if let Some(corrected) = &document.corrects {
        let values = [("{number}", corrected.number.as_str()), ("{day}", &look.day(corrected.issue_date))];
        blocks.push(Block::Text(fill(labels.corrects, &values)));
    }
    if !content.notes.is_empty() {
        blocks.push(Block::Text(content.notes.clone()));
    }
    blocks.push(lines(document, look, labels));
    blocks.extend(sums(document, look, labels));
    if !content.terms.is_empty() {
        blocks.push(Block::Heading { level: 2, text: labels.terms.to_owned() });
        blocks.push(Block::Text(content.terms.clone()));
    }
    blocks.extend(payment(document, look, labels));
    blocks
}

/// Name, street, town, and the country where it is another than the reader takes for granted.
pub(super) fn address(address: &Address, country: bool) -> Vec<String> {
    let town = format!("{} {}", address.post_code, address.city);
    let mut lines = vec![address.street.clone(), address.extra.clone(), town.trim().to_owned()];
    if country {
        lines.push(address.country.clone());
    }
    lines.retain(|line| !line.is_empty());
    lines
}

fn facts(document: &IssuedDocument, buyer: &Buyer, look: Look, labels: &Labels) -> Vec<(String, String)> {
    let content = &document.content;
    let service = match (content.service_from, content.service_to) {
        (Some(from), Some(to)) if from != to => {
            fill(labels.from_to, &[("{from}", &look.day(from)), ("{to}", &look.day(to))])
        }
        (Some(day), _) | (None, Some(day)) => look.day(day),
        (None, None) => String::new(),
    };
    let until = if document.kind == Kind::Estimate { labels.valid_until } else { labels.due };
    let version = if document.kind == Kind::Estimate { document.version.to_string() } else { String::new() };
    let facts = [
        (labels.number, document.number.clone()),
        (labels.version, version),
        (labels.issued, look.day(document.issue_date)),
        (until, content.until.map(|day| look.day(day)).unwrap_or_default()),
        (labels.service, service),
        (labels.reference, buyer.reference.clone()),
        (labels.your_vat_id, buyer.vat_id.clone()),
    ];
    facts
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// "19 %"; empty where nothing is taxed.
fn rate(look: Look, key: TaxKey) -> String {
    if key.category == TaxCategory::OutOfScope {
        return String::new();
    }
    let (whole, part) = (key.basis_points / 100, key.basis_points % 100);
    let number = if part == 0 { whole.to_string() } else { format!("{whole}.{part:02}") };
    let number = if number.contains('.') { number.trim_end_matches('0').to_owned() } else { number };
    format!("{}\u{a0}%", look.decimal(&number))
}

fn lines(document: &IssuedDocument, look: Look, labels: &Labels) -> Block {
    let content = &document.content;
    let rows = content.lines.iter().zip(&document.totals.lines).enumerate().map(|(place, (line, net))| {
        Row::plain([
            (place + 1).to_string(),
            line.description.clone(),
            format!("{} {}", look.decimal(&line.quantity.to_string()), unit(look.words, &line.unit)),
            look.decimal(&price(&line.unit_price.to_string())),
            rate(look, line.tax.key),
            look.amount(*net, &content.currency),
        ])
    });
    Block::Table(Table {
        columns: vec![
            Column::words(labels.position, 0.5),
            Column::words(labels.item, 4.6),
            Column::amounts(labels.quantity, 1.5),
            Column::amounts(labels.price, 1.4),
            Column::amounts(labels.vat, 0.9),
            Column::amounts(format!("{} {}", labels.amount, content.currency), 1.7),
        ],
        rows: rows.collect(),
        summary: labels.lines.to_owned(),
        indent: 0.0,
        head: true,
    })
}

/// A price with at least two decimals.
fn price(text: &str) -> String {
    match text.split_once('.') {
        None => format!("{text}.00"),
        Some((whole, part)) => format!("{whole}.{part:0<2}"),
    }
}

fn sums(document: &IssuedDocument, look: Look, labels: &Labels) -> Vec<Block> {
    let (currency, totals) = (document.content.currency.as_str(), &document.totals);
    let mut rows = vec![Row::plain([labels.net.to_owned(), look.amount(totals.net, currency)])];
    let mut reasons = Vec::new();
    for total in &totals.taxes {
        let base = look.amount(total.base, currency);
        let text = if total.key.category == TaxCategory::OutOfScope {
            fill(labels.untaxed_on, &[("{base}", &base)])
        } else {
            fill(labels.vat_on, &[("{rate}", &rate(look, total.key)), ("{base}", &base)])
        };
        rows.push(Row::plain([text, look.amount(total.tax, currency)]));
        if !total.exemption_reason.is_empty() {
            reasons.push(Block::Note(total.exemption_reason.clone()));
        }
    }
    rows.push(Row::strong([labels.gross.to_owned(), look.money(totals.gross, currency)]));
    let table = Table {
        columns: vec![Column::words("", 2.0), Column::amounts("", 1.3)],
        rows,
        summary: labels.sums.to_owned(),
        indent: 0.42,
        head: false,
    };
    std::iter::once(Block::Table(table)).chain(reasons).collect()
}

fn payment(document: &IssuedDocument, look: Look, labels: &Labels) -> Vec<Block> {
    let seller = &document.seller;
    match document.kind {
        Kind::Estimate => Vec::new(),
        Kind::CreditNote => vec![Block::Text(labels.credited.to_owned())],
        Kind::Invoice if seller.iban.is_empty() => Vec::new(),
        Kind::Invoice => {
            let holder = if seller.account_holder.is_empty() { &seller.name } else { &seller.account_holder };
            let facts = [
                (labels.to_pay, look.money(document.totals.gross, &document.content.currency)),
                (labels.due, document.content.until.map(|day| look.day(day)).unwrap_or_default()),
                (labels.holder, holder.clone()),
                (labels.iban, spaced(&seller.iban)),
                (labels.bic, seller.bic.clone()),
                (labels.number, document.number.clone()),
            ];
            let facts = facts.into_iter().filter(|(_, value)| !value.is_empty());
            vec![
                Block::Heading { level: 2, text: labels.payment.to_owned() },
                Block::Facts(facts.map(|(name, value)| (name.to_owned(), value)).collect()),
            ]
        }
    }
}

/// An IBAN in groups of four.
fn spaced(iban: &str) -> String {
    let letters: Vec<char> = iban.chars().collect();
    letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

fn foot(seller: &Seller, labels: &Labels) -> Vec<Vec<String>> {
    let mut who = vec![seller.name.clone()];
    who.extend(address(&seller.address, true));
    let vat_id = fill(labels.vat_id, &[("{id}", &seller.vat_id)]);
    let tax_number = fill(labels.tax_number, &[("{number}", &seller.tax_number)]);
    let mut registered = Vec::new();
    for (value, text) in [
        (&seller.vat_id, vat_id),
        (&seller.tax_number, tax_number),
        (&seller.registration, seller.registration.clone()),
    ] {
        if !value.is_empty() {
            registered.push(text);
        }
    }
    let mut bank = Vec::new();
    if !seller.iban.is_empty() {
        bank.push(format!("{} {}", labels.iban, spaced(&seller.iban)));
        if !seller.bic.is_empty() {
            bank.push(format!("{} {}", labels.bic, seller.bic));
        }
    }
    vec![who, registered, bank]
}
