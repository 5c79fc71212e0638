//! Who is asking, for which firm, and which accounts they may reach.

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
    /// Role names as the portals' definitions declare them, together with the built-in `admin`.
    pub roles: Vec<String>,
    /// The session, where a person acts through a browser.
    pub session: Option<SessionId>,
    /// How surely we know them.
    pub strength: AuthStrength,
    /// Who really sits before the screen, where it is not the person.
    pub impersonator: Option<Impersonator>,
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

    /// Whether the actor has this role.
    pub fn has_role(&self, role: &str) -> bool {
        self.actor.roles.iter().any(|held| held == role)
    }
}
