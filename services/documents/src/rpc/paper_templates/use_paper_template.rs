//! Puts a template's paper in the place of the first document of an envelope, with its fields.

use portico_core::{EnvelopeId, ErrorCode, VersionId};
use portico_db::{StoreError, Tx};
use portico_proto::documents::v1::{UsePaperTemplateRequest, UsePaperTemplateResponse};
use portico_rpc::ServiceError as _;
use serde_json::json;
use uuid::Uuid;

use super::{
    super::place_fields::{fixed, room, same, version},
    copied,
};
use crate::{
    convert,
    domain::{
        document::{Document, Version},
        envelope_chain::EventKind,
        nudge::Nudge,
        paper_template::PaperTemplate,
        placement::{self, Placement},
        signature::{Envelope, EnvelopeState, SignerStatus},
    },
    error::DocumentsError,
    events::publish::{self, EventTag},
    http::discard,
    peers::{self, StepAction},
    service::{Call, Service, SharedService},
    store,
};

pub(super) async fn handle(
    service: &SharedService,
    call: Call,
    request: UsePaperTemplateRequest,
) -> Result<UsePaperTemplateResponse, DocumentsError> {
    let id: EnvelopeId = request.envelope_id.parse()?;
    let template: Uuid = request.paper_template_id.parse().map_err(|_| DocumentsError::NotFound)?;
    let mut tx = service.store.begin(&call.ctx).await?;
    let envelope = store::envelopes::read(&mut tx, id).await?.ok_or(DocumentsError::NotFound)?;
    let template = store::paper_templates::read(&mut tx, template).await?.ok_or(DocumentsError::NotFound)?;
    let mut originals = Vec::new();
    for paper in envelope.papers() {
        let original = store::versions::read(&mut tx, paper.original).await?;
        originals.push((paper.number, original.ok_or(DocumentsError::NotFound)?));
    }
    let first =
        originals.first().map(|(_, original)| original.document_id).ok_or(DocumentsError::NotFound)?;
    let document = store::documents::read(&mut tx, first).await?.ok_or(DocumentsError::NotFound)?;
    drop(tx);
    peers::authorize_step(service, &call.caller, envelope.step_id, StepAction::Manage).await?;
    let read = version(&request.etag)?;
    offered(&template)?;
    let placements = placed(service, &template, &envelope)?;
    suits(service, &call, (&template, &envelope), &originals, &placements).await?;

    let taken = Taken { template, placements, read, paper: None };
    let stands = originals
        .iter()
        .any(|(number, original)| *number == 1 && original.file.sha256 == taken.template.file.sha256);
    if stands {
        return write(service, &call, (id, &document), taken).await;
    }
    let paper = paper(service, &call, &document, &taken.template).await?;
    let bytes = paper.id;
    let written = write(service, &call, (id, &document), Taken { paper: Some(paper), ..taken }).await;
    // Of bytes that no row took nothing stays, unless the commit itself was lost from sight.
    let lost = written.as_ref().is_err_and(|error| error.problem().code == ErrorCode::Unavailable);
    let kept = written.as_ref().is_ok_and(|answer| !answer.event.is_empty());
    if !lost && !kept {
        discard(service, call.ctx.tenant, bytes).await;
    }
    service.scans.notify_one();
    written
}

/// What goes into an envelope.
struct Taken {
    template: PaperTemplate,
    /// All of the envelope's, those of its other documents among them.
    placements: Vec<Placement>,
    /// The version of the places that the caller has read.
    read: i32,
    /// The paper, stored; nothing where the envelope has the same one.
    paper: Option<Version>,
}

/// Refuses a template that cannot be put to use.
pub(in crate::rpc) fn offered(template: &PaperTemplate) -> Result<(), DocumentsError> {
    if template.archived_at.is_some() {
        let text = "This template is archived. Choose another one, or put it back on offer first.".to_owned();
        return Err(DocumentsError::Envelope { reason: "template_archived", text });
    }
    if template.fields.is_empty() {
        let text = "Nothing is placed on this template yet. Place its fields first.".to_owned();
        return Err(DocumentsError::Envelope { reason: "nothing_placed", text });
    }
    Ok(())
}

/// The places of the envelope with the template's on its first document.
fn placed(
    service: &Service,
    template: &PaperTemplate,
    envelope: &Envelope,
) -> Result<Vec<Placement>, DocumentsError> {
    let cast = template.terms.cast(&envelope.signers);
    let cast = cast.map_err(|text| DocumentsError::invalid("paper_template_id", text))?;
    let now = service.clock.now();
    let own = template.fields.iter().map(|field| Placement {
        id: service.entropy.uuid(now),
        signer: cast.get(&field.signer).copied().unwrap_or_default(),
        ..field.clone()
    });
    Ok(own.chain(envelope.placements.iter().filter(|place| place.paper != 1).cloned()).collect())
}

/// Refuses a template that does not suit those who sign: the first thing that is wrong, for its fields are not in sight.
async fn suits(
    service: &Service,
    call: &Call,
    (template, envelope): (&PaperTemplate, &Envelope),
    originals: &[(i32, Version)],
    placements: &[Placement],
) -> Result<(), DocumentsError> {
    let pages = |(number, original): &(i32, Version)| match number {
        1 => (1, template.pages()),
        _ => (*number, u32::try_from(original.file.pages).unwrap_or_default()),
    };
    let papers: Vec<_> = originals.iter().map(pages).collect();
    let mut wrong = placement::check(placements, &envelope.signers, &papers);
    if wrong.is_empty() {
        let own = [(1, template.stored(call.ctx.tenant))];
        wrong = room::check(service, &own, &envelope.signers, placements).await?;
    }
    match wrong.into_iter().next() {
        Some(broken) => Err(DocumentsError::invalid("paper_template_id", broken.text)),
        None => Ok(()),
    }
}

/// The template's paper as a further version of the document that is read before signing, of which no row tells yet.
async fn paper(
    service: &Service,
    call: &Call,
    document: &Document,
    template: &PaperTemplate,
) -> Result<Version, DocumentsError> {
    let person = call.ctx.actor.person.ok_or(DocumentsError::Forbidden)?;
    let now = service.clock.now();
    let id = VersionId::new(now, &*service.entropy);
    let source = (&template.stored(call.ctx.tenant), &template.file);
    let file = copied(service, call.ctx.tenant, source, (document.id, id)).await?;
    Ok(Version {
        id,
        account_id: document.account_id,
        internal: document.internal,
        document_id: document.id,
        number: 0,
        file,
        scan: service.unseen(),
        added_by: person,
        added_by_name: call.ctx.actor.name.clone(),
        added_at: now,
    })
}

async fn write(
    service: &Service,
    call: &Call,
    (id, document): (EnvelopeId, &Document),
    taken: Taken,
) -> Result<UsePaperTemplateResponse, DocumentsError> {
    let Taken { template, placements, read, paper } = taken;
    let mut tx = service.store.begin(&call.ctx).await?;
    let mut envelope = store::envelopes::lock(&mut tx, id).await?.ok_or(DocumentsError::NotFound)?;
    let stands = store::versions::read(&mut tx, envelope.original).await?.ok_or(DocumentsError::NotFound)?;
    let same_paper = stands.file.sha256 == template.file.sha256;
    if same_paper && read == envelope.fields_version - 1 && same(&envelope.placements, &placements) {
        // The answer to the same request was lost on its way.
        return Ok(answer(&envelope, call, String::new()));
    }
    if !envelope.takes_places() {
        return Err(fixed());
    }
    if read != envelope.fields_version {
        return Err(DocumentsError::Stale);
    }
    let mut present =
        store::paper_templates::lock(&mut tx, template.id).await?.ok_or(DocumentsError::NotFound)?;
    if present.version != template.version {
        return Err(StoreError::Conflict.into());
    }
    present.uses = present.uses.saturating_add(1);
    store::paper_templates::update(&mut tx, &present).await?;

    if let Some(mut paper) = paper {
        paper.number = store::versions::next_number(&mut tx, document.id).await?;
        store::versions::insert(&mut tx, &paper).await?;
        envelope.original = paper.id;
        // What the definition says of its own template holds for no other paper.
        envelope.fields = Vec::new();
    }
    let terms = &template.terms;
    envelope.title.clone_from(&terms.title);
    envelope.level = terms.level;
    envelope.times = terms.times(envelope.times);
    envelope.placements = placements;
    envelope.fields_version += 1;
    store::documents::retitle(&mut tx, document.id, &envelope.title).await?;
    store::envelopes::take_paper(&mut tx, &envelope).await?;
    store::placements::replace(&mut tx, &envelope).await?;
    if terms.sign_within_days > 0 {
        time_anew(service, &mut tx, &mut envelope).await?;
    }
    let event = record(service, &mut tx, call, (&envelope, &template)).await?;
    tx.commit().await?;
    service.nudges.notify_one();
    Ok(answer(&envelope, call, event))
}

/// Gives those whose turn it is the time that the envelope has now, from now on.
async fn time_anew(service: &Service, tx: &mut Tx, envelope: &mut Envelope) -> Result<(), DocumentsError> {
    let now = service.clock.now();
    let (until, every) = (envelope.times.until(now), envelope.times.remind_every);
    let open = envelope.state == EnvelopeState::Open;
    for signer in envelope.signers.iter_mut().filter(|one| open && one.status == SignerStatus::Ready) {
        signer.expires_at = until;
        if let Some(until) = until {
            store::envelopes::set_expiry(tx, signer.id, until).await?;
        }
    }
    for signer in envelope.ready() {
        store::nudges::put(tx, envelope, signer, &Nudge::begin(now, every, until)).await?;
    }
    Ok(())
}

/// Puts into the chain, the audit and the outbox what was done.
async fn record(
    service: &Service,
    tx: &mut Tx,
    call: &Call,
    (envelope, template): (&Envelope, &PaperTemplate),
) -> Result<EventTag, DocumentsError> {
    let fields = template.fields.len();
    let mut chain = store::envelope_events::chain(tx, envelope.id).await?;
    let title = &template.terms.title;
    let text = format!("{}: the paper “{title}” with its fields, {fields}", call.ctx.actor.name);
    chain.push(service.clock.now(), EventKind::Placed, &text, call.ctx.actor.person);
    store::envelope_events::append(tx, envelope.id, envelope.account_id, &chain).await?;
    let details = json!({ "template": template.id, "fields": fields, "sha256": template.file.sha256_text() });
    Ok(publish::envelope_changed(service, tx, "envelope.template_used", envelope, details).await?)
}

fn answer(envelope: &Envelope, call: &Call, event: EventTag) -> UsePaperTemplateResponse {
    UsePaperTemplateResponse {
        fields: convert::placed_fields(envelope, call.ctx.actor.person),
        etag: envelope.fields_version.to_string(),
        event,
    }
}
