//! The two signers, each for its own kinds of actor.

use std::{fmt, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, Header};
use portico_core::{
    AccountScope, Actor, ActorKind, AuthStrength, PersonId, SharedClock, SharedEntropy, TenantId,
};

use super::{
    AUDIENCE, MAX_LISTED_ACCOUNTS, MAX_TOKEN_LIFETIME, SigningKey,
    cache::Cache,
    claims::{Claims, Scope, places_of_roles},
};

/// How much of its life a reused system token must still have.
const REUSE_MARGIN: TimeDelta = TimeDelta::minutes(1);

/// A token that will not be signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IssueError {
    /// The system's own work is signed with a service key only.
    #[error("an actor token is for clients, staff and machines, not for the system")]
    WrongKind,
    /// Clients and staff are people.
    #[error("a token for {0} must name the person")]
    NoPerson(&'static str),
    /// More accounts than a token carries.
    #[error("{0} accounts are more than the {MAX_LISTED_ACCOUNTS} that a token may list")]
    TooManyAccounts(usize),
    /// No time, or more than is allowed.
    #[error("a token lives longer than nothing and at most five minutes")]
    Lifetime,
    /// The library refused.
    #[error("the token could not be signed: {0}")]
    Signing(String),
}

/// A signed token and the moment its life ends.
#[derive(Clone)]
pub struct IssuedToken {
    /// What goes into the `authorization` header, after `Bearer`.
    pub token: Arc<str>,
    /// From this moment on it is refused.
    pub expires: DateTime<Utc>,
}

impl fmt::Debug for IssuedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IssuedToken").field("expires", &self.expires).finish_non_exhaustive()
    }
}

/// Signs clients, staff and machines. Only identity holds one.
pub struct ActorSigner {
    key: SigningKey,
    clock: SharedClock,
    entropy: SharedEntropy,
}

impl ActorSigner {
    /// Signs with `key`, which must be an actor key.
    pub fn new(key: SigningKey, clock: SharedClock, entropy: SharedEntropy) -> Self {
        Self { key, clock, entropy }
    }

    /// A token that says: this is `actor`, of `tenant`, for `lifetime` from now. What an actor holds in accounts that they do not reach, or
    /// holds there and not among all their roles, is left out.
    ///
    /// # Errors
    /// [`IssueError`] for the system, for a person without an id, for too many accounts or too long a life.
    pub fn issue(
        &self,
        tenant: TenantId,
        actor: &Actor,
        lifetime: TimeDelta,
    ) -> Result<IssuedToken, IssueError> {
        match actor.kind {
            ActorKind::System => return Err(IssueError::WrongKind),
            ActorKind::Client | ActorKind::Staff if actor.person.is_none() => {
                return Err(IssueError::NoPerson(actor.kind.as_str()));
            }
            ActorKind::Client | ActorKind::Staff | ActorKind::Machine => {}
        }
        if lifetime <= TimeDelta::zero() || lifetime > MAX_TOKEN_LIFETIME {
            return Err(IssueError::Lifetime);
        }
        let (accounts, scope) = match &actor.accounts {
            AccountScope::All => (None, Some(Scope::All)),
            AccountScope::Listed(accounts) if accounts.len() > MAX_LISTED_ACCOUNTS => {
                return Err(IssueError::TooManyAccounts(accounts.len()));
            }
            AccountScope::Listed(accounts) => (Some(accounts.clone()), None),
        };
        let now = self.clock.now();
        let claims = Claims {
            iss: self.key.public.issuer.clone(),
            aud: AUDIENCE.to_owned(),
            iat: now.timestamp(),
            exp: (now + lifetime).timestamp(),
            jti: self.entropy.uuid(now),
            tenant: Some(tenant),
            kind: actor.kind,
            person: actor.person,
            name: actor.name.clone(),
            accounts,
            scope,
            roles: actor.roles.clone(),
            account_roles: places_of_roles(&actor.roles, actor.accounts.listed(), &actor.account_roles),
            session: actor.session,
            strength: actor.strength,
            impersonator: actor.impersonator.clone(),
            on_behalf_of: None,
        };
        sign(&self.key, &claims)
    }
}

/// Signs the own work of one process: jobs, event handlers, and the edge before somebody has signed in.
pub struct ServiceSigner {
    key: SigningKey,
    clock: SharedClock,
    entropy: SharedEntropy,
    issued: Cache<Work, IssuedToken>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Work {
    tenant: Option<TenantId>,
    name: &'static str,
    on_behalf_of: Option<PersonId>,
}

impl ServiceSigner {
    /// Signs with `key`, which must be the key of this process.
    pub fn new(key: SigningKey, clock: SharedClock, entropy: SharedEntropy) -> Self {
        Self { key, clock, entropy, issued: Cache::new(1024) }
    }

    /// A token for the work called `name`: for one firm, or for none where none is known yet. It may be one that was
    /// signed earlier and still has a minute to live.
    ///
    /// # Errors
    /// [`IssueError::Signing`] where the library refuses.
    pub fn issue(
        &self,
        tenant: Option<TenantId>,
        name: &'static str,
        on_behalf_of: Option<PersonId>,
    ) -> Result<IssuedToken, IssueError> {
        let now = self.clock.now();
        let work = Work { tenant, name, on_behalf_of };
        if let Some(issued) = self.issued.get(&work, now) {
            return Ok(issued);
        }
        let claims = Claims {
            iss: self.key.public.issuer.clone(),
            aud: AUDIENCE.to_owned(),
            iat: now.timestamp(),
            exp: (now + MAX_TOKEN_LIFETIME).timestamp(),
            jti: self.entropy.uuid(now),
            tenant,
            kind: ActorKind::System,
            person: None,
            name: name.to_owned(),
            accounts: None,
            scope: Some(Scope::All),
            roles: Vec::new(),
            account_roles: Vec::new(),
            session: None,
            strength: AuthStrength::None,
            impersonator: None,
            on_behalf_of,
        };
        let issued = sign(&self.key, &claims)?;
        self.issued.put(work, issued.clone(), issued.expires - REUSE_MARGIN);
        Ok(issued)
    }
}

fn sign(key: &SigningKey, claims: &Claims) -> Result<IssuedToken, IssueError> {
    let mut header = Header::new(Algorithm::EdDSA);
    header.kid = Some(key.public.kid.clone());
    let token = jsonwebtoken::encode(&header, claims, &key.encoding)
        .map_err(|error| IssueError::Signing(error.to_string()))?;
    let expires = DateTime::from_timestamp(claims.exp, 0).ok_or(IssueError::Lifetime)?;
    Ok(IssuedToken { token: token.into(), expires })
}
