//! What stands in a form before anybody has answered: does the record of the step have it, and does it fit the question?

use super::Checker;
use crate::{FieldKind, Form, Prefill, QuestionKind, Record};

impl Checker<'_> {
    /// Checks a form where a step uses it: the step's workflow says what kind of record it is about.
    pub(super) fn prefills(
        &mut self,
        path: &str,
        name: &str,
        form: &Form,
        subject_name: &str,
        subject: &Record,
    ) {
        for rule in &form.ui {
            let (Some(prefill), Some(kind)) = (&rule.prefill, form.kind(&rule.field)) else { continue };
            let fits = match prefill {
                Prefill::AccountName | Prefill::PersonName | Prefill::PersonEmail => is_text(kind),
                Prefill::Record(field) => match subject.fields.get(field).map(|field| &field.kind) {
                    Some(held) => suits(held, kind),
                    None => {
                        let message = format!(
                            "the form `{name}` fills in `{field}` beforehand, and the record `{subject_name}` has no such field"
                        );
                        let known = subject.fields.keys().map(String::as_str);
                        let hint = crate::finding::suggestion(field, known);
                        self.report_with(format!("{path}.form"), message, hint);
                        continue;
                    }
                },
            };
            if !fits {
                let message = format!(
                    "the form `{name}` fills in `{}` beforehand with something of another kind",
                    rule.field
                );
                self.report(format!("{path}.form"), message);
            }
        }
    }
}

const fn is_text(kind: QuestionKind) -> bool {
    matches!(kind, QuestionKind::Text | QuestionKind::LongText)
}

/// Whether a field's value can stand in a question.
const fn suits(field: &FieldKind, question: QuestionKind) -> bool {
    match field {
        FieldKind::Text { .. } | FieldKind::LongText { .. } => is_text(question),
        FieldKind::Number { .. } => matches!(question, QuestionKind::Number),
        FieldKind::Date {} => matches!(question, QuestionKind::Date),
        FieldKind::Bool {} => matches!(question, QuestionKind::YesNo),
        FieldKind::Choice { multiple, .. } => {
            (matches!(question, QuestionKind::Choice) || is_text(question)) && !*multiple
        }
        FieldKind::Money { .. } => matches!(question, QuestionKind::Money),
        FieldKind::People { .. } | FieldKind::Ref { .. } | FieldKind::File { .. } => false,
    }
}
