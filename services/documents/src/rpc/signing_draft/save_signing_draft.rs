//! Saves what a signer has typed and drawn so far. Only its signer ever reads it, so that no event and no audit tells of it.

use portico_core::EnvelopeId;
use portico_proto::{
    documents::v1::{SaveSigningDraftRequest, SaveSigningDraftResponse, SigningDraft},
    time::timestamp,
};
use portico_service::Fields;
use prost::Message as _;

use super::{DRAFT, owner};
use crate::{
    error::DocumentsError,
    rpc::{get_envelope::acting, sign_envelope::own_turn},
    service::{Call, SharedService},
    signing::DrawnSignature,
    store,
    vault::VaultError,
};

/// The longest name, in characters.
const LONGEST_NAME: usize = 120;
/// The longest reason, in characters.
const LONGEST_REASON: usize = 1000;
/// The most fields.
const MOST_VALUES: usize = 100;
/// The longest value of a field, in characters: longer ones are refused at signing.
const LONGEST_VALUE: usize = 1000;

pub(in crate::rpc) async fn handle(
    service: &SharedService,
    call: Call,
    request: SaveSigningDraftRequest,
) -> Result<SaveSigningDraftResponse, DocumentsError> {
    let id: EnvelopeId = request.envelope_id.parse()?;
    let person = owner(&call)?;
    let mut tx = service.store.begin(&call.ctx).await?;
    let envelope = store::envelopes::read(&mut tx, id).await?.ok_or(DocumentsError::NotFound)?;
    drop(tx);
    let seen = acting(service, &call, &envelope).await?;
    let draft = request.draft.unwrap_or_default();
    check(&draft)?;
    let plain = draft.encode_to_vec();
    let sealed = service.secrets.seal(call.ctx.tenant, DRAFT, &plain).await.map_err(VaultError::from)?;

    let mut tx = service.store.begin(&call.ctx).await?;
    // Under the lock: a draft that comes in beside the signature itself does not outlive it.
    let envelope = store::envelopes::lock(&mut tx, id).await?.ok_or(DocumentsError::NotFound)?;
    let own = own_turn(service, &call, &envelope, &seen.of(&call)).await?;
    let now = service.clock.now();
    if draft == SigningDraft::default() {
        store::signing_drafts::remove(&mut tx, own.id).await?;
    } else {
        store::signing_drafts::put(&mut tx, &envelope, own, (person, &sealed), now).await?;
    }
    tx.commit().await?;
    Ok(SaveSigningDraftResponse { saved_at: Some(timestamp(now)) })
}

/// A draft may be incomplete and wrong, but it is no store for other things.
fn check(draft: &SigningDraft) -> Result<(), DocumentsError> {
    let mut fields = Fields::default();
    let longer = |text: &str, most: usize| text.chars().count() > most;
    if longer(&draft.typed_name, LONGEST_NAME) {
        fields.refuse("typed_name", format!("Write at most {LONGEST_NAME} characters."));
    }
    if longer(&draft.reason, LONGEST_REASON) {
        fields.refuse("reason", format!("Write at most {LONGEST_REASON} characters."));
    }
    if draft.values.len() > MOST_VALUES
        || draft.values.iter().any(|value| longer(&value.value, LONGEST_VALUE) || value.field_id.len() > 64)
    {
        fields.refuse("values", format!("Fill in at most {LONGEST_VALUE} characters a field."));
    }
    if !draft.drawn.is_empty()
        && let Err(error) = DrawnSignature::from_png(&draft.drawn)
    {
        fields.refuse("drawn", error.to_string());
    }
    fields.check().map_err(DocumentsError::Invalid)
}
