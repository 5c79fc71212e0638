//! An envelope as it is kept: its signers, whose turn it is, and who the caller is among them.

use chrono::{DateTime, TimeDelta, Utc};
use portico_core::{
    AccountId, ActorKind, AuthStrength, Ctx, EnvelopeId, PersonId, RecordId, RunId, StepId, VersionId,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    envelope::{self as rules, Turn},
    placement::Placement,
};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$case:meta])* $variant:ident = $word:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum $name { $($(#[$case])* $variant),* }

        impl $name {
            /// The word that stands in the database.
            pub(crate) const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }

            /// The value of this word.
            pub(crate) fn of(word: &str) -> Option<Self> {
                [$(Self::$variant),*].into_iter().find(|value| value.word() == word)
            }
        }
    };
}

words! {
    /// How an envelope stands.
    EnvelopeState {
        /// Somebody has to sign.
        Open = "open",
        /// Everybody has signed.
        Completed = "completed",
        /// Somebody refused.
        Declined = "declined",
        /// Its step ended without it.
        Withdrawn = "withdrawn",
    }
}

words! {
    /// How a signer stands.
    SignerStatus {
        /// Another signs first.
        Waiting = "waiting",
        /// It is their turn.
        Ready = "ready",
        /// Signed.
        Signed = "signed",
        /// Refused.
        Declined = "declined",
        /// They are not asked to act.
        Told = "told",
    }
}

words! {
    /// As what somebody takes part.
    Part {
        /// Signs.
        Signer = "signer",
        /// Approves without a signature in the document.
        Approver = "approver",
        /// Is told when the document goes out.
        Viewer = "viewer",
        /// Is told where the signed document is.
        Copy = "copy",
    }
}

impl Part {
    /// Whether the envelope waits for them.
    pub(crate) const fn acts(self) -> bool {
        matches!(self, Self::Signer | Self::Approver)
    }
}

words! {
    /// How much is asked of those who sign.
    Level {
        /// Four steps.
        Sign = "sign",
        /// One clear act.
        Acknowledge = "acknowledge",
    }
}

words! {
    /// Whose people a signer is among.
    Side {
        /// The firm's.
        Internal = "internal",
        /// The account's.
        External = "external",
    }
}

/// What the platform puts into a place of the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PlacedKind {
    /// The signature.
    Signature,
    /// The first letters of the signer's name.
    Initials,
    /// The signer's name.
    Name,
    /// The day of signing.
    Date,
}

impl PlacedKind {
    /// What messages call it.
    pub(crate) const fn shown(self) -> &'static str {
        match self {
            Self::Signature => "signature",
            Self::Date => "date",
            Self::Initials | Self::Name => "text",
        }
    }
}

/// A place in the document that a signer fills.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct PlacedField {
    pub(crate) id: String,
    #[serde(rename = "type")]
    pub(crate) kind: PlacedKind,
    pub(crate) role: String,
    pub(crate) page: u32,
    /// Left, top, width and height as fractions of the page.
    #[serde(rename = "box")]
    pub(crate) area: [f64; 4],
}

/// A document with the people who sign it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Envelope {
    pub(crate) id: EnvelopeId,
    pub(crate) account_id: AccountId,
    pub(crate) run_id: RunId,
    pub(crate) step_id: StepId,
    pub(crate) attempt: i32,
    pub(crate) record_id: RecordId,
    pub(crate) title: String,
    pub(crate) level: Level,
    pub(crate) state: EnvelopeState,
    pub(crate) reason: String,
    pub(crate) fields: Vec<PlacedField>,
    pub(crate) original: VersionId,
    pub(crate) signed: Option<VersionId>,
    /// The documents after the first, in their order.
    pub(crate) others: Vec<Paper>,
    /// In their order.
    pub(crate) signers: Vec<Signer>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) times: Times,
    /// Whether those who sign may name somebody who is new to the account.
    pub(crate) invite_others: bool,
    /// What the firm has placed on its documents, in the order of reading. Where there is any, the fields of the templates
    /// count for nothing.
    pub(crate) placements: Vec<Placement>,
    /// Grows with each change of `placements`.
    pub(crate) fields_version: i32,
}

/// One document of an envelope.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Paper {
    /// From 1.
    pub(crate) number: i32,
    pub(crate) title: String,
    pub(crate) fields: Vec<PlacedField>,
    /// What is read.
    pub(crate) original: VersionId,
    /// What came of it.
    pub(crate) signed: Option<VersionId>,
}

/// How long those who act have, and how often they are reminded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Times {
    /// From being asked; nothing for no end.
    pub(crate) sign_within: Option<TimeDelta>,
    /// From being asked, and from each reminder; nothing where nobody is reminded.
    pub(crate) remind_every: Option<TimeDelta>,
}

impl Times {
    /// Until when somebody may sign who is asked at `now`.
    pub(crate) fn until(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.sign_within.and_then(|within| now.checked_add_signed(within))
    }
}

/// Somebody who is to sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Expected {
    pub(crate) person: PersonId,
    pub(crate) name: String,
}

/// One of those who sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Signer {
    pub(crate) id: Uuid,
    pub(crate) place: i32,
    /// The turn they act in, from 1; those with the same one act side by side.
    pub(crate) turn: i32,
    pub(crate) part: Part,
    pub(crate) role: String,
    pub(crate) role_title: String,
    pub(crate) side: Side,
    pub(crate) status: SignerStatus,
    /// Who is to sign here, where that is one known person. It gives nobody a right: roles do.
    pub(crate) expected: Option<Expected>,
    /// Whether the person expected was named for this place: they sign whatever their roles are, and nobody else does.
    pub(crate) named: bool,
    /// Who gave their place to the person expected; empty for nobody.
    pub(crate) delegated_by: String,
    /// Who signed or refused.
    pub(crate) person: Option<PersonId>,
    pub(crate) person_name: String,
    pub(crate) email: String,
    pub(crate) identified: String,
    pub(crate) typed_name: String,
    pub(crate) drawn: Option<Vec<u8>>,
    /// The sentence that they agreed to.
    pub(crate) consent_text: String,
    pub(crate) sent_at: Option<DateTime<Utc>>,
    /// From when on they can no longer sign; nothing for no end.
    pub(crate) expires_at: Option<DateTime<Utc>>,
    pub(crate) opened_at: Option<DateTime<Utc>>,
    pub(crate) consented_at: Option<DateTime<Utc>>,
    pub(crate) signed_at: Option<DateTime<Utc>>,
    pub(crate) address: String,
    pub(crate) user_agent: String,
}

impl Signer {
    /// Somebody who has done nothing yet.
    pub(crate) fn new(
        id: Uuid,
        (place, turn): (i32, i32),
        part: Part,
        (role, role_title): (&str, &str),
        side: Side,
    ) -> Self {
        Self {
            id,
            place,
            turn,
            part,
            role: role.to_owned(),
            role_title: role_title.to_owned(),
            side,
            status: match (part.acts(), turn) {
                (false, _) => SignerStatus::Told,
                (true, 1) => SignerStatus::Ready,
                (true, _) => SignerStatus::Waiting,
            },
            expected: None,
            named: false,
            delegated_by: String::new(),
            person: None,
            person_name: String::new(),
            email: String::new(),
            identified: String::new(),
            typed_name: String::new(),
            drawn: None,
            consent_text: String::new(),
            sent_at: None,
            expires_at: None,
            opened_at: None,
            consented_at: None,
            signed_at: None,
            address: String::new(),
            user_agent: String::new(),
        }
    }

    /// Whether this person was named for the place.
    pub(crate) fn names(&self, person: Option<PersonId>) -> bool {
        self.named && person.is_some() && self.expected.as_ref().map(|expected| expected.person) == person
    }

    /// The name of who signed, or of who is to sign; empty where that is nobody in particular.
    pub(crate) fn name(&self) -> &str {
        match &self.expected {
            Some(expected) if self.person.is_none() => &expected.name,
            _ => &self.person_name,
        }
    }

    /// Whether it is their turn and their time to sign is over.
    pub(crate) fn has_expired(&self, now: DateTime<Utc>) -> bool {
        self.status == SignerStatus::Ready && self.expires_at.is_some_and(|until| until <= now)
    }

    /// How the certificate names them in its list of events.
    pub(crate) fn certified(&self) -> String {
        let name = if self.typed_name.is_empty() { self.shown_name() } else { &self.typed_name };
        if name == self.role_title { name.to_owned() } else { format!("{name} ({})", self.role_title) }
    }

    /// What the others call them: by name, or else by role.
    pub(crate) fn shown_name(&self) -> &str {
        if self.name().is_empty() { &self.role_title } else { self.name() }
    }
}

/// What is known of the caller for one step.
#[derive(Debug, Clone)]
pub(crate) struct Standing<'a> {
    pub(crate) ctx: &'a Ctx,
    /// The roles that count for the step.
    pub(crate) roles: &'a [String],
    /// Whether the workflow lets them act on the step.
    pub(crate) acts: bool,
}

impl Envelope {
    /// Those whose turn it is; nobody once the envelope has ended.
    pub(crate) fn ready(&self) -> impl Iterator<Item = &Signer> {
        let open = self.state == EnvelopeState::Open;
        self.signers.iter().filter(move |signer| open && signer.status == SignerStatus::Ready)
    }

    /// All its documents, the first among them.
    pub(crate) fn papers(&self) -> Vec<Paper> {
        let first = Paper {
            number: 1,
            title: self.title.clone(),
            fields: self.fields.clone(),
            original: self.original,
            signed: self.signed,
        };
        std::iter::once(first).chain(self.others.iter().cloned()).collect()
    }

    /// Whether what is placed on its documents can still be changed: nobody has seen it in order to sign.
    pub(crate) fn takes_places(&self) -> bool {
        let untouched = |signer: &Signer| signer.opened_at.is_none() && signer.status != SignerStatus::Signed;
        self.state == EnvelopeState::Open && self.signers.iter().all(untouched)
    }

    /// Those who are asked to act.
    pub(crate) fn acting(&self) -> impl Iterator<Item = &Signer> {
        self.signers.iter().filter(|signer| signer.part.acts())
    }

    /// Makes those ready whose turn comes next, once all of the present turn are done; complete where nobody is left.
    /// Answers the places of those who became ready.
    pub(crate) fn turn_over(&mut self, now: DateTime<Utc>) -> Vec<i32> {
        if self.signers.iter().any(|signer| signer.status == SignerStatus::Ready) {
            return Vec::new();
        }
        let waiting = |signer: &Signer| signer.status == SignerStatus::Waiting;
        let next = self.signers.iter().filter(|signer| waiting(signer)).map(|signer| signer.turn).min();
        let Some(next) = next else {
            self.state = EnvelopeState::Completed;
            return Vec::new();
        };
        let mut places = Vec::new();
        for signer in self.signers.iter_mut().filter(|signer| signer.turn == next && waiting(signer)) {
            signer.status = SignerStatus::Ready;
            signer.sent_at = Some(now);
            signer.expires_at = self.times.until(now);
            places.push(signer.place);
        }
        places
    }

    /// The signer as whom this person has signed already. A person signs an envelope once.
    pub(crate) fn signed_by(&self, person: Option<PersonId>) -> Option<&Signer> {
        self.signers.iter().find(|signer| person.is_some() && signer.person == person)
    }

    /// Whether this person was named for one of its places.
    pub(crate) fn names(&self, person: Option<PersonId>) -> bool {
        self.signers.iter().any(|signer| signer.names(person))
    }

    /// The signer as whom the caller may sign now. In a place for which somebody was named it is they alone.
    ///
    /// A signer of the firm is whoever has the role, or an administrator. A signer of the account is whoever has the role
    /// there; a person to whom the workflow gave the step without any of the signing roles stands for the one whose turn it is.
    pub(crate) fn turn_of(&self, caller: &Standing<'_>) -> Option<&Signer> {
        let holds = |role: &str| caller.roles.iter().any(|held| held == role);
        let has_a_place = self.acting().any(|signer| signer.side == Side::External && holds(&signer.role));
        let person = caller.ctx.actor.person;
        let theirs = |signer: &&Signer| match (signer.side, caller.ctx.actor.kind) {
            (Side::Internal, ActorKind::Staff) | (Side::External, ActorKind::Client) if signer.named => {
                signer.names(person)
            }
            (Side::Internal, ActorKind::Staff) => holds(&signer.role) || caller.ctx.has_role("admin"),
            (Side::External, ActorKind::Client) => holds(&signer.role) || (caller.acts && !has_a_place),
            _ => false,
        };
        if self.signed_by(caller.ctx.actor.person).is_some() {
            return None;
        }
        // Of several places side by side one's own, before one in which one only stands in.
        let own = self.ready().find(|signer| theirs(signer) && (signer.named || holds(&signer.role)));
        own.or_else(|| self.ready().find(theirs))
    }

    /// The same, as the rules of signing see it.
    pub(crate) fn rules(&self) -> rules::Envelope {
        let state = |signer: &Signer| match (signer.status, signer.signed_at) {
            (SignerStatus::Signed, Some(at)) => rules::SignerState::Signed { at },
            (SignerStatus::Declined, _) => {
                rules::SignerState::Declined { at: self.created_at, reason: self.reason.clone() }
            }
            _ => rules::SignerState::Pending,
        };
        let signers = self.acting().map(|signer| rules::Signer {
            key: signer.role.clone(),
            name: signer.shown_name().to_owned(),
            state: state(signer),
        });
        rules::Envelope { id: self.id, signers: signers.collect(), expires_at: None, superseded_by: None }
    }
}

/// Why it is not this signer's turn, in words for them.
pub(crate) fn not_now(state: EnvelopeState, turn: &Turn) -> (&'static str, String) {
    match (state, turn) {
        (EnvelopeState::Withdrawn, _) => {
            ("envelope_withdrawn", "This document no longer has to be signed.".to_owned())
        }
        (_, Turn::WaitingFor { name }) => {
            ("not_your_turn", format!("{name} signs first. We tell you when it is your turn."))
        }
        (_, Turn::Declined { name, .. }) => (
            "envelope_declined",
            format!("{name} has declined to sign, so this document cannot be signed any more."),
        ),
        (_, Turn::Signed { .. }) => ("already_signed", "You have signed this document already.".to_owned()),
        _ => ("envelope_closed", "This document cannot be signed any more.".to_owned()),
    }
}

/// How it is known who a person is, for the certificate.
pub(crate) fn identified(ctx: &Ctx) -> String {
    let how = match ctx.actor.strength {
        AuthStrength::Multiple => "with two factors",
        AuthStrength::Single => "with a password or a link sent to their address",
        AuthStrength::None => "without proof",
    };
    format!("Signed in as {} {how}", ctx.actor.name)
}

/// The first letters of a name's words.
pub(crate) fn initials(name: &str) -> String {
    name.split_whitespace().filter_map(|word| word.chars().next()).take(4).collect()
}
