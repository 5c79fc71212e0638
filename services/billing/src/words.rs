//! The words of notices and of lines that are ours, in the languages that firms write in.

use chrono::NaiveDate;
use portico_core::Money;

/// The language that a firm writes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Words {
    /// English.
    English,
    /// German.
    German,
}

/// Something that people are told: subject, body and the words on the link.
pub(crate) struct Told {
    pub(crate) subject: String,
    pub(crate) body: String,
    pub(crate) link_text: &'static str,
}

impl Words {
    /// The words for a language code; English where there are none.
    pub(crate) fn of(language: &str) -> Self {
        if language == "de" { Self::German } else { Self::English }
    }

    /// `1,428.00 EUR`
    pub(crate) fn amount(self, money: &Money) -> String {
        let text = money.to_string();
        match self {
            Self::English => text,
            Self::German => text
                .chars()
                .map(|c| match c {
                    ',' => '.',
                    '.' => ',',
                    other => other,
                })
                .collect(),
        }
    }

    /// `29 January 2027`
    pub(crate) fn day(self, day: NaiveDate) -> String {
        match self {
            Self::English => day.format("%-d %B %Y").to_string(),
            Self::German => day.format("%d.%m.%Y").to_string(),
        }
    }

    /// An estimate was sent, or its next version.
    pub(crate) fn estimate_sent(self, number: &str, title: &str, money: &Money, version: i32) -> Told {
        let amount = self.amount(money);
        match self {
            Self::English => Told {
                subject: if version > 1 {
                    format!("New version of estimate {number}: {title}")
                } else {
                    format!("Estimate {number}: {title}")
                },
                body: format!(
                    "We have an estimate for you: {title}, {amount}.\n\nRead it, then accept or decline it."
                ),
                link_text: "Read the estimate",
            },
            Self::German => Told {
                subject: if version > 1 {
                    format!("Neue Fassung des Angebots {number}: {title}")
                } else {
                    format!("Angebot {number}: {title}")
                },
                body: format!(
                    "Wir haben ein Angebot für Sie: {title}, {amount}.\n\nLesen Sie es und nehmen Sie es an oder lehnen Sie es ab."
                ),
                link_text: "Angebot lesen",
            },
        }
    }

    /// A client decided.
    pub(crate) fn estimate_decided(self, number: &str, person: &str, accepted: bool, reason: &str) -> Told {
        let quoted = if reason.is_empty() { String::new() } else { format!("\n\n{reason}") };
        let (subject, link_text) = match (self, accepted) {
            (Self::English, true) => (format!("{person} accepted estimate {number}"), "Open the estimate"),
            (Self::English, false) => (format!("{person} declined estimate {number}"), "Open the estimate"),
            (Self::German, true) => {
                (format!("{person} hat das Angebot {number} angenommen"), "Angebot öffnen")
            }
            (Self::German, false) => {
                (format!("{person} hat das Angebot {number} abgelehnt"), "Angebot öffnen")
            }
        };
        Told { body: format!("{subject}.{quoted}"), subject, link_text }
    }

    /// An invoice was issued.
    pub(crate) fn invoice_issued(
        self,
        number: &str,
        title: &str,
        money: &Money,
        due: Option<NaiveDate>,
    ) -> Told {
        let amount = self.amount(money);
        match self {
            Self::English => Told {
                subject: format!("Invoice {number}: {amount}"),
                body: match due {
                    Some(due) => format!("{title}: {amount}, to be paid by {}.", self.day(due)),
                    None => format!("{title}: {amount}."),
                },
                link_text: "Open the invoice",
            },
            Self::German => Told {
                subject: format!("Rechnung {number}: {amount}"),
                body: match due {
                    Some(due) => format!("{title}: {amount}, zahlbar bis {}.", self.day(due)),
                    None => format!("{title}: {amount}."),
                },
                link_text: "Rechnung öffnen",
            },
        }
    }

    /// A credit note was issued.
    pub(crate) fn credit_note_issued(self, number: &str, invoice: &str, money: &Money) -> Told {
        let amount = self.amount(money);
        match self {
            Self::English => Told {
                subject: format!("Credit note {number} for invoice {invoice}"),
                body: format!("We have credited {amount} of invoice {invoice}."),
                link_text: "Open the credit note",
            },
            Self::German => Told {
                subject: format!("Gutschrift {number} zur Rechnung {invoice}"),
                body: format!("Wir haben Ihnen {amount} der Rechnung {invoice} gutgeschrieben."),
                link_text: "Gutschrift öffnen",
            },
        }
    }

    /// An invoice is overdue.
    pub(crate) fn overdue(self, number: &str, open: &Money, due: NaiveDate) -> Told {
        let (amount, due) = (self.amount(open), self.day(due));
        match self {
            Self::English => Told {
                subject: format!("Reminder: invoice {number} was due on {due}"),
                body: format!(
                    "{amount} of invoice {number} is still open. It was due on {due}.\n\nIf you have paid in the last days, you can ignore this."
                ),
                link_text: "Open the invoice",
            },
            Self::German => Told {
                subject: format!("Erinnerung: Rechnung {number} war am {due} fällig"),
                body: format!(
                    "{amount} der Rechnung {number} sind noch offen. Sie war am {due} fällig.\n\nHaben Sie in den letzten Tagen gezahlt, können Sie dies ignorieren."
                ),
                link_text: "Rechnung öffnen",
            },
        }
    }

    /// Money came in.
    pub(crate) fn payment_received(self, money: &Money, on: NaiveDate) -> Told {
        let (amount, on) = (self.amount(money), self.day(on));
        match self {
            Self::English => Told {
                subject: format!("We have received {amount}"),
                body: format!("Thank you: your payment of {amount} came in on {on}."),
                link_text: "Open the receipt",
            },
            Self::German => Told {
                subject: format!("Wir haben {amount} erhalten"),
                body: format!("Vielen Dank: Ihre Zahlung über {amount} ist am {on} eingegangen."),
                link_text: "Quittung öffnen",
            },
        }
    }

    /// Money that a provider gave back did not arrive.
    pub(crate) fn refund_failed(self, money: &Money, reference: &str) -> Told {
        let amount = self.amount(money);
        let number = match (self, reference) {
            (_, "") => String::new(),
            (Self::English, reference) => format!(" (its number is {reference})"),
            (Self::German, reference) => format!(" (seine Nummer ist {reference})"),
        };
        match self {
            Self::English => Told {
                subject: format!("A refund of {amount} did not arrive"),
                body: format!(
                    "The payment provider could not give {amount} back{number}. The money is yours to give back again: it pays what it had paid before, or stands to the client's credit.\n\nAsk the client for a bank account, and give it back that way."
                ),
                link_text: "Open the client's money",
            },
            Self::German => Told {
                subject: format!("Eine Rückzahlung von {amount} ist nicht angekommen"),
                body: format!(
                    "Der Zahlungsanbieter konnte {amount} nicht zurückzahlen{number}. Das Geld ist wieder bei Ihnen: Es bezahlt, was es zuvor bezahlt hatte, oder steht dem Kunden gut.\n\nBitten Sie den Kunden um eine Bankverbindung und zahlen Sie es so zurück."
                ),
                link_text: "Konto des Kunden öffnen",
            },
        }
    }

    /// The line of a credit note for what earlier ones have left of an invoice.
    pub(crate) fn rest_of(self, invoice: &str) -> String {
        match self {
            Self::English => format!("What is left of invoice {invoice}"),
            Self::German => format!("Restbetrag der Rechnung {invoice}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_and_days_are_written_as_the_language_does() {
        let money = Money::new(142_800, "EUR").unwrap();
        let due: NaiveDate = "2027-01-29".parse().unwrap();
        let told = Words::of("en").invoice_issued("INV-00001", "Workshop", &money, Some(due));
        assert_eq!(told.subject, "Invoice INV-00001: 1,428.00 EUR");
        assert_eq!(told.body, "Workshop: 1,428.00 EUR, to be paid by 29 January 2027.");
        let told = Words::of("de").overdue("RE-1", &money, due);
        assert!(
            told.body
                .starts_with("1.428,00 EUR der Rechnung RE-1 sind noch offen. Sie war am 29.01.2027 fällig.")
        );
        assert_eq!(Words::of("fr"), Words::English);
        let told = Words::English.estimate_decided("EST-1", "Ana", false, "Too dear");
        assert_eq!(told.body, "Ana declined estimate EST-1.\n\nToo dear");
    }
}
