//! The signed file: made from the original and everything that was entered, then stored.

use std::io::Cursor;

use chrono::{DateTime, Utc};
use portico_core::{DocumentId, PersonId, VersionId};

use crate::{
    content::{check_pdf, safe_file_name},
    domain::{
        document::{Document, DocumentKind, FileFacts, Version},
        signature::Envelope,
        signed_file,
    },
    error::DocumentsError,
    peers,
    service::{Call, Service},
    signing,
    vault::LARGEST,
};

/// The rows of a signed file whose bytes are stored.
pub(super) struct Composed {
    pub(super) document: Document,
    pub(super) version: Version,
}

/// Makes the file as it is after the signatures so far.
pub(super) async fn compose(
    service: &Service,
    call: &Call,
    envelope: &Envelope,
    original: &Version,
    now: DateTime<Utc>,
) -> Result<Vec<u8>, DocumentsError> {
    let facts = peers::firm(service, &call.ctx).await?;
    let closed = |_| DocumentsError::Unreadable("signing has ended".to_owned());
    let _place = service.composing.acquire().await.map_err(closed)?;
    let bytes =
        service.vault.read_all(&original.stored(call.ctx.tenant), service.config.largest_template).await?;
    let filled = signed_file::filled(envelope, facts.firm.zone)?;
    let certificate = signed_file::certificate(envelope, original.file.sha256, &facts.firm, now);
    let fonts = service.fonts()?;
    let composed =
        tokio::task::spawn_blocking(move || signing::compose(&fonts, &bytes, &filled, &certificate)).await;
    Ok(composed.map_err(|error| DocumentsError::Unreadable(format!("composing broke off: {error}")))??)
}

/// Stores the finished file, of which no row tells yet.
pub(super) async fn store(
    service: &Service,
    call: &Call,
    person: PersonId,
    envelope: &Envelope,
    bytes: Vec<u8>,
) -> Result<Composed, DocumentsError> {
    let now = service.clock.now();
    let (id, version_id) = (DocumentId::new(now, &*service.entropy), VersionId::new(now, &*service.entropy));
    let pages = check_pdf(&bytes).map(|facts| facts.pages).unwrap_or_default();
    let received = service.vault.write(call.ctx.tenant, id, version_id, Cursor::new(bytes), LARGEST).await?;
    let document = Document {
        id,
        account_id: envelope.account_id,
        internal: false,
        kind: DocumentKind::Signed,
        title: envelope.title.clone(),
        record_id: Some(envelope.record_id),
        step_id: Some(envelope.step_id),
        bound: true,
        created_by: person,
        created_at: now,
    };
    let version = Version {
        id: version_id,
        account_id: envelope.account_id,
        internal: false,
        document_id: id,
        number: 1,
        file: FileFacts {
            name: safe_file_name(&format!("{} (signed).pdf", envelope.title)),
            media_type: "application/pdf".to_owned(),
            kind: "pdf".to_owned(),
            size: received.stored.size,
            sha256: received.stored.sha256,
            pages: i32::try_from(pages).unwrap_or_default(),
            key: received.stored.key,
        },
        // It is ours, yet an original with something in it stays one.
        scan: service.unseen(),
        added_by: person,
        added_by_name: call.ctx.actor.name.clone(),
        added_at: now,
    };
    Ok(Composed { document, version })
}
