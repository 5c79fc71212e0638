//! Reads the envelope of a step.

use portico_core::{EnvelopeId, StepId};
use portico_proto::documents::v1::{self as proto, GetEnvelopeRequest, GetEnvelopeResponse};
use serde_json::json;

use crate::{
    convert,
    domain::{
        envelope_chain::EventKind,
        signature::{Envelope, Standing},
    },
    error::DocumentsError,
    events::publish,
    peers::{self, StepAction},
    service::{Call, Service, SharedService},
    store,
};

pub(super) async fn handle(
    service: &SharedService,
    call: Call,
    request: GetEnvelopeRequest,
) -> Result<GetEnvelopeResponse, DocumentsError> {
    let mut tx = service.store.begin(&call.ctx).await?;
    let envelope = match request.envelope_id.as_str() {
        "" => store::envelopes::find_by_step(&mut tx, request.step_id.parse::<StepId>()?).await?,
        id => store::envelopes::read(&mut tx, id.parse::<EnvelopeId>()?).await?,
    };
    let envelope = envelope.ok_or(DocumentsError::NotFound)?;
    drop(tx);
    let seen = standing(service, &call, &envelope).await?;
    let standing = seen.of(&call);
    if request.opening
        && envelope
            .turn_of(&standing)
            .is_some_and(|own| own.opened_at.is_none() && !own.has_expired(service.clock.now()))
    {
        let envelope = opened(service, &call, envelope.id, &standing).await?;
        return Ok(GetEnvelopeResponse { envelope: Some(view(service, &call, &envelope, &standing).await?) });
    }
    Ok(GetEnvelopeResponse { envelope: Some(view(service, &call, &envelope, &standing).await?) })
}

/// What is known of a caller who may see an envelope.
pub(super) struct Seen {
    roles: Vec<String>,
    acts: bool,
}

impl Seen {
    /// The same, beside the caller.
    pub(super) fn of<'a>(&'a self, call: &'a Call) -> Standing<'a> {
        Standing { ctx: &call.ctx, roles: &self.roles, acts: self.acts }
    }
}

/// What is known of the caller for an envelope; refused where they may not see it.
pub(super) async fn standing(
    service: &Service,
    call: &Call,
    envelope: &Envelope,
) -> Result<Seen, DocumentsError> {
    let named = envelope.names(call.ctx.actor.person);
    match peers::authorize_step(service, &call.caller, envelope.step_id, StepAction::View).await {
        Ok(seen) => Ok(Seen { roles: seen.roles, acts: seen.can_act }),
        // Whoever was named sees the paper, whatever else of the step they may see.
        Err(error) if named && error.hides() => Ok(Seen { roles: Vec::new(), acts: false }),
        Err(error) => Err(error),
    }
}

/// What is known of a caller who wants to sign or to refuse; refused where they could never.
pub(super) async fn acting(
    service: &Service,
    call: &Call,
    envelope: &Envelope,
) -> Result<Seen, DocumentsError> {
    if envelope.names(call.ctx.actor.person) {
        return standing(service, call, envelope).await;
    }
    let act = peers::authorize_step(service, &call.caller, envelope.step_id, StepAction::Act).await?;
    Ok(Seen { roles: act.roles, acts: true })
}

/// Writes down that the pages are shown to the one whose turn it is, once for each signer.
async fn opened(
    service: &Service,
    call: &Call,
    id: EnvelopeId,
    standing: &Standing<'_>,
) -> Result<Envelope, DocumentsError> {
    let mut tx = service.store.begin(&call.ctx).await?;
    let mut envelope = store::envelopes::lock(&mut tx, id).await?.ok_or(DocumentsError::NotFound)?;
    let own = envelope.turn_of(standing).filter(|own| own.opened_at.is_none()).map(|own| own.id);
    let Some(own) = envelope.signers.iter_mut().find(|signer| Some(signer.id) == own) else {
        return Ok(envelope);
    };
    let now = service.clock.now();
    own.opened_at = Some(now);
    let who = format!("{} ({})", call.ctx.actor.name, own.role_title);
    let details = json!({ "place": own.place, "role": own.role });
    store::envelopes::note_opened(&mut tx, own.id, now).await?;
    let mut chain = store::envelope_events::chain(&mut tx, id).await?;
    chain.push(now, EventKind::Opened, &who, call.ctx.actor.person);
    store::envelope_events::append(&mut tx, id, envelope.account_id, &chain).await?;
    publish::envelope_changed(service, &mut tx, "envelope.opened", &envelope, details).await?;
    tx.commit().await?;
    Ok(envelope)
}

/// The envelope as somebody sees it.
pub(super) async fn view(
    service: &Service,
    call: &Call,
    envelope: &Envelope,
    standing: &Standing<'_>,
) -> Result<proto::Envelope, DocumentsError> {
    let policy = peers::firm(service, &call.ctx).await?.policy;
    let papers = envelope.papers();
    let ids: Vec<_> = papers
        .iter()
        .flat_map(|paper| [Some(paper.original), paper.signed])
        .flatten()
        .map(|id| id.0)
        .collect();
    let mut tx = service.store.begin(&call.ctx).await?;
    let versions = store::versions::by_ids(&mut tx, &ids).await?;
    let now = service.clock.now();
    Ok(convert::envelope(envelope, envelope.turn_of(standing), &versions, policy, now))
}
