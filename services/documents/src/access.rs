//! Who may see a document, asked afresh each time.

use portico_core::{ActorKind, DocumentId, VersionId};

use crate::{
    content::{Opening, may_open},
    domain::document::{Document, Version},
    error::DocumentsError,
    peers::{self, StepAction},
    service::{Call, Service},
    store,
};

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
    let facts = peers::firm(service, &call.ctx).await?;
    match may_open(version.scan, facts.policy) {
        Opening::Allowed | Opening::AllowedUnscanned => Ok((document, version)),
        Opening::AwaitsScan => Err(DocumentsError::AwaitsScan),
        Opening::Infected => Err(DocumentsError::Infected),
    }
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
