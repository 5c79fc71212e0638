//! Sets what a member of staff does.

use portico_core::{Ctx, PersonId};
use portico_proto::{
    identity::v1::Side,
    tenancy::v1::{SetStaffRolesRequest, SetStaffRolesResponse},
};
use portico_service::Fields;

use super::list_roles::declared;
use crate::{
    convert, domain::membership::check_internal, error::TenancyError, events, peers, service::Service, store,
};

pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: SetStaffRolesRequest,
) -> Result<SetStaffRolesResponse, TenancyError> {
    let person_id: PersonId = request.person_id.parse()?;
    let person = peers::person(service, &ctx, person_id).await?;
    if person.side() != Side::Staff {
        let text = "This person belongs to an account. Only staff can have roles of the firm.";
        return Err(TenancyError::WrongSide(text));
    }

    let mut tx = service.store.begin(&ctx).await?;
    let mut fields = Fields::default();
    let roles = check_internal(&request.roles, &declared(&mut tx).await?, &mut fields);
    fields.check().map_err(TenancyError::Invalid)?;
    let administrators = store::staff::lock_administrators(&mut tx).await?;
    store::staff::set(&mut tx, person_id, &roles, service.clock.now()).await?;
    let binding = store::staff::list(&mut tx, Some(person_id)).await?.pop().ok_or(TenancyError::NotFound)?;
    if administrators == [person_id] && !binding.is_admin() {
        return Err(TenancyError::LastAdministrator);
    }
    let event = events::publish::staff_roles_changed(service, &mut tx, &binding, &person.name).await?;
    tx.commit().await?;
    Ok(SetStaffRolesResponse { binding: Some(convert::staff_binding(binding)), event })
}

#[cfg(test)]
mod tests {
    use portico_core::ErrorCode;
    use portico_rpc::ServiceError as _;

    use super::*;
    use crate::testing::Fixture;

    async fn set(
        fixture: &Fixture,
        ctx: Ctx,
        person: PersonId,
        roles: &[&str],
    ) -> Result<Vec<String>, TenancyError> {
        let request = SetStaffRolesRequest {
            person_id: person.to_string(),
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        };
        Ok(handle(&fixture.service, ctx, request).await?.binding.unwrap().roles)
    }

    #[tokio::test]
    async fn the_last_administrator_stays_one() {
        let fixture = Fixture::new().await;
        let (ana, ben) = (fixture.person(Side::Staff), fixture.person(Side::Staff));
        set(&fixture, fixture.system(), ana, &["admin"]).await.unwrap();
        let problem = set(&fixture, fixture.admin(), ana, &[]).await.unwrap_err().problem();
        assert_eq!(
            (problem.code, problem.reason.as_str()),
            (ErrorCode::FailedPrecondition, "last_administrator")
        );
        set(&fixture, fixture.admin(), ben, &["admin"]).await.unwrap();
        // Of two who take the role from each other at once, one keeps it.
        let (one, two) =
            tokio::join!(set(&fixture, fixture.admin(), ana, &[]), set(&fixture, fixture.admin(), ben, &[]));
        assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
    }

    #[tokio::test]
    async fn n088_nobody_of_an_account_gets_a_role_of_the_firm() {
        let fixture = Fixture::new().await;
        fixture.publish_onboarding().await;
        let outsider = fixture.person(Side::External);
        let problem = set(&fixture, fixture.admin(), outsider, &["admin"]).await.unwrap_err().problem();
        assert_eq!(problem.code, ErrorCode::FailedPrecondition);
        let staff = fixture.person(Side::Staff);
        let problem = set(&fixture, fixture.admin(), staff, &["client"]).await.unwrap_err().problem();
        assert_eq!(problem.fields[0].field, "roles[0]");
        let roles = set(&fixture, fixture.admin(), staff, &["project_manager"]).await.unwrap();
        assert_eq!(roles, ["project_manager"]);
        assert_eq!(fixture.audited().await, ["tenant.created", "portal.published", "staff.roles_set"]);
    }
}
