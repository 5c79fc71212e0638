//! Makes a template of a paper of an envelope, with what is placed on it.

use std::collections::HashMap;

use portico_core::{DocumentId, EnvelopeId, ErrorCode, VersionId};
use portico_proto::documents::v1::{CreatePaperTemplateRequest, CreatePaperTemplateResponse};
use portico_rpc::ServiceError as _;
use uuid::Uuid;

use super::{copied, title_taken, told};
use crate::{
    access,
    domain::{
        paper_template::{MOST, PaperTemplate, Role, Terms},
        placement::Placement,
        signature::Envelope,
    },
    error::DocumentsError,
    events::{publish::EventTag, templates::changed},
    http::discard,
    peers::{self, StepAction},
    service::{Call, Service, SharedService},
    store,
};

pub(super) async fn handle(
    service: &SharedService,
    call: Call,
    request: CreatePaperTemplateRequest,
) -> Result<CreatePaperTemplateResponse, DocumentsError> {
    let id: EnvelopeId = request.envelope_id.parse()?;
    let person = call.ctx.actor.person.ok_or(DocumentsError::Forbidden)?;
    let mut tx = service.store.begin(&call.ctx).await?;
    let envelope = store::envelopes::read(&mut tx, id).await?.ok_or(DocumentsError::NotFound)?;
    let number = request.paper.max(1);
    let paper = envelope.papers().into_iter().find(|paper| paper.number == number);
    let original = match &paper {
        Some(paper) => store::versions::read(&mut tx, paper.original).await?,
        None => None,
    };
    drop(tx);
    peers::authorize_step(service, &call.caller, envelope.step_id, StepAction::Manage).await?;
    let original = original
        .ok_or_else(|| DocumentsError::invalid("paper", "Choose one of the documents of this envelope."))?;
    access::must_open(service, &call.ctx, &original).await?;
    let (terms, fields) = taken(service, &envelope, number, request.title)?;

    let (now, tenant) = (service.clock.now(), call.ctx.tenant);
    let version_id = VersionId::new(now, &*service.entropy);
    let source = (&original.stored(tenant), &original.file);
    let file = copied(service, tenant, source, (DocumentId(version_id.0), version_id)).await?;
    let template = PaperTemplate {
        id: service.entropy.uuid(now),
        terms,
        fields,
        version_id,
        file,
        created_by: person,
        created_at: now,
        version: 1,
        uses: 0,
        archived_at: None,
    };
    let written = keep(service, &call, &template).await;
    if let Err(error) = &written
        && error.problem().code != ErrorCode::Unavailable
    {
        discard(service, tenant, version_id).await;
    }
    Ok(CreatePaperTemplateResponse { template: Some(told(&template)), event: written? })
}

/// Writes a new template whose bytes are stored.
async fn keep(service: &Service, call: &Call, template: &PaperTemplate) -> Result<EventTag, DocumentsError> {
    let mut tx = service.store.begin(&call.ctx).await?;
    if store::paper_templates::count(&mut tx).await? >= MOST {
        let text = format!("There are {MOST} templates already. Remove one first.");
        return Err(DocumentsError::invalid("title", text));
    }
    store::paper_templates::insert(&mut tx, template).await.map_err(title_taken)?;
    let about = (template.id, template.terms.title.as_str(), template.version);
    let event = changed(service, &mut tx, "paper_template.created", about).await?;
    tx.commit().await?;
    Ok(event)
}

/// What the envelope says of a paper: who acts on it, and what is placed there for them.
fn taken(
    service: &Service,
    envelope: &Envelope,
    number: i32,
    title: String,
) -> Result<(Terms, Vec<Placement>), DocumentsError> {
    let placed: Vec<_> = envelope.placements.iter().filter(|place| place.paper == number).collect();
    if placed.is_empty() {
        let text = "Place fields on this document and save them first: they are what the template keeps.";
        return Err(DocumentsError::Envelope { reason: "nothing_placed", text: text.to_owned() });
    }
    let now = service.clock.now();
    let mut titles: HashMap<&str, usize> = HashMap::new();
    let mut roles = Vec::new();
    let mut cast: HashMap<Uuid, Uuid> = HashMap::new();
    for signer in envelope.acting() {
        let id = service.entropy.uuid(now);
        cast.insert(signer.id, id);
        let count = titles.entry(signer.role_title.as_str()).or_default();
        *count += 1;
        let title = match *count {
            1 => signer.role_title.clone(),
            more => format!("{} {more}", signer.role_title),
        };
        roles.push(Role { id, title, side: signer.side, part: signer.part, turn: signer.turn });
    }
    let days = envelope.times.sign_within.map_or(0, |within| within.num_days().max(1));
    let terms = Terms {
        title,
        level: envelope.level,
        sign_within_days: i32::try_from(days).unwrap_or(i32::MAX),
        roles,
    };
    let field = |place: &Placement| Placement {
        id: service.entropy.uuid(now),
        paper: 1,
        signer: cast.get(&place.signer).copied().unwrap_or_default(),
        value: None,
        ..place.clone()
    };
    Ok((terms.checked()?, placed.into_iter().map(field).collect()))
}
