//! Who is asking, for which firm, and which accounts they may reach.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{AccountId, PersonId, SessionId, TenantId};

/// What sort of party is acting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActorKind {
    /// A person of an account: client, partner, vendor, contractor, applicant.
    Client,
    /// A person of the firm.
    Staff,
    /// A program with credentials of its own.
    Machine,
    /// Portico itself: a job, an event handler, or the gateway before somebody has signed in.
    System,
}

impl ActorKind {
    /// The word that stands in tokens and in the database's context.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Staff => "staff",
            Self::Machine => "machine",
            Self::System => "system",
        }
    }
}

/// How surely we know who is asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthStrength {
    /// Nobody signed in.
    None,
    /// One factor: a password, or a link sent to the person's mailbox.
    Single,
    /// Two factors.
    Multiple,
}

/// The accounts that an actor can reach. This is the floor; roles and rules restrict further.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountScope {
    /// Every account of the firm.
    All,
    /// These accounts and no others.
    Listed(Vec<AccountId>),
}

impl AccountScope {
    /// Whether `account` is within reach.
    pub fn includes(&self, account: AccountId) -> bool {
        match self {
            Self::All => true,
            Self::Listed(accounts) => accounts.contains(&account),
        }
    }

    /// The accounts by name; empty where the scope is the whole firm.
    pub fn listed(&self) -> &[AccountId] {
        match self {
            Self::All => &[],
            Self::Listed(accounts) => accounts,
        }
    }
}

/// A member of staff who looks at the portal as somebody else would see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Impersonator {
    /// The member of staff.
    pub person: PersonId,
    /// The reason given, for the audit.
    pub reason: String,
}

/// The party that acts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// What sort of party it is.
    pub kind: ActorKind,
    /// Who it is; nobody for the system itself.
    pub person: Option<PersonId>,
    /// The name shown beside what they do, at the time they do it.
    pub name: String,
    /// The accounts within reach.
    pub accounts: AccountScope,
    /// Role names as the portals' definitions declare them, together with the built-in `admin`. For people of accounts these are the
    /// roles of all their accounts together, which says what may be worth looking for and permits nothing: ask
    /// [`Actor::roles_in`] wherever a role decides.
    pub roles: Vec<String>,
    /// For people of accounts: what they do in each. In an account that is not here they have no role.
    #[serde(default)]
    pub account_roles: BTreeMap<AccountId, Vec<String>>,
    /// The session, where a person acts through a browser.
    pub session: Option<SessionId>,
    /// How surely we know them.
    pub strength: AuthStrength,
    /// Who really sits before the screen, where it is not the person.
    pub impersonator: Option<Impersonator>,
}

impl Actor {
    /// The roles that count for what belongs to `account`: what a person does *there*, or the roles of the firm's side, which hold for
    /// the whole firm.
    pub fn roles_in(&self, account: AccountId) -> &[String] {
        match self.kind {
            ActorKind::Client => self.account_roles.get(&account).map_or(&[], Vec::as_slice),
            ActorKind::Staff | ActorKind::Machine | ActorKind::System => &self.roles,
        }
    }
}

/// The context of one call or one handled event. There is no way to the data without one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ctx {
    /// The firm. A context for "all firms" does not exist: whoever needs them all goes one by one.
    pub tenant: TenantId,
    /// Who acts.
    pub actor: Actor,
    /// The address the request came from, for the audit; absent for jobs.
    pub address: Option<String>,
    /// The trace that joins everything one request caused, as 32 hexadecimal digits.
    pub trace: String,
}

impl Ctx {
    /// Portico itself at work for one firm: it reaches all the firm's accounts.
    pub fn system(tenant: TenantId, name: &str) -> Self {
        Self {
            tenant,
            actor: Actor {
                kind: ActorKind::System,
                person: None,
                name: name.to_owned(),
                accounts: AccountScope::All,
                roles: Vec::new(),
                account_roles: BTreeMap::new(),
                session: None,
                strength: AuthStrength::None,
                impersonator: None,
            },
            address: None,
            trace: String::new(),
        }
    }

    /// Whether the actor belongs to the firm's side: staff, its machines, or the system.
    pub fn is_internal(&self) -> bool {
        !matches!(self.actor.kind, ActorKind::Client)
    }

    /// The same context without the accounts in which a person of accounts has no role. Somebody is in an account without a role who was
    /// let in for one thing, such as a signature: what the account has and does beside it is not theirs.
    #[must_use]
    pub fn with_roles_only(mut self) -> Self {
        if let (ActorKind::Client, AccountScope::Listed(accounts)) = (self.actor.kind, &self.actor.accounts) {
            let held = accounts.iter().filter(|account| !self.actor.roles_in(**account).is_empty());
            self.actor.accounts = AccountScope::Listed(held.copied().collect());
        }
        self
    }

    /// Whether the actor has this role: somewhere, for people of accounts. For what belongs to an account ask [`Ctx::has_role_in`].
    pub fn has_role(&self, role: &str) -> bool {
        self.actor.roles.iter().any(|held| held == role)
    }

    /// Whether the actor has this role for what belongs to `account`.
    pub fn has_role_in(&self, account: AccountId, role: &str) -> bool {
        self.actor.roles_in(account).iter().any(|held| held == role)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Entropy as _, SeededEntropy};

    #[test]
    fn a_role_in_one_account_is_none_in_another() {
        let entropy = SeededEntropy::new(3);
        let now = chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let (acme, globex) = (AccountId(entropy.uuid(now)), AccountId(entropy.uuid(now)));
        let mut ctx = Ctx::system(TenantId::new(now, &entropy), "Test");
        ctx.actor.kind = ActorKind::Client;
        ctx.actor.accounts = AccountScope::Listed(vec![acme, globex]);
        ctx.actor.roles = vec!["signatory".to_owned()];
        ctx.actor.account_roles = BTreeMap::from([(acme, vec!["signatory".to_owned()])]);
        assert!(ctx.has_role_in(acme, "signatory") && !ctx.has_role_in(globex, "signatory"));
        ctx.actor.kind = ActorKind::Staff;
        assert!(ctx.has_role_in(globex, "signatory"), "the firm's own roles hold for the whole firm");
    }
}
