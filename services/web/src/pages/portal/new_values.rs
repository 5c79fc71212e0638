//! What was sent for a new record, as values of its fields. Pure: workflow decides what is right.

use portico_core::Money;
use portico_definition::{FieldKind, Record as Kind};
use serde_json::{Map, Value, json};

use super::new_fields::{Pairs, all, arrived, first};
use crate::{form::Errors, layout::Shell, text::Locale};

/// What was sent, as the values of the kind's fields; what cannot be read as a value is told at its field.
pub(super) fn values(s: &Shell, kind: &Kind, visible: &[&str], pairs: &Pairs) -> (Value, Errors) {
    let mut errors = Errors::none();
    let mut values = Map::new();
    for (name, field) in kind.fields.iter().filter(|(name, _)| visible.contains(&name.as_str())) {
        let given = all(pairs, name);
        let text = given.first().copied().unwrap_or_default().trim();
        let value = match &field.kind {
            FieldKind::People { .. } => continue,
            FieldKind::File { .. } => {
                let ids: Vec<String> =
                    arrived(pairs, name, &field.kind).into_iter().map(|(id, _)| id).collect();
                if ids.is_empty() { continue } else { json!(ids) }
            }
            _ if given.is_empty() => continue,
            FieldKind::Number { .. } => match text.replace(',', ".").parse::<f64>() {
                Ok(number) => json!(number),
                Err(_) => {
                    errors.add(name, s.t("number-wrong"));
                    continue;
                }
            },
            FieldKind::Bool {} => json!(text == "yes"),
            FieldKind::Choice { multiple: true, .. } => json!(given),
            FieldKind::Money { currency, .. } => {
                let currency =
                    currency.as_deref().unwrap_or_else(|| first(pairs, &format!("{name}.currency")));
                match amount(s.texts.locale, text).and_then(|text| Money::parse(&text, currency).ok()) {
                    Some(money) => json!({"amount": money.amount, "currency": money.currency}),
                    None => {
                        errors.add(name, s.t("money-wrong"));
                        continue;
                    }
                }
            }
            _ => json!(text),
        };
        values.insert(name.clone(), value);
    }
    (Value::Object(values), errors)
}

/// An amount with a point before the decimals. A comma is a separator of thousands only where three digits follow;
/// where it could mean either, nothing is guessed.
fn amount(locale: Locale, text: &str) -> Option<String> {
    let german = locale == Locale::De && text.contains(',');
    let (thousands, decimal) = if german { ('.', ',') } else { (',', '.') };
    let (whole, fraction) = text.split_once(decimal).unwrap_or((text, ""));
    let mut groups = whole.split(thousands);
    let head = groups.next().unwrap_or_default();
    let grouped = groups.clone().all(|group| group.len() == 3);
    if !grouped
        || fraction.contains([',', '.'])
        || (head.trim_start_matches('-').len() > 3 && groups.next().is_some())
    {
        return None;
    }
    let whole: String = whole.chars().filter(|c| *c != thousands).collect();
    Some(if fraction.is_empty() { whole } else { format!("{whole}.{fraction}") })
}

#[cfg(test)]
mod tests {
    use super::{super::new_fields::asked, *};
    use crate::{layout::Area, values::tests::gallery};

    fn pairs(list: &[(&str, &str)]) -> Pairs {
        list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn an_invoice_is_read_from_its_form() {
        let s = crate::walk::shell(Area::Portal, Locale::En);
        let definition = gallery("vendor-invoices");
        let kind = &definition.spec.records["invoice"];
        let visible = ["purchase_order", "amount", "supplier_no", "file"];
        let sent = pairs(&[
            ("purchase_order", "po-1"),
            ("amount", "12,345.60"),
            ("amount.currency", "EUR"),
            ("supplier_no", " R-77 "),
            ("file.file", "doc-0 older.pdf"),
            ("file.file", "doc-1 scan of it.pdf"),
            ("stranger", "x"),
        ]);
        let (value, errors) = values(&s, kind, &visible, &sent);
        assert!(errors.is_empty());
        let expected = json!({"purchase_order": "po-1", "amount": {"amount": 1_234_560, "currency": "EUR"}, "supplier_no": "R-77", "file": ["doc-1"]});
        assert_eq!(value, expected);
        let refs = json!({"purchase_order": {"po-1": "PO-00012"}});
        let fields = asked(&s, kind, &visible, refs.as_object().unwrap(), &sent);
        assert_eq!(
            fields[0]
                .choices
                .iter()
                .filter(|choice| choice.chosen)
                .map(|choice| choice.label.as_str())
                .collect::<Vec<_>>(),
            ["PO-00012"]
        );
        assert_eq!(fields[3].arrived, [("doc-1".to_owned(), "scan of it.pdf".to_owned())]);
        assert_eq!(fields[3].accept(), ".pdf,application/pdf,image/*,.heic,.heif,.tif,.tiff");
        assert!(
            asked(&s, kind, &["amount"], &Map::new(), &Vec::new()).len() == 1,
            "only what the reader sees is asked"
        );
    }

    #[test]
    fn an_amount_is_never_guessed() {
        for (locale, text, read) in [
            (Locale::En, "1,234.50", Some("1234.50")),
            (Locale::En, "1234.5", Some("1234.5")),
            (Locale::En, "1234,56", None),
            (Locale::En, "12,34", None),
            (Locale::De, "1.234,50", Some("1234.50")),
            (Locale::De, "1234,5", Some("1234.5")),
            (Locale::De, "1234.56", Some("1234.56")),
            (Locale::De, "1,234,5", None),
            (Locale::En, "1234,567", None),
        ] {
            assert_eq!(amount(locale, text).as_deref(), read, "{text} in {locale:?}");
        }
    }
}
