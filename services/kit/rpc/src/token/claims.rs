//! What stands in a token.

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
}
