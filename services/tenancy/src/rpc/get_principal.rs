//! What a person is: accounts and roles, for the actor token.

use portico_core::{Ctx, PersonId};
use portico_proto::tenancy::v1::{GetPrincipalRequest, GetPrincipalResponse};

use crate::{convert, error::TenancyError, service::Service, store};

/// Somebody who is neither staff nor a member of any account is nobody: no account and no role. So is somebody deactivated.
pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: GetPrincipalRequest,
) -> Result<GetPrincipalResponse, TenancyError> {
    let person: PersonId = request.person_id.parse()?;
    let mut tx = service.store.begin(&ctx).await?;
    if let Some(binding) = store::staff::list(&mut tx, Some(person)).await?.pop() {
        if binding.deactivated {
            return Ok(GetPrincipalResponse::default());
        }
        return Ok(GetPrincipalResponse { roles: binding.roles, all_accounts: true, ..Default::default() });
    }
    let mut memberships = store::memberships::list(&mut tx, None, Some(person)).await?;
    memberships.retain(|membership| !membership.deactivated);
    let mut roles: Vec<String> = memberships.iter().flat_map(|membership| membership.roles.clone()).collect();
    roles.sort_unstable();
    roles.dedup();
    Ok(GetPrincipalResponse {
        account_ids: memberships.iter().map(|membership| membership.account_id.to_string()).collect(),
        roles,
        all_accounts: false,
        memberships: memberships.into_iter().map(convert::membership).collect(),
    })
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use portico_proto::{identity::v1::Side, tenancy::v1::SetMembershipRequest};

    use super::*;
    use crate::{rpc::set_membership, testing::Fixture};

    #[tokio::test]
    async fn staff_reach_the_firm_and_others_their_accounts() {
        let fixture = Fixture::new().await;
        fixture.publish_onboarding().await;
        let (acme, globex) = (fixture.account("Acme").await, fixture.account("Globex").await);
        let person = fixture.person(Side::External);
        for (account, roles) in [(acme, vec!["signatory", "client"]), (globex, vec!["client"])] {
            let request = SetMembershipRequest {
                account_id: account.to_string(),
                person_id: person.to_string(),
                roles: roles.into_iter().map(str::to_owned).collect(),
            };
            set_membership::handle(&fixture.service, fixture.staff(), request).await.unwrap();
            fixture.database.clock.advance(TimeDelta::seconds(1));
        }
        let read = async |ctx: Ctx, person: PersonId| {
            handle(&fixture.service, ctx, GetPrincipalRequest { person_id: person.to_string() })
                .await
                .unwrap()
        };
        let member = read(fixture.system(), person).await;
        assert_eq!(member.account_ids, [acme.to_string(), globex.to_string()]);
        assert_eq!((member.roles.join(" ").as_str(), member.all_accounts), ("client signatory", false));
        assert_eq!(member.memberships[1].account_name, "Globex");

        let staff = fixture.staff_member(&["admin"]).await;
        let staff = read(fixture.system(), staff).await;
        assert_eq!((staff.roles.join(" ").as_str(), staff.all_accounts), ("admin", true));
        assert!(staff.account_ids.is_empty());

        let nobody = GetPrincipalResponse::default();
        assert_eq!(read(fixture.system(), fixture.person(Side::External)).await, nobody);
        assert_eq!(read(portico_testkit::system(fixture.database.tenant()), person).await, nobody);
    }
}
