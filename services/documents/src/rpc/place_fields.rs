//! Places fields on the documents of an envelope, all at once, before anybody has seen it.

pub(crate) mod room;

use portico_core::EnvelopeId;
use portico_proto::documents::v1::{PlaceFieldsRequest, PlaceFieldsResponse};
use portico_service::Fields;
use serde_json::json;

use crate::{
    convert,
    domain::{
        envelope_chain::EventKind,
        placement::{self, Broken, Placement},
        signature::Envelope,
    },
    error::DocumentsError,
    events::publish,
    peers::{self, StepAction},
    service::{Call, SharedService},
    store,
};

pub(super) async fn handle(
    service: &SharedService,
    call: Call,
    request: PlaceFieldsRequest,
) -> Result<PlaceFieldsResponse, DocumentsError> {
    let id: EnvelopeId = request.envelope_id.parse()?;
    let mut tx = service.store.begin(&call.ctx).await?;
    let envelope = store::envelopes::read(&mut tx, id).await?.ok_or(DocumentsError::NotFound)?;
    let (mut papers, mut files) = (Vec::new(), Vec::new());
    for paper in envelope.papers() {
        let version =
            store::versions::read(&mut tx, paper.original).await?.ok_or(DocumentsError::NotFound)?;
        papers.push((paper.number, u32::try_from(version.file.pages).unwrap_or_default()));
        files.push((paper.number, version.stored(call.ctx.tenant)));
    }
    drop(tx);
    peers::authorize_step(service, &call.caller, envelope.step_id, StepAction::Manage).await?;
    let read = version(&request.etag)?;
    let now = service.clock.now();
    let (placements, mut wrong) = convert::placements(&request.fields, || service.entropy.uuid(now));
    if wrong.is_empty() {
        wrong = placement::check(&placements, &envelope.signers, &papers);
    }
    if wrong.is_empty() {
        wrong = room::check(service, &files, &envelope.signers, &placements).await?;
    }
    refuse(wrong)?;

    let mut tx = service.store.begin(&call.ctx).await?;
    let mut envelope = store::envelopes::lock(&mut tx, id).await?.ok_or(DocumentsError::NotFound)?;
    if same(&envelope.placements, &placements) && (read == envelope.fields_version - 1) {
        // The answer to the same request was lost on its way.
        return Ok(answer(&envelope, &call, String::new()));
    }
    if !envelope.takes_places() {
        return Err(fixed());
    }
    if read != envelope.fields_version {
        return Err(DocumentsError::Stale);
    }
    envelope.placements = placements;
    envelope.fields_version += 1;
    store::placements::replace(&mut tx, &envelope).await?;
    let mut chain = store::envelope_events::chain(&mut tx, id).await?;
    let text = match envelope.placements.len() {
        0 => format!("{}: none, so the templates' own count", call.ctx.actor.name),
        1 => format!("{}: 1 field", call.ctx.actor.name),
        more => format!("{}: {more} fields", call.ctx.actor.name),
    };
    chain.push(now, EventKind::Placed, &text, call.ctx.actor.person);
    store::envelope_events::append(&mut tx, id, envelope.account_id, &chain).await?;
    let details = json!({ "fields": envelope.placements.len() });
    let event =
        publish::envelope_changed(service, &mut tx, "envelope.fields_placed", &envelope, details).await?;
    tx.commit().await?;
    Ok(answer(&envelope, &call, event))
}

fn answer(envelope: &Envelope, call: &Call, event: String) -> PlaceFieldsResponse {
    PlaceFieldsResponse {
        fields: convert::placed_fields(envelope, call.ctx.actor.person),
        etag: envelope.fields_version.to_string(),
        event,
    }
}

/// Why nothing is placed any more.
pub(super) fn fixed() -> DocumentsError {
    let text = "Somebody has opened this document to sign it, or it has ended: its fields stay as they are.";
    DocumentsError::Envelope { reason: "fields_fixed", text: text.to_owned() }
}

/// The version that an etag stands for. One that was never given out is one that is no longer the present.
pub(super) fn version(etag: &str) -> Result<i32, DocumentsError> {
    if etag.is_empty() {
        return Err(DocumentsError::invalid("etag", "Send the etag that was read with the fields."));
    }
    etag.parse().map_err(|_| DocumentsError::Stale)
}

/// Refuses a request that breaks a rule, with all that is wrong.
pub(super) fn refuse(wrong: Vec<Broken>) -> Result<(), DocumentsError> {
    let mut fields = Fields::default();
    for Broken { field, text } in wrong {
        fields.refuse(field, text);
    }
    fields.check().map_err(DocumentsError::Invalid)
}

/// Whether two sets are the same but for their ids.
pub(super) fn same(one: &[Placement], other: &[Placement]) -> bool {
    let apart = |place: &Placement, id| Placement { id, ..place.clone() };
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| *one == apart(other, one.id))
}

#[cfg(test)]
mod tests;
