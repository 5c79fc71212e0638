//! The envelope of a signing step, around a copy of its template as it is now.

use std::io;

use chrono::TimeDelta;
use futures_util::TryStreamExt as _;
use portico_core::{Ctx, DocumentId, EnvelopeId, PersonId, VersionId};
use portico_definition::{
    Definition, EsignStep, Period, Side as DeclaredSide, SigningLevel, TemplateFieldType,
};
use portico_events::{Received, claim};
use portico_proto::events::v1::StepActivated;
use serde_json::json;
use tokio_util::io::StreamReader;
use uuid::Uuid;

use super::{Activated, CONSUMER};
use crate::{
    domain::{
        document::{Document, DocumentKind, FileFacts, Version},
        envelope_chain::{Chain, EventKind},
        library::Shelf,
        signature::{
            Envelope, EnvelopeState, Level, Paper, Part, PlacedField, PlacedKind, Side, Signer, SignerStatus,
            Times,
        },
    },
    error::DocumentsError,
    events::{envelope_notices, expected, on_step_withdrawn::withdraw_envelope, publish},
    http::discard,
    peers,
    service::Service,
    store,
    vault::{LARGEST, Stored},
};

pub(super) async fn open(
    service: &Service,
    event: &Received,
    ids: Activated,
    message: &StepActivated,
    esign: &EsignStep,
) -> Result<(), DocumentsError> {
    let ctx = event.ctx("Workflow");
    let definition =
        peers::definition(service, &ctx, message.portal_id.parse()?, message.portal_version).await?;
    let mut papers = Vec::new();
    for name in std::iter::once(&esign.template).chain(&esign.also) {
        let declared =
            definition.spec.document_templates.get(name).ok_or_else(|| {
                DocumentsError::Unreadable(format!("the definition has no template {name}"))
            })?;
        let mut tx = service.store.begin(&ctx).await?;
        let template = store::templates::read(&mut tx, &declared.file).await?;
        drop(tx);
        let template = template.ok_or_else(|| DocumentsError::Envelope {
            reason: "template_missing",
            text: format!("the template {} has not been uploaded", declared.file),
        })?;
        papers.push((declared, template, declared.title.clone().unwrap_or_else(|| readable(name))));
    }
    let signers = signers(service, &ctx, ids, message, &definition, esign).await?;
    let (mut made, mut copies) = (Vec::with_capacity(papers.len()), Vec::with_capacity(papers.len()));
    for (declared, template, title) in &papers {
        let source = (&template.stored(ctx.tenant), &template.file);
        let (document, version) = copy(service, &ctx, ids, source, title).await?;
        let number = i32::try_from(copies.len() + 1).unwrap_or(i32::MAX);
        let fields = declared.fields.iter().filter_map(placed).collect();
        let paper = Paper { number, title: title.clone(), fields, original: version.id, signed: None };
        made.push(paper);
        copies.push((document, version));
    }
    let Some(envelope) = envelope(service, ids, esign, signers, made) else { return Ok(()) };
    keep(service, &ctx, event, &envelope, &copies).await
}

/// Writes an envelope around copies that are stored; of copies that no row took nothing stays.
pub(super) async fn keep(
    service: &Service,
    ctx: &Ctx,
    event: &Received,
    envelope: &Envelope,
    copies: &[(Document, Version)],
) -> Result<(), DocumentsError> {
    let inserted = insert(service, ctx, event, envelope, copies).await;
    if !matches!(inserted, Ok(true))
        && !matches!(inserted, Err(DocumentsError::Store(portico_db::StoreError::Unavailable(_))))
    {
        for (_, version) in copies {
            discard(service, ctx.tenant, version.id).await;
        }
    }
    inserted.map(|_| ())
}

/// Writes the rows; `false` where they were written before.
async fn insert(
    service: &Service,
    ctx: &Ctx,
    event: &Received,
    envelope: &Envelope,
    copies: &[(Document, Version)],
) -> Result<bool, DocumentsError> {
    let mut tx = service.store.begin(ctx).await?;
    if !claim(&mut tx, CONSUMER, event).await? {
        return Ok(false);
    }
    // Whoever still has the page of an earlier attempt open must not sign what nobody waits for any more.
    for earlier in store::envelopes::open_before(&mut tx, envelope.step_id, envelope.attempt).await? {
        if let Some(earlier) = store::envelopes::lock(&mut tx, earlier).await? {
            withdraw_envelope(service, &mut tx, earlier, "superseded").await?;
        }
    }
    for (document, version) in copies {
        store::documents::insert(&mut tx, document).await?;
        store::versions::insert(&mut tx, version).await?;
    }
    if !store::envelopes::insert(&mut tx, envelope).await? {
        // This attempt has its envelope; only the claim is worth keeping, and a repeat would come here again.
        return Ok(false);
    }
    if !envelope.placements.is_empty() {
        store::placements::replace(&mut tx, envelope).await?;
    }
    let mut chain = Chain::default();
    chain.push(envelope.created_at, EventKind::Prepared, &envelope.title, None);
    for ready in envelope.signers.iter().filter(|signer| signer.status == SignerStatus::Ready) {
        chain.push(envelope.created_at, EventKind::Sent, &ready.certified(), None);
    }
    store::envelope_events::append(&mut tx, envelope.id, envelope.account_id, &chain).await?;
    // Workflow asks whoever the step is given to, the first of the order; the others of their turn are asked here.
    for signer in envelope.ready().skip(1) {
        envelope_notices::ask_signer(service, &mut tx, envelope, signer).await?;
    }
    envelope_notices::tell_viewers(service, &mut tx, envelope).await?;
    for ready in envelope.ready() {
        store::nudges::begin(&mut tx, envelope, ready).await?;
    }
    let hashes: Vec<_> = copies.iter().map(|(_, version)| version.file.sha256_text()).collect();
    let details =
        json!({ "signers": envelope.signers.len(), "sha256": hashes.first(), "all_sha256": hashes });
    publish::envelope_changed(service, &mut tx, "envelope.created", envelope, details).await?;
    tx.commit().await?;
    service.nudges.notify_one();
    Ok(true)
}

/// Copies the template's bytes, so that what is signed stays what it was.
pub(super) async fn copy(
    service: &Service,
    ctx: &Ctx,
    ids: Activated,
    (source, file): (&Stored, &FileFacts),
    title: &str,
) -> Result<(Document, Version), DocumentsError> {
    let now = service.clock.now();
    let (id, version_id) = (DocumentId::new(now, &*service.entropy), VersionId::new(now, &*service.entropy));
    let source = service.vault.read(source, None).await?;
    let source = StreamReader::new(source.map_err(io::Error::other));
    let received = service.vault.write(ctx.tenant, id, version_id, source, LARGEST).await?;
    let nobody = PersonId(Uuid::nil());
    let document = Document {
        id,
        account_id: ids.account,
        internal: false,
        kind: DocumentKind::Contract,
        title: title.to_owned(),
        record_id: Some(ids.record),
        step_id: Some(ids.step),
        bound: true,
        created_by: nobody,
        created_at: now,
        shelf: Shelf::default(),
    };
    let version = Version {
        id: version_id,
        account_id: ids.account,
        internal: false,
        document_id: id,
        number: 1,
        file: FileFacts {
            size: received.stored.size,
            sha256: received.stored.sha256,
            key: received.stored.key,
            ..file.clone()
        },
        scan: service.unseen(),
        added_by: nobody,
        added_by_name: String::new(),
        added_at: now,
    };
    Ok((document, version))
}

/// Those who sign, in their order, by name where it is clear who that will be.
async fn signers(
    service: &Service,
    ctx: &Ctx,
    ids: Activated,
    message: &StepActivated,
    definition: &Definition,
    esign: &EsignStep,
) -> Result<Vec<Signer>, DocumentsError> {
    let now = service.clock.now();
    let mut signers = Vec::with_capacity(esign.order.len());
    for ((place, role), turn) in (1..).zip(&esign.order).zip(turns(&esign.order, &esign.together)) {
        let (title, side) = titled(definition, role);
        let part = if esign.approvers.contains(role) { Part::Approver } else { Part::Signer };
        let id = service.entropy.uuid(now);
        let mut signer = Signer::new(id, (place, turn), part, (role, &title), side);
        if signer.status == SignerStatus::Ready {
            (signer.sent_at, signer.expires_at) = (Some(now), times(esign).until(now));
        }
        signer.expected = match message.assignee_ids.as_slice() {
            // The step waits for its first signer, whom the workflow may know better.
            [person] if place == 1 => expected::only(service, ctx, &[person.parse()?]).await?,
            _ => expected::for_role(service, ctx, definition, role, (ids.account, ids.record)).await?,
        };
        signers.push(signer);
    }
    let mut place = i32::try_from(signers.len()).unwrap_or(i32::MAX);
    let told = esign.viewers.iter().map(|role| (Part::Viewer, role));
    for (part, role) in told.chain(esign.copies.iter().map(|role| (Part::Copy, role))) {
        let (title, side) = titled(definition, role);
        for person in peers::people_in_role(service, ctx, role, ids.account).await? {
            place += 1;
            let id = service.entropy.uuid(now);
            let mut signer = Signer::new(id, (place, 0), part, (role, &title), side);
            signer.expected = expected::only(service, ctx, &[person]).await?;
            signer.sent_at = (part == Part::Viewer).then_some(now);
            signers.push(signer);
        }
    }
    Ok(signers)
}

/// A role's title, and whose people have it.
fn titled(definition: &Definition, role: &str) -> (String, Side) {
    let known = definition.spec.roles.get(role);
    let side = match known.map(|known| known.side) {
        Some(DeclaredSide::Internal) => Side::Internal,
        _ => Side::External,
    };
    (known.and_then(|known| known.title.clone()).unwrap_or_else(|| readable(role)), side)
}

/// The turn of each role of the order, from 1: those of a group share theirs.
fn turns(order: &[String], together: &[Vec<String>]) -> Vec<i32> {
    let beside = |one: &String, other: &String| {
        together.iter().any(|group| group.contains(one) && group.contains(other))
    };
    let mut turns: Vec<i32> = Vec::with_capacity(order.len());
    for (place, role) in order.iter().enumerate() {
        let turn = match place.checked_sub(1).map(|before| (&order[before], turns[before])) {
            Some((before, turn)) if beside(before, role) => turn,
            Some((_, turn)) => turn + 1,
            None => 1,
        };
        turns.push(turn);
    }
    turns
}

fn envelope(
    service: &Service,
    ids: Activated,
    esign: &EsignStep,
    signers: Vec<Signer>,
    papers: Vec<Paper>,
) -> Option<Envelope> {
    let now = service.clock.now();
    let mut papers = papers.into_iter();
    let first = papers.next()?;
    Some(Envelope {
        id: EnvelopeId::new(now, &*service.entropy),
        account_id: ids.account,
        run_id: ids.run,
        step_id: ids.step,
        attempt: ids.attempt,
        record_id: ids.record,
        title: first.title,
        level: if esign.level == SigningLevel::Acknowledge { Level::Acknowledge } else { Level::Sign },
        state: EnvelopeState::Open,
        reason: String::new(),
        fields: first.fields,
        original: first.original,
        signed: None,
        others: papers.collect(),
        signers,
        created_at: now,
        times: times(esign),
        invite_others: esign.invite_others,
        placements: Vec::new(),
        fields_version: 1,
    })
}

/// How long those who act have, and how often they are reminded.
fn times(esign: &EsignStep) -> Times {
    let length = |period: Period| TimeDelta::try_minutes(i64::try_from(period.total_minutes()).ok()?);
    Times {
        sign_within: esign.sign_within.and_then(length),
        remind_every: esign.remind_every.and_then(length),
    }
}

/// A field that the platform fills; optional ones that a person would have to fill stay empty.
fn placed(field: &portico_definition::TemplateField) -> Option<PlacedField> {
    let kind = match field.kind {
        TemplateFieldType::Signature => PlacedKind::Signature,
        TemplateFieldType::Initials => PlacedKind::Initials,
        TemplateFieldType::Name => PlacedKind::Name,
        TemplateFieldType::Date => PlacedKind::Date,
        TemplateFieldType::Text | TemplateFieldType::Checkbox => return None,
    };
    Some(PlacedField {
        id: field.id.clone(),
        kind,
        role: field.signer.clone(),
        page: field.page,
        area: field.area,
    })
}

/// A name of the definition as people read it: `data_agreement` gives `Data agreement`.
fn readable(name: &str) -> String {
    let words = name.replace('_', " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
