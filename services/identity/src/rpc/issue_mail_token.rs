//! Signs a token for a person whom Portico has recognised by a mail of theirs.

use chrono::TimeDelta;
use portico_core::{Actor, ActorKind, AuthStrength, Ctx, PersonId};
use portico_proto::identity::v1::{AccountRoles, IssueMailTokenRequest, IssueMailTokenResponse};
use serde_json::json;

use super::resolve_session::{account_roles, accounts};
use crate::{convert, domain::person::Side, error::IdentityError, events, peers, service::Service, store};

/// How long the token lives: as long as it takes to post one answer with its files.
const LIFETIME: TimeDelta = TimeDelta::minutes(1);

pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: IssueMailTokenRequest,
) -> Result<IssueMailTokenResponse, IdentityError> {
    let id: PersonId = request.person_id.parse().map_err(|_| IdentityError::NotFound)?;
    let mut tx = service.store.begin(&ctx).await?;
    let person = store::people::read(&mut tx, id).await?;
    tx.rollback().await?;
    let person = person.filter(|person| person.active).ok_or(IdentityError::NotFound)?;
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
        session: None,
        strength: AuthStrength::Single,
        impersonator: None,
    };
    let mut tx = service.store.begin(&ctx).await?;
    events::publish::log(service, &mut tx, "mail_token.issued", &person, None, json!({})).await?;
    tx.commit().await?;
    let issued = service
        .signer
        .issue(ctx.tenant, &actor, LIFETIME.min(service.token_lifetime))
        .map_err(|error| IdentityError::Signing(error.to_string()))?;
    Ok(IssueMailTokenResponse {
        actor_token: issued.token.to_string(),
        person: Some(convert::person(person)),
        all_accounts: accounts.listed().is_empty() && principal.all_accounts,
        account_ids: accounts.listed().iter().map(ToString::to_string).collect(),
        roles: principal.roles,
        account_roles: account_roles
            .into_iter()
            .map(|(account, roles)| AccountRoles { account_id: account.to_string(), roles })
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use portico_proto::{
        identity::v1::Side as SideMessage,
        tenancy::v1::{GetPrincipalResponse, Membership},
    };

    use super::*;
    use crate::testing::Fixture;

    #[tokio::test]
    async fn a_token_is_the_persons_own_for_a_minute_and_nobodys_who_has_left() {
        let fixture = Fixture::new().await;
        let ana = fixture.person_with_password("ana@acme.example").await;
        let account = fixture.database.account();
        let principal = GetPrincipalResponse {
            account_ids: vec![account.to_string()],
            roles: vec!["client".to_owned()],
            memberships: vec![Membership {
                account_id: account.to_string(),
                roles: vec!["client".to_owned()],
                ..Default::default()
            }],
            ..Default::default()
        };
        fixture.principals.lock().unwrap().insert(ana.to_string(), principal);
        let request = IssueMailTokenRequest { person_id: ana.to_string() };
        let issued = handle(&fixture.service, fixture.system(), request.clone()).await.unwrap();
        let verified = fixture.verify(&issued.actor_token);
        assert_eq!((verified.actor.person, verified.actor.session), (Some(ana), None));
        assert_eq!(verified.actor.kind, ActorKind::Client);
        assert_eq!((issued.account_ids, issued.all_accounts), (vec![account.to_string()], false));
        assert_eq!(issued.person.unwrap().side(), SideMessage::External);
        // i01: another firm's system knows nobody of this one.
        let other = portico_testkit::system(fixture.database.tenant());
        assert!(matches!(handle(&fixture.service, other, request).await, Err(IdentityError::NotFound)));
        let nobody = IssueMailTokenRequest { person_id: "x".to_owned() };
        assert!(matches!(
            handle(&fixture.service, fixture.system(), nobody).await,
            Err(IdentityError::NotFound)
        ));
    }
}
