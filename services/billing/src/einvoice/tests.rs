//! E-invoices as programs that are not ours judge them.

use std::{path::Path, process::Command};

use super::*;
use crate::{
    domain::{
        lines::Line,
        tax::{Tax, TaxKey},
    },
    paper::{self, tests as papers},
    words::Words,
};

/// A document with two lines, one of them a reduction, all taxed like this.
pub(super) fn taxed(kind: Kind, category: TaxCategory) -> IssuedDocument {
    let mut document = papers::document(kind, 1);
    let basis_points = if category == TaxCategory::Standard { 1900 } else { 0 };
    let reason = if category.needs_reason() { "Why there is none, & <more>" } else { "" };
    let line = |quantity: &str, price: &str| Line {
        description: "Work & <care>".to_owned(),
        quantity: quantity.parse().unwrap(),
        unit: "HUR".to_owned(),
        unit_price: price.parse().unwrap(),
        tax: Tax { key: TaxKey { category, basis_points }, exemption_reason: reason.to_owned() },
    };
    document.content.lines = vec![line("8", "150"), line("-0.333333", "99.99")];
    document.totals = document.content.totals().unwrap();
    // Who has a tax number beside a VAT id is registered either way.
    document.seller.tax_number = String::new();
    if category == TaxCategory::OutOfScope {
        document.seller.registration = String::new();
    }
    document
}

/// What another program says of files; `None` where it is not there.
fn judged(folder: &Path, files: &[(String, Vec<u8>)]) -> Option<String> {
    let python = std::env::var("PORTICO_FACTURX").ok()?;
    let judge = folder.join("judge.py");
    std::fs::write(&judge, include_str!("judge.py")).unwrap();
    let mut command = Command::new(python);
    command.arg(&judge);
    for (name, bytes) in files {
        let path = folder.join(name);
        std::fs::write(&path, bytes).unwrap();
        command.arg(path);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}

fn each_way(name: &str, document: &IssuedDocument) -> Vec<(String, Vec<u8>)> {
    let embedded = embedded(document);
    assert!(embedded.is_some(), "{name}: {:?}", broken(document));
    let look = papers::look(Words::English);
    let pdf = paper::document(&papers::fonts(), document, look, embedded.as_ref()).unwrap();
    vec![
        (format!("{name}.cii.xml"), cii(document)),
        (format!("{name}.ubl.xml"), ubl(document)),
        (format!("{name}.pdf"), pdf),
    ]
}

#[test]
fn every_kind_and_category_is_right_by_schema_and_by_the_official_rules() {
    use TaxCategory::{Exempt, Export, IntraCommunity, OutOfScope, ReverseCharge, Standard, Zero};
    let mut files = Vec::new();
    for kind in [Kind::Invoice, Kind::CreditNote] {
        for category in [Standard, Zero, Exempt, ReverseCharge, IntraCommunity, Export, OutOfScope] {
            files.extend(each_way(&format!("{}-{}", kind.word(), category.code()), &taxed(kind, category)));
        }
        files.extend(each_way(&format!("{}-many", kind.word()), &papers::document(kind, 30)));
    }
    let mut bare = taxed(Kind::Invoice, TaxCategory::Standard);
    bare.seller = crate::domain::party::Seller {
        vat_id: String::new(),
        tax_number: "12/345/67890".to_owned(),
        registration: String::new(),
        contact_name: String::new(),
        email: String::new(),
        phone: String::new(),
        iban: String::new(),
        bic: String::new(),
        ..bare.seller
    };
    bare.buyer = crate::domain::party::Buyer {
        name: bare.buyer.name.clone(),
        address: bare.buyer.address.clone(),
        ..Default::default()
    };
    bare.content.notes = String::new();
    bare.content.terms = String::new();
    bare.content.service_from = None;
    files.extend(each_way("bare", &bare));
    let mut yen = taxed(Kind::Invoice, TaxCategory::Zero);
    yen.content.currency = "JPY".to_owned();
    yen.totals = yen.content.totals().unwrap();
    files.extend(each_way("yen", &yen));
    let folder = tempfile::tempdir().unwrap();
    let Some(said) = judged(folder.path(), &files) else {
        eprintln!(
            "skipped: factur-x is not there; scripts/test fetches it and names its Python in PORTICO_FACTURX"
        );
        return;
    };
    assert!(said.is_empty(), "{said}");
    // The judge does see what is wrong.
    let text = String::from_utf8(cii(&bare)).unwrap();
    let wrong = [
        text.replace("<ram:GrandTotalAmount>1", "<ram:GrandTotalAmount>2"),
        text.replace("<ram:CountryID>", "<ram:CountryName>")
            .replace("</ram:CountryID>", "</ram:CountryName>"),
    ];
    for (place, wrong) in wrong.into_iter().enumerate() {
        let said = judged(folder.path(), &[(format!("wrong-{place}.xml"), wrong.into_bytes())]).unwrap();
        assert!(!said.is_empty(), "a wrong file is taken for a right one");
    }
}

#[test]
fn amounts_and_rates_are_written_as_the_standard_does() {
    assert_eq!(amount(142_800, "EUR"), "1428.00");
    assert_eq!(amount(-5, "EUR"), "-0.05");
    assert_eq!(amount(1428, "JPY"), "1428");
    assert_eq!((percent(1900), percent(750), percent(0)), ("19".into(), "7.5".into(), "0".into()));
}

#[test]
fn a_currency_with_three_decimals_has_no_e_invoice_and_a_pdf_all_the_same() {
    let mut dinar = taxed(Kind::Invoice, TaxCategory::Zero);
    dinar.content.currency = "KWD".to_owned();
    dinar.totals = dinar.content.totals().unwrap();
    assert!(!possible(&dinar) && embedded(&dinar).is_none());
    assert!(broken(&dinar).iter().all(Broken::is_of_format));
    let estimate = papers::document(Kind::Estimate, 1);
    assert!(!possible(&estimate));
}
