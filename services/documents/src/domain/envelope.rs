//! Who signs what, where and when: the rules of an envelope.

use chrono::{DateTime, Utc};
use portico_core::EnvelopeId;

/// What a field of a template takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FieldKind {
    /// A signature, typed or drawn.
    Signature,
    /// The day of signing.
    Date,
    /// Text that the signer types.
    Text,
}

/// A place on a page, in fractions of the page as it is *shown* (turned and cropped), from its top-left corner.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FieldBox {
    /// The page; the first is 1.
    pub page: u32,
    /// Left edge, 0 to 1.
    pub x: f32,
    /// Top edge, 0 to 1.
    pub y: f32,
    /// Width, above 0.
    pub width: f32,
    /// Height, above 0.
    pub height: f32,
}

impl FieldBox {
    /// Whether the box lies within its page.
    pub fn is_within_page(&self) -> bool {
        // Fractions written with two decimals may add up to a hair above one.
        let fits = |start: f32, length: f32| start >= 0.0 && length > 0.0 && start + length <= 1.0001;
        self.page >= 1 && fits(self.x, self.width) && fits(self.y, self.height)
    }
}

/// One field of a template.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Its name, unique in the template.
    pub id: String,
    /// What it takes.
    pub kind: FieldKind,
    /// The signer who fills it, by the key that [`Signer`] has.
    pub signer: String,
    /// Where it is.
    pub place: FieldBox,
}

/// What a signer has done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignerState {
    /// Nothing yet.
    Pending,
    /// Signed.
    Signed {
        /// When.
        at: DateTime<Utc>,
    },
    /// Refused to sign; that ends the envelope for everybody.
    Declined {
        /// When.
        at: DateTime<Utc>,
        /// In the signer's own words; may be empty.
        reason: String,
    },
}

/// One of those who sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    /// What the template calls this signer, such as `signatory`; unique in the envelope.
    pub key: String,
    /// The name shown to the others.
    pub name: String,
    /// What they have done.
    pub state: SignerState,
}

/// A document on its way through its signers, who sign in the order of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// Which envelope it is.
    pub id: EnvelopeId,
    /// Those who sign, first to last.
    pub signers: Vec<Signer>,
    /// When it can no longer be signed, unless all have.
    pub expires_at: Option<DateTime<Utc>>,
    /// The envelope that took its place, because the document changed.
    pub superseded_by: Option<EnvelopeId>,
}

impl Envelope {
    /// Whether everybody has signed.
    pub fn is_complete(&self) -> bool {
        self.signers.iter().all(|signer| matches!(signer.state, SignerState::Signed { .. }))
    }

    /// Who has to sign next; nobody where all have.
    pub fn next(&self) -> Option<&Signer> {
        self.signers.iter().find(|signer| !matches!(signer.state, SignerState::Signed { .. }))
    }
}

/// What an envelope is to one signer at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// They may sign now.
    Ready,
    /// Somebody else signs first.
    WaitingFor {
        /// The name of who is next.
        name: String,
    },
    /// They have signed.
    Signed {
        /// When.
        at: DateTime<Utc>,
        /// Whether all the others have as well.
        complete: bool,
    },
    /// Somebody refused; nobody can sign any more.
    Declined {
        /// The name of who refused.
        name: String,
        /// When.
        at: DateTime<Utc>,
    },
    /// The time to sign is over.
    Expired {
        /// Since when.
        at: DateTime<Utc>,
    },
    /// Another envelope took its place.
    Superseded {
        /// The one to sign instead.
        by: EnvelopeId,
    },
    /// They are none of the signers: for them the envelope does not exist.
    NotASigner,
}

/// What the envelope is to the signer with this key at `now`.
///
/// A complete envelope stays complete whatever happens later. An open one that was superseded, declined or has expired
/// is closed to everybody, also to those who have signed.
pub fn decide_sign(envelope: &Envelope, signer: &str, now: DateTime<Utc>) -> Turn {
    let Some(me) = envelope.signers.iter().find(|candidate| candidate.key == signer) else {
        return Turn::NotASigner;
    };
    let complete = envelope.is_complete();
    if !complete {
        if let Some(by) = envelope.superseded_by {
            return Turn::Superseded { by };
        }
        if let Some((name, at)) = envelope.signers.iter().find_map(|signer| match &signer.state {
            SignerState::Declined { at, .. } => Some((signer.name.clone(), *at)),
            _ => None,
        }) {
            return Turn::Declined { name, at };
        }
        if let Some(at) = envelope.expires_at.filter(|at| now >= *at) {
            return Turn::Expired { at };
        }
    }
    match (&me.state, envelope.next()) {
        (SignerState::Signed { at }, _) => Turn::Signed { at: *at, complete },
        (_, Some(next)) if next.key != me.key => Turn::WaitingFor { name: next.name.clone() },
        _ => Turn::Ready,
    }
}

/// Why a signer's act was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ActRefused {
    /// It is not this signer's turn, or the envelope is closed; the [`Turn`] says which.
    #[error("this cannot be signed now")]
    NotNow(Turn),
    /// Fields that must be filled are not, by their ids in the template's order.
    #[error("please fill in every field that is yours")]
    Missing(Vec<String>),
}

/// The envelope after the signer signed at `now`, having filled the fields named in `filled`.
///
/// # Errors
/// [`ActRefused`]; the envelope stays as it was.
pub fn sign(
    envelope: &Envelope,
    plan: &SignaturePlan,
    signer: &str,
    filled: &[&str],
    now: DateTime<Utc>,
) -> Result<Envelope, ActRefused> {
    let missing: Vec<String> = plan
        .fields_of(signer)
        .filter(|field| !filled.contains(&field.id.as_str()))
        .map(|field| field.id.clone())
        .collect();
    let signed = act(envelope, signer, SignerState::Signed { at: now }, now)?;
    if missing.is_empty() { Ok(signed) } else { Err(ActRefused::Missing(missing)) }
}

/// The envelope after the signer refused at `now`. Who waits for somebody else cannot refuse yet.
///
/// # Errors
/// [`ActRefused::NotNow`]; the envelope stays as it was.
pub fn decline(
    envelope: &Envelope,
    signer: &str,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<Envelope, ActRefused> {
    act(envelope, signer, SignerState::Declined { at: now, reason: reason.to_owned() }, now)
}

fn act(
    envelope: &Envelope,
    signer: &str,
    state: SignerState,
    now: DateTime<Utc>,
) -> Result<Envelope, ActRefused> {
    match decide_sign(envelope, signer, now) {
        Turn::Ready => {
            let mut envelope = envelope.clone();
            for candidate in envelope.signers.iter_mut().filter(|candidate| candidate.key == signer) {
                candidate.state = state.clone();
            }
            Ok(envelope)
        }
        other => Err(ActRefused::NotNow(other)),
    }
}

/// Why a template cannot be signed by these signers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Nobody signs.
    #[error("name at least one signer")]
    NoSigner,
    /// A signer is named twice.
    #[error("the signer {0} is named twice")]
    RepeatedSigner(String),
    /// Two fields have one id.
    #[error("two fields are called {0}")]
    RepeatedField(String),
    /// A field belongs to nobody who signs.
    #[error("the field {field} belongs to {signer}, who does not sign")]
    UnknownSigner {
        /// The field.
        field: String,
        /// Whom it names.
        signer: String,
    },
    /// A signer has no place to sign at.
    #[error("{0} signs, but no signature field is theirs")]
    NothingToSign(String),
    /// A field's box leaves its page, or its page is not in the document.
    #[error(
        "the field {field} does not lie on a page: the document has {pages} pages and boxes are fractions from 0 to 1"
    )]
    OffPage {
        /// The field.
        field: String,
        /// Pages of the document.
        pages: u32,
    },
}

/// A template's fields with the order of its signers, known to fit each other and the document.
#[derive(Debug, Clone, PartialEq)]
pub struct SignaturePlan {
    order: Vec<String>,
    fields: Vec<Field>,
}

impl SignaturePlan {
    /// Checks the fields against the signers, first to last, and against a document of `pages` pages.
    ///
    /// # Errors
    /// The first [`PlanError`], signers before fields.
    pub fn new(order: Vec<String>, fields: Vec<Field>, pages: u32) -> Result<Self, PlanError> {
        if order.is_empty() {
            return Err(PlanError::NoSigner);
        }
        for (index, signer) in order.iter().enumerate() {
            if order[..index].contains(signer) {
                return Err(PlanError::RepeatedSigner(signer.clone()));
            }
            if !fields.iter().any(|field| field.signer == *signer && field.kind == FieldKind::Signature) {
                return Err(PlanError::NothingToSign(signer.clone()));
            }
        }
        for (index, field) in fields.iter().enumerate() {
            if fields[..index].iter().any(|earlier| earlier.id == field.id) {
                return Err(PlanError::RepeatedField(field.id.clone()));
            }
            if !order.contains(&field.signer) {
                return Err(PlanError::UnknownSigner {
                    field: field.id.clone(),
                    signer: field.signer.clone(),
                });
            }
            if !field.place.is_within_page() || field.place.page > pages {
                return Err(PlanError::OffPage { field: field.id.clone(), pages });
            }
        }
        Ok(Self { order, fields })
    }

    /// The signers' keys, first to last.
    pub fn order(&self) -> &[String] {
        &self.order
    }

    /// All fields, in the template's order.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The fields that this signer fills.
    pub fn fields_of<'a>(&'a self, signer: &'a str) -> impl Iterator<Item = &'a Field> {
        self.fields.iter().filter(move |field| field.signer == signer)
    }
}

#[cfg(test)]
mod tests;
