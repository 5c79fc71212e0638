//! Lists memberships of an account or of a person.

use portico_core::{AccountId, Ctx, PersonId, Problem};
use portico_proto::tenancy::v1::{ListMembershipsRequest, ListMembershipsResponse};

use crate::{convert, error::TenancyError, service::Service, store};

pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: ListMembershipsRequest,
) -> Result<ListMembershipsResponse, TenancyError> {
    if request.account_id.is_empty() && request.person_id.is_empty() {
        let text = "Name an account or a person.";
        return Err(TenancyError::Invalid(Problem::invalid("account_id", text)));
    }
    let account: Option<AccountId> =
        if request.account_id.is_empty() { None } else { Some(request.account_id.parse()?) };
    let person: Option<PersonId> =
        if request.person_id.is_empty() { None } else { Some(request.person_id.parse()?) };
    let mut tx = service.store.begin(&ctx).await?;
    if let Some(account) = account {
        store::accounts::read(&mut tx, account).await?.ok_or(TenancyError::NotFound)?;
    }
    let memberships = store::memberships::list(&mut tx, account, person).await?;
    Ok(ListMembershipsResponse { memberships: memberships.into_iter().map(convert::membership).collect() })
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use portico_proto::{identity::v1::Side, tenancy::v1::SetMembershipRequest};

    use super::*;
    use crate::{rpc::set_membership, testing::Fixture};

    #[tokio::test]
    async fn i02_i03_people_of_an_account_see_their_colleagues_there_and_nobody_else() {
        let fixture = Fixture::new().await;
        fixture.publish_onboarding().await;
        let (acme, globex) = (fixture.account("Acme").await, fixture.account("Globex").await);
        let (ana, ben) = (fixture.person(Side::External), fixture.person(Side::External));
        for (account, person) in [(acme, ana), (acme, ben), (globex, ana)] {
            let request = SetMembershipRequest {
                account_id: account.to_string(),
                person_id: person.to_string(),
                roles: vec!["client".to_owned()],
            };
            set_membership::handle(&fixture.service, fixture.staff(), request).await.unwrap();
            fixture.database.clock.advance(TimeDelta::seconds(1));
        }
        let list = async |ctx: Ctx, account: &str, person: &str| {
            let request =
                ListMembershipsRequest { account_id: account.to_owned(), person_id: person.to_owned() };
            let memberships = handle(&fixture.service, ctx, request).await?.memberships;
            Ok::<_, TenancyError>(
                memberships.into_iter().map(|m| (m.account_name, m.person_id)).collect::<Vec<_>>(),
            )
        };
        let (a, b) = (ana.to_string(), ben.to_string());
        let at = |account: &str, person: &str| (account.to_owned(), person.to_owned());
        let of_ana = list(fixture.staff(), "", &a).await.unwrap();
        assert_eq!(of_ana, [at("Acme", &a), at("Globex", &a)]);
        let colleagues = list(fixture.client(&[acme]), &acme.to_string(), "").await.unwrap();
        assert_eq!(colleagues.len(), 2);
        assert!(colleagues.contains(&at("Acme", &b)));
        assert_eq!(list(fixture.client(&[acme]), "", &a).await.unwrap(), [at("Acme", &a)]);
        assert_eq!(list(fixture.client(&[globex]), "", &b).await.unwrap(), []);
        let stranger = portico_testkit::staff(fixture.database.tenant(), &["admin"]);
        for (ctx, account) in [(fixture.client(&[globex]), acme.to_string()), (stranger, acme.to_string())] {
            assert!(matches!(list(ctx, &account, "").await, Err(TenancyError::NotFound)));
        }
        assert!(matches!(list(fixture.staff(), "", "").await, Err(TenancyError::Invalid(_))));
    }
}
