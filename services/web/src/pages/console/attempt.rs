//! What a person sent with a form, and a refused form that comes back with what was typed.

use axum::{
    Form,
    extract::{FromRequest, Request},
};
use http::StatusCode;
use portico_core::{ErrorCode, Problem};

use crate::{
    error::{PageError, told},
    form::Errors,
};

/// The fields of a form as they were sent; names may repeat.
#[derive(Debug, Clone, Default)]
pub(super) struct Sent(Vec<(String, String)>);

/// A form that was refused, or none at all. A page with several forms asks by the form's name.
#[derive(Debug, Default)]
pub(super) struct Attempt {
    form: &'static str,
    sent: Sent,
    errors: Errors,
}

impl Sent {
    /// A field without the blanks around it; empty where it was not sent.
    pub(super) fn of(&self, name: &str) -> &str {
        self.0.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value.trim())
    }

    /// The same as a text of its own.
    pub(super) fn text(&self, name: &str) -> String {
        self.of(name).to_owned()
    }

    /// Every value of a field that may be sent several times, the empty ones left out.
    pub(super) fn all(&self, name: &str) -> Vec<String> {
        let values = self.0.iter().filter(|(field, value)| field == name && !value.trim().is_empty());
        values.map(|(_, value)| value.trim().to_owned()).collect()
    }

    /// Every field with its value.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (String, String)> + '_ {
        self.0.iter().map(|(name, value)| (name.clone(), value.trim().to_owned()))
    }

    /// Whether a box is ticked.
    pub(super) fn ticked(&self, name: &str) -> bool {
        !self.of(name).is_empty()
    }
}

impl FromIterator<(String, String)> for Sent {
    fn from_iter<T: IntoIterator<Item = (String, String)>>(pairs: T) -> Self {
        Self(pairs.into_iter().collect())
    }
}

impl<S: Send + Sync> FromRequest<S> for Sent {
    type Rejection = PageError;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        let extensions = request.extensions().clone();
        let Form(pairs) = Form::<Vec<(String, String)>>::from_request(request, state)
            .await
            .map_err(|_| told(&extensions, ErrorCode::InvalidArgument, "not_a_form", "form-unreadable"))?;
        Ok(Self(pairs))
    }
}

impl Attempt {
    /// The form was refused. `names` says what the page calls the fields that the refusal names otherwise.
    pub(super) fn refused(form: &'static str, sent: Sent, problem: &Problem, names: &[(&str, &str)]) -> Self {
        let mut errors = Errors::none();
        for violation in Errors::from(problem).all() {
            let own = names.iter().find(|(theirs, _)| *theirs == violation.field).map(|(_, own)| *own);
            errors.add(own.unwrap_or(&violation.field), violation.description.clone());
        }
        Self { form, sent, errors }
    }

    /// The form was taken and is to be sent once more as it is.
    pub(super) fn kept(form: &'static str, sent: Sent) -> Self {
        Self { form, sent, errors: Errors::none() }
    }

    /// Takes `prefix` off the names of fields: a service's `tenant.name` is `name` in the form.
    pub(super) fn rename_prefix(&mut self, prefix: &str) {
        let mut errors = Errors::none();
        for violation in self.errors.all() {
            let bare = violation.field.strip_prefix(prefix).unwrap_or(&violation.field);
            errors.add(bare, violation.description.clone());
        }
        self.errors = errors;
    }

    /// The same form with nothing wrong: what was typed stays.
    pub(super) fn forget_errors(&mut self) {
        self.errors = Errors::none();
    }

    /// Everything that was sent with the refused form of this name.
    pub(super) fn sent(&self, form: &str) -> Option<&Vec<(String, String)>> {
        self.is(form).then_some(&self.sent.0)
    }

    /// What is wrong, for fields and summary.
    pub(super) const fn errors(&self) -> &Errors {
        &self.errors
    }

    /// Whether this is the form that was refused: it stays open.
    pub(super) fn is(&self, form: &str) -> bool {
        !self.form.is_empty() && self.form == form
    }

    /// What stands in a field: what was typed into the refused form, else what is there.
    pub(super) fn value(&self, form: &str, name: &str, there: &str) -> String {
        if self.is(form) { self.sent.text(name) } else { there.to_owned() }
    }

    /// What is chosen of a field with several values, in the same way.
    pub(super) fn values(&self, form: &str, name: &str, there: &[String]) -> Vec<String> {
        if self.is(form) { self.sent.all(name) } else { there.to_vec() }
    }

    /// Whether a box is ticked, in the same way.
    pub(super) fn ticked(&self, form: &str, name: &str, there: bool) -> bool {
        if self.is(form) { self.sent.ticked(name) } else { there }
    }

    /// The page's status: 422 for a refused form.
    pub(super) fn status(&self) -> StatusCode {
        if self.form.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent() -> Sent {
        [("name", " Acme "), ("roles", "client"), ("roles", ""), ("roles", "signatory")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into_iter()
            .collect()
    }

    #[test]
    fn fields_are_read_without_blanks_and_empty_values() {
        let sent = sent();
        assert_eq!((sent.of("name"), sent.of("missing")), ("Acme", ""));
        assert_eq!(sent.all("roles"), ["client", "signatory"]);
        assert!(sent.ticked("name") && !sent.ticked("missing"));
    }

    #[test]
    fn a_refused_form_keeps_what_was_typed_and_others_what_is_there() {
        let problem = Problem::invalid("reason", "Say why.");
        let attempt = Attempt::refused("waive", sent(), &problem, &[("reason", "waive_reason")]);
        assert_eq!(attempt.errors().of("waive_reason"), "Say why.");
        assert_eq!(attempt.value("waive", "name", "there"), "Acme");
        assert_eq!(attempt.value("move", "name", "there"), "there");
        assert_eq!(attempt.status(), StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(Attempt::default().status(), StatusCode::OK);
        assert!(!Attempt::default().is(""));
    }
}
