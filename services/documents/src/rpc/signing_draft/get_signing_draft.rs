//! Reads one's own draft of a signature.

use portico_core::EnvelopeId;
use portico_proto::{
    documents::v1::{GetSigningDraftRequest, GetSigningDraftResponse, SigningDraft},
    time::timestamp,
};
use prost::Message as _;

use super::{DRAFT, own};
use crate::{
    error::DocumentsError,
    rpc::get_envelope::standing,
    service::{Call, SharedService},
    store,
    vault::VaultError,
};

pub(in crate::rpc) async fn handle(
    service: &SharedService,
    call: Call,
    request: GetSigningDraftRequest,
) -> Result<GetSigningDraftResponse, DocumentsError> {
    let id: EnvelopeId = request.envelope_id.parse()?;
    let mut tx = service.store.begin(&call.ctx).await?;
    let envelope = store::envelopes::read(&mut tx, id).await?.ok_or(DocumentsError::NotFound)?;
    drop(tx);
    let seen = standing(service, &call, &envelope).await?;
    let (Some(person), Some(turn)) = (own(&call), envelope.turn_of(&seen.of(&call))) else {
        return Ok(GetSigningDraftResponse::default());
    };
    let mut tx = service.store.begin(&call.ctx).await?;
    let found = store::signing_drafts::read(&mut tx, turn.id, person).await?;
    drop(tx);
    let Some((sealed, saved_at)) = found else { return Ok(GetSigningDraftResponse::default()) };
    let opened = service.secrets.open(call.ctx.tenant, DRAFT, &sealed).await.map_err(VaultError::from)?;
    let draft = SigningDraft::decode(opened.as_slice())
        .map_err(|error| DocumentsError::Unreadable(format!("the draft of a signature: {error}")))?;
    Ok(GetSigningDraftResponse { draft: Some(draft), saved_at: Some(timestamp(saved_at)) })
}
