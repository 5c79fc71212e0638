//! What goes into the signed file: the values in their places, and the certificate.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use portico_core::TenantId;
use sha2::{Digest as _, Sha256};

use super::{
    envelope::FieldBox,
    envelope_chain::{Chain, EventKind},
    placement::{Placement, PlacementKind},
    signature::{Envelope, Paper, PlacedField, PlacedKind, Signer, initials},
};
use crate::{
    seal::{EventFacts, FORMAT, Facts, PaperFacts, PersonFacts, SealCertificate},
    signing::{
        Certificate, CertifiedEvent, CertifiedSeal, CertifiedSigner, DrawnSignature, FieldValue, Filled,
        SigningError,
    },
};

/// What the firm contributes.
#[derive(Debug, Clone)]
pub(crate) struct Firm {
    /// Its name.
    pub(crate) name: String,
    /// The name in its address.
    pub(crate) slug: String,
    /// The time zone in which days are written.
    pub(crate) zone: Tz,
}

/// The values of everybody who has signed.
pub(crate) fn filled(envelope: &Envelope, paper: &Paper, zone: Tz) -> Result<Vec<Filled>, SigningError> {
    if !envelope.placements.is_empty() {
        return placed(envelope, paper, zone);
    }
    let mut filled = Vec::new();
    for field in &paper.fields {
        let signer = envelope.signers.iter().find(|signer| signer.role == field.role);
        let Some((signer, at)) = signer.and_then(|signer| signer.signed_at.map(|at| (signer, at))) else {
            continue;
        };
        filled.push(Filled {
            field: field.id.clone(),
            place: place(field),
            value: value(field, signer, at, zone)?,
        });
    }
    Ok(filled)
}

/// The same for what the firm has placed on this document.
fn placed(envelope: &Envelope, paper: &Paper, zone: Tz) -> Result<Vec<Filled>, SigningError> {
    let mut filled = Vec::new();
    for place in envelope.placements.iter().filter(|place| place.paper == paper.number) {
        let signer = envelope.signers.iter().find(|signer| signer.id == place.signer);
        let Some((signer, at)) = signer.and_then(|signer| signer.signed_at.map(|at| (signer, at))) else {
            continue;
        };
        if let Some(value) = placed_value(place, signer, at.with_timezone(&zone).date_naive())? {
            filled.push(Filled { field: place.id.to_string(), place: place.place(), value });
        }
    }
    Ok(filled)
}

/// What is drawn into a place; nothing where it was left empty.
fn placed_value(
    place: &Placement,
    signer: &Signer,
    day: NaiveDate,
) -> Result<Option<FieldValue>, SigningError> {
    let entered = place.value.as_deref().filter(|value| !value.is_empty());
    Ok(match (place.kind, &signer.drawn) {
        (PlacementKind::Signature, Some(png)) => Some(FieldValue::Drawn(DrawnSignature::from_png(png)?)),
        (PlacementKind::Signature, None) => Some(FieldValue::Typed(signer.typed_name.clone())),
        (PlacementKind::Initials, _) => Some(FieldValue::Text(initials(&signer.typed_name))),
        (PlacementKind::Date, _) => Some(FieldValue::Date(day)),
        (PlacementKind::Checkbox, _) => entered.map(|_| FieldValue::Ticked),
        (PlacementKind::Text | PlacementKind::Choice, _) => {
            entered.map(|words| FieldValue::Text(words.to_owned()))
        }
    })
}

fn value(
    field: &PlacedField,
    signer: &Signer,
    at: DateTime<Utc>,
    zone: Tz,
) -> Result<FieldValue, SigningError> {
    Ok(match (field.kind, &signer.drawn) {
        (PlacedKind::Signature, Some(png)) => FieldValue::Drawn(DrawnSignature::from_png(png)?),
        (PlacedKind::Signature, None) => FieldValue::Typed(signer.typed_name.clone()),
        (PlacedKind::Initials, _) => FieldValue::Text(initials(&signer.typed_name)),
        (PlacedKind::Name, _) => FieldValue::Text(signer.typed_name.clone()),
        (PlacedKind::Date, _) => FieldValue::Date(at.with_timezone(&zone).date_naive()),
    })
}

/// The place of a field.
pub(crate) fn place(field: &PlacedField) -> FieldBox {
    let [x, y, width, height] = field.area.map(single);
    FieldBox { page: field.page, x, y, width, height }
}

#[expect(clippy::cast_possible_truncation, reason = "fractions of a page need no more than seven digits")]
pub(super) const fn single(fraction: f64) -> f32 {
    fraction as f32
}

/// A document that is signed in the same act as another: its title, and its hashes as it was read and with everything entered.
#[derive(Debug, Clone)]
pub(crate) struct Beside {
    pub(crate) title: String,
    pub(crate) read_sha256: [u8; 32],
    pub(crate) signed_sha256: [u8; 32],
}

/// What the certificate is about beside the envelope.
pub(crate) struct Evidence<'a> {
    /// The document's title.
    pub(crate) title: &'a str,
    /// What was signed in the same act.
    pub(crate) beside: &'a [Beside],
    /// SHA-256 of the document that was read.
    pub(crate) read_sha256: [u8; 32],
    /// The document with everything entered.
    pub(crate) document: &'a [u8],
    /// What happened, with the last signature.
    pub(crate) chain: &'a Chain,
    pub(crate) firm: &'a Firm,
    pub(crate) seal: &'a SealCertificate,
    /// Where the file can be checked; empty for nowhere.
    pub(crate) verify_link: String,
    pub(crate) now: DateTime<Utc>,
}

/// The name as the certificate shows it.
pub(crate) fn certified_name(signer: &Signer) -> &str {
    if signer.typed_name.is_empty() { signer.shown_name() } else { signer.typed_name.as_str() }
}

/// SHA-256 of the sentence that a signer agreed to; empty where none was recorded.
fn consent_sha256(signer: &Signer) -> String {
    match signer.consent_text.as_str() {
        "" => String::new(),
        text => hex::encode(Sha256::digest(text.as_bytes())),
    }
}

/// What the certificate pages say.
pub(crate) fn certificate(envelope: &Envelope, evidence: &Evidence<'_>) -> Certificate {
    let some = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    let signers = envelope.signers.iter().map(|signer| CertifiedSigner {
        name: certified_name(signer).to_owned(),
        role: signer.role_title.clone(),
        part: signer.part.word().to_owned(),
        order: signer.turn,
        email: signer.email.clone(),
        identified: signer.identified.clone(),
        consent_sha256: consent_sha256(signer),
        delegated_by: signer.delegated_by.clone(),
        sent_at: signer.sent_at,
        opened_at: signer.opened_at,
        consented_at: signer.consented_at,
        signed_at: signer.signed_at,
        address: some(&signer.address),
        user_agent: some(&signer.user_agent),
        acts: signer.part.acts(),
    });
    let events = evidence.chain.entries.iter().map(|entry| CertifiedEvent {
        at: entry.at,
        what: format!("{}: {}", EventKind::shown(&entry.kind), entry.text),
        sha256: entry.sha256.clone(),
    });
    Certificate {
        envelope: envelope.id,
        document_name: evidence.title.to_owned(),
        read_sha256: evidence.read_sha256,
        signed: (Sha256::digest(evidence.document).into(), evidence.document.len()),
        beside: evidence
            .beside
            .iter()
            .map(|one| (one.title.clone(), one.read_sha256, one.signed_sha256))
            .collect(),
        firm: evidence.firm.name.clone(),
        signers: signers.collect(),
        events: events.collect(),
        seal: CertifiedSeal {
            subject: evidence.seal.subject.clone(),
            development: evidence.seal.development,
            verify_link: evidence.verify_link.clone(),
        },
        made_at: evidence.now,
    }
}

/// The same for programs, in the file of the firm `tenant`.
pub(crate) fn facts(tenant: TenantId, envelope: &Envelope, evidence: &Evidence<'_>) -> Facts {
    let people = envelope.signers.iter().map(|signer| PersonFacts {
        name: certified_name(signer).to_owned(),
        email: signer.email.clone(),
        part: signer.part.word().to_owned(),
        role: signer.role_title.clone(),
        order: signer.turn,
        identified: signer.identified.clone(),
        consent: signer.consent_text.clone(),
        consent_sha256: consent_sha256(signer),
        sent_at: signer.sent_at,
        opened_at: signer.opened_at,
        consented_at: signer.consented_at,
        signed_at: signer.signed_at,
        address: signer.address.clone(),
        user_agent: signer.user_agent.clone(),
        delegated_by: signer.delegated_by.clone(),
    });
    let events = evidence.chain.entries.iter().map(|entry| EventFacts {
        at: entry.at,
        kind: entry.kind.clone(),
        text: entry.text.clone(),
        sha256: entry.sha256.clone(),
    });
    let beside = evidence.beside.iter().map(|one| PaperFacts {
        title: one.title.clone(),
        original_sha256: hex::encode(one.read_sha256),
        signed_sha256: hex::encode(one.signed_sha256),
    });
    Facts {
        format: FORMAT,
        tenant: tenant.to_string(),
        firm: evidence.firm.name.clone(),
        envelope: envelope.id.to_string(),
        title: evidence.title.to_owned(),
        beside: beside.collect(),
        original_sha256: hex::encode(evidence.read_sha256),
        signed_sha256: hex::encode(Sha256::digest(evidence.document)),
        signed_bytes: u64::try_from(evidence.document.len()).unwrap_or(u64::MAX),
        people: people.collect(),
        events: events.collect(),
        made_at: evidence.now,
        development: evidence.seal.development,
    }
}
