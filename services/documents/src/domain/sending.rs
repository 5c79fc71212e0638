//! A paper that is sent to many accounts at once: who signs it where, and how it stands there.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use portico_core::{AccountId, PersonId, StepId};
use portico_service::Fields;
use uuid::Uuid;

use super::{
    idempotency::{NO_KEY, is_key},
    paper_template::{Role, Terms},
    placement::Placement,
    signature::{EnvelopeState, Expected, Side, Signer, SignerStatus, Times},
};
use crate::error::DocumentsError;

/// Accounts of one sending.
pub(crate) const MOST_ACCOUNTS: usize = 500;
/// The longest title, in characters.
const LONGEST_TITLE: usize = 200;
/// How far ahead a date may lie; what lies further is a slip of the pen.
const FURTHEST: TimeDelta = TimeDelta::days(3660);

/// The word for an account in which too few people can sign.
pub(crate) const NOBODY: &str = "nobody";
/// The word for an account in which nothing goes on that the sender steers.
pub(crate) const NO_RUN: &str = "no_run";

/// Who signs in a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seat {
    pub(crate) role: Uuid,
    pub(crate) person: PersonId,
    pub(crate) name: String,
}

/// What was sent, as it was then.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sending {
    pub(crate) id: Uuid,
    pub(crate) template: Uuid,
    /// What the accounts are asked to do.
    pub(crate) title: String,
    /// The template's: the paper's title, the level, the time and the roles.
    pub(crate) terms: Terms,
    /// The signer of each is a role.
    pub(crate) fields: Vec<Placement>,
    pub(crate) due: Option<DateTime<Utc>>,
    pub(crate) created_by: PersonId,
    pub(crate) created_by_name: String,
    pub(crate) created_at: DateTime<Utc>,
}

/// One account's paper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) account_id: AccountId,
    pub(crate) account_name: String,
    pub(crate) step_id: StepId,
    /// In the order of the roles; empty for a failed one.
    pub(crate) seats: Vec<Seat>,
    /// A word for why it failed.
    pub(crate) failed: Option<String>,
}

/// What somebody wants to send, checked as far as nobody else need be asked.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Wanted {
    pub(crate) title: String,
    pub(crate) due: Option<DateTime<Utc>>,
    /// Who signs in which role, for each account.
    pub(crate) recipients: Vec<(AccountId, HashMap<Uuid, PersonId>)>,
    /// Who signs for the firm.
    pub(crate) firm: HashMap<Uuid, PersonId>,
}

impl Wanted {
    /// Checks what was asked for against those who sign the template.
    ///
    /// # Errors
    /// Every field that breaks a rule.
    pub(crate) fn checked(
        mut self,
        terms: &Terms,
        key: &str,
        now: DateTime<Utc>,
    ) -> Result<Self, DocumentsError> {
        let mut fields = Fields::default();
        self.title = fields.line("title", &self.title, LONGEST_TITLE);
        if key.is_empty() {
            fields.refuse("idempotency_key", "Send a key, so that a repeat sends nothing twice.");
        } else if !is_key(key) {
            fields.refuse("idempotency_key", NO_KEY);
        }
        if self.due.is_some_and(|due| due <= now || due > now + FURTHEST) {
            fields.refuse("due", "Choose a day that is still to come, within ten years.");
        }
        if self.recipients.is_empty() || self.recipients.len() > MOST_ACCOUNTS {
            fields.refuse("recipients", format!("Choose between 1 and {MOST_ACCOUNTS} accounts."));
        }
        let roles = |side| terms.roles.iter().filter(move |role| role.side == side);
        for role in roles(Side::Internal).filter(|role| !self.firm.contains_key(&role.id)) {
            fields.refuse("countersigners", format!("Choose who signs as “{}”.", role.title));
        }
        let firm: HashSet<_> = roles(Side::Internal).filter_map(|role| self.firm.get(&role.id)).collect();
        if firm.len() < self.firm.len() {
            fields.refuse("countersigners", "Let somebody else sign in each place of the firm's.");
        }
        let mut accounts = HashSet::new();
        for (index, (account, seats)) in self.recipients.iter().enumerate() {
            if !accounts.insert(*account) {
                fields.refuse(format!("recipients[{index}].account_id"), "Name each account once.");
            }
            let known = |role: &Uuid| roles(Side::External).any(|one| one.id == *role);
            let people: HashSet<_> = seats.values().collect();
            if people.len() < seats.len() || !seats.keys().all(known) {
                let text = "Let another person sign in each place: nobody signs the same paper twice.";
                fields.refuse(format!("recipients[{index}].seats"), text);
            }
        }
        fields.check().map_err(DocumentsError::Invalid)?;
        Ok(self)
    }
}

impl Sending {
    /// Whether this role's people are the account's.
    pub(crate) fn is_external(role: &Role) -> bool {
        role.side == Side::External
    }

    /// Who signs in an account, in their order, and whose place each role is.
    pub(crate) fn signers(
        &self,
        seats: &[Seat],
        now: DateTime<Utc>,
        mut id: impl FnMut() -> Uuid,
    ) -> (Vec<Signer>, HashMap<Uuid, Uuid>) {
        let mut turns: Vec<i32> = self.terms.roles.iter().map(|role| role.turn).collect();
        turns.sort_unstable();
        turns.dedup();
        let mut cast = HashMap::new();
        let signer = |(place, role): (i32, &Role)| {
            let before = turns.iter().filter(|turn| **turn < role.turn).count();
            let turn = i32::try_from(before).unwrap_or_default() + 1;
            let mut signer =
                Signer::new(id(), (place, turn), role.part, (&role.id.to_string(), &role.title), role.side);
            let seat = seats.iter().find(|seat| seat.role == role.id);
            signer.expected = seat.map(|seat| Expected { person: seat.person, name: seat.name.clone() });
            signer.named = true;
            if signer.status == SignerStatus::Ready {
                (signer.sent_at, signer.expires_at) = (Some(now), self.times().until(now));
            }
            cast.insert(role.id, signer.id);
            signer
        };
        let signers = (1..).zip(&self.terms.roles).map(signer).collect();
        (signers, cast)
    }

    /// How long those who act have.
    pub(crate) fn times(&self) -> Times {
        self.terms.times(Times::default())
    }
}

/// How an account's paper stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Standing {
    /// Nothing where there is no envelope yet.
    pub(crate) envelope: Option<EnvelopeStanding>,
    /// A word for why it failed.
    pub(crate) failed: Option<String>,
}

/// How its envelope stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EnvelopeStanding {
    pub(crate) state: EnvelopeState,
    pub(crate) opened: bool,
    /// Whether somebody's time to sign is over.
    pub(crate) expired: bool,
}

impl Standing {
    /// The word for it.
    pub(crate) fn word(&self) -> &'static str {
        match &self.envelope {
            _ if self.failed.is_some() => "failed",
            None => "preparing",
            Some(envelope) => match envelope.state {
                EnvelopeState::Completed => "signed",
                EnvelopeState::Declined => "declined",
                EnvelopeState::Withdrawn => "withdrawn",
                EnvelopeState::Open if envelope.expired => "expired",
                EnvelopeState::Open if envelope.opened => "opened",
                EnvelopeState::Open => "sent",
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use portico_rpc::ServiceError as _;

    use super::*;
    use crate::domain::signature::{Level, Part};

    fn role(number: u128, side: Side, turn: i32) -> Role {
        Role { id: Uuid::from_u128(number), title: format!("Role {number}"), side, part: Part::Signer, turn }
    }

    fn terms() -> Terms {
        let roles = vec![role(1, Side::External, 2), role(2, Side::External, 2), role(3, Side::Internal, 5)];
        Terms { title: "NDA".to_owned(), level: Level::Sign, sign_within_days: 14, roles }
    }

    fn person(number: u128) -> PersonId {
        PersonId::from(Uuid::from_u128(number))
    }

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    fn wanted() -> Wanted {
        let id = Uuid::from_u128;
        Wanted {
            title: " Sign the NDA ".to_owned(),
            due: Some(now() + TimeDelta::days(3)),
            recipients: vec![(AccountId(id(90)), HashMap::from([(id(1), person(11)), (id(2), person(12))]))],
            firm: HashMap::from([(id(3), person(13))]),
        }
    }

    #[test]
    fn every_mistake_is_named() {
        let wrong = |wanted: Wanted| {
            let problem = wanted.checked(&terms(), "k", now()).unwrap_err().problem();
            problem.fields.into_iter().map(|at| at.field).collect::<Vec<_>>()
        };
        assert_eq!(wanted().checked(&terms(), "k", now()).unwrap().title, "Sign the NDA");
        // Whoever has nobody to sign fails alone, and is no mistake of the form.
        let nobody = Wanted { recipients: vec![(AccountId(Uuid::nil()), HashMap::new())], ..wanted() };
        assert!(nobody.checked(&terms(), "k", now()).is_ok());
        assert_eq!(wrong(Wanted { title: String::new(), ..wanted() }), ["title"]);
        assert_eq!(wrong(Wanted { due: Some(now()), ..wanted() }), ["due"]);
        assert_eq!(wrong(Wanted { recipients: Vec::new(), ..wanted() }), ["recipients"]);
        assert_eq!(wrong(Wanted { firm: HashMap::new(), ..wanted() }), ["countersigners"]);
        let mut twice = wanted();
        twice.recipients.push(twice.recipients[0].clone());
        twice.recipients[0].1.insert(Uuid::from_u128(2), person(11));
        assert_eq!(wrong(twice), ["recipients[0].seats", "recipients[1].account_id"]);
        let mut strange = wanted();
        strange.recipients[0].1.insert(Uuid::from_u128(3), person(14));
        assert_eq!(wrong(strange), ["recipients[0].seats"]);
        for key in ["", "a\nb"] {
            let problem = wanted().checked(&terms(), key, now()).unwrap_err().problem();
            assert_eq!(problem.fields[0].field, "idempotency_key");
        }
    }

    #[test]
    fn those_of_the_first_turn_are_asked_at_once_by_name_and_with_the_time_of_the_template() {
        let seats = [1_u128, 2, 3].map(|number| Seat {
            role: Uuid::from_u128(number),
            person: person(10 + number),
            name: format!("Person {number}"),
        });
        let sending = Sending {
            id: Uuid::nil(),
            template: Uuid::nil(),
            title: String::new(),
            terms: terms(),
            fields: Vec::new(),
            due: None,
            created_by: person(1),
            created_by_name: String::new(),
            created_at: now(),
        };
        let mut next = 100;
        let (signers, cast) = sending.signers(&seats, now(), || {
            next += 1;
            Uuid::from_u128(next)
        });
        let turns: Vec<_> = signers.iter().map(|one| (one.turn, one.status)).collect();
        use SignerStatus::{Ready, Waiting};
        assert_eq!(turns, [(1, Ready), (1, Ready), (2, Waiting)]);
        assert!(signers.iter().all(|one| one.named) && signers[1].name() == "Person 2");
        assert_eq!(signers[0].expires_at, Some(now() + TimeDelta::days(14)));
        assert_eq!((signers[2].expires_at, cast[&Uuid::from_u128(3)]), (None, signers[2].id));
    }

    #[test]
    fn a_paper_stands_as_its_envelope_does() {
        let word = |state, opened, expired| {
            let envelope = Some(EnvelopeStanding { state, opened, expired });
            Standing { envelope, failed: None }.word()
        };
        use EnvelopeState::{Completed, Declined, Open, Withdrawn};
        assert_eq!(word(Open, false, false), "sent");
        assert_eq!(word(Open, true, false), "opened");
        assert_eq!(word(Open, true, true), "expired");
        assert_eq!((word(Completed, true, true), word(Declined, true, false)), ("signed", "declined"));
        assert_eq!((word(Withdrawn, false, false), Standing::default().word()), ("withdrawn", "preparing"));
        assert_eq!(Standing { failed: Some(NOBODY.to_owned()), ..Standing::default() }.word(), "failed");
    }
}
