//! Gives a person a place in an account, or changes what they do there.

use portico_core::{AccountId, Ctx, PersonId};
use portico_proto::{
    identity::v1::Side,
    tenancy::v1::{SetMembershipRequest, SetMembershipResponse},
};
use portico_service::Fields;

use super::list_roles::declared;
use crate::{
    convert, domain::membership::check_external, error::TenancyError, events, peers, service::Service, store,
};

pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: SetMembershipRequest,
) -> Result<SetMembershipResponse, TenancyError> {
    let account: AccountId = request.account_id.parse()?;
    let person_id: PersonId = request.person_id.parse()?;
    let person = peers::person(service, &ctx, person_id).await?;
    if person.side() != Side::External {
        return Err(TenancyError::WrongSide(
            "Staff reach every account already. Choose somebody of the account.",
        ));
    }

    let mut tx = service.store.begin(&ctx).await?;
    store::accounts::read(&mut tx, account).await?.ok_or(TenancyError::NotFound)?;
    let mut fields = Fields::default();
    let roles = check_external(&request.roles, &declared(&mut tx).await?, &mut fields);
    fields.check().map_err(TenancyError::Invalid)?;
    store::memberships::set(&mut tx, account, person_id, &roles, service.clock.now()).await?;
    let membership = store::memberships::list(&mut tx, Some(account), Some(person_id)).await?.pop();
    let membership = membership.ok_or(TenancyError::NotFound)?;
    let event =
        events::publish::membership_changed(service, &mut tx, &membership, &person.name, false).await?;
    tx.commit().await?;
    Ok(SetMembershipResponse { membership: Some(convert::membership(membership)), event })
}

#[cfg(test)]
mod tests {
    use portico_core::ErrorCode;
    use portico_proto::tenancy::v1::MembershipChanged;
    use portico_rpc::ServiceError as _;

    use super::*;
    use crate::testing::Fixture;

    async fn set(
        fixture: &Fixture,
        ctx: Ctx,
        account: AccountId,
        person: PersonId,
        roles: &[&str],
    ) -> Result<Vec<String>, TenancyError> {
        let request = SetMembershipRequest {
            account_id: account.to_string(),
            person_id: person.to_string(),
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        };
        Ok(handle(&fixture.service, ctx, request).await?.membership.unwrap().roles)
    }

    #[tokio::test]
    async fn roles_are_replaced_and_told() {
        let fixture = Fixture::new().await;
        fixture.publish_onboarding().await;
        let (acme, ana) = (fixture.account("Acme").await, fixture.person(Side::External));
        let roles =
            set(&fixture, fixture.staff(), acme, ana, &["client", "signatory", "client"]).await.unwrap();
        assert_eq!(roles, ["client", "signatory"]);
        assert_eq!(set(&fixture, fixture.system(), acme, ana, &["signatory"]).await.unwrap(), ["signatory"]);
        assert!(set(&fixture, fixture.staff(), acme, ana, &[]).await.unwrap().is_empty());
        assert_eq!(fixture.published::<MembershipChanged>().await, 3);
        assert_eq!(fixture.audited().await.iter().filter(|action| *action == "membership.set").count(), 3);
    }

    #[tokio::test]
    async fn i28_n088_no_membership_gives_a_role_of_the_firm() {
        let fixture = Fixture::new().await;
        fixture.publish_onboarding().await;
        let (acme, ana) = (fixture.account("Acme").await, fixture.person(Side::External));
        for role in ["admin", "project_manager", "ghost"] {
            let problem =
                set(&fixture, fixture.staff(), acme, ana, &["client", role]).await.unwrap_err().problem();
            assert_eq!(
                (problem.code, problem.fields[0].field.as_str()),
                (ErrorCode::InvalidArgument, "roles[1]")
            );
        }
        let staff = fixture.person(Side::Staff);
        let problem = set(&fixture, fixture.staff(), acme, staff, &["client"]).await.unwrap_err().problem();
        assert_eq!(problem.code, ErrorCode::FailedPrecondition);
        let rows: i64 = sqlx::query_scalar("select count(*) from tenancy.memberships")
            .fetch_one(fixture.database.admin())
            .await
            .unwrap();
        assert_eq!(rows, 0);
    }

    #[tokio::test]
    async fn i10_a_foreign_person_or_account_is_not_there() {
        let fixture = Fixture::new().await;
        let (acme, ana) = (fixture.account("Acme").await, fixture.person(Side::External));
        let unknown = PersonId(fixture.tenant.0);
        let stranger = portico_testkit::staff(fixture.database.tenant(), &["admin"]);
        for (ctx, account, person) in [
            (fixture.staff(), acme, unknown),
            (fixture.staff(), fixture.database.account(), ana),
            (stranger, acme, ana),
        ] {
            assert!(matches!(set(&fixture, ctx, account, person, &[]).await, Err(TenancyError::NotFound)));
        }
    }
}
