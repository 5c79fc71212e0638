//! Templates of papers: a PDF with its places, those who sign it whoever that will be, and how.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use portico_core::{DocumentId, PersonId, TenantId, VersionId};
use portico_service::Fields;
use uuid::Uuid;

use super::{
    document::FileFacts,
    placement::Placement,
    signature::{Level, Part, Side, Signer, Times},
};
use crate::{error::DocumentsError, vault::Stored};

/// Templates of one firm.
pub(crate) const MOST: i64 = 200;
/// Roles of one template.
const MOST_ROLES: usize = 10;
/// Turns of one template.
const MOST_TURNS: i32 = 10;
/// The longest title of a role, in characters.
const LONGEST_ROLE: usize = 80;
/// The longest time to sign, in days.
const LONGEST_DAYS: i32 = 365;
/// The longest title, in characters.
pub(crate) const LONGEST_TITLE: usize = 120;

/// Somebody who signs, whoever that will be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Role {
    pub(crate) id: Uuid,
    pub(crate) title: String,
    pub(crate) side: Side,
    pub(crate) part: Part,
    /// The turn they act in, from 1.
    pub(crate) turn: i32,
}

/// A template.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PaperTemplate {
    pub(crate) id: Uuid,
    pub(crate) terms: Terms,
    /// In the order of reading. The signer of each is a role.
    pub(crate) fields: Vec<Placement>,
    /// Names the bytes. There is no document: this stands for both.
    pub(crate) version_id: VersionId,
    pub(crate) file: FileFacts,
    pub(crate) created_by: PersonId,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) version: i32,
    /// How many envelopes took it.
    pub(crate) uses: i32,
    pub(crate) archived_at: Option<DateTime<Utc>>,
}

/// What people decide about a template beside its places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Terms {
    pub(crate) title: String,
    pub(crate) level: Level,
    /// 0 for what the step says.
    pub(crate) sign_within_days: i32,
    /// In the order of their turns.
    pub(crate) roles: Vec<Role>,
}

impl PaperTemplate {
    /// What the vault needs to read the bytes again.
    pub(crate) fn stored(&self, tenant: TenantId) -> Stored {
        self.file.stored(tenant, DocumentId(self.version_id.0), self.version_id)
    }

    /// Pages of the paper.
    pub(crate) fn pages(&self) -> u32 {
        u32::try_from(self.file.pages).unwrap_or_default()
    }
}

impl Terms {
    /// Checks what somebody wants to keep, trims its texts and brings the roles into their order.
    ///
    /// # Errors
    /// Every field that breaks a rule.
    pub(crate) fn checked(mut self) -> Result<Self, DocumentsError> {
        let mut fields = Fields::default();
        self.title = fields.line("title", &self.title, LONGEST_TITLE);
        if !(0..=LONGEST_DAYS).contains(&self.sign_within_days) {
            let text = format!("Choose 1 to {LONGEST_DAYS} days, or leave it empty for what the step says.");
            fields.refuse("sign_within_days", text);
        }
        if self.roles.is_empty() || self.roles.len() > MOST_ROLES {
            fields.refuse("roles", format!("Name 1 to {MOST_ROLES} people who sign."));
        }
        let mut titles = HashSet::new();
        for (index, role) in self.roles.iter_mut().enumerate().take(MOST_ROLES) {
            let at = format!("roles[{index}].title");
            role.title = fields.line(&at, &role.title, LONGEST_ROLE);
            if !titles.insert(role.title.to_lowercase()) {
                fields.refuse(at, "Another one has this name already. Give each a name of their own.");
            }
            if !(1..=MOST_TURNS).contains(&role.turn) {
                fields
                    .refuse(format!("roles[{index}].turn"), format!("Choose a turn from 1 to {MOST_TURNS}."));
            }
            if !role.part.acts() {
                fields.refuse(format!("roles[{index}].part"), "Choose whether they sign or approve.");
            }
        }
        if !self.roles.is_empty() && !self.roles.iter().any(|role| role.part == Part::Signer) {
            fields.refuse("roles", "Let at least one of them sign.");
        }
        fields.check().map_err(DocumentsError::Invalid)?;
        self.roles.sort_by_key(|role| role.turn);
        Ok(self)
    }

    /// The roles as somebody who takes part, for the rules of places.
    pub(crate) fn signers(&self) -> Vec<Signer> {
        let signer = |(place, role): (i32, &Role)| {
            Signer::new(role.id, (place, role.turn), role.part, ("", &role.title), role.side)
        };
        (1..).zip(&self.roles).map(signer).collect()
    }

    /// How long those who act have in an envelope that had `times`.
    pub(crate) fn times(&self, times: Times) -> Times {
        match self.sign_within_days {
            0 => times,
            days => Times { sign_within: TimeDelta::try_days(days.into()), ..times },
        }
    }

    /// Who stands for each role among those who sign an envelope: the first of the same side who takes the same part, then the
    /// second.
    ///
    /// # Errors
    /// What is wrong, for people, where somebody is missing.
    pub(crate) fn cast(&self, signers: &[Signer]) -> Result<HashMap<Uuid, Uuid>, String> {
        let mut free: Vec<&Signer> = signers.iter().filter(|signer| signer.part.acts()).collect();
        free.sort_by_key(|signer| (signer.turn, signer.place));
        let mut cast = HashMap::new();
        let mut missing = Vec::new();
        for role in &self.roles {
            match free.iter().position(|signer| (signer.side, signer.part) == (role.side, role.part)) {
                Some(found) => drop(cast.insert(role.id, free.remove(found).id)),
                None => missing.push(format!("“{}”", role.title)),
            }
        }
        if missing.is_empty() {
            return Ok(cast);
        }
        Err(format!(
            "Nobody who signs this document can stand for {} of the template. Choose another template.",
            missing.join(", ")
        ))
    }
}

#[cfg(test)]
mod tests {
    use portico_rpc::ServiceError as _;

    use super::*;

    fn role(number: u128, side: Side, part: Part, turn: i32) -> Role {
        Role { id: Uuid::from_u128(number), title: format!(" Role {number} "), side, part, turn }
    }

    fn terms(roles: Vec<Role>) -> Terms {
        Terms { title: " Agreement ".to_owned(), level: Level::Sign, sign_within_days: 0, roles }
    }

    fn signer(number: u128, place: i32, side: Side, part: Part) -> Signer {
        Signer::new(Uuid::from_u128(number), (place, place), part, ("client", "Client"), side)
    }

    #[test]
    fn texts_are_trimmed_roles_stand_in_their_order_and_every_mistake_is_named() {
        let client = role(1, Side::External, Part::Signer, 2);
        let firm = role(2, Side::Internal, Part::Approver, 1);
        let kept = terms(vec![client.clone(), firm.clone()]).checked().unwrap();
        let titles: Vec<_> = kept.roles.iter().map(|role| role.title.as_str()).collect();
        assert_eq!((kept.title.as_str(), titles.as_slice()), ("Agreement", &["Role 2", "Role 1"][..]));
        let wrong = |terms: Terms| {
            let problem = terms.checked().unwrap_err().problem();
            problem.fields.into_iter().map(|at| at.field).collect::<Vec<_>>()
        };
        assert_eq!(wrong(Terms { title: String::new(), ..terms(vec![client.clone()]) }), ["title"]);
        assert_eq!(
            wrong(Terms { sign_within_days: 366, ..terms(vec![client.clone()]) }),
            ["sign_within_days"]
        );
        assert_eq!(wrong(terms(Vec::new())), ["roles"]);
        assert_eq!(wrong(terms(vec![client.clone(); 11]))[0], "roles");
        assert_eq!(wrong(terms(vec![firm])), ["roles"], "nobody signs");
        assert_eq!(wrong(terms(vec![client.clone(), client.clone()])), ["roles[1].title"]);
        let odd = Role { turn: 0, part: Part::Viewer, ..role(3, Side::External, Part::Signer, 1) };
        assert_eq!(wrong(terms(vec![client, odd])), ["roles[1].turn", "roles[1].part"]);
    }

    #[test]
    fn roles_are_taken_by_side_and_part_in_their_order() {
        let all = terms(vec![
            role(1, Side::External, Part::Signer, 1),
            role(2, Side::External, Part::Signer, 2),
            role(3, Side::Internal, Part::Signer, 3),
        ]);
        let signers = [
            signer(10, 1, Side::Internal, Part::Signer),
            signer(11, 2, Side::External, Part::Approver),
            signer(13, 4, Side::External, Part::Signer),
            signer(12, 3, Side::External, Part::Signer),
            signer(14, 5, Side::External, Part::Viewer),
        ];
        let id = Uuid::from_u128;
        let cast = all.cast(&signers).unwrap();
        assert_eq!(cast, HashMap::from([(id(1), id(12)), (id(2), id(13)), (id(3), id(10))]));
        let missing = all.cast(&signers[..2]).unwrap_err();
        assert!(
            missing.contains(" Role 1 ") && missing.contains(" Role 2 ") && !missing.contains(" Role 3 ")
        );
    }
}
