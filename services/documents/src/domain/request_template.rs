//! Templates of requests: what the firm asks for again and again.

use std::collections::HashSet;

use portico_service::Fields;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{content::Accept, error::DocumentsError};

/// Templates of one firm.
pub(crate) const MOST: i64 = 200;
/// Things that one template asks for.
const MOST_ITEMS: usize = 40;
/// The largest file that can be asked for, in megabytes.
const MOST_MEGABYTES: i32 = 5120;
/// Working days after which a request may be due at the latest.
const LONGEST_DAYS: i32 = 250;

/// One thing that is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TemplateItem {
    pub(crate) name: String,
    pub(crate) help: String,
    pub(crate) required: bool,
    /// By the words of definitions.
    pub(crate) accept: Vec<String>,
    /// 0 for the usual size.
    #[serde(default)]
    pub(crate) max_megabytes: i32,
}

/// A template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RequestTemplate {
    pub(crate) id: Uuid,
    pub(crate) title: String,
    pub(crate) items: Vec<TemplateItem>,
    /// 0 for no date.
    pub(crate) due_days: i32,
    pub(crate) version: i32,
}

/// Checks what somebody wants to keep, and trims its texts.
///
/// # Errors
/// Every field that breaks a rule.
pub(crate) fn checked(
    title: &str,
    items: Vec<TemplateItem>,
    due_days: i32,
) -> Result<(String, Vec<TemplateItem>), DocumentsError> {
    let mut fields = Fields::default();
    let title = fields.line("title", title, 120);
    if items.is_empty() || items.len() > MOST_ITEMS {
        fields.refuse("items", format!("Ask for 1 to {MOST_ITEMS} things."));
    }
    let mut names = HashSet::new();
    let mut kept = Vec::with_capacity(items.len());
    for item in items.into_iter().take(MOST_ITEMS) {
        let name = fields.line("items", &item.name, 200);
        if !names.insert(name.to_lowercase()) {
            fields.refuse("items", "Two of the things have the same name. Give each its own.");
        }
        let help = item.help.trim().to_owned();
        if help.chars().count() > 500 || help.chars().any(char::is_control) {
            fields.refuse("items", format!("Help for “{name}” in one line of at most 500 characters."));
        }
        if item.accept.is_empty() || item.accept.iter().any(|word| Accept::from_word(word).is_none()) {
            fields.refuse("items", format!("Choose what may be uploaded for “{name}”."));
        }
        if !(0..=MOST_MEGABYTES).contains(&item.max_megabytes) {
            fields.refuse("items", format!("Choose a limit of 1 to {MOST_MEGABYTES} MB for “{name}”."));
        }
        kept.push(TemplateItem { name, help, ..item });
    }
    if !(0..=LONGEST_DAYS).contains(&due_days) {
        fields.refuse("due_days", format!("Choose between 1 and {LONGEST_DAYS} working days, or none."));
    }
    fields.check().map_err(DocumentsError::Invalid)?;
    Ok((title, kept))
}

#[cfg(test)]
mod tests {
    use portico_rpc::ServiceError as _;

    use super::*;

    fn item(name: &str, accept: &[&str]) -> TemplateItem {
        TemplateItem {
            name: name.to_owned(),
            help: " why ".to_owned(),
            required: true,
            accept: accept.iter().map(|word| (*word).to_owned()).collect(),
            max_megabytes: 0,
        }
    }

    #[test]
    fn texts_are_trimmed_and_every_mistake_is_named() {
        let (title, items) = checked(" Tax ", vec![item(" Slip ", &["pdf"])], 0).unwrap();
        assert_eq!((title.as_str(), items[0].name.as_str(), items[0].help.as_str()), ("Tax", "Slip", "why"));
        let wrong = checked("", vec![item("a", &[]), item("A", &["exe"])], 251).unwrap_err().problem();
        let fields: Vec<_> = wrong.fields.iter().map(|field| field.field.as_str()).collect();
        assert_eq!(fields, ["title", "items", "items", "items", "due_days"]);
        assert!(checked("a", Vec::new(), 0).is_err() && checked("a", vec![item("", &["pdf"])], 0).is_err());
        for wrong in [-1, 5121] {
            let item = TemplateItem { max_megabytes: wrong, ..item("a", &["pdf"]) };
            assert_eq!(checked("a", vec![item], 0).unwrap_err().problem().fields[0].field, "items");
        }
        let before: TemplateItem =
            serde_json::from_str(r#"{"name": "a", "help": "", "required": true, "accept": ["pdf"]}"#)
                .unwrap();
        assert_eq!(before.max_megabytes, 0, "what was kept before has the usual size");
        let many: Vec<_> = (0..41).map(|number| item(&number.to_string(), &["pdf"])).collect();
        assert!(checked("a", many, 0).is_err());
    }
}
