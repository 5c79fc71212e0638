//! UBL 2.1, invoices and credit notes. The order of elements is the schema's.

use super::{
    PROFILE, amount, delivered_to, means, names_vat_ids, notes, other_id, percent, period, terms, type_code,
    xml::Xml,
};
use crate::domain::{
    document::{IssuedDocument, Kind},
    lines::{Line, TaxTotal},
    party::Address,
    tax::{TaxCategory, TaxKey},
};

/// The UBL of an invoice or a credit note.
pub(crate) fn ubl(document: &IssuedDocument) -> Vec<u8> {
    let credit = document.kind == Kind::CreditNote;
    let (root, space) = if credit {
        ("CreditNote", "urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2")
    } else {
        ("Invoice", "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2")
    };
    let spaces = [
        ("xmlns", space),
        ("xmlns:cac", "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"),
        ("xmlns:cbc", "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"),
    ];
    let mut xml = Xml::new(root, &spaces);
    let content = &document.content;
    xml.put("cbc:CustomizationID", PROFILE);
    xml.put("cbc:ID", &document.number);
    xml.put("cbc:IssueDate", &document.issue_date.to_string());
    if credit {
        xml.put("cbc:CreditNoteTypeCode", type_code(document.kind));
    } else {
        if let Some(until) = content.until {
            xml.put("cbc:DueDate", &until.to_string());
        }
        xml.put("cbc:InvoiceTypeCode", type_code(document.kind));
    }
    // The standard's one note: what are several in CII stand below one another.
    xml.some("cbc:Note", &notes(document).join("\n"));
    xml.put("cbc:DocumentCurrencyCode", &content.currency);
    xml.some("cbc:BuyerReference", &document.buyer.reference);
    if let Some((from, to)) = period(document) {
        xml.within("cac:InvoicePeriod", |xml| {
            xml.some("cbc:StartDate", &from.map(|day| day.to_string()).unwrap_or_default());
            xml.some("cbc:EndDate", &to.map(|day| day.to_string()).unwrap_or_default());
        });
    }
    if let Some(corrected) = &document.corrects {
        xml.within("cac:BillingReference", |xml| {
            xml.within("cac:InvoiceDocumentReference", |xml| {
                xml.put("cbc:ID", &corrected.number);
                xml.put("cbc:IssueDate", &corrected.issue_date.to_string());
            });
        });
    }
    parties(&mut xml, document);
    if let Some(country) = delivered_to(document) {
        xml.within("cac:Delivery", |xml| {
            xml.within("cac:DeliveryLocation", |xml| {
                xml.within("cac:Address", |xml| {
                    xml.within("cac:Country", |xml| xml.put("cbc:IdentificationCode", country));
                });
            });
        });
    }
    payment(&mut xml, document);
    sums(&mut xml, document);
    let lines = content.lines.iter().zip(&document.totals.lines);
    for (place, (line, net)) in lines.enumerate() {
        item(&mut xml, document, place + 1, line, *net);
    }
    xml.finish()
}

fn parties(xml: &mut Xml, document: &IssuedDocument) {
    let (seller, buyer) = (&document.seller, &document.buyer);
    let with_vat_ids = names_vat_ids(document);
    xml.within("cac:AccountingSupplierParty", |xml| {
        xml.within("cac:Party", |xml| {
            mailbox(xml, &seller.email);
            if let Some(id) = other_id(document) {
                xml.within("cac:PartyIdentification", |xml| xml.put("cbc:ID", id));
            }
            address(xml, &seller.address);
            if with_vat_ids {
                tax_scheme(xml, "VAT", &seller.vat_id);
            }
            tax_scheme(xml, "TAX", &seller.tax_number);
            xml.within("cac:PartyLegalEntity", |xml| {
                xml.put("cbc:RegistrationName", &seller.name);
                xml.some("cbc:CompanyID", &seller.registration);
            });
            if [&seller.contact_name, &seller.phone, &seller.email].into_iter().any(|part| !part.is_empty()) {
                xml.within("cac:Contact", |xml| {
                    xml.some("cbc:Name", &seller.contact_name);
                    xml.some("cbc:Telephone", &seller.phone);
                    xml.some("cbc:ElectronicMail", &seller.email);
                });
            }
        });
    });
    xml.within("cac:AccountingCustomerParty", |xml| {
        xml.within("cac:Party", |xml| {
            mailbox(xml, &buyer.email);
            address(xml, &buyer.address);
            if with_vat_ids {
                tax_scheme(xml, "VAT", &buyer.vat_id);
            }
            xml.within("cac:PartyLegalEntity", |xml| xml.put("cbc:RegistrationName", &buyer.name));
        });
    });
}

/// The address that files are sent to: a mail address (scheme `EM`).
fn mailbox(xml: &mut Xml, email: &str) {
    if !email.is_empty() {
        xml.with("cbc:EndpointID", &[("schemeID", "EM")], email);
    }
}

fn address(xml: &mut Xml, address: &Address) {
    xml.within("cac:PostalAddress", |xml| {
        xml.some("cbc:StreetName", &address.street);
        xml.some("cbc:AdditionalStreetName", &address.extra);
        xml.some("cbc:CityName", &address.city);
        xml.some("cbc:PostalZone", &address.post_code);
        xml.within("cac:Country", |xml| xml.put("cbc:IdentificationCode", &address.country));
    });
}

fn tax_scheme(xml: &mut Xml, scheme: &str, number: &str) {
    if !number.is_empty() {
        xml.within("cac:PartyTaxScheme", |xml| {
            xml.put("cbc:CompanyID", number);
            xml.within("cac:TaxScheme", |xml| xml.put("cbc:ID", scheme));
        });
    }
}

fn payment(xml: &mut Xml, document: &IssuedDocument) {
    let seller = &document.seller;
    if let Some(means) = means(document) {
        xml.within("cac:PaymentMeans", |xml| {
            xml.put("cbc:PaymentMeansCode", means);
            xml.put("cbc:PaymentID", &document.number);
            xml.within("cac:PayeeFinancialAccount", |xml| {
                xml.put("cbc:ID", &seller.iban);
                xml.some("cbc:Name", &seller.account_holder);
                if !seller.bic.is_empty() {
                    xml.within("cac:FinancialInstitutionBranch", |xml| xml.put("cbc:ID", &seller.bic));
                }
            });
        });
    }
    if let Some(terms) = terms(document) {
        xml.within("cac:PaymentTerms", |xml| xml.put("cbc:Note", &terms));
    }
}

fn sums(xml: &mut Xml, document: &IssuedDocument) {
    let (totals, currency) = (&document.totals, document.content.currency.as_str());
    xml.within("cac:TaxTotal", |xml| {
        money(xml, "cbc:TaxAmount", totals.tax, currency);
        for total in &totals.taxes {
            subtotal(xml, total, currency);
        }
    });
    xml.within("cac:LegalMonetaryTotal", |xml| {
        money(xml, "cbc:LineExtensionAmount", totals.net, currency);
        money(xml, "cbc:TaxExclusiveAmount", totals.net, currency);
        money(xml, "cbc:TaxInclusiveAmount", totals.gross, currency);
        money(xml, "cbc:PayableAmount", totals.gross, currency);
    });
}

fn money(xml: &mut Xml, name: &str, minor: i64, currency: &str) {
    xml.with(name, &[("currencyID", currency)], &amount(minor, currency));
}

fn subtotal(xml: &mut Xml, total: &TaxTotal, currency: &str) {
    xml.within("cac:TaxSubtotal", |xml| {
        money(xml, "cbc:TaxableAmount", total.base, currency);
        money(xml, "cbc:TaxAmount", total.tax, currency);
        xml.within("cac:TaxCategory", |xml| category(xml, total.key, &total.exemption_reason));
    });
}

fn category(xml: &mut Xml, key: TaxKey, reason: &str) {
    xml.put("cbc:ID", key.category.code());
    if key.category != TaxCategory::OutOfScope {
        xml.put("cbc:Percent", &percent(key.basis_points));
    }
    xml.some("cbc:TaxExemptionReason", reason);
    xml.within("cac:TaxScheme", |xml| xml.put("cbc:ID", "VAT"));
}

fn item(xml: &mut Xml, document: &IssuedDocument, place: usize, line: &Line, net: i64) {
    let currency = document.content.currency.as_str();
    let (name, quantity) = if document.kind == Kind::CreditNote {
        ("cac:CreditNoteLine", "cbc:CreditedQuantity")
    } else {
        ("cac:InvoiceLine", "cbc:InvoicedQuantity")
    };
    xml.within(name, |xml| {
        xml.put("cbc:ID", &place.to_string());
        xml.with(quantity, &[("unitCode", &line.unit)], &line.quantity.to_string());
        money(xml, "cbc:LineExtensionAmount", net, currency);
        xml.within("cac:Item", |xml| {
            xml.put("cbc:Name", &line.description);
            xml.within("cac:ClassifiedTaxCategory", |xml| category(xml, line.tax.key, ""));
        });
        xml.within("cac:Price", |xml| {
            xml.with("cbc:PriceAmount", &[("currencyID", currency)], &line.unit_price.to_string());
        });
    });
}
