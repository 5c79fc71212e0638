//! Declines to sign, with a reason. That ends the envelope for everybody; the step goes back.

use portico_core::EnvelopeId;
use portico_proto::documents::v1::{DeclineEnvelopeRequest, DeclineEnvelopeResponse};
use serde_json::json;

use super::{
    declare_missing::check_text,
    get_envelope::{acting, view},
    sign_envelope::own_turn,
};
use crate::{
    domain::signature::{EnvelopeState, SignerStatus},
    error::DocumentsError,
    events::publish,
    service::{Call, SharedService},
    store,
};

pub(super) async fn handle(
    service: &SharedService,
    call: Call,
    request: DeclineEnvelopeRequest,
) -> Result<DeclineEnvelopeResponse, DocumentsError> {
    let id: EnvelopeId = request.envelope_id.parse()?;
    let person = call.ctx.actor.person.ok_or(DocumentsError::Forbidden)?;
    let mut tx = service.store.begin(&call.ctx).await?;
    let envelope = store::envelopes::read(&mut tx, id).await?.ok_or(DocumentsError::NotFound)?;
    drop(tx);
    let seen = acting(service, &call, &envelope).await?;
    let standing = seen.of(&call);
    let reason = check_text("reason", &request.reason, true)?;

    let mut tx = service.store.begin(&call.ctx).await?;
    let mut envelope = store::envelopes::lock(&mut tx, id).await?.ok_or(DocumentsError::NotFound)?;
    let mut signer = own_turn(service, &call, &envelope, &standing).await?.clone();
    signer.status = SignerStatus::Declined;
    signer.person = Some(person);
    signer.person_name.clone_from(&call.ctx.actor.name);
    store::envelopes::update_signer(&mut tx, &signer, "").await?;
    let now = service.clock.now();
    store::nudges::end(&mut tx, id).await?;
    store::signing_drafts::end(&mut tx, id).await?;
    store::envelopes::end(&mut tx, id, EnvelopeState::Declined, &reason, None, now).await?;
    envelope.state = EnvelopeState::Declined;
    envelope.reason.clone_from(&reason);
    let details = json!({ "place": signer.place, "role": signer.role });
    for each in envelope.signers.iter_mut().filter(|each| each.id == signer.id) {
        *each = signer.clone();
    }
    publish::envelope_changed(service, &mut tx, "envelope.declined", &envelope, details).await?;
    let event = publish::step_returned(service, &mut tx, (&envelope).into(), &reason).await?;
    tx.commit().await?;
    Ok(DeclineEnvelopeResponse { envelope: Some(view(service, &call, &envelope, &standing).await?), event })
}
