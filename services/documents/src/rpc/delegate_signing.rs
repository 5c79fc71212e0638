//! "The signer is somebody else": names who signs in a place instead.

use portico_core::{ActorKind, EnvelopeId, PersonId};
use portico_proto::documents::v1::{DelegateSigningRequest, DelegateSigningResponse};
use portico_service::Fields;
use serde_json::json;
use uuid::Uuid;

use super::{
    declare_missing::check_text,
    get_envelope::acting,
    sign_envelope::{next_to_act, own_turn},
};
use crate::{
    domain::{
        envelope_chain::EventKind,
        signature::{Envelope, EnvelopeState, Expected, Side, Signer, SignerStatus},
    },
    error::DocumentsError,
    events::{envelope_notices, publish},
    peers::{self, StepAction},
    service::{Call, Service, SharedService},
    store,
};

pub(super) async fn handle(
    service: &SharedService,
    call: Call,
    request: DelegateSigningRequest,
) -> Result<DelegateSigningResponse, DocumentsError> {
    let id: EnvelopeId = request.envelope_id.parse()?;
    let place: Uuid = request.signer_id.parse().map_err(|_| DocumentsError::NotFound)?;
    let mut tx = service.store.begin(&call.ctx).await?;
    let envelope = store::envelopes::read(&mut tx, id).await?.ok_or(DocumentsError::NotFound)?;
    drop(tx);
    let owns = authorize(service, &call, &envelope, place).await?;
    let signer = open_place(&envelope, place)?;
    let message = check_text("message", &request.message, false)?;
    let taker = taker(service, &call, (&envelope, signer, owns), &request).await?;

    let mut tx = service.store.begin(&call.ctx).await?;
    let envelope = store::envelopes::lock(&mut tx, id).await?.ok_or(DocumentsError::NotFound)?;
    let present = open_place(&envelope, place)?;
    if present.expected != signer.expected || present.status != signer.status {
        let text = "Somebody else has just changed who signs here. Look at it again.".to_owned();
        return Err(DocumentsError::Envelope { reason: "envelope_changed", text });
    }
    free_for(&envelope, present, taker.person)?;
    if request.person_id.is_empty() {
        // Under the envelope's lock: of several at once only the one who gets the place brings somebody into the account.
        let invited = peers::invite(service, &call.ctx, envelope.account_id, taker.person, &message).await;
        if !invited.map_err(not_to_be_invited)? {
            return Err(shut_out());
        }
    }
    let now = service.clock.now();
    let mut named = present.clone();
    named.expected = Some(taker.clone());
    named.named = true;
    named.delegated_by.clone_from(&call.ctx.actor.name);
    named.opened_at = None;
    let ready = named.status == SignerStatus::Ready;
    if ready {
        (named.sent_at, named.expires_at) = (Some(now), envelope.times.until(now));
    }
    store::envelopes::name(&mut tx, &named).await?;
    store::signing_drafts::remove(&mut tx, named.id).await?;
    let mut chain = store::envelope_events::chain(&mut tx, id).await?;
    let who = format!("by {} to {} ({})", call.ctx.actor.name, taker.name, named.role_title);
    chain.push(now, EventKind::Delegated, &who, call.ctx.actor.person);
    if ready {
        chain.push(now, EventKind::Sent, &named.certified(), None);
    }
    store::envelope_events::append(&mut tx, id, envelope.account_id, &chain).await?;
    let details = json!({ "place": named.place, "role": named.role, "to": taker.person });
    let mut event =
        publish::envelope_changed(service, &mut tx, "envelope.delegated", &envelope, details).await?;
    if ready {
        store::nudges::begin(&mut tx, &envelope, &named).await?;
        envelope_notices::tell_named(service, &mut tx, &envelope, &named, &message).await?;
        if envelope.ready().next().is_some_and(|first| first.id == named.id) {
            event = step_goes_to(service, &mut tx, &envelope, &named).await?;
        }
    }
    tx.commit().await?;
    service.nudges.notify_one();
    Ok(DelegateSigningResponse { event })
}

/// Workflow waits for the person named now.
async fn step_goes_to(
    service: &Service,
    tx: &mut portico_db::Tx,
    envelope: &Envelope,
    named: &Signer,
) -> Result<publish::EventTag, DocumentsError> {
    let waiting_on = if named.side == Side::External { "assignee" } else { "reviewer" };
    let done = envelope.acting().filter(|signer| signer.status == SignerStatus::Signed).count();
    let progress = format!("{done} of {}", envelope.acting().count());
    Ok(publish::step_progressed(service, tx, envelope.into(), waiting_on, &progress, next_to_act(named))
        .await?)
}

/// Whether the place is the caller's own. It need not be where staff manage the step; anybody else is refused.
async fn authorize(
    service: &Service,
    call: &Call,
    envelope: &Envelope,
    place: Uuid,
) -> Result<bool, DocumentsError> {
    if call.ctx.actor.kind == ActorKind::Staff {
        match peers::authorize_step(service, &call.caller, envelope.step_id, StepAction::Manage).await {
            Ok(_) => return Ok(false),
            Err(error) if error.hides() => {}
            Err(error) => return Err(error),
        }
    }
    let seen = acting(service, call, envelope).await?;
    if own_turn(service, call, envelope, &seen.of(call)).await?.id == place {
        return Ok(true);
    }
    // Others' places are theirs to give away.
    if envelope.signers.iter().any(|signer| signer.id == place) {
        Err(DocumentsError::Forbidden)
    } else {
        Err(DocumentsError::NotFound)
    }
}

/// A place in which nobody has acted yet.
fn open_place(envelope: &Envelope, place: Uuid) -> Result<&Signer, DocumentsError> {
    let signer = envelope.signers.iter().find(|one| one.id == place).ok_or(DocumentsError::NotFound)?;
    let open = envelope.state == EnvelopeState::Open
        && matches!(signer.status, SignerStatus::Ready | SignerStatus::Waiting);
    if open {
        return Ok(signer);
    }
    let text = "Nobody has to sign in this place any more.".to_owned();
    Err(DocumentsError::Envelope { reason: "place_closed", text })
}

/// Nobody acts twice in one envelope: not even as somebody else.
fn free_for(envelope: &Envelope, place: &Signer, person: PersonId) -> Result<(), DocumentsError> {
    let theirs = |signer: &&Signer| {
        signer.person == Some(person)
            || signer.part.acts() && signer.expected.as_ref().is_some_and(|one| one.person == person)
    };
    match envelope.signers.iter().find(theirs) {
        None => Ok(()),
        Some(own) if own.id == place.id => {
            Err(DocumentsError::invalid("person_id", "This person is to sign here already."))
        }
        Some(_) => {
            Err(DocumentsError::invalid("person_id", "This person signs in another place of the same paper."))
        }
    }
}

/// Who signs instead: one of the account's people, or of the firm's for a place of the firm's, or somebody new.
async fn taker(
    service: &Service,
    call: &Call,
    (envelope, signer, owns): (&Envelope, &Signer, bool),
    request: &DelegateSigningRequest,
) -> Result<Expected, DocumentsError> {
    let ctx = &call.ctx;
    if request.person_id.is_empty() {
        return newcomer(service, call, (envelope, signer, owns), request).await;
    }
    let unknown = || DocumentsError::invalid("person_id", "Choose somebody from the list.");
    let person: PersonId = request.person_id.parse().map_err(|_| unknown())?;
    let known = match signer.side {
        Side::External => peers::members(service, ctx, envelope.account_id).await?,
        Side::Internal => peers::staff(service, ctx).await?,
    };
    if !known.contains(&person) || (owns && ctx.actor.person == Some(person)) {
        return Err(unknown());
    }
    free_for(envelope, signer, person)?;
    let found = peers::person(service, ctx, person).await?.ok_or_else(unknown)?;
    Ok(Expected { person, name: found.name })
}

/// Somebody who is new to the account, where the envelope takes such. Staff bring people in as they do elsewhere.
async fn newcomer(
    service: &Service,
    call: &Call,
    (envelope, signer, owns): (&Envelope, &Signer, bool),
    request: &DelegateSigningRequest,
) -> Result<Expected, DocumentsError> {
    if signer.side == Side::Internal || (owns && !envelope.invite_others) {
        return Err(DocumentsError::invalid("person_id", "Choose who signs instead."));
    }
    if request.new_name.trim().is_empty() && request.new_email.trim().is_empty() {
        return Err(DocumentsError::invalid("person_id", "Choose who signs instead, or name somebody new."));
    }
    let mut fields = Fields::default();
    let name = fields.line("new_name", &request.new_name, 120);
    let email = request.new_email.trim();
    let plausible = email.split_once('@').is_some_and(|(user, host)| !user.is_empty() && host.contains('.'));
    if !plausible || email.chars().count() > 254 {
        fields.refuse("new_email", "Enter a mail address, such as name@example.com.");
    }
    fields.check().map_err(DocumentsError::Invalid)?;
    let found = peers::found_or_created(service, &call.ctx, &name, email).await;
    let found = found.map_err(not_to_be_invited)?;
    if !found.active {
        return Err(shut_out());
    }
    let person: PersonId = found.id.parse()?;
    free_for(envelope, signer, person)?;
    // Somebody of the account goes by their own name, whatever was typed. Of anybody else an address tells no more than what was typed.
    let members = peers::members(service, &call.ctx, envelope.account_id).await?;
    let name = if members.contains(&person) { found.name } else { name };
    Ok(Expected { person, name })
}

/// Whoever was shut out is not let in again by somebody who names them.
fn shut_out() -> DocumentsError {
    DocumentsError::invalid("new_email", "Nobody can be invited with this address. Use another one.")
}

fn not_to_be_invited(error: DocumentsError) -> DocumentsError {
    match error {
        DocumentsError::Peer(_) => shut_out(),
        other => other,
    }
}

#[cfg(test)]
mod tests;
