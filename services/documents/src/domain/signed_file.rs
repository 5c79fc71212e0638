//! What goes into the signed file: the values in their places, and the certificate.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::{
    envelope::FieldBox,
    signature::{Envelope, PlacedField, PlacedKind, Signer, SignerStatus, initials},
};
use crate::signing::{
    Certificate, CertifiedEvent, CertifiedSigner, DrawnSignature, FieldValue, Filled, SigningError,
};

/// What the firm contributes.
#[derive(Debug, Clone)]
pub(crate) struct Firm {
    /// Its name.
    pub(crate) name: String,
    /// The time zone in which days are written.
    pub(crate) zone: Tz,
}

/// The values of everybody who has signed.
pub(crate) fn filled(envelope: &Envelope, zone: Tz) -> Result<Vec<Filled>, SigningError> {
    let mut filled = Vec::new();
    for field in &envelope.fields {
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
const fn single(fraction: f64) -> f32 {
    fraction as f32
}

/// What the certificate page says at `now`.
pub(crate) fn certificate(
    envelope: &Envelope,
    read_sha256: [u8; 32],
    firm: &Firm,
    now: DateTime<Utc>,
) -> Certificate {
    let some = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    let mut events =
        vec![CertifiedEvent { at: envelope.created_at, what: "Prepared for signature".to_owned() }];
    let mut signers = Vec::new();
    for signer in &envelope.signers {
        let name =
            if signer.typed_name.is_empty() { signer.shown_name() } else { signer.typed_name.as_str() };
        if let (SignerStatus::Signed, Some(at)) = (signer.status, signer.signed_at) {
            events.push(CertifiedEvent {
                at,
                what: format!("{name} agreed to sign electronically and signed"),
            });
        }
        signers.push(CertifiedSigner {
            name: name.to_owned(),
            role: signer.role_title.clone(),
            email: signer.email.clone(),
            identified: signer.identified.clone(),
            consented_at: signer.consented_at,
            signed_at: signer.signed_at,
            address: some(&signer.address),
            user_agent: some(&signer.user_agent),
        });
    }
    Certificate {
        envelope: envelope.id,
        document_name: envelope.title.clone(),
        read_sha256,
        firm: firm.name.clone(),
        signers,
        events,
        made_at: now,
    }
}
