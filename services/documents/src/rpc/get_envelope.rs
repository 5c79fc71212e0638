//! Reads the envelope of a step.

use portico_core::StepId;
use portico_proto::documents::v1::{self as proto, GetEnvelopeRequest, GetEnvelopeResponse};

use crate::{
    convert,
    domain::signature::{Envelope, Standing},
    error::DocumentsError,
    peers::{self, StepAction},
    service::{Call, Service, SharedService},
    store,
};

pub(super) async fn handle(
    service: &SharedService,
    call: Call,
    request: GetEnvelopeRequest,
) -> Result<GetEnvelopeResponse, DocumentsError> {
    let step: StepId = request.step_id.parse()?;
    let mut tx = service.store.begin(&call.ctx).await?;
    let envelope = store::envelopes::find_by_step(&mut tx, step).await?.ok_or(DocumentsError::NotFound)?;
    drop(tx);
    let seen = peers::authorize_step(service, &call.caller, step, StepAction::View).await?;
    let standing = Standing { ctx: &call.ctx, roles: &seen.roles, acts: seen.can_act };
    Ok(GetEnvelopeResponse { envelope: Some(view(service, &call, &envelope, &standing).await?) })
}

/// The envelope as somebody sees it.
pub(super) async fn view(
    service: &Service,
    call: &Call,
    envelope: &Envelope,
    standing: &Standing<'_>,
) -> Result<proto::Envelope, DocumentsError> {
    let policy = peers::firm(service, &call.ctx).await?.policy;
    let ids: Vec<_> =
        [Some(envelope.original), envelope.signed].into_iter().flatten().map(|id| id.0).collect();
    let mut tx = service.store.begin(&call.ctx).await?;
    let versions = store::versions::by_ids(&mut tx, &ids).await?;
    let named = |id| versions.iter().find(|version| Some(version.id) == id);
    let (original, signed) = (named(Some(envelope.original)), named(envelope.signed));
    Ok(convert::envelope(envelope, envelope.turn_of(standing), original, signed, policy))
}
