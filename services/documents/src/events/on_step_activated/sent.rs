//! The envelope of a paper that was sent to many accounts, as it was when it went out.

use portico_core::EnvelopeId;
use portico_events::Received;

use super::{
    Activated,
    envelope::{copy, keep},
};
use crate::{
    domain::{
        placement::Placement,
        signature::{Envelope, EnvelopeState},
    },
    error::DocumentsError,
    service::Service,
    store,
};

pub(super) async fn open(service: &Service, event: &Received, ids: Activated) -> Result<(), DocumentsError> {
    let ctx = event.ctx("Workflow");
    let mut tx = service.store.begin(&ctx).await?;
    let (sending, seats) =
        store::sendings::by_step(&mut tx, ids.step).await?.ok_or(DocumentsError::NotFound)?;
    let template = store::paper_templates::read(&mut tx, sending.template).await?;
    drop(tx);
    let template = template.ok_or(DocumentsError::NotFound)?;
    let now = service.clock.now();
    let (signers, cast) = sending.signers(&seats, now, || service.entropy.uuid(now));
    let placed = sending.fields.iter().map(|field| Placement {
        id: service.entropy.uuid(now),
        signer: cast.get(&field.signer).copied().unwrap_or_default(),
        ..field.clone()
    });
    let source = (&template.stored(ctx.tenant), &template.file);
    let (document, version) = copy(service, &ctx, ids, source, &sending.terms.title).await?;
    let envelope = Envelope {
        id: EnvelopeId::new(now, &*service.entropy),
        account_id: ids.account,
        run_id: ids.run,
        step_id: ids.step,
        attempt: ids.attempt,
        record_id: ids.record,
        title: sending.terms.title.clone(),
        level: sending.terms.level,
        state: EnvelopeState::Open,
        reason: String::new(),
        fields: Vec::new(),
        original: version.id,
        signed: None,
        others: Vec::new(),
        signers,
        created_at: now,
        times: sending.times(),
        invite_others: false,
        placements: placed.collect(),
        fields_version: 1,
    };
    keep(service, &ctx, event, &envelope, &[(document, version)]).await
}
