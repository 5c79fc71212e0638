//! What somebody who signs has typed and drawn so far. It is saved as they go and with each step, for them alone, so that a session
//! that ends in the middle costs a sign-in and nothing else. What meets the end of the session itself waits in the browser
//! (`assets/js/autosave.js`) until the same signer is back.

use std::collections::BTreeMap;

use axum::{
    Form,
    extract::Path,
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::StatusCode;
use portico_core::EnvelopeId;
use portico_proto::documents::v1::{Envelope, GetSigningDraftRequest, SaveSigningDraftRequest, SigningDraft};

use super::{
    Task,
    esign::{Place, may_sign, one_act},
    fields,
    review::{self, Adopted, DRAWING_PREFIX},
};
use crate::{
    ask::{Ask, not_here},
    error::PageError,
    form::Errors,
    render::see_other,
};

/// The longest name and the longest reason that are kept, in characters.
const LONGEST: (usize, usize) = (120, 1000);

async fn load(ask: &Ask, envelope: &Envelope) -> Result<Option<SigningDraft>, PageError> {
    let asked = GetSigningDraftRequest { envelope_id: envelope.id.clone() };
    Ok(ask.documents().get_signing_draft(asked).await?.into_inner().draft)
}

/// What is saved, by the names of the forms. A courtesy: where it cannot be read, the forms come without it.
pub(super) async fn typed(ask: &Ask, envelope: &Envelope) -> Vec<(String, String)> {
    load(ask, envelope).await.ok().flatten().map(|draft| names(&draft)).unwrap_or_default()
}

fn names(draft: &SigningDraft) -> Vec<(String, String)> {
    let mut typed = vec![
        ("typed_name".to_owned(), draft.typed_name.clone()),
        ("drawn".to_owned(), picture(&draft.drawn)),
        ("reason".to_owned(), draft.reason.clone()),
    ];
    typed.extend(draft.values.iter().map(fields::typed));
    typed.retain(|(_, value)| !value.is_empty());
    typed
}

fn picture(png: &[u8]) -> String {
    if png.is_empty() { String::new() } else { format!("{DRAWING_PREFIX}{}", STANDARD.encode(png)) }
}

/// What is saved once `sent` has come: a form replaces what it asks for, and leaves what another one asks for.
fn merged(mut draft: SigningDraft, sent: &BTreeMap<String, String>) -> SigningDraft {
    let short = |text: &str, most: usize| text.chars().take(most).collect::<String>();
    if let Some(name) = sent.get("typed_name") {
        draft.typed_name = short(name, LONGEST.0);
        let drawn = sent.get("drawn").cloned().unwrap_or_default();
        draft.drawn = Adopted { drawn, ..Adopted::default() }.drawing().unwrap_or_default();
        draft.values = fields::values(sent);
    }
    if let Some(reason) = sent.get("reason") {
        draft.reason = short(reason, LONGEST.1);
    }
    draft
}

async fn save(ask: &Ask, place: &Place, sent: &BTreeMap<String, String>) -> Result<(), PageError> {
    let envelope = place.load(ask, false).await?;
    let before = load(ask, &envelope).await?.unwrap_or_default();
    let draft = Some(merged(before, sent));
    ask.documents().save_signing_draft(SaveSigningDraftRequest { envelope_id: envelope.id, draft }).await?;
    Ok(())
}

/// Saves what goes on to the last step. Signing itself does not wait for it: where it fails, it says nothing.
pub(in crate::pages::portal) async fn keep(ask: &Ask, place: &Place, adopted: &Adopted) {
    let mut sent = adopted.more.clone();
    sent.remove("reason");
    sent.insert("typed_name".to_owned(), adopted.typed_name.clone());
    sent.insert("drawn".to_owned(), adopted.drawn.clone());
    if let Err(error) = save(ask, place, &sent).await {
        tracing::debug!(reason = %error.0.reason, "the draft of a signature was not saved");
    }
}

/// Saves what was typed and drawn on the page of a task.
pub(in crate::pages::portal) async fn of_task(
    ask: Ask,
    Path(step): Path<String>,
    Form(sent): Form<BTreeMap<String, String>>,
) -> Result<Response, PageError> {
    let task = Task::load(&ask, &step).await?;
    save(&ask, &Place::task(&task.step.id, &task.step.title), &sent).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// The same on the page of an envelope.
pub(in crate::pages::portal) async fn of_envelope(
    ask: Ask,
    Path(id): Path<String>,
    Form(sent): Form<BTreeMap<String, String>>,
) -> Result<Response, PageError> {
    id.parse::<EnvelopeId>().map_err(|_| not_here())?;
    save(&ask, &Place::envelope(&id), &sent).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Where somebody comes back to who was signed out between the last two steps: the last step with what is saved, or else the one
/// before, where the signature is chosen.
pub(in crate::pages::portal) async fn again(ask: &Ask, place: &Place) -> Result<Response, PageError> {
    let envelope = place.load(ask, false).await?;
    if may_sign(&envelope)
        && one_act(&ask.shell, &envelope).is_empty()
        && let Some(draft) = load(ask, &envelope).await?
    {
        let adopted = adopted(&draft);
        if adopted.wrong(ask, place).await?.is_empty() {
            return review::show(ask, place, &adopted, &Errors::none(), StatusCode::OK).await;
        }
    }
    Ok(see_other(&format!("{}?step=adopt", place.base)))
}

fn adopted(draft: &SigningDraft) -> Adopted {
    Adopted {
        typed_name: draft.typed_name.clone(),
        drawn: picture(&draft.drawn),
        more: draft.values.iter().map(fields::typed).collect(),
        ..Adopted::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn one_form_leaves_what_the_other_has_saved() {
        let png = b"\x89PNG\r\n\x1a\nrest".to_vec();
        let drawn = picture(&png);
        let first = merged(
            SigningDraft::default(),
            &sent(&[("typed_name", "Ana"), ("drawn", &drawn), ("value-1", "HRB"), ("_csrf", "x")]),
        );
        assert_eq!((first.typed_name.as_str(), first.values.len(), &first.drawn), ("Ana", 1, &png));
        let both = merged(first.clone(), &sent(&[("reason", &"r".repeat(2000))]));
        assert_eq!((both.typed_name.as_str(), both.reason.len()), ("Ana", 1000));
        let cleared = merged(both, &sent(&[("typed_name", "Ana R"), ("drawn", "")]));
        assert_eq!((cleared.drawn.len(), cleared.values.len(), cleared.reason.len()), (0, 0, 1000));
        let again = adopted(&first);
        assert_eq!((again.drawn.as_str(), again.more["value-1"].as_str()), (drawn.as_str(), "HRB"));
        assert!(names(&first).contains(&("value-1".to_owned(), "HRB".to_owned())));
        assert!(names(&SigningDraft::default()).is_empty());
    }
}
