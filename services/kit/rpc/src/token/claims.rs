//! What stands in a token.

use std::collections::BTreeMap;

use portico_core::{
    AccountId, AccountScope, ActorKind, AuthStrength, Impersonator, PersonId, SessionId, TenantId,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Claims {
    pub(super) iss: String,
    pub(super) aud: String,
    pub(super) iat: i64,
    pub(super) exp: i64,
    pub(super) jti: Uuid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) tenant: Option<TenantId>,
    pub(super) kind: ActorKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) person: Option<PersonId>,
    pub(super) name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) accounts: Option<Vec<AccountId>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) scope: Option<Scope>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) roles: Vec<String>,
    /// For each of the listed accounts, in their order, which of the roles are held there: places in `roles`. Names and ids once each
    /// keep a token of 200 accounts small.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) account_roles: Vec<Vec<u16>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) session: Option<SessionId>,
    pub(super) strength: AuthStrength,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) impersonator: Option<Impersonator>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) on_behalf_of: Option<PersonId>,
}

/// The reach that is not a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Scope {
    All,
}

impl Claims {
    /// The reach: exactly one of the list and the scope must be there.
    pub(super) fn reach(&mut self) -> Option<AccountScope> {
        match (self.accounts.take(), self.scope) {
            (Some(accounts), None) => Some(AccountScope::Listed(accounts)),
            (None, Some(Scope::All)) => Some(AccountScope::All),
            _ => None,
        }
    }

    /// What is held in each of the listed accounts. None where the claims do not hold together.
    pub(super) fn roles_by_account(&self) -> Option<BTreeMap<AccountId, Vec<String>>> {
        if self.account_roles.is_empty() {
            return Some(BTreeMap::new());
        }
        let accounts =
            self.accounts.as_ref().filter(|accounts| accounts.len() == self.account_roles.len())?;
        let mut held = BTreeMap::new();
        for (account, places) in accounts.iter().zip(&self.account_roles) {
            let roles: Option<Vec<String>> =
                places.iter().map(|place| self.roles.get(usize::from(*place)).cloned()).collect();
            let roles = roles?;
            if !roles.is_empty() {
                held.insert(*account, roles);
            }
        }
        Some(held)
    }
}

/// For each account the places in `roles` of what is held there; nothing where nothing is held anywhere.
pub(super) fn places_of_roles(
    roles: &[String],
    accounts: &[AccountId],
    held: &BTreeMap<AccountId, Vec<String>>,
) -> Vec<Vec<u16>> {
    if held.is_empty() {
        return Vec::new();
    }
    let place =
        |role: &String| roles.iter().position(|one| one == role).and_then(|place| u16::try_from(place).ok());
    accounts
        .iter()
        .map(|account| held.get(account).into_iter().flatten().filter_map(place).collect())
        .collect()
}
