//! UN/CEFACT Cross Industry Invoice. The order of elements is the schema's.

use chrono::NaiveDate;

use super::{
    PROFILE, amount, delivered_to, means, names_vat_ids, notes, other_id, percent, period, terms, type_code,
    xml::Xml,
};
use crate::domain::{
    document::IssuedDocument,
    lines::{Line, TaxTotal},
    party::Address,
    tax::{TaxCategory, TaxKey},
};

const SPACES: [(&str, &str); 4] = [
    ("xmlns:rsm", "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"),
    ("xmlns:ram", "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"),
    ("xmlns:qdt", "urn:un:unece:uncefact:data:standard:QualifiedDataType:100"),
    ("xmlns:udt", "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100"),
];

/// The CII of an invoice or a credit note.
pub(crate) fn cii(document: &IssuedDocument) -> Vec<u8> {
    let mut xml = Xml::new("rsm:CrossIndustryInvoice", &SPACES);
    xml.within("rsm:ExchangedDocumentContext", |xml| {
        xml.within("ram:GuidelineSpecifiedDocumentContextParameter", |xml| xml.put("ram:ID", PROFILE));
    });
    xml.within("rsm:ExchangedDocument", |xml| {
        xml.put("ram:ID", &document.number);
        xml.put("ram:TypeCode", type_code(document.kind));
        xml.within("ram:IssueDateTime", |xml| day(xml, document.issue_date));
        for note in notes(document) {
            xml.within("ram:IncludedNote", |xml| xml.put("ram:Content", note));
        }
    });
    xml.within("rsm:SupplyChainTradeTransaction", |xml| {
        let lines = document.content.lines.iter().zip(&document.totals.lines);
        for (place, (line, net)) in lines.enumerate() {
            item(xml, document, place + 1, line, *net);
        }
        agreement(xml, document);
        delivery(xml, document);
        settlement(xml, document);
    });
    xml.finish()
}

fn day(xml: &mut Xml, day: NaiveDate) {
    xml.with("udt:DateTimeString", &[("format", "102")], &day.format("%Y%m%d").to_string());
}

fn item(xml: &mut Xml, document: &IssuedDocument, place: usize, line: &Line, net: i64) {
    xml.within("ram:IncludedSupplyChainTradeLineItem", |xml| {
        xml.within("ram:AssociatedDocumentLineDocument", |xml| {
            xml.put("ram:LineID", &place.to_string());
        });
        xml.within("ram:SpecifiedTradeProduct", |xml| xml.put("ram:Name", &line.description));
        xml.within("ram:SpecifiedLineTradeAgreement", |xml| {
            xml.within("ram:NetPriceProductTradePrice", |xml| {
                xml.put("ram:ChargeAmount", &line.unit_price.to_string());
            });
        });
        xml.within("ram:SpecifiedLineTradeDelivery", |xml| {
            xml.with("ram:BilledQuantity", &[("unitCode", &line.unit)], &line.quantity.to_string());
        });
        xml.within("ram:SpecifiedLineTradeSettlement", |xml| {
            xml.within("ram:ApplicableTradeTax", |xml| {
                xml.put("ram:TypeCode", "VAT");
                xml.put("ram:CategoryCode", line.tax.key.category.code());
                rate(xml, line.tax.key);
            });
            xml.within("ram:SpecifiedTradeSettlementLineMonetarySummation", |xml| {
                xml.put("ram:LineTotalAmount", &amount(net, &document.content.currency));
            });
        });
    });
}

fn rate(xml: &mut Xml, key: TaxKey) {
    if key.category != TaxCategory::OutOfScope {
        xml.put("ram:RateApplicablePercent", &percent(key.basis_points));
    }
}

fn agreement(xml: &mut Xml, document: &IssuedDocument) {
    let (seller, buyer) = (&document.seller, &document.buyer);
    let with_vat_ids = names_vat_ids(document);
    xml.within("ram:ApplicableHeaderTradeAgreement", |xml| {
        xml.some("ram:BuyerReference", &buyer.reference);
        xml.within("ram:SellerTradeParty", |xml| {
            xml.some("ram:ID", other_id(document).unwrap_or_default());
            xml.put("ram:Name", &seller.name);
            if !seller.registration.is_empty() {
                xml.within("ram:SpecifiedLegalOrganization", |xml| xml.put("ram:ID", &seller.registration));
            }
            if [&seller.contact_name, &seller.phone, &seller.email].into_iter().any(|part| !part.is_empty()) {
                xml.within("ram:DefinedTradeContact", |xml| {
                    xml.some("ram:PersonName", &seller.contact_name);
                    if !seller.phone.is_empty() {
                        xml.within("ram:TelephoneUniversalCommunication", |xml| {
                            xml.put("ram:CompleteNumber", &seller.phone);
                        });
                    }
                    if !seller.email.is_empty() {
                        xml.within("ram:EmailURIUniversalCommunication", |xml| {
                            xml.put("ram:URIID", &seller.email);
                        });
                    }
                });
            }
            address(xml, &seller.address);
            mailbox(xml, &seller.email);
            if with_vat_ids {
                registration(xml, "VA", &seller.vat_id);
            }
            registration(xml, "FC", &seller.tax_number);
        });
        xml.within("ram:BuyerTradeParty", |xml| {
            xml.put("ram:Name", &buyer.name);
            address(xml, &buyer.address);
            mailbox(xml, &buyer.email);
            if with_vat_ids {
                registration(xml, "VA", &buyer.vat_id);
            }
        });
    });
}

fn address(xml: &mut Xml, address: &Address) {
    xml.within("ram:PostalTradeAddress", |xml| {
        xml.some("ram:PostcodeCode", &address.post_code);
        xml.some("ram:LineOne", &address.street);
        xml.some("ram:LineTwo", &address.extra);
        xml.some("ram:CityName", &address.city);
        xml.put("ram:CountryID", &address.country);
    });
}

/// The address that files are sent to: a mail address (scheme `EM`).
fn mailbox(xml: &mut Xml, email: &str) {
    if !email.is_empty() {
        xml.within("ram:URIUniversalCommunication", |xml| {
            xml.with("ram:URIID", &[("schemeID", "EM")], email);
        });
    }
}

fn registration(xml: &mut Xml, scheme: &str, number: &str) {
    if !number.is_empty() {
        xml.within("ram:SpecifiedTaxRegistration", |xml| xml.with("ram:ID", &[("schemeID", scheme)], number));
    }
}

fn delivery(xml: &mut Xml, document: &IssuedDocument) {
    xml.within("ram:ApplicableHeaderTradeDelivery", |xml| {
        if let Some(country) = delivered_to(document) {
            xml.within("ram:ShipToTradeParty", |xml| {
                xml.within("ram:PostalTradeAddress", |xml| xml.put("ram:CountryID", country));
            });
        }
    });
}

fn settlement(xml: &mut Xml, document: &IssuedDocument) {
    let (seller, content, totals) = (&document.seller, &document.content, &document.totals);
    let currency = content.currency.as_str();
    let money = |minor: i64| amount(minor, currency);
    xml.within("ram:ApplicableHeaderTradeSettlement", |xml| {
        xml.put("ram:PaymentReference", &document.number);
        xml.put("ram:InvoiceCurrencyCode", currency);
        if let Some(means) = means(document) {
            xml.within("ram:SpecifiedTradeSettlementPaymentMeans", |xml| {
                xml.put("ram:TypeCode", means);
                xml.within("ram:PayeePartyCreditorFinancialAccount", |xml| {
                    xml.put("ram:IBANID", &seller.iban);
                    xml.some("ram:AccountName", &seller.account_holder);
                });
                if !seller.bic.is_empty() {
                    xml.within("ram:PayeeSpecifiedCreditorFinancialInstitution", |xml| {
                        xml.put("ram:BICID", &seller.bic);
                    });
                }
            });
        }
        for total in &totals.taxes {
            tax(xml, total, &money);
        }
        if let Some((from, to)) = period(document) {
            xml.within("ram:BillingSpecifiedPeriod", |xml| {
                if let Some(from) = from {
                    xml.within("ram:StartDateTime", |xml| day(xml, from));
                }
                if let Some(to) = to {
                    xml.within("ram:EndDateTime", |xml| day(xml, to));
                }
            });
        }
        let terms = terms(document);
        if terms.is_some() || content.until.is_some() {
            xml.within("ram:SpecifiedTradePaymentTerms", |xml| {
                xml.some("ram:Description", &terms.unwrap_or_default());
                if let Some(until) = content.until {
                    xml.within("ram:DueDateDateTime", |xml| day(xml, until));
                }
            });
        }
        xml.within("ram:SpecifiedTradeSettlementHeaderMonetarySummation", |xml| {
            xml.put("ram:LineTotalAmount", &money(totals.net));
            xml.put("ram:TaxBasisTotalAmount", &money(totals.net));
            xml.with("ram:TaxTotalAmount", &[("currencyID", currency)], &money(totals.tax));
            xml.put("ram:GrandTotalAmount", &money(totals.gross));
            xml.put("ram:DuePayableAmount", &money(totals.gross));
        });
        if let Some(corrected) = &document.corrects {
            xml.within("ram:InvoiceReferencedDocument", |xml| {
                xml.put("ram:IssuerAssignedID", &corrected.number);
                xml.within("ram:FormattedIssueDateTime", |xml| {
                    let day = corrected.issue_date.format("%Y%m%d").to_string();
                    xml.with("qdt:DateTimeString", &[("format", "102")], &day);
                });
            });
        }
    });
}

fn tax(xml: &mut Xml, total: &TaxTotal, money: &impl Fn(i64) -> String) {
    xml.within("ram:ApplicableTradeTax", |xml| {
        xml.put("ram:CalculatedAmount", &money(total.tax));
        xml.put("ram:TypeCode", "VAT");
        xml.some("ram:ExemptionReason", &total.exemption_reason);
        xml.put("ram:BasisAmount", &money(total.base));
        xml.put("ram:CategoryCode", total.key.category.code());
        rate(xml, total.key);
    });
}
