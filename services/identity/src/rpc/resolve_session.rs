//! Turns a session secret into an actor token.

use std::collections::BTreeMap;

use portico_core::{AccountId, AccountScope, Actor, ActorKind, AuthStrength, Ctx};
use portico_proto::{
    identity::v1::{AccountRoles, ResolveSessionRequest, ResolveSessionResponse},
    tenancy::v1::GetPrincipalResponse,
    time::timestamp,
};
use portico_rpc::MAX_LISTED_ACCOUNTS;
use tracing::warn;

use super::MOST_SECRET_BYTES;
use crate::{
    convert,
    domain::{
        person::{Person, Side},
        session::{Device, Session},
    },
    error::IdentityError,
    peers,
    service::Service,
    store,
};

pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: ResolveSessionRequest,
) -> Result<ResolveSessionResponse, IdentityError> {
    let (session, person) = find(service, &ctx, &request).await?;
    let principal = peers::principal(service, &ctx, &person).await?;
    let accounts = accounts(&person, &principal)?;
    let account_roles = account_roles(&accounts, &principal);
    let actor = Actor {
        kind: match person.side {
            Side::Staff => ActorKind::Staff,
            Side::External => ActorKind::Client,
        },
        person: Some(person.id),
        name: person.profile.name.clone(),
        accounts: accounts.clone(),
        roles: principal.roles.clone(),
        account_roles: account_roles.clone(),
        session: Some(session.id),
        strength: AuthStrength::Single,
        impersonator: None,
    };
    let rest = session.created_at + service.sessions.absolute - service.clock.now();
    let issued = service.signer.issue(ctx.tenant, &actor, service.token_lifetime.min(rest));
    let issued = issued.map_err(|error| IdentityError::Signing(error.to_string()))?;
    Ok(ResolveSessionResponse {
        actor_token: issued.token.to_string(),
        expires_at: Some(timestamp(issued.expires)),
        person: Some(convert::person(person)),
        session_id: session.id.to_string(),
        form_secret: session.form_secret,
        roles: principal.roles,
        account_ids: accounts.listed().iter().map(ToString::to_string).collect(),
        account_roles: account_roles
            .into_iter()
            .map(|(account, roles)| AccountRoles { account_id: account.to_string(), roles })
            .collect(),
    })
}

/// The live session with the secret and its active person; notes the use.
async fn find(
    service: &Service,
    ctx: &Ctx,
    request: &ResolveSessionRequest,
) -> Result<(Session, Person), IdentityError> {
    if request.session_secret.is_empty() || request.session_secret.len() > MOST_SECRET_BYTES {
        return Err(IdentityError::NoSession);
    }
    let now = service.clock.now();
    let mut tx = service.store.begin(ctx).await?;
    let session = store::sessions::find_by_secret(&mut tx, &request.session_secret).await?;
    let session =
        session.filter(|session| session.is_live(now, service.sessions)).ok_or(IdentityError::NoSession)?;
    let person = store::people::read(&mut tx, session.person_id).await?;
    let person = person.filter(|person| person.active).ok_or(IdentityError::NoSession)?;
    let address = Device::new("", &request.address).address;
    if session.is_news(now, &address) {
        store::sessions::touch(&mut tx, session.id, &address, now).await?;
        tx.commit().await?;
    }
    Ok((session, person))
}

/// The floor of the person: the whole firm for staff whom tenancy knows as such, and the accounts of everybody else.
pub(super) fn accounts(
    person: &Person,
    principal: &GetPrincipalResponse,
) -> Result<AccountScope, IdentityError> {
    if person.side == Side::Staff {
        return Ok(if principal.all_accounts { AccountScope::All } else { AccountScope::Listed(Vec::new()) });
    }
    let ids = principal.account_ids.iter().map(|id| id.parse());
    let mut accounts = ids.collect::<Result<Vec<AccountId>, _>>()?;
    if accounts.len() > MAX_LISTED_ACCOUNTS {
        warn!(person = %person.id, accounts = accounts.len(), "more accounts than a token lists; the newest are left out");
        accounts.truncate(MAX_LISTED_ACCOUNTS);
    }
    Ok(AccountScope::Listed(accounts))
}

/// What somebody does in each of the accounts within reach.
pub(super) fn account_roles(
    accounts: &AccountScope,
    principal: &GetPrincipalResponse,
) -> BTreeMap<AccountId, Vec<String>> {
    let memberships = principal.memberships.iter().filter(|membership| !membership.roles.is_empty());
    let held = memberships.filter_map(|one| Some((one.account_id.parse().ok()?, one.roles.clone())));
    held.filter(|(account, _)| accounts.listed().contains(account)).collect()
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use portico_core::{Clock as _, ErrorCode};
    use portico_proto::{identity::v1::Side as SideMessage, tenancy::v1::Membership};
    use portico_rpc::ServiceError as _;

    use super::*;
    use crate::testing::{Fixture, PASSWORD};

    const ANA: &str = "ana@acme.example";

    #[tokio::test]
    async fn a_token_says_who_asks_and_what_they_reach() {
        let fixture = Fixture::new().await;
        let ana = fixture.person_with_password(ANA).await;
        let account = fixture.database.account();
        let principal = GetPrincipalResponse {
            account_ids: vec![account.to_string()],
            roles: vec!["client".to_owned(), "signatory".to_owned()],
            memberships: vec![Membership {
                account_id: account.to_string(),
                roles: vec!["signatory".to_owned(), "client".to_owned()],
                ..Default::default()
            }],
            ..Default::default()
        };
        fixture.principals.lock().unwrap().insert(ana.to_string(), principal);
        let secret = fixture.sign_in(ANA, PASSWORD).await.unwrap();
        let answer = fixture.resolve(&secret).await.unwrap();
        assert_eq!(
            (answer.account_ids, answer.roles.join(" ").as_str()),
            (vec![account.to_string()], "client signatory")
        );
        assert_eq!(answer.form_secret.len(), 64);
        let verified = fixture.verify(&answer.actor_token);
        assert_eq!(verified.tenant, Some(fixture.tenant));
        assert_eq!((verified.actor.kind, verified.actor.person), (ActorKind::Client, Some(ana)));
        assert_eq!(verified.actor.roles_in(account), ["signatory", "client"]);
        assert_eq!(answer.account_roles[0].roles, ["signatory", "client"]);
        assert_eq!(verified.actor.accounts, AccountScope::Listed(vec![account]));
        assert_eq!(verified.actor.session.unwrap().to_string(), answer.session_id);
        assert!(verified.expires <= fixture.database.clock.now() + TimeDelta::minutes(5));
    }

    #[tokio::test]
    async fn n088_a_person_of_an_account_never_reaches_the_firm() {
        let fixture = Fixture::new().await;
        let ana = fixture.person_with_password(ANA).await;
        let principal = GetPrincipalResponse { all_accounts: true, ..Default::default() };
        fixture.principals.lock().unwrap().insert(ana.to_string(), principal);
        let secret = fixture.sign_in(ANA, PASSWORD).await.unwrap();
        let verified = fixture.verify(&fixture.resolve(&secret).await.unwrap().actor_token);
        assert_eq!(
            (verified.actor.kind, verified.actor.accounts),
            (ActorKind::Client, AccountScope::Listed(Vec::new()))
        );
    }

    #[tokio::test]
    async fn staff_reach_the_firm_once_tenancy_knows_them() {
        let fixture = Fixture::new().await;
        let ben = fixture.person("ben@northwind.example", SideMessage::Staff).await;
        let request = portico_proto::identity::v1::SetInitialPasswordRequest {
            person_id: ben.to_string(),
            password: PASSWORD.to_owned(),
        };
        crate::rpc::set_initial_password::handle(&fixture.service, fixture.system(), request).await.unwrap();
        let secret = fixture.sign_in("ben@northwind.example", PASSWORD).await.unwrap();
        let scope =
            async || fixture.verify(&fixture.resolve(&secret).await.unwrap().actor_token).actor.accounts;
        assert_eq!(scope().await, AccountScope::Listed(Vec::new()));
        let principal = GetPrincipalResponse { all_accounts: true, ..Default::default() };
        fixture.principals.lock().unwrap().insert(ben.to_string(), principal);
        assert_eq!(scope().await, AccountScope::All);
    }

    #[tokio::test]
    async fn n051_a_session_ends_without_use_and_at_the_latest_after_two_weeks() {
        let fixture = Fixture::new().await;
        fixture.person_with_password(ANA).await;
        let secret = fixture.sign_in(ANA, PASSWORD).await.unwrap();
        fixture.database.clock.advance(TimeDelta::hours(12));
        assert!(matches!(fixture.resolve(&secret).await, Err(IdentityError::NoSession)));

        let secret = fixture.sign_in(ANA, PASSWORD).await.unwrap();
        for _ in 0..30 {
            fixture.database.clock.advance(TimeDelta::hours(11));
            fixture.resolve(&secret).await.unwrap();
        }
        fixture.database.clock.advance(TimeDelta::hours(6) - TimeDelta::minutes(1));
        let last = fixture.verify(&fixture.resolve(&secret).await.unwrap().actor_token);
        assert!(last.expires <= fixture.database.clock.now() + TimeDelta::minutes(1));
        fixture.database.clock.advance(TimeDelta::minutes(1));
        assert!(matches!(fixture.resolve(&secret).await, Err(IdentityError::NoSession)));
    }

    #[tokio::test]
    async fn i01_a_secret_of_one_firm_is_nothing_at_another() {
        let fixture = Fixture::new().await;
        fixture.person_with_password(ANA).await;
        let secret = fixture.sign_in(ANA, PASSWORD).await.unwrap();
        let ask = async |ctx: Ctx, secret: &str| {
            let request = ResolveSessionRequest { session_secret: secret.to_owned(), address: String::new() };
            handle(&fixture.service, ctx, request).await.unwrap_err().problem()
        };
        let foreign = ask(fixture.stranger(), &secret).await;
        assert_eq!(foreign.code, ErrorCode::Unauthenticated);
        for guess in ["", "x", &"0".repeat(64), &"x".repeat(5000)] {
            assert_eq!(ask(fixture.system(), guess).await, foreign);
        }
    }
}
