//! Papers as other programs read them.

use std::process::Command;

use portico_core::AccountId;
use portico_paper::{FontFiles, Fonts};
use uuid::Uuid;

use super::*;
use crate::domain::{
    decimal::Rounding,
    document::{Content, IssuedDocument, Kind, Reference},
    lines::Line,
    party::tests::{buyer, seller},
    tax::{Tax, TaxCategory, TaxKey},
};

pub(crate) fn fonts() -> Fonts {
    Fonts::load(&FontFiles::default()).unwrap()
}

fn line(place: usize, price: &str, category: TaxCategory, basis_points: i32) -> Line {
    let reason = if category.needs_reason() { "Reverse charge: the buyer owes the tax" } else { "" };
    Line {
        description: format!("Consulting, part {place}: Größenprüfung und Abnahme der Anlage im Hafen"),
        quantity: "1.5".parse().unwrap(),
        unit: "HUR".to_owned(),
        unit_price: price.parse().unwrap(),
        tax: Tax { key: TaxKey { category, basis_points }, exemption_reason: reason.to_owned() },
    }
}

/// A document with so many lines, at three rates.
pub(crate) fn document(kind: Kind, lines: usize) -> IssuedDocument {
    let lines = (1..=lines).map(|place| match place % 3 {
        0 => line(place, "99.99", TaxCategory::ReverseCharge, 0),
        1 => line(place, "1150", TaxCategory::Standard, 1900),
        _ => line(place, "12.345", TaxCategory::Standard, 750),
    });
    let content = Content {
        title: "Harbour survey".to_owned(),
        currency: "EUR".to_owned(),
        rounding: Rounding::HalfUp,
        until: (kind != Kind::CreditNote).then(|| "2027-01-29".parse().unwrap()),
        service_from: "2027-01-04".parse().ok(),
        service_to: "2027-01-08".parse().ok(),
        notes: "Thank you.\nAs agreed on the phone.".to_owned(),
        terms: "Payable without deduction.".to_owned(),
        lines: lines.collect(),
    };
    let totals = content.totals().unwrap();
    IssuedDocument {
        id: Uuid::from_u128(7),
        kind,
        number: "2027-00042".to_owned(),
        version: 2,
        account_id: AccountId(Uuid::from_u128(8)),
        issue_date: "2027-01-15".parse().unwrap(),
        seller: seller(),
        buyer: buyer(),
        corrects: (kind == Kind::CreditNote).then(|| Reference {
            number: "2027-00040".to_owned(),
            issue_date: "2027-01-10".parse().unwrap(),
        }),
        content,
        totals,
    }
}

pub(crate) fn look(words: Words) -> Look {
    Look::new(words, "#0b5cad")
}

/// What a program says of a file; `FILE` in its arguments is the file.
pub(crate) fn said(program: &str, arguments: &[&str], bytes: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("paper.pdf");
    std::fs::write(&path, bytes).unwrap();
    let arguments = arguments.iter().map(|part| part.replace("FILE", &path.display().to_string()));
    let output = Command::new(program).args(arguments).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{program}: {text} {}", String::from_utf8_lossy(&output.stderr));
    text
}

/// The text with every run of spaces as one.
fn text(pdf: &[u8]) -> String {
    let text = said("pdftotext", &["-layout", "FILE", "-"], pdf);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn everything_that_a_document_says_stands_on_its_paper_in_both_languages() {
    let fonts = fonts();
    for (words, kind, needed) in [
        (
            Words::English,
            Kind::Invoice,
            &[
                "Invoice 2027-00042",
                "Northwind Consulting GmbH",
                "Hafenweg 1 ",
                "Acme GmbH",
                "1010 Wien AT",
                "Due 29 January 2027",
                "4 January 2027 to 8 January 2027",
                "PO 4711",
                "ATU12345678",
                "1.5 hours 1150.00 19 % 1,725.00",
                "VAT 7.5 % on 18.52 1.39",
                "Reverse charge: the buyer owes the tax",
                "IBAN DE89 3704 0044 0532 0130 00",
                "VAT id DE123456789",
                "Payable without deduction.",
                "Page 1 of ",
            ][..],
        ),
        (
            Words::German,
            Kind::Invoice,
            &[
                "Rechnung 2027-00042",
                "Zahlbar bis 29.01.2027",
                "1,5 Std. 1150,00 19 % 1.725,00",
                "7,5 % USt. auf 18,52 1,39",
                "Gesamtbetrag 2.",
                "Seite 1 von ",
            ],
        ),
        (
            Words::English,
            Kind::Estimate,
            &["Estimate 2027-00042", "Valid until 29 January 2027", "Version 2"],
        ),
        (
            Words::German,
            Kind::CreditNote,
            &["Gutschrift 2027-00042", "berichtigt die Rechnung 2027-00040 vom 10.01.2027", "gutgeschrieben"],
        ),
    ] {
        let document = document(kind, 3);
        let pdf = super::document(&fonts, &document, look(words), None).unwrap();
        said("qpdf", &["--check", "FILE"], &pdf);
        let text = text(&pdf);
        for part in needed {
            let part = part.replace('\u{a0}', " ");
            assert!(text.contains(&part), "{part} is not in {text}");
        }
        assert!(!text.contains('{'), "{text}");
        assert!(pdf == super::document(&fonts, &document, look(words), None).unwrap(), "other bytes");
    }
}

#[test]
fn an_estimate_asks_for_no_money() {
    let pdf = super::document(&fonts(), &document(Kind::Estimate, 1), look(Words::English), None).unwrap();
    assert!(!text(&pdf).contains("Account holder"));
}

#[test]
fn amounts_end_at_one_edge_and_a_long_invoice_has_all_its_lines() {
    let pdf = super::document(&fonts(), &document(Kind::Invoice, 200), look(Words::English), None).unwrap();
    let layout = said("pdftotext", &["-layout", "FILE", "-"], &pdf);
    let pages = layout.matches("Page ").count();
    assert!(pages > 5 && layout.contains(&format!("Page {pages} of {pages}")), "{pages} pages");
    for place in 1..=200 {
        assert_eq!(layout.matches(&format!("part {place}:")).count(), 1, "line {place}");
    }
    let boxes = said("pdftotext", &["-bbox", "FILE", "-"], &pdf);
    let edges: Vec<f64> = boxes
        .lines()
        .filter(|line| line.contains(">1,725.00<") || line.contains(">18.52<") || line.contains(">149.99<"))
        .filter_map(|line| line.split("xMax=\"").nth(1)?.split('"').next()?.parse().ok())
        .collect();
    assert!(edges.len() >= 200, "{} amounts", edges.len());
    let far = edges.iter().map(|edge| (edge - edges[0]).abs()).fold(0.0, f64::max);
    assert!(far < 0.2, "amounts end up to {far} points apart");
}

#[test]
fn a_statement_says_what_moved_and_what_is_left() {
    let day = |text: &str| text.parse().unwrap();
    let moved = |on: &str, act: &str, label: &str, amount, balance| Moved {
        on: day(on),
        act: act.to_owned(),
        label: label.to_owned(),
        amount,
        balance,
    };
    let of = Statement {
        currency: "EUR".to_owned(),
        from: day("2027-01-01"),
        to: day("2027-01-31"),
        opening: 5_000,
        moved: vec![
            moved("2027-01-15", "invoice_issued", "INV-00001", 142_800, 147_800),
            moved("2027-01-20", "payment_received", "bank_transfer", -150_000, -2_200),
        ],
    };
    let fonts = fonts();
    let pdf = statement(&fonts, &of, "Northwind", Some(&buyer()), look(Words::English)).unwrap();
    said("qpdf", &["--check", "FILE"], &pdf);
    let english = text(&pdf);
    for part in [
        "Statement 1 January 2027 to 31 January 2027",
        "Acme GmbH",
        "50.00 EUR",
        "Invoice: INV-00001 1,428.00 1,478.00",
        "Payment: bank transfer -1,500.00 -22.00",
        "To your credit on 31 January 2027 22.00 EUR",
    ] {
        assert!(english.contains(part), "{part} is not in {english}");
    }
    let none = Statement { opening: 0, moved: Vec::new(), ..of };
    let german = text(&statement(&fonts, &none, "Northwind", None, look(Words::German)).unwrap());
    assert!(german.contains("nichts verändert") && german.contains("Zu zahlen am 31.01.2027 0,00 EUR"));
}
