//! Contexts of the usual parties.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering},
};

use portico_core::{
    AccountId, AccountScope, Actor, ActorKind, AuthStrength, Clock as _, Ctx, Entropy as _, OsEntropy,
    PersonId, SessionId, SystemClock, TenantId,
};

/// A fresh member of the firm's staff with these roles, signed in with two factors.
pub fn staff(tenant: TenantId, roles: &[&str]) -> Ctx {
    person(tenant, ActorKind::Staff, AccountScope::All, AuthStrength::Multiple, roles)
}

/// A fresh person of these accounts with these roles in each of them, signed in with one factor.
pub fn client(tenant: TenantId, accounts: &[AccountId], roles: &[&str]) -> Ctx {
    person(tenant, ActorKind::Client, AccountScope::Listed(accounts.to_vec()), AuthStrength::Single, roles)
}

/// Portico itself at work for the firm.
pub fn system(tenant: TenantId) -> Ctx {
    Ctx { trace: trace(), ..Ctx::system(tenant, "Test") }
}

fn person(
    tenant: TenantId,
    kind: ActorKind,
    accounts: AccountScope,
    strength: AuthStrength,
    roles: &[&str],
) -> Ctx {
    static PEOPLE: AtomicU64 = AtomicU64::new(1);
    let now = SystemClock.now();
    let roles: Vec<String> = roles.iter().map(|role| (*role).to_owned()).collect();
    let account_roles: BTreeMap<AccountId, Vec<String>> =
        accounts.listed().iter().map(|account| (*account, roles.clone())).collect();
    Ctx {
        tenant,
        actor: Actor {
            kind,
            person: Some(PersonId::new(now, &OsEntropy)),
            name: format!("{} {}", kind.as_str(), PEOPLE.fetch_add(1, Ordering::Relaxed)),
            accounts,
            roles,
            account_roles,
            session: Some(SessionId::new(now, &OsEntropy)),
            strength,
            impersonator: None,
        },
        address: Some("192.0.2.7".to_owned()),
        trace: trace(),
    }
}

fn trace() -> String {
    OsEntropy.secret()[..32].to_owned()
}
