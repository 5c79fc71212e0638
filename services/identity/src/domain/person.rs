//! People of a firm.

use chrono::{DateTime, Utc};
use portico_core::{Email, PersonId, parse_time_zone};
use portico_service::Fields;

/// Which side a person is on. A person never changes sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// The firm.
    Staff,
    /// An account.
    External,
}

impl Side {
    /// The word that stands in the database.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Staff => "staff",
            Self::External => "external",
        }
    }

    /// The side that a word in the database means.
    pub(crate) fn from_word(word: &str) -> Self {
        // The table's check allows two words; the one with fewer rights stands for anything else.
        if word == "staff" { Self::Staff } else { Self::External }
    }
}

/// A person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) id: PersonId,
    pub(crate) email: String,
    pub(crate) side: Side,
    pub(crate) profile: Profile,
    pub(crate) active: bool,
    pub(crate) joined_at: Option<DateTime<Utc>>,
    pub(crate) has_password: bool,
}

/// What a person may change about themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Profile {
    pub(crate) name: String,
    pub(crate) language: String,
    pub(crate) time_zone: String,
}

impl Profile {
    /// The profile in its usual form; notes each part that breaks a rule.
    pub(crate) fn check(self, fields: &mut Fields) -> Self {
        let name = fields.line("name", &self.name, 120);
        if !matches!(self.language.as_str(), "en" | "de") {
            fields.refuse("language", "Choose en or de.");
        }
        let time_zone = self.time_zone.trim().to_owned();
        if parse_time_zone(&time_zone).is_err() {
            fields.refuse("time_zone", "Choose a time zone like Europe/Berlin.");
        }
        Self { name, time_zone, language: self.language }
    }
}

/// The address in its usual form; notes one that cannot receive mail.
pub(crate) fn check_email(text: &str, fields: &mut Fields) -> String {
    match text.parse::<Email>() {
        Ok(email) => email.as_str().to_owned(),
        Err(_) => {
            fields.refuse("email", "Enter an e-mail address like name@example.com.");
            String::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mistake_in_a_profile_is_named() {
        let profile = |name: &str, language: &str, time_zone: &str| Profile {
            name: name.to_owned(),
            language: language.to_owned(),
            time_zone: time_zone.to_owned(),
        };
        let mut fields = Fields::default();
        let checked = profile(" Ana ", "de", " Europe/Berlin ").check(&mut fields);
        assert_eq!(checked, profile("Ana", "de", "Europe/Berlin"));
        check_email("ana@", &mut fields);
        profile(&"a".repeat(121), "fr", "Mars/Base").check(&mut fields);
        let named: Vec<_> = fields.check().unwrap_err().fields.into_iter().map(|at| at.field).collect();
        assert_eq!(named, ["email", "name", "language", "time_zone"]);
    }

    #[test]
    fn an_unknown_word_is_never_staff() {
        for side in [Side::Staff, Side::External] {
            assert_eq!(Side::from_word(side.as_str()), side);
        }
        assert_eq!(Side::from_word("admin"), Side::External);
    }
}
