//! What is known of the accounts that a paper is to be sent to.

use std::collections::HashMap;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use portico_core::{AccountId, PersonId};

use crate::{
    error::DocumentsError,
    peers,
    service::{Call, Service},
};

/// Accounts that are asked about at the same time.
const AT_ONCE: usize = 8;

/// An account that the caller reaches.
pub(super) struct Reached {
    pub(super) name: String,
    /// The run that would get the step; empty where there is none.
    pub(super) run: String,
    /// Whom one turns to in its portal.
    role: String,
    /// Its people who are let in, with what they do there.
    members: Vec<(PersonId, Vec<String>)>,
}

impl Reached {
    /// Its people, those first to whom one turns there, as far as they are `named`: active, by name.
    pub(super) fn people<'a>(&self, named: &'a HashMap<PersonId, String>) -> Vec<(PersonId, &'a str)> {
        let known = |(person, roles): &(PersonId, Vec<String>)| {
            let name = named.get(person)?.as_str();
            Some((!roles.contains(&self.role), name.to_lowercase(), *person, name))
        };
        let mut people: Vec<_> = self.members.iter().filter_map(known).collect();
        people.sort();
        people.into_iter().map(|(_, _, person, name)| (person, name)).collect()
    }
}

/// Looks at each account, in the order in which they are named, and answers the names of all their people and of `others`.
///
/// # Errors
/// [`DocumentsError::NotFound`] where one of them is not the caller's to reach.
pub(super) async fn look(
    service: &Service,
    call: &Call,
    accounts: &[AccountId],
    others: &[PersonId],
) -> Result<(Vec<Reached>, HashMap<PersonId, String>), DocumentsError> {
    let one = |account: AccountId| async move {
        let name = peers::account_name(service, &call.caller, account).await?;
        let members = peers::members_with_roles(service, &call.ctx, account).await?;
        Ok::<_, DocumentsError>((name, members))
    };
    let found: Vec<_> =
        stream::iter(accounts.iter().copied()).map(one).buffered(AT_ONCE).try_collect().await?;
    let runs = peers::steered_runs(service, &call.caller, accounts).await?;
    let mut ids = others.to_vec();
    ids.extend(found.iter().flat_map(|(_, members)| members.iter().map(|(person, _)| *person)));
    ids.sort_unstable();
    ids.dedup();
    let names = peers::names(service, &call.ctx, &ids).await?;
    let reached = found.into_iter().zip(runs).map(|((name, members), run)| Reached {
        name,
        run: run.run_id,
        role: run.role,
        members,
    });
    Ok((reached.collect(), names))
}
