//! The form of a draft: what stands in it, and what was typed into it.

use portico_core::Problem;
use portico_proto::billing::v1::{Content, LegalEntity, Line};

use crate::{
    components::Choice,
    layout::Shell,
    pages::console::attempt::Sent,
    paper::{self, TAXES, UNITS},
};

/// The most lines of a document.
const MOST: usize = 200;

/// Everything in the form, as text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct DraftForm {
    pub(super) title: String,
    pub(super) currency: String,
    pub(super) until: String,
    pub(super) service_from: String,
    pub(super) service_to: String,
    pub(super) notes: String,
    pub(super) terms: String,
    pub(super) lines: Vec<LineForm>,
}

/// A line of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LineForm {
    pub(super) description: String,
    pub(super) quantity: String,
    pub(super) unit: String,
    pub(super) unit_price: String,
    pub(super) tax_category: String,
    pub(super) tax_percent: String,
    pub(super) exemption_reason: String,
}

impl Default for LineForm {
    /// One piece, taxed.
    fn default() -> Self {
        Self {
            description: String::new(),
            quantity: "1".to_owned(),
            unit: "C62".to_owned(),
            unit_price: String::new(),
            tax_category: "S".to_owned(),
            tax_percent: String::new(),
            exemption_reason: String::new(),
        }
    }
}

impl DraftForm {
    /// An empty form with one line, in the company's currency.
    pub(super) fn new(entity: Option<&LegalEntity>) -> Self {
        let currency = entity.map_or_else(|| "EUR".to_owned(), |entity| entity.currency.clone());
        Self { currency, lines: vec![LineForm::default()], ..Self::default() }
    }

    /// What a draft says, as the reader types it.
    pub(super) fn of(s: &Shell, content: &Content) -> Self {
        let line = |line: &Line| LineForm {
            description: line.description.clone(),
            quantity: paper::decimal(s, &line.quantity),
            unit: line.unit.clone(),
            unit_price: paper::decimal(s, &line.unit_price),
            tax_category: line.tax_category.clone(),
            tax_percent: paper::decimal(s, &paper::percent_number(line.tax_basis_points)),
            exemption_reason: line.exemption_reason.clone(),
        };
        Self {
            title: content.title.clone(),
            currency: content.currency.clone(),
            until: content.until.clone(),
            service_from: content.service_from.clone(),
            service_to: content.service_to.clone(),
            notes: content.notes.clone(),
            terms: content.terms.clone(),
            lines: content.lines.iter().map(line).collect(),
        }
    }

    /// What was typed.
    pub(super) fn sent(sent: &Sent) -> Self {
        let count = sent.of("count").parse::<usize>().unwrap_or(0).min(MOST);
        let line = |number: usize| {
            let field = |name: &str| sent.text(&format!("lines[{number}].{name}"));
            LineForm {
                description: field("description"),
                quantity: field("quantity"),
                unit: field("unit"),
                unit_price: field("unit_price"),
                tax_category: field("tax_category"),
                tax_percent: field("tax_percent"),
                exemption_reason: field("exemption_reason"),
            }
        };
        Self {
            title: sent.text("title"),
            currency: sent.of("currency").to_uppercase(),
            until: sent.text("until"),
            service_from: sent.text("service_from"),
            service_to: sent.text("service_to"),
            notes: sent.text("notes"),
            terms: sent.text("terms"),
            lines: (0..count).map(line).collect(),
        }
    }

    /// Adds or removes a line where a button of that name was pressed; answers whether one was.
    pub(super) fn press(&mut self, go: &str) -> bool {
        if go == "add" {
            if self.lines.len() < MOST {
                // The next line is most often taxed as the one before.
                let last = self.lines.last().cloned().unwrap_or_default();
                self.lines.push(LineForm {
                    unit: last.unit,
                    tax_category: last.tax_category,
                    tax_percent: last.tax_percent,
                    exemption_reason: last.exemption_reason,
                    ..LineForm::default()
                });
            }
            return true;
        }
        let Some(number) = go.strip_prefix("remove:").and_then(|number| number.parse::<usize>().ok()) else {
            return false;
        };
        if number < self.lines.len() {
            self.lines.remove(number);
        }
        true
    }

    /// The content to send. A tax that is no number is one that the service refuses by its field.
    pub(super) fn content(&self, s: &Shell) -> Content {
        let line = |line: &LineForm| Line {
            description: line.description.clone(),
            quantity: paper::typed_number(s, &line.quantity),
            unit: line.unit.clone(),
            unit_price: paper::typed_number(s, &line.unit_price),
            tax_category: line.tax_category.clone(),
            tax_basis_points: if line.tax_category == "S" {
                basis_points(&paper::typed_number(s, &line.tax_percent))
            } else {
                0
            },
            exemption_reason: line.exemption_reason.clone(),
            net: 0,
        };
        Content {
            title: self.title.clone(),
            currency: self.currency.clone(),
            until: self.until.clone(),
            service_from: self.service_from.clone(),
            service_to: self.service_to.clone(),
            notes: self.notes.clone(),
            terms: self.terms.clone(),
            lines: self.lines.iter().map(line).collect(),
        }
    }
}

/// Hundredths of a percent: `7.7` is 770. What is no such number is -1, which no rate is.
fn basis_points(percent: &str) -> i32 {
    let (whole, rest) = percent.split_once('.').unwrap_or((percent, ""));
    if rest.len() > 2 {
        return -1;
    }
    format!("{whole}{rest:0<2}").parse().unwrap_or(-1)
}

/// The units to choose from.
pub(super) fn units(s: &Shell, chosen: &str) -> Vec<Choice> {
    let mut units: Vec<Choice> = UNITS
        .iter()
        .map(|code| Choice::new(*code, s.t(&format!("unit-{}", code.to_lowercase())), chosen))
        .collect();
    if !UNITS.contains(&chosen) && !chosen.is_empty() {
        units.push(Choice::new(chosen, chosen, chosen));
    }
    units
}

/// The tax categories to choose from.
pub(super) fn taxes(s: &Shell, chosen: &str) -> Vec<Choice> {
    TAXES
        .iter()
        .map(|code| Choice::new(*code, s.t(&format!("tax-choice-{}", code.to_lowercase())), chosen))
        .collect()
}

/// A refusal with the names that the form has for its fields.
pub(super) fn as_typed(mut problem: Problem) -> Problem {
    for at in &mut problem.fields {
        at.field = at.field.replace(".tax_basis_points", ".tax_percent");
    }
    problem
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{layout::Area, text::Locale};

    fn sent(pairs: &[(&str, &str)]) -> Sent {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn what_is_typed_in_a_language_becomes_plain_numbers_and_back() {
        let s = crate::walk::shell(Area::Console, Locale::De);
        let typed = DraftForm::sent(&sent(&[
            ("title", "Beratung"),
            ("currency", "eur"),
            ("count", "1"),
            ("lines[0].description", "Arbeit"),
            ("lines[0].quantity", "1,5"),
            ("lines[0].unit", "HUR"),
            ("lines[0].unit_price", "1.250,50"),
            ("lines[0].tax_category", "S"),
            ("lines[0].tax_percent", "7,7"),
        ]));
        let content = typed.content(&s);
        let line = &content.lines[0];
        assert_eq!(
            (line.quantity.as_str(), line.unit_price.as_str(), line.tax_basis_points),
            ("1.5", "1250.50", 770)
        );
        let again = DraftForm::of(&s, &content);
        assert_eq!((again.lines[0].quantity.as_str(), again.lines[0].tax_percent.as_str()), ("1,5", "7,7"));
        assert_eq!(
            (basis_points("19"), basis_points("x"), basis_points(""), basis_points("1.234")),
            (1900, -1, 0, -1)
        );
    }

    #[test]
    fn lines_come_and_go_at_the_press_of_a_button() {
        let mut form = DraftForm::new(None);
        form.lines[0].tax_percent = "19".to_owned();
        assert!(form.press("add") && form.lines.len() == 2 && form.lines[1].tax_percent == "19");
        assert!(form.press("remove:0") && form.lines.len() == 1);
        assert!(form.press("remove:9") && form.lines.len() == 1);
        assert!(!form.press("save") && !form.press("remove:x"));
        let many = DraftForm::sent(&sent(&[("count", "100000")]));
        assert_eq!(many.lines.len(), MOST);
    }
}
