//! Makes an older version the newest again, as a version of its own. Nothing is lost.

use std::io;

use futures_util::TryStreamExt as _;
use portico_core::VersionId;
use portico_proto::documents::v1::{RestoreVersionRequest, RestoreVersionResponse};
use serde_json::json;
use tokio_util::io::StreamReader;

use crate::{
    access, convert,
    domain::document::{Document, Version},
    error::DocumentsError,
    events::{library, publish::EventTag},
    http::{discard, may_add},
    peers,
    service::{Call, Service, SharedService},
    store,
    vault::LARGEST,
};

pub(super) async fn handle(
    service: &SharedService,
    call: Call,
    request: RestoreVersionRequest,
) -> Result<RestoreVersionResponse, DocumentsError> {
    let id: VersionId = request.version_id.parse()?;
    let (document, old, right) = access::version(service, &call, id).await?;
    may_add(&document, right)?;
    access::must_open(service, &call.ctx, &old).await?;
    let person = call.ctx.actor.person.ok_or(DocumentsError::Forbidden)?;
    let policy = peers::firm(service, &call.ctx).await?.policy;

    // Each version has a key of its own: its bytes are sealed anew.
    let copy = VersionId::new(service.clock.now(), &*service.entropy);
    let bytes = service.vault.read(&old.stored(call.ctx.tenant), None).await?;
    let bytes = StreamReader::new(bytes.map_err(io::Error::other));
    let received = service.vault.write(call.ctx.tenant, document.id, copy, bytes, LARGEST).await?;
    let mut new = Version {
        id: copy,
        added_by: person,
        added_by_name: call.ctx.actor.name.clone(),
        added_at: service.clock.now(),
        ..old.clone()
    };
    new.file.key = received.stored.key;
    let written = write(service, &call, &document, &old, new).await;
    if written.is_err() {
        discard(service, call.ctx.tenant, copy).await;
    }
    let (new, event) = written?;
    Ok(RestoreVersionResponse { document: Some(convert::document(&document, &[new], policy)), event })
}

async fn write(
    service: &Service,
    call: &Call,
    document: &Document,
    old: &Version,
    mut new: Version,
) -> Result<(Version, EventTag), DocumentsError> {
    let mut tx = service.store.begin(&call.ctx).await?;
    store::filed::lock(&mut tx, document.id).await?;
    let document = store::documents::read(&mut tx, document.id).await?.ok_or(DocumentsError::NotFound)?;
    if document.shelf.trashed_at.is_some() {
        return Err(DocumentsError::NotFound);
    }
    let next = store::versions::next_number(&mut tx, document.id).await?;
    if next == old.number + 1 {
        return Err(DocumentsError::invalid("version_id", "This is the newest version already."));
    }
    (new.number, new.internal) = (next, document.internal);
    store::versions::insert(&mut tx, &new).await?;
    let details = json!({ "from": old.number, "sha256": new.file.sha256_text() });
    let event =
        library::document_changed(service, &mut tx, "document.version_restored", &document, &new, details)
            .await?;
    tx.commit().await?;
    Ok((new, event))
}
