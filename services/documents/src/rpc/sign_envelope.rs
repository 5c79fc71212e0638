//! Signs, in one act, exactly what was read. The last signature makes the signed file.

mod completion;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use portico_core::{EnvelopeId, PersonId};
use portico_db::Tx;
use portico_proto::documents::v1::{SignEnvelopeRequest, SignEnvelopeResponse};
use portico_service::Fields;
use serde_json::json;

use self::completion::Composed;
use super::get_envelope::view;
use crate::{
    access,
    domain::{
        document::Version,
        envelope::decide_sign,
        signature::{Envelope, EnvelopeState, Side, Signer, SignerStatus, Standing, identified, not_now},
    },
    error::DocumentsError,
    events::publish::{self, EventTag},
    http::discard,
    peers::{self, StepAction},
    service::{Call, Service, SharedService},
    signing::DrawnSignature,
    store,
};

/// The longest User-Agent that is kept, in characters.
const LONGEST_AGENT: usize = 300;

pub(super) async fn handle(
    service: &SharedService,
    call: Call,
    request: SignEnvelopeRequest,
) -> Result<SignEnvelopeResponse, DocumentsError> {
    let id: EnvelopeId = request.envelope_id.parse()?;
    let person = call.ctx.actor.person.ok_or(DocumentsError::Forbidden)?;
    let mut tx = service.store.begin(&call.ctx).await?;
    let envelope = store::envelopes::read(&mut tx, id).await?.ok_or(DocumentsError::NotFound)?;
    let original =
        store::versions::read(&mut tx, envelope.original).await?.ok_or(DocumentsError::NotFound)?;
    drop(tx);
    let act = peers::authorize_step(service, &call.caller, envelope.step_id, StepAction::View).await?;
    let standing = Standing { ctx: &call.ctx, roles: &act.roles, acts: act.can_act };
    if repeats(&envelope, person, &request, &original) {
        let envelope = Some(view(service, &call, &envelope, &standing).await?);
        return Ok(SignEnvelopeResponse { envelope, event: String::new() });
    }
    peers::authorize_step(service, &call.caller, envelope.step_id, StepAction::Act).await?;
    // Nobody signs what they could not open.
    access::must_open(service, &call.ctx, &original).await?;
    let standing = Standing { acts: true, ..standing };
    let own = own_turn(&envelope, &standing)?.clone();

    let now = service.clock.now();
    let known = peers::person(service, &call.ctx, person).await?;
    let email = known.map(|known| known.email).unwrap_or_default();
    let signer = signed(own, &call, person, email, &request, &original, now)?;
    let mut after = envelope.clone();
    advance(&mut after, &signer);
    // The whole file is made each time, so that a name that cannot be printed is refused to the one who can mend it.
    let composed = completion::compose(service, &call, &after, &original, now).await?;
    let stored = match after.state {
        EnvelopeState::Completed => Some(completion::store(service, &call, person, &after, composed).await?),
        _ => None,
    };
    let outcome = {
        let (service, call, request) = (Arc::clone(service), call.clone(), request.clone());
        let written = stored.as_ref().map(|composed| (call.ctx.tenant, composed.version.id));
        let work = async move {
            let written_here = commit(&service, &call, &after, &signer, &request, &original, stored).await;
            // Bytes of a file that no row tells of go, unless the commit itself was lost from sight.
            if let (Some((tenant, version)), Ok(Written::Repeated(_)) | Err(_)) = (written, &written_here)
                && !matches!(written_here, Err(DocumentsError::Store(portico_db::StoreError::Unavailable(_))))
            {
                discard(&service, tenant, version).await;
            }
            written_here
        };
        // Whoever hangs up now has signed all the same.
        tokio::spawn(work)
            .await
            .map_err(|error| DocumentsError::Unreadable(format!("signing broke off: {error}")))??
    };
    let (envelope, event) = match outcome {
        Written::Done(envelope, event) => (envelope, event),
        Written::Repeated(envelope) => (envelope, String::new()),
    };
    Ok(SignEnvelopeResponse { envelope: Some(view(service, &call, &envelope, &standing).await?), event })
}

enum Written {
    Done(Envelope, EventTag),
    Repeated(Envelope),
}

/// A double click: this person has signed exactly this.
fn repeats(envelope: &Envelope, person: PersonId, request: &SignEnvelopeRequest, original: &Version) -> bool {
    let same = |signer: &Signer| {
        signer.status == SignerStatus::Signed
            && signer.typed_name == request.typed_name.trim()
            && request.sha256 == original.file.sha256_text()
    };
    envelope.signed_by(Some(person)).is_some_and(same)
}

/// The signer as whom the caller signs now, or why they cannot.
pub(super) fn own_turn<'a>(
    envelope: &'a Envelope,
    standing: &Standing<'_>,
) -> Result<&'a Signer, DocumentsError> {
    if let Some(own) = envelope.turn_of(standing) {
        return Ok(own);
    }
    let theirs = |signer: &&Signer| standing.roles.contains(&signer.role);
    let own = envelope.signed_by(standing.ctx.actor.person).or_else(|| envelope.signers.iter().find(theirs));
    let own = own.or_else(|| envelope.signers.first().filter(|_| envelope.state != EnvelopeState::Open));
    let Some(own) = own else { return Err(DocumentsError::Forbidden) };
    Err(too_late(envelope, own, standing.ctx.actor.person))
}

/// Why this person does not sign in this place now.
fn too_late(envelope: &Envelope, own: &Signer, person: Option<PersonId>) -> DocumentsError {
    let turn = decide_sign(&envelope.rules(), &own.role, envelope.created_at);
    let (reason, mut text) = not_now(envelope.state, &turn);
    if reason == "already_signed" && own.person != person {
        text = format!("{} has signed here already, so you need not.", own.shown_name());
    }
    DocumentsError::Envelope { reason, text }
}

/// The signer with what they signed.
fn signed(
    own: Signer,
    call: &Call,
    person: PersonId,
    email: String,
    request: &SignEnvelopeRequest,
    original: &Version,
    now: DateTime<Utc>,
) -> Result<Signer, DocumentsError> {
    let mut fields = Fields::default();
    let typed_name = fields.line("typed_name", &request.typed_name, 120);
    if request.sha256 != original.file.sha256_text() {
        fields.refuse("sha256", "This is not the document that is to be signed. Open it again and read it.");
    }
    if !request.consent {
        fields.refuse("consent", "Agree to sign electronically, or decline.");
    }
    if !request.intent {
        fields.refuse("intent", "Confirm that you mean to sign.");
    }
    let drawn = Some(request.drawn.clone()).filter(|png| !png.is_empty());
    if let Some(Err(error)) = drawn.as_deref().map(DrawnSignature::from_png) {
        fields.refuse("drawn", error.to_string());
    }
    fields.check().map_err(DocumentsError::Invalid)?;
    let agent = request.user_agent.chars().filter(|c| !c.is_control()).take(LONGEST_AGENT).collect();
    Ok(Signer {
        status: SignerStatus::Signed,
        person: Some(person),
        person_name: call.ctx.actor.name.clone(),
        email,
        identified: identified(&call.ctx),
        typed_name,
        drawn,
        consented_at: Some(now),
        signed_at: Some(now),
        address: call.ctx.address.clone().unwrap_or_default(),
        user_agent: agent,
        ..own
    })
}

/// The envelope after this signature: the next signer's turn, or complete.
fn advance(envelope: &mut Envelope, signed: &Signer) {
    for signer in &mut envelope.signers {
        if signer.id == signed.id {
            *signer = signed.clone();
        }
    }
    match envelope.signers.iter_mut().find(|signer| signer.status == SignerStatus::Waiting) {
        Some(next) => next.status = SignerStatus::Ready,
        None => envelope.state = EnvelopeState::Completed,
    }
}

async fn commit(
    service: &Service,
    call: &Call,
    after: &Envelope,
    signer: &Signer,
    request: &SignEnvelopeRequest,
    original: &Version,
    composed: Option<Composed>,
) -> Result<Written, DocumentsError> {
    let mut tx = service.store.begin(&call.ctx).await?;
    let present = store::envelopes::lock(&mut tx, after.id).await?.ok_or(DocumentsError::NotFound)?;
    if let Some(person) = signer.person
        && repeats(&present, person, request, original)
    {
        return Ok(Written::Repeated(present));
    }
    // What was composed holds only while nothing else has happened.
    if present.ready().is_none_or(|ready| ready.id != signer.id) {
        let own = present.signers.iter().find(|each| each.id == signer.id).unwrap_or(signer);
        return Err(too_late(&present, own, signer.person));
    }
    let mut after = after.clone();
    store::envelopes::update_signer(&mut tx, signer, &original.file.sha256_text()).await?;
    let details = json!({
        "place": signer.place, "role": signer.role, "sha256": original.file.sha256_text(),
        "drawn": signer.drawn.is_some(),
    });
    let event = match composed {
        None => turn_over(service, &mut tx, &after, details).await?,
        Some(composed) => {
            after.signed = Some(composed.version.id);
            complete(service, &mut tx, &after, &composed, details).await?
        }
    };
    tx.commit().await?;
    Ok(Written::Done(after, event))
}

/// The next signer's turn.
async fn turn_over(
    service: &Service,
    tx: &mut Tx,
    after: &Envelope,
    details: serde_json::Value,
) -> Result<EventTag, DocumentsError> {
    publish::envelope_changed(service, tx, "envelope.signed", after, details).await?;
    let Some(next) = after.ready() else {
        return Err(DocumentsError::Unreadable("an open envelope has no next signer".to_owned()));
    };
    store::envelopes::update_signer(tx, next, "").await?;
    let waiting_on = if next.side == Side::External { "assignee" } else { "reviewer" };
    let done = after.signers.iter().filter(|signer| signer.status == SignerStatus::Signed).count();
    let progress = format!("{done} of {}", after.signers.len());
    Ok(publish::step_progressed(service, tx, after.into(), waiting_on, &progress, &next.role).await?)
}

/// Everybody has signed.
async fn complete(
    service: &Service,
    tx: &mut Tx,
    after: &Envelope,
    composed: &Composed,
    details: serde_json::Value,
) -> Result<EventTag, DocumentsError> {
    let Composed { document, version } = composed;
    store::documents::insert(tx, document).await?;
    store::versions::insert(tx, version).await?;
    store::envelopes::end(tx, after.id, EnvelopeState::Completed, "", Some(version.id), service.clock.now())
        .await?;
    publish::envelope_changed(service, tx, "envelope.signed", after, details).await?;
    let details = json!({ "signed_sha256": version.file.sha256_text(), "version": version.id });
    publish::envelope_changed(service, tx, "envelope.completed", after, details).await?;
    publish::file_added(service, tx, document, version).await?;
    publish::tell_envelope_completed(service, tx, after, version).await?;
    Ok(publish::step_fulfilled(service, tx, after.into(), "Signed by everybody").await?)
}

#[cfg(test)]
mod tests;
