//! The signed file: made from the original and everything that was entered, then stored.

use std::io::Cursor;

use chrono::{DateTime, Utc};
use portico_core::{DocumentId, PersonId, VersionId};
use sha2::{Digest as _, Sha256};

use crate::{
    content::{check_pdf, safe_file_name},
    domain::{
        document::{Document, DocumentKind, FileFacts, Version},
        envelope_chain::Chain,
        library::Shelf,
        signature::{Envelope, Paper},
        signed_file::{self, Beside, Evidence},
    },
    error::DocumentsError,
    peers,
    seal::{Draft, Level, SealCertificate, SealError, SealKey, Sealed},
    service::{Call, Service},
    signing::{self, Imprint, SigningError},
    vault::LARGEST,
};

/// The rows of a signed file whose bytes are stored, and how it was sealed.
pub(super) struct Composed {
    pub(super) document: Document,
    pub(super) version: Version,
    pub(super) certificate: SealCertificate,
    pub(super) level: Level,
    pub(super) note: String,
}

/// Makes each document as it is after the signatures so far.
pub(super) async fn enter(
    service: &Service,
    call: &Call,
    envelope: &Envelope,
    originals: &[Version],
    now: DateTime<Utc>,
) -> Result<Vec<Vec<u8>>, DocumentsError> {
    let mut entered = Vec::with_capacity(originals.len());
    for (paper, original) in envelope.papers().iter().zip(originals) {
        entered.push(enter_one(service, call, envelope, (paper, original), now).await?);
    }
    Ok(entered)
}

async fn enter_one(
    service: &Service,
    call: &Call,
    envelope: &Envelope,
    (paper, original): (&Paper, &Version),
    now: DateTime<Utc>,
) -> Result<Vec<u8>, DocumentsError> {
    let facts = peers::firm(service, &call.ctx).await?;
    let closed = |_| DocumentsError::Unreadable("signing has ended".to_owned());
    let _place = service.composing.acquire().await.map_err(closed)?;
    let bytes =
        service.vault.read_all(&original.stored(call.ctx.tenant), service.config.largest_template).await?;
    let filled = signed_file::filled(envelope, paper, facts.firm.zone)?;
    let imprint = Imprint { firm: facts.firm.name.clone(), title: paper.title.clone(), made_at: now };
    let fonts = service.fonts()?;
    blocking(move || signing::enter(&fonts, &bytes, &filled, &imprint)).await
}

/// The finished files: each document with everything entered, the certificate of the envelope, and a seal over both.
pub(super) async fn seal(
    service: &Service,
    call: &Call,
    envelope: &Envelope,
    (originals, documents): (&[Version], Vec<Vec<u8>>),
    chain: &Chain,
    with: (&dyn SealKey, DateTime<Utc>),
) -> Result<Vec<Sealed>, DocumentsError> {
    let papers = envelope.papers();
    let named = |(paper, (original, document)): (&Paper, (&Version, &Vec<u8>))| Beside {
        title: paper.title.clone(),
        read_sha256: original.file.sha256,
        signed_sha256: Sha256::digest(document).into(),
    };
    let all: Vec<Beside> = papers.iter().zip(originals.iter().zip(&documents)).map(named).collect();
    let mut sealed = Vec::with_capacity(documents.len());
    for (place, document) in documents.into_iter().enumerate() {
        let beside: Vec<_> =
            all.iter().enumerate().filter(|(other, _)| *other != place).map(|(_, one)| one.clone()).collect();
        let about = (&all[place], beside.as_slice());
        sealed.push(seal_one(service, call, envelope, (about, document), chain, with).await?);
    }
    Ok(sealed)
}

async fn seal_one(
    service: &Service,
    call: &Call,
    envelope: &Envelope,
    ((own, beside), document): ((&Beside, &[Beside]), Vec<u8>),
    chain: &Chain,
    (key, now): (&dyn SealKey, DateTime<Utc>),
) -> Result<Sealed, DocumentsError> {
    let facts = peers::firm(service, &call.ctx).await?;
    let origin = service.config.origin.replace("{slug}", &facts.firm.slug);
    let evidence = Evidence {
        title: &own.title,
        beside,
        read_sha256: own.read_sha256,
        document: &document,
        chain,
        firm: &facts.firm,
        seal: key.certificate(),
        verify_link: if origin.is_empty() { origin } else { format!("{origin}/verify") },
        now,
    };
    let certificate = signed_file::certificate(envelope, &evidence);
    let said = serde_json::to_vec_pretty(&signed_file::facts(call.ctx.tenant, envelope, &evidence));
    let said = said.map_err(|error| DocumentsError::Unreadable(error.to_string()))?;
    let fonts = service.fonts()?;
    let certificate = blocking(move || signing::certify(&fonts, &certificate)).await?;
    let draft = Draft {
        document,
        certificate,
        facts: said,
        field: envelope.id.to_string(),
        firm: facts.firm.name.clone(),
        at: now,
    };
    service.sealer.seal(key, draft).await.map_err(unavailable)
}

/// The seal cannot be used: whoever runs the installation reads why, for the signer can do nothing about it.
pub(super) fn unavailable(error: SealError) -> DocumentsError {
    tracing::error!("a document could not be sealed, and its last signature was refused: {error}");
    DocumentsError::Seal(error)
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SigningError> + Send + 'static,
) -> Result<T, DocumentsError> {
    let done = tokio::task::spawn_blocking(work).await;
    Ok(done.map_err(|error| DocumentsError::Unreadable(format!("composing broke off: {error}")))??)
}

/// Stores the finished file, of which no row tells yet.
pub(super) async fn store(
    service: &Service,
    call: &Call,
    person: PersonId,
    envelope: &Envelope,
    (title, sealed): (&str, Sealed),
) -> Result<Composed, DocumentsError> {
    let Sealed { bytes, level, note, certificate } = sealed;
    let now = service.clock.now();
    let (id, version_id) = (DocumentId::new(now, &*service.entropy), VersionId::new(now, &*service.entropy));
    let pages = check_pdf(&bytes).map(|facts| facts.pages).unwrap_or_default();
    let received = service.vault.write(call.ctx.tenant, id, version_id, Cursor::new(bytes), LARGEST).await?;
    let document = Document {
        id,
        account_id: envelope.account_id,
        internal: false,
        kind: DocumentKind::Signed,
        title: title.to_owned(),
        record_id: Some(envelope.record_id),
        step_id: Some(envelope.step_id),
        bound: true,
        created_by: person,
        created_at: now,
        shelf: Shelf::default(),
    };
    let version = Version {
        id: version_id,
        account_id: envelope.account_id,
        internal: false,
        document_id: id,
        number: 1,
        file: FileFacts {
            name: safe_file_name(&format!("{title} (signed).pdf")),
            media_type: "application/pdf".to_owned(),
            kind: "pdf".to_owned(),
            size: received.stored.size,
            sha256: received.stored.sha256,
            pages: i32::try_from(pages).unwrap_or_default(),
            key: received.stored.key,
            // What it holds beside its pages is ours.
            active: Vec::new(),
        },
        // It is ours, yet an original with something in it stays one.
        scan: service.unseen(),
        added_by: person,
        added_by_name: call.ctx.actor.name.clone(),
        added_at: now,
    };
    Ok(Composed { document, version, certificate, level, note })
}
