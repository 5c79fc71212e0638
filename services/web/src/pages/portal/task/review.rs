//! The last of the four steps: what is signed, how it looks, and the two sentences that make it a signature.

use std::collections::BTreeMap;

use askama::Template;
use axum::{Form, extract::Path, response::Response};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::StatusCode;
use portico_proto::documents::v1::Envelope;
use serde::Deserialize;

use super::{
    Task, Tried, drafts,
    esign::{Place, labels, may_sign, other_hashes, own_place},
    fields, page,
};
use crate::{
    ask::Ask,
    error::PageError,
    form::Errors,
    layout::Shell,
    render::{Page, see_other},
};

/// The largest drawn signature, in bytes.
const LARGEST_DRAWING: usize = 256 * 1024;
pub(super) const DRAWING_PREFIX: &str = "data:image/png;base64,";

#[derive(Template)]
#[template(path = "pages/task/sign_review.html")]
struct View<'a> {
    s: &'a Shell,
    base: &'a str,
    /// The reader's place in the envelope.
    own: String,
    title: &'a str,
    steps: [String; 4],
    envelope: &'a Envelope,
    /// The hashes of the documents after the first.
    others: String,
    adopted: &'a Adopted,
    /// What was filled in, by label.
    given: Vec<(String, String)>,
    errors: &'a Errors,
}

/// A signature as it was typed or drawn, on its way from step to step in the form.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::pages::portal) struct Adopted {
    pub(in crate::pages::portal) typed_name: String,
    pub(super) drawn: String,
    pub(super) intent: String,
    pub(super) consent: String,
    pub(super) sha256: String,
    pub(super) others: String,
    /// Whatever else the form has, such as the values of fields.
    #[serde(flatten)]
    pub(super) more: BTreeMap<String, String>,
}

impl Adopted {
    /// The drawing as PNG bytes; empty where the typed name is the signature.
    pub(super) fn drawing(&self) -> Result<Vec<u8>, ()> {
        if self.drawn.is_empty() {
            return Ok(Vec::new());
        }
        let encoded = self.drawn.strip_prefix(DRAWING_PREFIX).ok_or(())?;
        let bytes = STANDARD.decode(encoded).map_err(|_| ())?;
        let png = bytes.starts_with(b"\x89PNG\r\n\x1a\n") && bytes.len() <= LARGEST_DRAWING;
        if png { Ok(bytes) } else { Err(()) }
    }

    /// What was typed, for a form that comes back.
    pub(in crate::pages::portal) fn typed(&self) -> Vec<(String, String)> {
        let mut typed = vec![("typed_name".to_owned(), self.typed_name.clone())];
        if !self.drawn.is_empty() {
            typed.push(("drawn".to_owned(), self.drawn.clone()));
        }
        typed.extend(fields::named(&self.more).map(|(name, value)| (name.clone(), value.clone())));
        typed
    }

    /// Everything that is wrong before it can be reviewed.
    pub(in crate::pages::portal) async fn wrong(
        &self,
        ask: &Ask,
        place: &Place,
    ) -> Result<Errors, PageError> {
        let own = fields::own(ask, &place.load(ask, false).await?).await?;
        let mut errors = fields::missing(&ask.shell, &own, &self.more);
        errors.extend(self.errors(&ask.shell));
        Ok(errors)
    }

    fn errors(&self, s: &Shell) -> Errors {
        let mut errors = Errors::none();
        let length = self.typed_name.trim().chars().count();
        if !(1..=120).contains(&length) {
            errors.add("typed_name", s.t("sign-name-missing"));
        }
        if self.drawing().is_err() {
            errors.add("", s.t("sign-drawing-wrong"));
        }
        errors
    }
}

pub(in crate::pages::portal) async fn review(
    ask: Ask,
    Path(step): Path<String>,
    Form(adopted): Form<Adopted>,
) -> Result<Response, PageError> {
    let task = Task::load(&ask, &step).await?;
    let place = Place::task(&task.step.id, &task.step.title);
    drafts::keep(&ask, &place, &adopted).await;
    let errors = adopted.wrong(&ask, &place).await?;
    if !errors.is_empty() {
        let tried = Tried { errors, typed: adopted.typed() };
        return page(&ask, &task, "adopt", &tried, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    show(&ask, &place, &adopted, &Errors::none(), StatusCode::OK).await
}

pub(in crate::pages::portal) async fn show(
    ask: &Ask,
    place: &Place,
    adopted: &Adopted,
    errors: &Errors,
    status: StatusCode,
) -> Result<Response, PageError> {
    let s = &*ask.shell;
    let envelope = place.load(ask, false).await?;
    if !may_sign(&envelope) {
        return Ok(see_other(&place.base));
    }
    let title = if place.title.is_empty() { &envelope.title } else { &place.title };
    let view = View {
        s,
        base: &place.base,
        own: own_place(&ask.reader.person.id, &envelope),
        title,
        steps: labels(s),
        others: other_hashes(&envelope),
        envelope: &envelope,
        adopted,
        given: fields::given(s, &fields::own(ask, &envelope).await?, &adopted.more),
        errors,
    };
    let page = Page::new(title.clone(), view).at("tasks").under(s.t("nav-tasks"), "/tasks").status(status);
    page.respond(s, &ask.headers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{layout::Area, text::Locale};

    fn adopted(name: &str, drawn: &[u8]) -> Adopted {
        let drawn = if drawn.is_empty() {
            String::new()
        } else {
            format!("{DRAWING_PREFIX}{}", STANDARD.encode(drawn))
        };
        Adopted { typed_name: name.to_owned(), drawn, ..Adopted::default() }
    }

    #[test]
    fn a_signature_is_a_name_and_perhaps_a_small_png() {
        let s = crate::walk::shell(Area::Portal, Locale::En);
        let png = b"\x89PNG\r\n\x1a\nrest".to_vec();
        assert!(adopted("Ana Souza", &[]).errors(&s).is_empty());
        assert_eq!(adopted("Ana Souza", &png).drawing().unwrap(), png);
        assert!(!adopted("  ", &[]).errors(&s).is_empty());
        assert!(adopted("Ana", b"GIF89a").drawing().is_err());
        assert!(adopted("Ana", &[png, vec![0; LARGEST_DRAWING]].concat()).drawing().is_err());
        let foreign = Adopted { drawn: "javascript:alert(1)".to_owned(), ..adopted("Ana", &[]) };
        assert!(foreign.drawing().is_err());
    }

    #[test]
    fn the_signature_needs_both_sentences_and_names_what_was_read() {
        for locale in Locale::ALL {
            let s = crate::walk::shell(Area::Portal, locale);
            let envelope = super::super::esign::tests::envelope("open", true);
            let mut errors = Errors::none();
            errors.add("intent", "Tick the box.");
            let mut adopted = adopted("Ana <Souza>", &[]);
            adopted.more = [("value-1", "HRB 4711"), ("_csrf", "old")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into();
            let view = View {
                s: &s,
                base: "/tasks/1",
                own: own_place("ana", &envelope),
                title: "Sign it",
                steps: labels(&s),
                others: other_hashes(&envelope),
                envelope: &envelope,
                adopted: &adopted,
                given: vec![("Company <number>".to_owned(), "HRB 4711".to_owned())],
                errors: &errors,
            };
            let html = Page::new("x", view).whole(&s).unwrap();
            assert!(
                html.contains("action=\"/tasks/1/sign\"") && html.contains("name=\"sha256\" value=\"abc\"")
            );
            assert!(
                html.contains("name=\"intent\"")
                    && html.contains("name=\"consent\"")
                    && !html.contains(" checked name")
            );
            assert!(html.contains("name=\"value-1\" value=\"HRB 4711\"") && !html.contains("value=\"old\""));
            assert!(html.contains("Company &#60;number&#62;"));
            assert!(html.contains("href=\"#f-intent\"") && html.contains("Ana &#60;Souza&#62;"));
            assert_eq!(html.matches("<h1").count(), 1);
        }
    }
}
