//! Reads what happened to an envelope, for staff.

use portico_core::EnvelopeId;
use portico_proto::{
    documents::v1::{EnvelopeEvent, ListEnvelopeEventsRequest, ListEnvelopeEventsResponse},
    time::timestamp,
};

use super::get_envelope::standing;
use crate::{
    error::DocumentsError,
    service::{Call, SharedService},
    store,
};

pub(super) async fn handle(
    service: &SharedService,
    call: Call,
    request: ListEnvelopeEventsRequest,
) -> Result<ListEnvelopeEventsResponse, DocumentsError> {
    let id: EnvelopeId = request.envelope_id.parse()?;
    let mut tx = service.store.begin(&call.ctx).await?;
    let envelope = store::envelopes::read(&mut tx, id).await?.ok_or(DocumentsError::NotFound)?;
    let chain = store::envelope_events::chain(&mut tx, id).await?;
    drop(tx);
    standing(service, &call, &envelope).await?;
    // What somebody fills in is read by nobody else before the envelope is complete.
    let complete = envelope.state == crate::domain::signature::EnvelopeState::Completed;
    let entries = chain.entries.into_iter().filter(|entry| complete || entry.kind != "filled");
    let event = |entry: crate::domain::envelope_chain::Entry| EnvelopeEvent {
        at: Some(timestamp(entry.at)),
        kind: entry.kind,
        text: entry.text,
    };
    Ok(ListEnvelopeEventsResponse { events: entries.map(event).collect() })
}
