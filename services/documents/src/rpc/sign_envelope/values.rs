//! What a signer fills in, beside the signature itself.

use portico_proto::documents::v1::{FieldValue, SignEnvelopeRequest};
use uuid::Uuid;

use crate::{
    domain::{
        envelope_chain::{Chain, EventKind},
        placement::{self, Broken, Placement, PlacementKind},
        signature::{Envelope, Signer},
    },
    error::DocumentsError,
    rpc::place_fields::refuse,
    service::Service,
    signing::{SigningError, check_printable},
};

/// The places of a signer with what they sent, all of it known to be printable.
pub(super) fn filled(
    service: &Service,
    envelope: &Envelope,
    signer: Uuid,
    request: &SignEnvelopeRequest,
) -> Result<Vec<Placement>, DocumentsError> {
    let sent: Vec<_> =
        request.values.iter().map(|value| (value.field_id.clone(), value.value.clone())).collect();
    let filled = match placement::fill(&envelope.placements, signer, &sent) {
        Ok(filled) => filled,
        Err(wrong) => {
            refuse(wrong)?;
            return Ok(Vec::new());
        }
    };
    let fonts = service.fonts()?;
    let mut wrong = Vec::new();
    for place in filled.iter().filter(|place| place.kind == PlacementKind::Text) {
        let value = place.value.as_deref().unwrap_or_default();
        if let Err(SigningError::Unprintable { characters }) = check_printable(&fonts, value) {
            let text = format!(
                "These characters cannot be printed: {characters}. Please write “{}” in another script.",
                place.shown_label()
            );
            wrong.push(Broken { field: format!("values.{}", place.id), text });
        }
    }
    refuse(wrong)?;
    Ok(filled)
}

/// Puts into the envelope what was filled in, and into its chain what that was.
pub(super) fn enter(
    envelope: &mut Envelope,
    signed: &Signer,
    filled: &[Placement],
    chain: &mut Chain,
    now: chrono::DateTime<chrono::Utc>,
) {
    for place in filled {
        for present in envelope.placements.iter_mut().filter(|present| present.id == place.id) {
            *present = place.clone();
        }
        if let Some(value) = place.value.as_deref().filter(|value| !value.is_empty()) {
            let value = if place.kind == PlacementKind::Checkbox { "ticked" } else { value };
            let text = format!("{}: “{}”: {value}", signed.certified(), place.shown_label());
            chain.push(now, EventKind::Filled, &text, signed.person);
        }
    }
}

/// Whether a request brings what this signer has filled in already.
pub(super) fn repeats(envelope: &Envelope, signer: &Signer, request: &SignEnvelopeRequest) -> bool {
    let own = |place: &&Placement| place.signer == signer.id && place.value.is_some();
    let sent = |id: &str| {
        let found = request.values.iter().find(|value: &&FieldValue| value.field_id == id);
        found.map_or("", |value| value.value.trim()).to_owned()
    };
    envelope.placements.iter().filter(own).all(|place| place.value == Some(sent(&place.id.to_string())))
}

/// A refusal of the document as a whole, at the field that it is about.
pub(super) fn about(error: DocumentsError, filled: &[Placement]) -> DocumentsError {
    let DocumentsError::Signing(SigningError::DoesNotFit { field }) = &error else { return error };
    let own = filled.iter().find(|place| place.id.to_string() == *field);
    match own {
        Some(place) if place.kind.asks() => DocumentsError::invalid(
            &format!("values.{field}"),
            format!("The text for “{}” is too long for its place. Please shorten it.", place.shown_label()),
        ),
        // Fields placed since then were measured; there is nothing that a signer could enter differently.
        Some(place) if place.kind == PlacementKind::Date => DocumentsError::Envelope {
            reason: "field_too_small",
            text: "The field for the date is too small in this document, so it cannot be signed. Ask the firm to send it again \
                   with a larger one."
                .to_owned(),
        },
        Some(place) => {
            let text = format!(
                "Your name is too long for the {} in the document. Please shorten it, or draw your signature.",
                place.kind.word()
            );
            DocumentsError::invalid("typed_name", text)
        }
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use portico_core::ErrorCode;
    use portico_rpc::ServiceError as _;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn what_does_not_fit_is_said_to_whoever_can_mend_it() {
        let said = |kind: PlacementKind| {
            let place = Placement {
                id: Uuid::from_u128(7),
                paper: 1,
                page: 1,
                area: [0.1, 0.1, 0.1, 0.1],
                kind,
                signer: Uuid::from_u128(1),
                required: true,
                label: "Plan".to_owned(),
                choices: Vec::new(),
                value: None,
            };
            let error = SigningError::DoesNotFit { field: place.id.to_string() };
            about(error.into(), &[place]).problem()
        };
        let at = |problem: &portico_core::Problem| problem.fields.first().map(|at| at.field.clone());
        assert_eq!(at(&said(PlacementKind::Signature)).as_deref(), Some("typed_name"));
        assert_eq!(at(&said(PlacementKind::Initials)).as_deref(), Some("typed_name"));
        assert_eq!(at(&said(PlacementKind::Text)), Some(format!("values.{}", Uuid::from_u128(7))));
        let date = said(PlacementKind::Date);
        assert_eq!((date.code, date.reason.as_str()), (ErrorCode::FailedPrecondition, "field_too_small"));
        assert!(date.message.contains("date") && !date.message.contains("name"), "{}", date.message);
    }
}
