//! Who may see a document, asked afresh each time.

use std::collections::{HashMap, HashSet};

use futures_util::future::join_all;
use portico_core::{ActorKind, Ctx, DocumentId, ErrorCode, FolderId, RecordId, VersionId};

use crate::{
    content::{Opening, may_open},
    domain::{
        document::{Document, DocumentKind, FileFacts, Version},
        library::{Folder, Level, Placed, Right},
    },
    error::DocumentsError,
    peers::{self, StepAction},
    service::{Call, Service},
    store,
    vault::Stored,
};

/// Questions to a peer at the same time.
const AT_ONCE: usize = 8;

/// A document that the caller may see, and what they may do with it. What belongs to a step is seen by those who see the step,
/// what belongs to a record by those who read the record, what is in a folder by those it is shared with, and a fresh upload by
/// whoever uploaded it.
pub(crate) async fn document(
    service: &Service,
    call: &Call,
    id: DocumentId,
) -> Result<(Document, Right), DocumentsError> {
    let mut tx = service.store.begin(&call.ctx).await?;
    let document = store::documents::read(&mut tx, id).await?.ok_or(DocumentsError::NotFound)?;
    let placed = store::folders::placed(&mut tx, &document).await?;
    drop(tx);
    let right = right(service, call, &document, None, placed).await?;
    Ok((document, right))
}

/// A version that the caller may see, with its document and what they may do with it.
pub(crate) async fn version(
    service: &Service,
    call: &Call,
    id: VersionId,
) -> Result<(Document, Version, Right), DocumentsError> {
    let mut tx = service.store.begin(&call.ctx).await?;
    let version = store::versions::read(&mut tx, id).await?.ok_or(DocumentsError::NotFound)?;
    let document =
        store::documents::read(&mut tx, version.document_id).await?.ok_or(DocumentsError::NotFound)?;
    let placed = store::folders::placed(&mut tx, &document).await?;
    drop(tx);
    let right = right(service, call, &document, Some(id), placed).await?;
    Ok((document, version, right))
}

/// The same, where its pages may be shown as pictures and read out.
pub(crate) async fn openable(
    service: &Service,
    call: &Call,
    id: VersionId,
) -> Result<(Document, Version, Right), DocumentsError> {
    let (document, version, right) = self::version(service, call, id).await?;
    must_open(service, &call.ctx, &version).await?;
    Ok((document, version, right))
}

/// The same, where its bytes may be had as well.
pub(crate) async fn bytes(
    service: &Service,
    call: &Call,
    id: VersionId,
) -> Result<(Document, Version, Right), DocumentsError> {
    let (document, version, right) = openable(service, call, id).await?;
    if right.level < Level::View {
        return Err(DocumentsError::ViewOnly);
    }
    Ok((document, version, right))
}

/// The file whose pages stand for a version: the PDF that was drawn of an office file, else its own.
pub(crate) async fn shown(
    service: &Service,
    ctx: &Ctx,
    version: &Version,
) -> Result<(FileFacts, Stored), DocumentsError> {
    if version.file.kind == "office" {
        let mut tx = service.store.begin(ctx).await?;
        if let Some(stored) = store::renditions::find(&mut tx, version.document_id, version.id).await? {
            let file = FileFacts {
                media_type: "application/pdf".to_owned(),
                kind: "pdf".to_owned(),
                size: stored.size,
                sha256: stored.sha256,
                ..version.file.clone()
            };
            return Ok((file, stored));
        }
    }
    Ok((version.file.clone(), version.stored(ctx.tenant)))
}

/// The mail address that stands across what the caller is shown.
pub(crate) async fn address(service: &Service, call: &Call) -> Result<String, DocumentsError> {
    let person = call.ctx.actor.person.ok_or(DocumentsError::Forbidden)?;
    let found = peers::person(service, &call.ctx, person).await?;
    Ok(found.ok_or(DocumentsError::NotFound)?.email)
}

/// A folder that the caller may see. What they may do in it is its level.
pub(crate) async fn folder(service: &Service, call: &Call, id: FolderId) -> Result<Folder, DocumentsError> {
    let mut tx = service.store.begin(&call.ctx).await?;
    let folder = store::folders::read(&mut tx, id).await?;
    drop(tx);
    let folder = folder.filter(|folder| folder.level.is_some()).ok_or(DocumentsError::NotFound)?;
    match folder.record_id {
        Some(record) if !reads(service, call, record).await? => Err(DocumentsError::NotFound),
        _ => Ok(folder),
    }
}

/// Whether the caller reads a record. Only a refusal is a no.
pub(crate) async fn reads(service: &Service, call: &Call, record: RecordId) -> Result<bool, DocumentsError> {
    match peers::record_account(service, &call.caller, record).await {
        Ok(_) => Ok(true),
        Err(DocumentsError::NotFound) => Ok(false),
        Err(DocumentsError::Peer(problem)) if problem.code == ErrorCode::PermissionDenied => Ok(false),
        Err(error) => Err(error),
    }
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
    // What decides is the step or the record, which many documents share; a file of a form or a field has rules of its own. Whom an
    // envelope names reads its papers and no others.
    let decider = |document: &Document| {
        let own = (document.kind == DocumentKind::RecordFile).then_some(document.id);
        (document.bound, document.step_id, document.record_id, own)
    };
    let mut asked = HashMap::new();
    for document in &documents {
        asked.entry(decider(document)).or_insert(document);
    }
    let asked: Vec<_> = asked.into_iter().collect();
    let mut seen = HashSet::new();
    for some in asked.chunks(AT_ONCE) {
        let answers = some.iter().map(|(_, document)| belongs(service, call, document));
        for ((decider, _), answer) in some.iter().zip(join_all(answers).await) {
            match answer {
                Ok(()) => drop(seen.insert(*decider)),
                Err(DocumentsError::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
    }
    let mut shown = Vec::with_capacity(documents.len());
    for document in documents {
        if seen.contains(&decider(&document)) || named_to_sign(service, call, &document, None).await? {
            shown.push(document);
        }
    }
    Ok(shown)
}

/// What the caller may do with a document: what the library lets them, or what its step or record does where that is more.
async fn right(
    service: &Service,
    call: &Call,
    document: &Document,
    version: Option<VersionId>,
    placed: Option<Placed>,
) -> Result<Right, DocumentsError> {
    if call.ctx.actor.kind == ActorKind::System {
        return Ok(Right::of(Level::Manage));
    }
    let mut library = placed.and_then(|placed| {
        let right = Right { level: placed.level?, watermark: placed.watermark };
        Some((right, placed.record_id))
    });
    if let Some((_, Some(record))) = library
        && !reads(service, call, record).await?
    {
        library = None;
    }
    let library = library.map(|(right, _)| right);
    if document.shelf.trashed_at.is_some() {
        return library.filter(|right| right.level == Level::Manage).ok_or(DocumentsError::NotFound);
    }
    if let Some(right) = library.filter(|right| right.level >= Level::View && !right.watermark) {
        return Ok(right);
    }
    match check(service, call, document, version).await {
        Ok(()) => Ok(Right::of(library.map_or(Level::View, |right| right.level.max(Level::View)))),
        Err(DocumentsError::NotFound) => library.ok_or(DocumentsError::NotFound),
        Err(error) => Err(error),
    }
}

/// Whether the caller sees a document, or a version of it, by way of what it belongs to or because they were named to sign it.
async fn check(
    service: &Service,
    call: &Call,
    document: &Document,
    version: Option<VersionId>,
) -> Result<(), DocumentsError> {
    match belongs(service, call, document).await {
        Err(DocumentsError::NotFound) if named_to_sign(service, call, document, version).await? => Ok(()),
        other => other,
    }
}

/// Whether the caller sees what a document belongs to.
async fn belongs(service: &Service, call: &Call, document: &Document) -> Result<(), DocumentsError> {
    if call.ctx.actor.kind == ActorKind::System {
        return Ok(());
    }
    if !document.bound {
        let own = call.ctx.actor.person == Some(document.created_by);
        return if own { Ok(()) } else { Err(DocumentsError::NotFound) };
    }
    if let (DocumentKind::RecordFile, Some(record)) = (document.kind, document.record_id) {
        return belongs_to_record(service, call, document, record).await;
    }
    let allowed = match (document.step_id, document.record_id) {
        (Some(step), _) => {
            peers::authorize_step(service, &call.caller, step, StepAction::View).await.map(|_| ())
        }
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

/// Whether the caller sees a file of a record: for the firm's side, whoever reads the record. People of the account see it by a field that
/// holds it and is shown to them, or as those who may answer the form that it was given to.
async fn belongs_to_record(
    service: &Service,
    call: &Call,
    document: &Document,
    record: RecordId,
) -> Result<(), DocumentsError> {
    let hidden = |error: &DocumentsError| match error {
        DocumentsError::NotFound => true,
        DocumentsError::Peer(problem) => problem.code == ErrorCode::PermissionDenied,
        _ => false,
    };
    match peers::record(service, &call.caller, record).await {
        Ok(found) if call.ctx.is_internal() || found.labels.contains_key(&document.id.to_string()) => {
            return Ok(());
        }
        Err(error) if !hidden(&error) => return Err(error),
        Ok(_) | Err(_) => {}
    }
    let Some(step) = document.step_id.filter(|_| !call.ctx.is_internal()) else {
        return Err(DocumentsError::NotFound);
    };
    match peers::authorize_step(service, &call.caller, step, StepAction::Act).await {
        Err(error) if hidden(&error) => Err(DocumentsError::NotFound),
        other => other.map(|_| ()),
    }
}

/// Whether the caller was named to sign this document, or this version of it: they read it, whatever else of its step they may see.
async fn named_to_sign(
    service: &Service,
    call: &Call,
    document: &Document,
    version: Option<VersionId>,
) -> Result<bool, DocumentsError> {
    let Some(person) = call.ctx.actor.person.filter(|_| document.bound && document.step_id.is_some()) else {
        return Ok(false);
    };
    let mut tx = service.store.begin(&call.ctx).await?;
    store::envelopes::names_for_document(&mut tx, document.id, version, person).await
}
