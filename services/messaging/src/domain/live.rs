//! Which event is told to whom. Names and ids only, never contents.

use portico_core::{AccountId, ActorKind, Ctx, PersonId};

/// Who may hear of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audience {
    /// The people of this account, and staff.
    Account(AccountId),
    /// Staff alone.
    Staff,
    /// One person alone, on whichever side.
    Person(PersonId),
}

/// An event as it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    /// The id of the event that it tells of.
    pub(crate) id: String,
    /// What happened, such as `step_changed`.
    pub(crate) name: &'static str,
    pub(crate) object_id: String,
    pub(crate) account: Option<AccountId>,
    pub(crate) audience: Audience,
}

/// What one listener may hear.
#[derive(Debug, Clone)]
pub(crate) struct Ear {
    staff: bool,
    person: Option<PersonId>,
    accounts: Vec<AccountId>,
}

impl Ear {
    /// The ear of whoever acts in `ctx`.
    pub(crate) fn of(ctx: &Ctx) -> Self {
        Self {
            staff: ctx.actor.kind == ActorKind::Staff,
            person: ctx.actor.person,
            accounts: ctx.actor.accounts.listed().to_vec(),
        }
    }

    /// Whether the event is for this listener.
    pub(crate) fn hears(&self, told: &Told) -> bool {
        match told.audience {
            Audience::Account(account) => self.staff || self.accounts.contains(&account),
            Audience::Staff => self.staff,
            Audience::Person(person) => self.person == Some(person),
        }
    }
}

#[cfg(test)]
mod tests {
    use portico_core::{Entropy as _, SeededEntropy, TenantId};

    use super::*;

    #[test]
    fn i24_nobody_hears_what_is_not_theirs() {
        let entropy = SeededEntropy::new(3);
        let now = chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let tenant = TenantId::new(now, &entropy);
        let (acme, globex) = (AccountId(entropy.uuid(now)), AccountId(entropy.uuid(now)));
        let staff = portico_testkit::staff(tenant, &[]);
        let client = portico_testkit::client(tenant, &[acme], &[]);
        let told = |audience| Told {
            id: String::new(),
            name: "step_changed",
            object_id: String::new(),
            account: None,
            audience,
        };
        let hears = |ctx: &Ctx, audience| Ear::of(ctx).hears(&told(audience));
        let (ana, tom) = (client.actor.person.unwrap(), staff.actor.person.unwrap());
        for (audience, by_client, by_staff) in [
            (Audience::Account(acme), true, true),
            (Audience::Account(globex), false, true),
            (Audience::Staff, false, true),
            (Audience::Person(ana), true, false),
            (Audience::Person(tom), false, true),
        ] {
            assert_eq!(
                (hears(&client, audience), hears(&staff, audience)),
                (by_client, by_staff),
                "{audience:?}"
            );
        }
        let nobody = portico_testkit::client(tenant, &[], &[]);
        assert!(!hears(&nobody, Audience::Account(acme)));
    }
}
