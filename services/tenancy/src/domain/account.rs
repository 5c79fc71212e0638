//! An account: a client, partner, vendor, contractor or applicant of the firm.

use chrono::{DateTime, Utc};
use portico_core::AccountId;
use portico_service::Fields;

/// The kinds of account.
const KINDS: [&str; 5] = ["client", "partner", "vendor", "contractor", "applicant"];

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) id: AccountId,
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) created_at: DateTime<Utc>,
    /// Counts the changes, from 1.
    pub(crate) version: i32,
}

/// The name in its usual form; notes one that breaks a rule.
pub(crate) fn check_name(name: &str, fields: &mut Fields) -> String {
    fields.line("name", name, 160)
}

/// The kind, `client` if none is named; notes one that there is not.
pub(crate) fn check_kind<'a>(kind: &'a str, fields: &mut Fields) -> &'a str {
    let kind = if kind.is_empty() { KINDS[0] } else { kind };
    if !KINDS.contains(&kind) {
        fields.refuse("kind", format!("Choose one of: {}.", KINDS.join(", ")));
    }
    kind
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_of_a_known_kind() {
        let mut fields = Fields::default();
        assert_eq!(check_kind("", &mut fields), "client");
        assert_eq!(check_kind("vendor", &mut fields), "vendor");
        assert!(fields.check().is_ok());
        let mut fields = Fields::default();
        check_kind("staff", &mut fields);
        assert_eq!(fields.check().unwrap_err().fields[0].field, "kind");
    }
}
