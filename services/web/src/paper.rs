//! Estimates, invoices and credit notes as pages show them.

use chrono::NaiveDate;
use portico_core::Money;
use portico_proto::billing::v1::{Address, Document, DocumentKind, Settlement};

use crate::{
    components::{Row, Tag, Tone},
    layout::Shell,
};

/// Units that are offered, as codes of UN/ECE recommendation 20; each has its word `unit-<code>`.
pub(crate) const UNITS: [&str; 7] = ["C62", "HUR", "DAY", "MON", "KGM", "KMT", "LS"];

/// Tax categories that are offered; each has its words `tax-<code>`.
pub(crate) const TAXES: [&str; 7] = ["S", "Z", "E", "AE", "K", "G", "O"];

/// A document, whole.
pub(crate) struct Paper {
    /// "Invoice INV-00001"; "Invoice" for a draft.
    pub(crate) name: String,
    /// What it is about.
    pub(crate) title: String,
    /// Its state.
    pub(crate) state: Tag,
    /// The day on it; empty for a draft.
    pub(crate) issued: String,
    /// The last day; empty for none.
    pub(crate) until: String,
    /// When the work was done; empty for none.
    pub(crate) service: String,
    /// Who sells, line by line.
    pub(crate) seller: Vec<String>,
    /// Whom it is made out to, line by line.
    pub(crate) buyer: Vec<String>,
    pub(crate) notes: Vec<String>,
    pub(crate) terms: Vec<String>,
    pub(crate) lines: Vec<Line>,
    pub(crate) taxes: Vec<Tax>,
    pub(crate) net: String,
    pub(crate) tax: String,
    pub(crate) gross: String,
    /// What is still to be paid; empty where nothing is.
    pub(crate) open: String,
    /// Where to pay, as pairs of a word and what to enter; empty where nothing is to be paid.
    pub(crate) pay: Vec<(String, String)>,
    /// Its hash; empty for a draft.
    pub(crate) hash: String,
}

/// A line.
pub(crate) struct Line {
    pub(crate) description: String,
    /// "8 hours"
    pub(crate) quantity: String,
    pub(crate) price: String,
    /// "19 %"
    pub(crate) tax: String,
    pub(crate) net: String,
}

/// The lines of one rate.
pub(crate) struct Tax {
    /// "19 % on 1,200.00 EUR"
    pub(crate) name: String,
    pub(crate) amount: String,
}

/// What was set against an invoice.
pub(crate) struct Paid {
    pub(crate) what: String,
    /// Its receipt; empty where it is no payment.
    pub(crate) receipt: String,
    pub(crate) on: String,
    pub(crate) amount: String,
}

impl Paper {
    /// The document as the reader sees it.
    pub(crate) fn of(s: &Shell, document: &Document) -> Self {
        let content = document.content.clone().unwrap_or_default();
        let currency = content.currency.as_str();
        let money = |amount: i64| money(s, amount, currency);
        let seller = document.seller.clone().unwrap_or_default();
        let buyer = document.buyer.clone().unwrap_or_default();
        let mut sold_by = party(&seller.name, seller.address.as_ref(), &seller.vat_id, s);
        if !seller.tax_number.is_empty() {
            sold_by.push(s.say("paper-tax-number").arg("number", &seller.tax_number).to_string());
        }
        sold_by.extend(
            [seller.registration, seller.email, seller.phone].into_iter().filter(|line| !line.is_empty()),
        );
        let mut made_out_to = party(&buyer.name, buyer.address.as_ref(), &buyer.vat_id, s);
        if !buyer.reference.is_empty() {
            made_out_to.push(s.say("paper-reference").arg("reference", &buyer.reference).to_string());
        }
        let holder = if seller.account_holder.is_empty() { seller.name } else { seller.account_holder };
        let to_pay = document.open > 0 && !seller.iban.is_empty();
        let pay = [
            ("paper-pay-to", holder),
            ("paper-iban", spaced(&seller.iban)),
            ("paper-bic", seller.bic),
            ("paper-pay-amount", money(document.open)),
            ("paper-pay-reference", document.number.clone()),
        ];
        let pay = pay.into_iter().filter(|(_, value)| to_pay && !value.is_empty());
        let service = match (day(s, &content.service_from), day(s, &content.service_to)) {
            (from, to) if from == to || to.is_empty() => from,
            (from, to) if from.is_empty() => to,
            (from, to) => s.say("paper-from-to").arg("from", from).arg("to", to).to_string(),
        };
        Self {
            name: name(s, document),
            state: state(s, document),
            issued: day(s, &document.issue_date),
            until: day(s, &content.until),
            service,
            seller: if document.seller.is_some() { sold_by } else { Vec::new() },
            buyer: if document.buyer.is_some() { made_out_to } else { Vec::new() },
            notes: paragraphs(&content.notes),
            terms: paragraphs(&content.terms),
            lines: content
                .lines
                .iter()
                .map(|line| Line {
                    description: line.description.clone(),
                    quantity: format!("{} {}", decimal(s, &line.quantity), unit(s, &line.unit)),
                    price: unit_price(s, &line.unit_price, currency),
                    tax: rate(s, &line.tax_category, line.tax_basis_points),
                    net: money(line.net),
                })
                .collect(),
            taxes: document
                .taxes
                .iter()
                .map(|total| Tax {
                    name: tax_name(
                        s,
                        &total.category,
                        total.basis_points,
                        &money(total.base),
                        &total.exemption_reason,
                    ),
                    amount: money(total.tax),
                })
                .collect(),
            net: money(document.net),
            tax: money(document.tax),
            gross: money(document.gross),
            open: if document.open > 0 { money(document.open) } else { String::new() },
            pay: pay.map(|(key, value)| (s.t(key), value)).collect(),
            hash: document.hash.clone(),
            title: content.title,
        }
    }
}

/// "1,428.00 EUR"; the bare number where the currency is not one.
pub(crate) fn money(s: &Shell, amount: i64, currency: &str) -> String {
    Money::new(amount, currency).map_or_else(|_| amount.to_string(), |money| s.formats.money(&money))
}

/// A price of one, as money where it has no more places than the currency; a tenth of a cent keeps its places.
fn unit_price(s: &Shell, price: &str, currency: &str) -> String {
    Money::parse(price, currency)
        .map_or_else(|_| format!("{} {currency}", decimal(s, price)), |money| s.formats.money(&money))
}

/// "Invoice INV-00001"
pub(crate) fn name(s: &Shell, document: &Document) -> String {
    let kind = s.t(kind_key(document.kind()));
    if document.number.is_empty() { kind } else { format!("{kind} {}", document.number) }
}

/// The key of a kind's word.
pub(crate) const fn kind_key(kind: DocumentKind) -> &'static str {
    match kind {
        DocumentKind::Estimate => "paper-estimate",
        DocumentKind::CreditNote => "paper-credit-note",
        DocumentKind::Invoice | DocumentKind::Unspecified => "paper-invoice",
    }
}

/// The state as a tag.
pub(crate) fn state(s: &Shell, document: &Document) -> Tag {
    let tone = match document.state.as_str() {
        "overdue" | "disputed" | "declined" => Tone::Bad,
        "paid" | "accepted" => Tone::Ok,
        "open" | "partly_paid" | "expired" => Tone::Warn,
        "sent" | "processing" => Tone::Info,
        "void" | "superseded" | "issued" | "written_off" => Tone::Plain,
        _ => Tone::Neutral,
    };
    Tag::new(tone, s.t(&format!("paper-state-{}", document.state.replace('_', "-"))))
}

/// Where a document is shown: in the portal, or in the console.
pub(crate) fn href(document: &Document, console: bool) -> String {
    match (console, document.kind()) {
        (true, _) => format!("/console/billing/{}", document.id),
        (false, DocumentKind::Estimate) => format!("/estimates/{}", document.id),
        (false, _) => format!("/invoices/{}", document.id),
    }
}

/// A document in a list; `whose` is the account's name, or empty.
pub(crate) fn row(s: &Shell, document: &Document, console: bool, whose: &str) -> Row {
    let content = document.content.clone().unwrap_or_default();
    let amount = money(s, if document.open > 0 { document.open } else { document.gross }, &content.currency);
    let until = day(s, &content.until);
    let dated = match (document.kind(), until.is_empty()) {
        (_, true) => String::new(),
        (DocumentKind::Estimate, false) => s.say("paper-valid-until").arg("date", until).to_string(),
        _ if document.open > 0 => s.say("paper-due").arg("date", until).to_string(),
        _ => String::new(),
    };
    let meta: Vec<String> = [whose.to_owned(), content.title, amount, dated]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect();
    let tag = state(s, document);
    let mut row = Row::new(name(s, document), href(document, console), meta.join(" · "))
        .urgent(document.state == "overdue");
    row.tag = Some(tag);
    row
}

/// A way of keeping a document as a file.
pub(crate) struct Keep {
    pub(crate) href: String,
    pub(crate) text: String,
}

/// The files that an issued document can be downloaded as.
pub(crate) fn keep(s: &Shell, document: &Document, has_e_invoice: bool) -> Vec<Keep> {
    let at = if document.kind() == DocumentKind::Estimate { "estimates" } else { "invoices" };
    let forms = if has_e_invoice { &["pdf", "ubl", "cii"][..] } else { &["pdf"] };
    let file = |form: &&str| Keep {
        href: format!("/{at}/{}/{form}", document.id),
        text: s.t(&format!("paper-keep-{form}")),
    };
    forms.iter().map(file).collect()
}

/// What was set against an invoice, in words.
pub(crate) fn paid(s: &Shell, settlement: &Settlement, currency: &str) -> Paid {
    let key = match (settlement.act.as_str(), settlement.credit_note_id.is_empty()) {
        ("taken_back", _) => "paper-taken-back",
        ("written_off", _) => "paper-written-off",
        (_, true) => "paper-payment",
        (_, false) => "paper-credited",
    };
    let label = method(s, &settlement.label);
    let what = if label.is_empty() { s.t(key) } else { format!("{}: {label}", s.t(key)) };
    let receipt = if settlement.act == "allocated" && !settlement.payment_id.is_empty() {
        format!("/payments/{}", settlement.payment_id)
    } else {
        String::new()
    };
    Paid { what, receipt, on: day(s, &settlement.on), amount: money(s, settlement.amount, currency) }
}

/// What people call a way of paying; any other text is shown as it is.
pub(crate) fn method(s: &Shell, word: &str) -> String {
    if METHODS.contains(&word) { s.t(&format!("method-{}", word.replace('_', "-"))) } else { word.to_owned() }
}

/// The ways in which money comes; each has its words `method-<word>`.
pub(crate) const METHODS: [&str; 6] = ["bank_transfer", "cash", "card", "direct_debit", "cheque", "other"];

/// A day such as `2026-12-25`, as the reader has days; empty where there is none.
pub(crate) fn day(s: &Shell, text: &str) -> String {
    text.parse::<NaiveDate>().map(|day| s.formats.day(&day)).unwrap_or_default()
}

/// A plain decimal number with the reader's sign.
pub(crate) fn decimal(s: &Shell, text: &str) -> String {
    match s.texts.locale {
        crate::text::Locale::En => text.to_owned(),
        crate::text::Locale::De => text.replace('.', ","),
    }
}

/// A number as the reader types it, as a plain decimal: `1.250,5` of a German is `1250.5`.
pub(crate) fn typed_number(s: &Shell, text: &str) -> String {
    let bare: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    match s.texts.locale {
        crate::text::Locale::En => bare.replace(',', ""),
        crate::text::Locale::De if bare.contains(',') => bare.replace('.', "").replace(',', "."),
        crate::text::Locale::De => bare,
    }
}

fn unit(s: &Shell, code: &str) -> String {
    if UNITS.contains(&code) { s.t(&format!("unit-{}", code.to_lowercase())) } else { code.to_owned() }
}

/// "19 %", or why there is none.
pub(crate) fn rate(s: &Shell, category: &str, basis_points: i32) -> String {
    if category == "S" { percent(s, basis_points) } else { s.t(&format!("tax-{}", category.to_lowercase())) }
}

/// "19 %" of 1900.
pub(crate) fn percent(s: &Shell, basis_points: i32) -> String {
    format!("{} %", decimal(s, &percent_number(basis_points)))
}

/// "19" of 1900, "7.7" of 770.
pub(crate) fn percent_number(basis_points: i32) -> String {
    let (whole, rest) = (basis_points / 100, basis_points % 100);
    if rest == 0 { whole.to_string() } else { format!("{whole}.{rest:02}").trim_end_matches('0').to_owned() }
}

fn tax_name(s: &Shell, category: &str, basis_points: i32, base: &str, reason: &str) -> String {
    let name =
        s.say("paper-tax-on").arg("rate", rate(s, category, basis_points)).arg("base", base).to_string();
    if reason.is_empty() { name } else { format!("{name} ({reason})") }
}

fn party(name: &str, address: Option<&Address>, vat_id: &str, s: &Shell) -> Vec<String> {
    let address = address.cloned().unwrap_or_default();
    let city = format!("{} {}", address.post_code, address.city).trim().to_owned();
    let mut lines = vec![name.to_owned(), address.street, address.extra, city, address.country];
    if !vat_id.is_empty() {
        lines.push(s.say("paper-vat-id").arg("number", vat_id).to_string());
    }
    lines.into_iter().filter(|line| !line.is_empty()).collect()
}

fn paragraphs(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// In fours, as IBANs are read out.
fn spaced(iban: &str) -> String {
    let letters: Vec<char> = iban.chars().collect();
    letters.chunks(4).map(|four| four.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
pub(crate) mod tests {
    use portico_proto::billing::v1::{Buyer, Content, Line as Wire, Seller, TaxTotal};

    use super::*;
    use crate::{layout::Area, text::Locale};

    /// An invoice that is open.
    pub(crate) fn invoice() -> Document {
        Document {
            id: "0190aaaa-0000-7000-8000-000000000001".to_owned(),
            kind: DocumentKind::Invoice.into(),
            account_id: "0190aaaa-0000-7000-8000-000000000002".to_owned(),
            number: "INV-00001".to_owned(),
            state: "open".to_owned(),
            content: Some(Content {
                title: "Workshop <1>".to_owned(),
                currency: "EUR".to_owned(),
                until: "2026-12-24".to_owned(),
                service_from: "2026-12-01".to_owned(),
                service_to: "2026-12-02".to_owned(),
                notes: "Thank you.\n\nSee you.".to_owned(),
                lines: vec![Wire {
                    description: "Consulting".to_owned(),
                    quantity: "1.5".to_owned(),
                    unit: "HUR".to_owned(),
                    unit_price: "150".to_owned(),
                    tax_category: "S".to_owned(),
                    tax_basis_points: 1900,
                    net: 22_500,
                    ..Wire::default()
                }],
                ..Content::default()
            }),
            taxes: vec![TaxTotal {
                category: "S".to_owned(),
                basis_points: 1900,
                base: 22_500,
                tax: 4_275,
                ..TaxTotal::default()
            }],
            net: 22_500,
            tax: 4_275,
            gross: 26_775,
            open: 26_775,
            issue_date: "2026-12-03".to_owned(),
            seller: Some(Seller {
                name: "Northwind".to_owned(),
                iban: "DE89370400440532013000".to_owned(),
                ..Seller::default()
            }),
            buyer: Some(Buyer { name: "Acme".to_owned(), reference: "PO 1".to_owned(), ..Buyer::default() }),
            etag: "1".to_owned(),
            ..Document::default()
        }
    }

    #[test]
    fn a_document_reads_as_its_reader_reads() {
        let s = crate::walk::shell(Area::Portal, Locale::En);
        let paper = Paper::of(&s, &invoice());
        assert_eq!((paper.name.as_str(), paper.open.as_str()), ("Invoice INV-00001", "267.75 EUR"));
        assert_eq!((paper.lines[0].quantity.as_str(), paper.lines[0].tax.as_str()), ("1.5 hours", "19 %"));
        assert_eq!(paper.taxes[0].name, "19 % VAT on 225.00 EUR");
        assert_eq!(paper.pay[1].1, "DE89 3704 0044 0532 0130 00");
        assert_eq!(paper.service, "1 December 2026 to 2 December 2026");
        let german = crate::walk::shell(Area::Portal, Locale::De);
        let paper = Paper::of(&german, &invoice());
        assert_eq!((paper.open.as_str(), paper.lines[0].quantity.as_str()), ("267,75 EUR", "1,5 Stunden"));
        assert!(Paper::of(&s, &Document { open: 0, ..invoice() }).pay.is_empty());
    }

    #[test]
    fn every_state_unit_tax_and_method_has_its_word() {
        for locale in Locale::ALL {
            let s = crate::walk::shell(Area::Portal, locale);
            for word in [
                "draft",
                "open",
                "partly_paid",
                "paid",
                "overdue",
                "void",
                "processing",
                "disputed",
                "written_off",
                "sent",
                "accepted",
                "declined",
                "expired",
                "superseded",
                "issued",
            ] {
                let tag = state(&s, &Document { state: word.to_owned(), ..Document::default() });
                assert!(!tag.text.starts_with("paper-"), "{word}");
            }
            assert!(UNITS.iter().all(|code| !unit(&s, code).starts_with("unit-")));
            assert!(TAXES.iter().all(|code| !rate(&s, code, 0).starts_with("tax-")));
            assert!(METHODS.iter().all(|word| !method(&s, word).starts_with("method-")));
        }
    }

    #[test]
    fn numbers_are_read_as_the_language_writes_them() {
        let (english, german) =
            (crate::walk::shell(Area::Console, Locale::En), crate::walk::shell(Area::Console, Locale::De));
        assert_eq!(
            (typed_number(&english, "1,250.50"), typed_number(&german, "1.250,50")),
            ("1250.50".to_owned(), "1250.50".to_owned())
        );
        assert_eq!(
            (typed_number(&german, "1.5"), percent_number(770), percent_number(1900)),
            ("1.5".to_owned(), "7.7".to_owned(), "19".to_owned())
        );
    }
}
