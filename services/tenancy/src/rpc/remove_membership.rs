//! Ends a person's place in an account.

use portico_core::{AccountId, Ctx, PersonId};
use portico_proto::tenancy::v1::{RemoveMembershipRequest, RemoveMembershipResponse};

use crate::{error::TenancyError, events, peers, service::Service, store};

pub(super) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: RemoveMembershipRequest,
) -> Result<RemoveMembershipResponse, TenancyError> {
    let account: AccountId = request.account_id.parse()?;
    let person_id: PersonId = request.person_id.parse()?;
    let person = peers::person(service, &ctx, person_id).await?;
    let mut tx = service.store.begin(&ctx).await?;
    let membership = store::memberships::list(&mut tx, Some(account), Some(person_id)).await?.pop();
    let membership = membership.ok_or(TenancyError::NotFound)?;
    if !store::memberships::remove(&mut tx, account, person_id).await? {
        return Err(TenancyError::NotFound);
    }
    let event =
        events::publish::membership_changed(service, &mut tx, &membership, &person.name, true).await?;
    tx.commit().await?;
    Ok(RemoveMembershipResponse { event })
}

#[cfg(test)]
mod tests {
    use portico_proto::{identity::v1::Side, tenancy::v1::SetMembershipRequest};

    use super::*;
    use crate::{rpc::set_membership, testing::Fixture};

    #[tokio::test]
    async fn a_membership_ends_once_and_with_its_roles() {
        let fixture = Fixture::new().await;
        fixture.publish_onboarding().await;
        let (acme, ana) = (fixture.account("Acme").await, fixture.person(Side::External));
        let request = SetMembershipRequest {
            account_id: acme.to_string(),
            person_id: ana.to_string(),
            roles: vec!["client".to_owned()],
        };
        set_membership::handle(&fixture.service, fixture.staff(), request).await.unwrap();
        let remove = async |ctx: Ctx, account: AccountId| {
            let request =
                RemoveMembershipRequest { account_id: account.to_string(), person_id: ana.to_string() };
            handle(&fixture.service, ctx, request).await
        };
        let stranger = portico_testkit::staff(fixture.database.tenant(), &["admin"]);
        assert!(matches!(remove(stranger, acme).await, Err(TenancyError::NotFound)));
        let other = fixture.account("Globex").await;
        assert!(matches!(remove(fixture.staff(), other).await, Err(TenancyError::NotFound)));
        remove(fixture.staff(), acme).await.unwrap();
        assert!(matches!(remove(fixture.staff(), acme).await, Err(TenancyError::NotFound)));
        let mut tx = fixture.service.store.begin(&fixture.staff()).await.unwrap();
        assert!(store::memberships::people_in_role(&mut tx, acme, "client").await.unwrap().is_empty());
        assert_eq!(fixture.audited().await.last().unwrap(), "membership.removed");
    }
}
