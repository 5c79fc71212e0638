//! Who sells and who buys, as it stands on documents.

use portico_core::{AccountId, Email};
use portico_service::Fields;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::decimal::Rounding;

/// A postal address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Address {
    /// Street and number.
    pub(crate) street: String,
    /// More of the address; may be empty.
    pub(crate) extra: String,
    /// Post code.
    pub(crate) post_code: String,
    /// Town.
    pub(crate) city: String,
    /// Country as two capital letters (ISO 3166-1).
    pub(crate) country: String,
}

/// A company of the firm that sells: what stands on its documents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Seller {
    /// Its registered name.
    pub(crate) name: String,
    /// Where it is.
    pub(crate) address: Address,
    /// VAT id with its country, such as `DE123456789`; may be empty where there is a tax number.
    pub(crate) vat_id: String,
    /// Tax number of its own country; may be empty.
    pub(crate) tax_number: String,
    /// Register and number, such as `HRB 12345`; may be empty.
    pub(crate) registration: String,
    /// Whom questions reach; may be empty.
    pub(crate) contact_name: String,
    /// Mail address for questions; may be empty.
    pub(crate) email: String,
    /// Telephone; may be empty.
    pub(crate) phone: String,
    /// Where payments go; may be empty.
    pub(crate) iban: String,
    /// The bank's code; may be empty.
    pub(crate) bic: String,
    /// Who holds the account, where it is not the name; may be empty.
    pub(crate) account_holder: String,
}

/// A company of the firm with what its documents start from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LegalEntity {
    /// Its id.
    pub(crate) id: Uuid,
    /// What stands on documents.
    pub(crate) seller: Seller,
    /// The currency of new documents.
    pub(crate) currency: String,
    /// The rounding of new documents.
    pub(crate) rounding: Rounding,
    /// Days from an invoice's date to the day when it is due.
    pub(crate) payment_days: i32,
    /// What stands before the numbers of estimates, invoices and credit notes.
    pub(crate) prefixes: Prefixes,
    /// The number of changes.
    pub(crate) version: i32,
}

/// What stands before a document's number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Prefixes {
    /// Of estimates.
    pub(crate) estimate: String,
    /// Of invoices.
    pub(crate) invoice: String,
    /// Of credit notes.
    pub(crate) credit_note: String,
}

/// Whom a document is made out to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Buyer {
    /// The registered name.
    pub(crate) name: String,
    /// Where it is.
    pub(crate) address: Address,
    /// VAT id; may be empty.
    pub(crate) vat_id: String,
    /// Mail address for invoices; may be empty.
    pub(crate) email: String,
    /// What the buyer wants to find on each invoice: an order number or a route id; may be empty.
    pub(crate) reference: String,
}

/// An account's details as a buyer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AccountBuyer {
    /// The account.
    pub(crate) account_id: AccountId,
    /// What stands on documents.
    pub(crate) buyer: Buyer,
    /// The number of changes; 0 where nothing is stored yet.
    pub(crate) version: i32,
}

impl Address {
    fn check(mut self, fields: &mut Fields) -> Self {
        self.street = fields.line("address.street", &self.street, 120);
        self.extra = optional(fields, "address.extra", &self.extra, 120);
        self.post_code = fields.line("address.post_code", &self.post_code, 20);
        self.city = fields.line("address.city", &self.city, 80);
        self.country = self.country.trim().to_uppercase();
        if self.country.len() != 2 || !self.country.bytes().all(|byte| byte.is_ascii_uppercase()) {
            fields.refuse("address.country", "Enter the country as two letters, such as DE.");
        }
        self
    }
}

impl Seller {
    /// Trims and checks what was typed; `fields` names every mistake.
    pub(crate) fn check(self, fields: &mut Fields) -> Self {
        let name = fields.line("name", &self.name, 160);
        let address = self.address.check(fields);
        let vat_id = check_vat_id(fields, &self.vat_id);
        let tax_number = optional(fields, "tax_number", &self.tax_number, 40);
        if vat_id.is_empty() && tax_number.is_empty() {
            fields.refuse("vat_id", "Enter the VAT id or the tax number: an invoice must show one of them.");
        }
        let iban: String =
            self.iban.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_uppercase();
        if !iban.is_empty() && !is_iban(&iban) {
            fields.refuse("iban", "This IBAN is not right. Check it against your bank's papers.");
        }
        let bic: String = self.bic.trim().to_uppercase();
        let bic_fits =
            matches!(bic.len(), 0 | 8 | 11) && bic.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !bic_fits {
            fields.refuse("bic", "A BIC has 8 or 11 letters and digits.");
        }
        Self {
            registration: optional(fields, "registration", &self.registration, 80),
            contact_name: optional(fields, "contact_name", &self.contact_name, 120),
            email: check_email(fields, &self.email),
            phone: optional(fields, "phone", &self.phone, 40),
            account_holder: optional(fields, "account_holder", &self.account_holder, 120),
            name,
            address,
            vat_id,
            tax_number,
            iban,
            bic,
        }
    }
}

impl Buyer {
    /// Trims and checks what was typed; `fields` names every mistake.
    pub(crate) fn check(self, fields: &mut Fields) -> Self {
        Self {
            name: fields.line("name", &self.name, 160),
            address: self.address.check(fields),
            vat_id: check_vat_id(fields, &self.vat_id),
            email: check_email(fields, &self.email),
            reference: optional(fields, "reference", &self.reference, 80),
        }
    }
}

/// A line of text that may be empty.
pub(crate) fn optional(fields: &mut Fields, field: &str, text: &str, most: usize) -> String {
    if text.trim().is_empty() { String::new() } else { fields.line(field, text, most) }
}

fn check_email(fields: &mut Fields, text: &str) -> String {
    if text.trim().is_empty() {
        return String::new();
    }
    match text.parse::<Email>() {
        Ok(email) => email.to_string(),
        Err(error) => {
            fields.refuse("email", format!("Please {error}."));
            String::new()
        }
    }
}

/// Two letters of a country and up to 13 letters and digits; whether the authority knows it is not asked.
fn check_vat_id(fields: &mut Fields, text: &str) -> String {
    let id: String = text
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '.' && *c != '-')
        .collect::<String>()
        .to_uppercase();
    let fits = id.len() <= 15
        && id.len() >= 4
        && id.bytes().take(2).all(|byte| byte.is_ascii_uppercase())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !id.is_empty() && !fits {
        fields.refuse("vat_id", "A VAT id begins with two letters of the country, such as DE123456789.");
    }
    id
}

/// Checks length, letters and the two check digits (ISO 13616).
fn is_iban(iban: &str) -> bool {
    if !(15..=34).contains(&iban.len()) || !iban.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return false;
    }
    let (head, tail) = iban.split_at(4);
    let letters = head.bytes().take(2).all(|byte| byte.is_ascii_uppercase());
    let digits = head.bytes().skip(2).all(|byte| byte.is_ascii_digit());
    let rest = tail.bytes().chain(head.bytes()).fold(0_u32, |rest, byte| match byte {
        b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
        _ => (rest * 100 + u32::from(byte.to_ascii_uppercase() - b'A') + 10) % 97,
    });
    letters && digits && rest == 1
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A company in Berlin.
    pub(crate) fn seller() -> Seller {
        Seller {
            name: "Northwind Consulting GmbH".to_owned(),
            address: Address {
                street: "Hafenweg 1".to_owned(),
                extra: String::new(),
                post_code: "10115".to_owned(),
                city: "Berlin".to_owned(),
                country: "DE".to_owned(),
            },
            vat_id: "DE123456789".to_owned(),
            tax_number: String::new(),
            registration: "HRB 12345".to_owned(),
            contact_name: "Paul Meyer".to_owned(),
            email: "office@northwind.example".to_owned(),
            phone: "+49 30 1234567".to_owned(),
            iban: "DE89370400440532013000".to_owned(),
            bic: "COBADEFFXXX".to_owned(),
            account_holder: String::new(),
        }
    }

    /// A client in Vienna.
    pub(crate) fn buyer() -> Buyer {
        Buyer {
            name: "Acme GmbH".to_owned(),
            address: Address {
                street: "Ring 2".to_owned(),
                extra: "Stiege 3".to_owned(),
                post_code: "1010".to_owned(),
                city: "Wien".to_owned(),
                country: "AT".to_owned(),
            },
            vat_id: "ATU12345678".to_owned(),
            email: "billing@acme.example".to_owned(),
            reference: "PO 4711".to_owned(),
        }
    }

    #[test]
    fn what_is_right_stays_and_is_put_in_order() {
        let mut fields = Fields::default();
        let typed = Seller {
            iban: "de89 3704 0044 0532 0130 00".to_owned(),
            vat_id: "de 123.456.789".to_owned(),
            ..seller()
        };
        assert_eq!(typed.check(&mut fields), seller());
        assert_eq!(buyer().check(&mut fields), buyer());
        fields.check().unwrap();
    }

    #[test]
    fn every_mistake_is_named() {
        let mut fields = Fields::default();
        let wrong = Seller {
            name: " ".to_owned(),
            vat_id: String::new(),
            iban: "DE89370400440532013001".to_owned(),
            bic: "SHORT".to_owned(),
            email: "no address".to_owned(),
            address: Address { country: "Germany".to_owned(), ..seller().address },
            ..seller()
        };
        wrong.check(&mut fields);
        let problem = fields.check().unwrap_err();
        let named: Vec<_> = problem.fields.iter().map(|at| at.field.as_str()).collect();
        assert_eq!(named, ["name", "address.country", "vat_id", "iban", "bic", "email"]);
    }
}
