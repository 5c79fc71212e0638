//! Reads what has been placed on the documents of an envelope.

use portico_core::EnvelopeId;
use portico_proto::documents::v1::{ListFieldsRequest, ListFieldsResponse};

use super::get_envelope::standing;
use crate::{
    convert,
    error::DocumentsError,
    service::{Call, SharedService},
    store,
};

pub(super) async fn handle(
    service: &SharedService,
    call: Call,
    request: ListFieldsRequest,
) -> Result<ListFieldsResponse, DocumentsError> {
    let id: EnvelopeId = request.envelope_id.parse()?;
    let mut tx = service.store.begin(&call.ctx).await?;
    let envelope = store::envelopes::read(&mut tx, id).await?.ok_or(DocumentsError::NotFound)?;
    drop(tx);
    standing(service, &call, &envelope).await?;
    Ok(ListFieldsResponse {
        fields: convert::placed_fields(&envelope, call.ctx.actor.person),
        etag: envelope.fields_version.to_string(),
        can_change: envelope.takes_places(),
    })
}
