//! The business rules of EN 16931 that a document of ours could break, each with words for whoever writes it.

use super::names_vat_ids;
use crate::domain::{
    decimal::minor_units,
    document::{IssuedDocument, Kind},
    lines::TaxTotal,
    party::Address,
    tax::TaxCategory,
};

/// The countries of ISO 3166-1, and Kosovo and Northern Ireland as the standard's list has them.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ \
    CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF \
    GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW \
    KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL \
    NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST \
    SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW 1A XI";

/// A rule that a document breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Broken {
    /// The rule's name in the standard.
    pub(crate) rule: &'static str,
    /// What is wrong and what to do, for whoever writes the document.
    pub(crate) text: &'static str,
}

impl Broken {
    /// Whether it concerns the file for machines alone, so that the document itself may go out without one.
    pub(crate) fn is_of_format(&self) -> bool {
        self.rule.starts_with("BR-DEC-")
    }
}

/// Every rule that a document breaks. Estimates have none to keep.
pub(crate) fn broken(document: &IssuedDocument) -> Vec<Broken> {
    if document.kind == Kind::Estimate {
        return Vec::new();
    }
    let mut broken = Vec::new();
    let mut keep = |holds: bool, rule: &'static str, text: &'static str| {
        if !holds {
            broken.push(Broken { rule, text });
        }
    };
    parties(document, &mut keep);
    sums(document, &mut keep);
    for total in &document.totals.taxes {
        category(document, total, &mut keep);
    }
    broken
}

fn parties(document: &IssuedDocument, keep: &mut impl FnMut(bool, &'static str, &'static str)) {
    let (seller, buyer) = (&document.seller, &document.buyer);
    let known = |address: &Address| COUNTRIES.split_whitespace().any(|code| code == address.country);
    keep(!document.number.is_empty(), "BR-02", "The document has no number.");
    keep(!seller.name.is_empty(), "BR-06", "Enter the name of your company in the billing settings.");
    keep(!buyer.name.is_empty(), "BR-07", "Enter the client's name for invoices.");
    keep(
        known(&seller.address),
        "BR-09",
        "Enter the country of your company in the billing settings as its two letters, such as DE or GB.",
    );
    keep(
        known(&buyer.address),
        "BR-11",
        "Enter the country of the client's address as its two letters, such as DE or GB.",
    );
    let named = [&seller.vat_id, &seller.tax_number, &seller.registration];
    keep(
        named.into_iter().any(|id| !id.is_empty()),
        "BR-CO-26",
        "Enter the VAT id, the tax number or the register number of your company in the billing settings.",
    );
    for id in [&seller.vat_id, &buyer.vat_id] {
        let country = id.get(..2).unwrap_or_default();
        let begins =
            id.is_empty() || country == "EL" || COUNTRIES.split_whitespace().any(|code| code == country);
        keep(
            begins,
            "BR-CO-09",
            "A VAT id begins with the two letters of its country, such as DE123456789. Check yours and the client's.",
        );
    }
    keep(
        minor_units(&document.content.currency) <= 100,
        "BR-DEC-09",
        "An e-invoice has at most two decimals, and this currency has three.",
    );
}

fn sums(document: &IssuedDocument, keep: &mut impl FnMut(bool, &'static str, &'static str)) {
    const WRONG: &str = "The sums do not fit together. Save the draft again.";
    let (content, totals) = (&document.content, &document.totals);
    keep(!content.lines.is_empty(), "BR-16", "Add at least one line.");
    keep(
        content.lines.iter().all(|line| !line.description.is_empty()),
        "BR-25",
        "Say on every line what it is.",
    );
    keep(
        content.lines.iter().all(|line| line.unit_price.millionths() >= 0),
        "BR-27",
        "A price is not negative. For a reduction enter a negative quantity.",
    );
    keep(totals.lines.iter().sum::<i64>() == totals.net, "BR-CO-10", WRONG);
    keep(totals.taxes.iter().map(|total| total.base).sum::<i64>() == totals.net, "BR-CO-13", WRONG);
    keep(totals.taxes.iter().map(|total| total.tax).sum::<i64>() == totals.tax, "BR-CO-14", WRONG);
    keep(totals.net + totals.tax == totals.gross, "BR-CO-15", WRONG);
    keep(!totals.taxes.is_empty(), "BR-CO-18", WRONG);
    for total in &totals.taxes {
        // The tax of parts of an invoice sums to the tax of the whole, so one part may be a minor unit away from its own product.
        let exact = i128::from(total.base) * i128::from(total.key.basis_points);
        let away = (i128::from(total.tax) * 10_000 - exact).abs();
        keep(away <= 15_000, "BR-CO-17", WRONG);
    }
    let until = content.until.is_some() || !content.terms.is_empty() || document.kind == Kind::CreditNote;
    keep(totals.gross <= 0 || until, "BR-CO-25", "Enter the day until which it is to be paid.");
}

fn category(
    document: &IssuedDocument,
    total: &TaxTotal,
    keep: &mut impl FnMut(bool, &'static str, &'static str),
) {
    use TaxCategory::{Exempt, Export, IntraCommunity, OutOfScope, ReverseCharge, Standard, Zero};
    let (seller, buyer) = (&document.seller, &document.buyer);
    let lines = document.content.lines.iter().zip(&document.totals.lines);
    let base: i64 = lines.filter(|(line, _)| line.tax.key == total.key).map(|(_, net)| net).sum();
    let [registered, summed, rated, untaxed, reasoned] = match total.key.category {
        Standard => ["BR-S-02", "BR-S-08", "BR-S-05", "BR-S-09", "BR-S-10"],
        Zero => ["BR-Z-02", "BR-Z-08", "BR-Z-05", "BR-Z-09", "BR-Z-10"],
        Exempt => ["BR-E-02", "BR-E-08", "BR-E-05", "BR-E-09", "BR-E-10"],
        ReverseCharge => ["BR-AE-02", "BR-AE-08", "BR-AE-05", "BR-AE-09", "BR-AE-10"],
        IntraCommunity => ["BR-IC-02", "BR-IC-08", "BR-IC-05", "BR-IC-09", "BR-IC-10"],
        Export => ["BR-G-02", "BR-G-08", "BR-G-05", "BR-G-09", "BR-G-10"],
        OutOfScope => ["BR-O-02", "BR-O-08", "BR-O-05", "BR-O-09", "BR-O-10"],
    };
    let has_vat_id = !seller.vat_id.is_empty();
    let is_registered = match total.key.category {
        Standard | Zero | Exempt => has_vat_id || !seller.tax_number.is_empty(),
        ReverseCharge => (has_vat_id || !seller.tax_number.is_empty()) && !buyer.vat_id.is_empty(),
        IntraCommunity => has_vat_id && !buyer.vat_id.is_empty(),
        Export => has_vat_id,
        OutOfScope => !names_vat_ids(document),
    };
    keep(
        is_registered,
        registered,
        match total.key.category {
            ReverseCharge | IntraCommunity => {
                "Enter your company's VAT id in the billing settings, and the client's: without both this tax cannot be left out."
            }
            _ => {
                "Enter the VAT id of your company in the billing settings: without it this cannot be invoiced."
            }
        },
    );
    keep(base == total.base, summed, "The sums do not fit together. Save the draft again.");
    keep(
        (total.key.basis_points > 0) == (total.key.category == Standard),
        rated,
        "The rate does not fit the kind of tax.",
    );
    keep(
        total.key.category == Standard || total.tax == 0,
        untaxed,
        "There is tax where none may be charged.",
    );
    keep(
        total.key.category.needs_reason() != total.exemption_reason.is_empty(),
        reasoned,
        "Say why no tax is charged, and only there.",
    );
    if total.key.category == IntraCommunity {
        let delivered = document.content.service_from.is_some() || document.content.service_to.is_some();
        keep(
            delivered,
            "BR-IC-11",
            "Enter when the goods or the work were delivered: a supply within the European Union must say it.",
        );
    }
    if total.key.category == OutOfScope {
        keep(
            document.totals.taxes.len() == 1,
            "BR-O-11",
            "Lines outside of the scope of VAT cannot stand on one document with others. Write two documents.",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paper::tests::document;

    /// The rules that an invoice breaks after a change.
    fn after(change: impl FnOnce(&mut IssuedDocument)) -> Vec<&'static str> {
        let mut document = document(Kind::Invoice, 6);
        change(&mut document);
        broken(&document).into_iter().map(|broken| broken.rule).collect()
    }

    #[test]
    fn what_we_make_ourselves_breaks_nothing() {
        assert!(after(|_| {}).is_empty());
        assert!(broken(&document(Kind::CreditNote, 3)).is_empty());
        let mut estimate = document(Kind::Estimate, 1);
        estimate.buyer.name.clear();
        assert!(broken(&estimate).is_empty(), "an estimate is no invoice");
    }

    #[test]
    fn missing_parties_are_named() {
        assert_eq!(after(|it| it.seller.name.clear()), ["BR-06"]);
        assert_eq!(after(|it| it.buyer.name.clear()), ["BR-07"]);
        assert_eq!(after(|it| it.seller.address.country.clear()), ["BR-09"]);
        assert_eq!(after(|it| it.buyer.address.country = "UK".to_owned()), ["BR-11"]);
        assert_eq!(after(|it| it.buyer.vat_id = "QQ12345".to_owned()), ["BR-CO-09"]);
        assert!(after(|it| it.buyer.vat_id = "EL123456789".to_owned()).is_empty());
        let nameless = after(|it| {
            it.seller.vat_id.clear();
            it.seller.registration.clear();
        });
        assert_eq!(nameless[0], "BR-CO-26");
    }

    #[test]
    fn sums_that_do_not_fit_together_are_refused() {
        assert_eq!(after(|it| it.totals.lines[0] += 1)[0], "BR-CO-10");
        assert!(after(|it| it.totals.taxes[0].base += 1).contains(&"BR-CO-13"));
        assert_eq!(after(|it| it.totals.taxes[0].tax += 1), ["BR-CO-14"]);
        assert_eq!(after(|it| it.totals.gross += 1), ["BR-CO-15"]);
        let wrong_product = after(|it| {
            it.totals.taxes[0].tax += 2;
            it.totals.tax += 2;
            it.totals.gross += 2;
        });
        assert_eq!(wrong_product, ["BR-CO-17"]);
        let open_end = after(|it| {
            it.content.until = None;
            it.content.terms.clear();
        });
        assert_eq!(open_end, ["BR-CO-25"]);
        assert_eq!(after(|it| it.content.lines[0].description.clear()), ["BR-25"]);
    }

    #[test]
    fn each_category_keeps_its_own_rules() {
        use TaxCategory::{Exempt, Export, IntraCommunity, OutOfScope, ReverseCharge, Standard, Zero};
        let of = |category: TaxCategory, change: fn(&mut IssuedDocument)| {
            after(|it| {
                *it = crate::einvoice::tests::taxed(Kind::Invoice, category);
                change(it);
            })
        };
        for category in [Standard, Zero, Exempt, ReverseCharge, IntraCommunity, Export, OutOfScope] {
            assert!(of(category, |_| {}).is_empty(), "{category:?}");
        }
        let unregistered: fn(&mut IssuedDocument) = |it| it.seller.vat_id.clear();
        assert_eq!(of(Standard, unregistered), ["BR-S-02"]);
        assert_eq!(of(Zero, unregistered), ["BR-Z-02"]);
        assert_eq!(of(Exempt, unregistered), ["BR-E-02"]);
        assert_eq!(of(Export, unregistered), ["BR-G-02"]);
        assert_eq!(of(ReverseCharge, |it| it.buyer.vat_id.clear()), ["BR-AE-02"]);
        assert_eq!(of(IntraCommunity, |it| it.buyer.vat_id.clear()), ["BR-IC-02"]);
        assert_eq!(of(Zero, |it| it.totals.taxes[0].exemption_reason = "why".to_owned()), ["BR-Z-10"]);
        assert_eq!(of(Exempt, |it| it.totals.taxes[0].exemption_reason.clear()), ["BR-E-10"]);
        assert_eq!(of(ReverseCharge, |it| it.totals.taxes[0].exemption_reason.clear()), ["BR-AE-10"]);
        assert_eq!(of(Standard, |it| it.totals.taxes[0].exemption_reason = "why".to_owned()), ["BR-S-10"]);
        let taxed_exemption: fn(&mut IssuedDocument) = |it| {
            it.totals.taxes[0].tax = 1;
            it.totals.tax = 1;
            it.totals.gross += 1;
        };
        assert_eq!(of(Exempt, taxed_exemption), ["BR-E-09"]);
        assert_eq!(of(Zero, taxed_exemption), ["BR-Z-09"]);
        let undelivered: fn(&mut IssuedDocument) = |it| {
            it.content.service_from = None;
            it.content.service_to = None;
        };
        assert_eq!(of(IntraCommunity, undelivered), ["BR-IC-11"]);
        assert!(of(Standard, undelivered).is_empty());
    }
}
