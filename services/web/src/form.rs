//! A form's errors, at the field and on top.

use portico_core::{FieldViolation, Problem};

/// What is wrong with a form, in the order of its fields. Empty for a form that is shown for the first time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Errors(Vec<FieldViolation>);

impl Errors {
    /// Nothing wrong.
    pub fn none() -> Self {
        Self::default()
    }

    /// Notes that `field` is wrong; a field's first error is the one shown beside it.
    pub fn add(&mut self, field: impl Into<String>, description: impl Into<String>) {
        self.0.push(FieldViolation { field: field.into(), description: description.into() });
    }

    /// What to show beside `field`; empty where it is fine.
    pub fn of(&self, field: &str) -> &str {
        self.0
            .iter()
            .find(|violation| violation.field == field)
            .map_or("", |violation| &violation.description)
    }

    /// All errors, for the summary on top.
    pub fn all(&self) -> &[FieldViolation] {
        &self.0
    }

    /// Adds what another look found wrong.
    pub fn extend(&mut self, more: Self) {
        self.0.extend(more.0);
    }

    /// The errors as a refusal; nothing where the form is fine.
    pub fn as_problem(&self) -> Option<Problem> {
        let (first, rest) = self.0.split_first()?;
        let problem = Problem::invalid(&first.field, &first.description);
        Some(rest.iter().fold(problem, |problem, each| problem.with_field(&each.field, &each.description)))
    }

    /// Whether the form is fine.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<&Problem> for Errors {
    /// A refusal's fields; a refusal that names none is shown on top alone.
    fn from(problem: &Problem) -> Self {
        if problem.fields.is_empty() {
            Self(vec![FieldViolation { field: String::new(), description: problem.message.clone() }])
        } else {
            Self(problem.fields.clone())
        }
    }
}

/// The id of a field's element, so that the summary's links find it: names may hold dots and brackets, ids here do
/// not.
pub fn field_id(name: &str) -> String {
    let tame = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' };
    format!("f-{}", name.chars().map(tame).collect::<String>())
}

#[cfg(test)]
mod tests {
    use portico_core::ErrorCode;

    use super::*;

    #[test]
    fn a_refusal_becomes_errors_at_fields_or_on_top() {
        let problem = Problem::invalid("goals", "Say what this should achieve.");
        let errors = Errors::from(&problem);
        assert_eq!((errors.of("goals"), errors.of("name")), ("Say what this should achieve.", ""));
        let general =
            Errors::from(&Problem::new(ErrorCode::FailedPrecondition, "closed", "This form is closed."));
        assert_eq!(general.all()[0].field, "");
        assert!(!general.is_empty());
    }

    #[test]
    fn ids_hold_no_character_that_a_selector_reads() {
        assert_eq!(field_id("items[2].name"), "f-items-2--name");
    }
}
