//! Who may see a document, asked afresh each time.

use std::collections::{HashMap, HashSet};

use futures_util::future::join_all;
use portico_core::{ActorKind, Ctx, DocumentId, VersionId};

use crate::{
    content::{Opening, may_open},
    domain::document::{Document, Version},
    error::DocumentsError,
    peers::{self, StepAction},
    service::{Call, Service},
    store,
};

/// Questions to a peer at the same time.
const AT_ONCE: usize = 8;

/// A document that the caller may see. What belongs to a step is seen by those who see the step, what belongs to a record by
/// those who read the record, and a fresh upload by whoever uploaded it.
pub(crate) async fn document(
    service: &Service,
    call: &Call,
    id: DocumentId,
) -> Result<Document, DocumentsError> {
    let mut tx = service.store.begin(&call.ctx).await?;
    let document = store::documents::read(&mut tx, id).await?.ok_or(DocumentsError::NotFound)?;
    drop(tx);
    check(service, call, &document).await?;
    Ok(document)
}

/// A version that the caller may see, with its document.
pub(crate) async fn version(
    service: &Service,
    call: &Call,
    id: VersionId,
) -> Result<(Document, Version), DocumentsError> {
    let mut tx = service.store.begin(&call.ctx).await?;
    let version = store::versions::read(&mut tx, id).await?.ok_or(DocumentsError::NotFound)?;
    let document =
        store::documents::read(&mut tx, version.document_id).await?.ok_or(DocumentsError::NotFound)?;
    drop(tx);
    check(service, call, &document).await?;
    Ok((document, version))
}

/// The same, where its bytes may be opened.
pub(crate) async fn openable(
    service: &Service,
    call: &Call,
    id: VersionId,
) -> Result<(Document, Version), DocumentsError> {
    let (document, version) = self::version(service, call, id).await?;
    must_open(service, &call.ctx, &version).await?;
    Ok((document, version))
}

/// Refuses to do anything with the bytes of a version that may not be opened: read, signed, copied.
pub(crate) async fn must_open(service: &Service, ctx: &Ctx, version: &Version) -> Result<(), DocumentsError> {
    let facts = peers::firm(service, ctx).await?;
    match may_open(version.scan, facts.policy) {
        Opening::Allowed | Opening::AllowedUnscanned => Ok(()),
        Opening::AwaitsScan => Err(DocumentsError::AwaitsScan),
        Opening::Unscannable => Err(DocumentsError::Unscannable),
        Opening::Infected => Err(DocumentsError::Infected),
    }
}

/// Those of the documents that the caller may see: a list tells of no more than what each of its rows would open.
pub(crate) async fn visible(
    service: &Service,
    call: &Call,
    documents: Vec<Document>,
) -> Result<Vec<Document>, DocumentsError> {
    // What decides is the step or the record, which many documents share.
    let decider = |document: &Document| (document.bound, document.step_id, document.record_id);
    let mut asked = HashMap::new();
    for document in &documents {
        asked.entry(decider(document)).or_insert(document);
    }
    let asked: Vec<_> = asked.into_iter().collect();
    let mut seen = HashSet::new();
    for some in asked.chunks(AT_ONCE) {
        let answers = some.iter().map(|(_, document)| check(service, call, document));
        for ((decider, _), answer) in some.iter().zip(join_all(answers).await) {
            match answer {
                Ok(()) => drop(seen.insert(*decider)),
                Err(DocumentsError::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(documents.into_iter().filter(|document| seen.contains(&decider(document))).collect())
}

async fn check(service: &Service, call: &Call, document: &Document) -> Result<(), DocumentsError> {
    if call.ctx.actor.kind == ActorKind::System {
        return Ok(());
    }
    if !document.bound {
        let own = call.ctx.actor.person == Some(document.created_by);
        return if own { Ok(()) } else { Err(DocumentsError::NotFound) };
    }
    let allowed = match (document.step_id, document.record_id) {
        (Some(step), _) => match peers::authorize_step(service, &call.caller, step, StepAction::View).await {
            Err(error) if error.hides() && named_to_sign(service, call, document).await? => Ok(()),
            other => other.map(|_| ()),
        },
        (None, Some(record)) => peers::record_account(service, &call.caller, record).await.map(|_| ()),
        (None, None) => Err(DocumentsError::NotFound),
    };
    match allowed {
        // Whoever may not see it learns nothing of it.
        Err(DocumentsError::Peer(problem)) if problem.code == portico_core::ErrorCode::PermissionDenied => {
            Err(DocumentsError::NotFound)
        }
        other => other,
    }
}

/// Whether the caller was named to sign this document: they read it, whatever else of its step they may see.
async fn named_to_sign(service: &Service, call: &Call, document: &Document) -> Result<bool, DocumentsError> {
    let Some(person) = call.ctx.actor.person else { return Ok(false) };
    let mut tx = service.store.begin(&call.ctx).await?;
    store::envelopes::names_for_document(&mut tx, document.id, person).await
}
