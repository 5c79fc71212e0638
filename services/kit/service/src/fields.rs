//! What is wrong with a request, all of it at once.

use portico_core::{FieldViolation, Problem};

/// Collects the fields of a request that break a rule, so that a form shows every mistake in one go.
#[derive(Debug, Default)]
pub struct Fields(Vec<FieldViolation>);

impl Fields {
    /// Notes that `field` breaks a rule; `description` says what would be right.
    pub fn refuse(&mut self, field: impl Into<String>, description: impl Into<String>) {
        self.0.push(FieldViolation { field: field.into(), description: description.into() });
    }

    /// Trims a text of one line and notes where it is empty, longer than `most` characters, or holds control characters.
    pub fn line(&mut self, field: &str, text: &str, most: usize) -> String {
        let text = text.trim();
        if text.is_empty() {
            self.refuse(field, format!("Fill in the {}.", named(field)));
        } else if text.chars().count() > most {
            self.refuse(field, format!("Use at most {most} characters."));
        } else if text.chars().any(char::is_control) {
            self.refuse(field, "Use one line of plain text.");
        }
        text.to_owned()
    }

    /// Refuses the request if any field breaks a rule.
    ///
    /// # Errors
    /// One problem that names every field, in the order in which they were noted.
    pub fn check(self) -> Result<(), Problem> {
        let mut fields = self.0.into_iter();
        match fields.next() {
            None => Ok(()),
            Some(first) => {
                let mut problem = Problem::invalid(first.field, first.description);
                problem.fields.extend(fields);
                Err(problem)
            }
        }
    }
}

/// A field as people call it: `address.post_code` is the post code. A list of what is wrong names fields by this alone.
fn named(field: &str) -> String {
    field.rsplit('.').next().unwrap_or(field).replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mistake_is_named_at_once() {
        let mut fields = Fields::default();
        assert_eq!(fields.line("name", "  Acme ", 10), "Acme");
        fields.line("address.post_code", " ", 10);
        fields.line("note", "two\nlines", 10);
        fields.line("word", "0123456789x", 10);
        let problem = fields.check().unwrap_err();
        let named: Vec<_> = problem.fields.iter().map(|at| at.field.as_str()).collect();
        assert_eq!(named, ["address.post_code", "note", "word"]);
        assert_eq!(problem.fields[0].description, "Fill in the post code.");
        assert!(Fields::default().check().is_ok());
    }
}
