//! Who has a role, within an account for external roles.

use portico_core::{AccountId, Ctx};
use portico_proto::tenancy::v1::{ListPeopleInRoleRequest, ListPeopleInRoleResponse};

use crate::{error::TenancyError, service::Service, store};

/// The people of the account who have the role, then the staff who have it: a role is one side's or the other's.
pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: ListPeopleInRoleRequest,
) -> Result<ListPeopleInRoleResponse, TenancyError> {
    let account: Option<AccountId> =
        if request.account_id.is_empty() { None } else { Some(request.account_id.parse()?) };
    let mut tx = service.store.begin(&ctx).await?;
    let mut people = Vec::new();
    if let Some(account) = account {
        store::accounts::read(&mut tx, account).await?.ok_or(TenancyError::NotFound)?;
        people = store::memberships::people_in_role(&mut tx, account, &request.role).await?;
    }
    people.extend(store::staff::people_in_role(&mut tx, &request.role).await?);
    Ok(ListPeopleInRoleResponse { person_ids: people.iter().map(ToString::to_string).collect() })
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use portico_core::PersonId;
    use portico_proto::{identity::v1::Side, tenancy::v1::SetMembershipRequest};

    use super::*;
    use crate::{rpc::set_membership, testing::Fixture};

    async fn give(fixture: &Fixture, account: AccountId, person: PersonId, roles: &[&str]) {
        fixture.database.clock.advance(TimeDelta::seconds(1));
        let request = SetMembershipRequest {
            account_id: account.to_string(),
            person_id: person.to_string(),
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        };
        set_membership::handle(&fixture.service, fixture.staff(), request).await.unwrap();
    }

    #[tokio::test]
    async fn people_come_in_the_order_in_which_they_were_given_the_role() {
        let fixture = Fixture::new().await;
        fixture.publish_onboarding().await;
        let (acme, globex) = (fixture.account("Acme").await, fixture.account("Globex").await);
        let [first, second, elsewhere] = [(); 3].map(|()| fixture.person(Side::External));
        give(&fixture, acme, second, &["client"]).await;
        give(&fixture, acme, first, &["signatory"]).await;
        give(&fixture, acme, second, &["client", "signatory"]).await;
        give(&fixture, globex, elsewhere, &["signatory"]).await;
        let manager = fixture.staff_member(&["project_manager"]).await;

        let ask = async |ctx: Ctx, role: &str, account_id: String| {
            let request = ListPeopleInRoleRequest { role: role.to_owned(), account_id };
            handle(&fixture.service, ctx, request).await.map(|answer| answer.person_ids)
        };
        let signatories = ask(fixture.system(), "signatory", acme.to_string()).await.unwrap();
        assert_eq!(signatories, [first.to_string(), second.to_string()]);
        assert_eq!(
            ask(fixture.system(), "project_manager", acme.to_string()).await.unwrap(),
            [manager.to_string()]
        );
        assert_eq!(
            ask(fixture.staff(), "project_manager", String::new()).await.unwrap(),
            [manager.to_string()]
        );
        assert!(ask(fixture.system(), "signatory", String::new()).await.unwrap().is_empty());

        let stranger = portico_testkit::system(fixture.database.tenant());
        for (ctx, account) in [(stranger, acme.to_string()), (fixture.system(), "x".to_owned())] {
            assert!(matches!(ask(ctx, "signatory", account).await, Err(TenancyError::NotFound)));
        }
    }
}
